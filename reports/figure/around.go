package figure

import "slices"

// A run of which the time around the chain is drawn by itself is so many times longer than
// the chain, and so many seconds long.
const detailRatio, detailFrom = 4, 900

// aroundChain returns what of a long run lies around its chain, as far as Proof shows it; of
// a short run, or without a chain, all of it.
func aroundChain(r Run) Run {
	from, to := chainRange(r)
	if len(r.Links) == 0 || r.End-r.Begin < max(detailFrom, detailRatio*(to-from)) {
		return r
	}
	// As much again before it shows what it was like without the load.
	from, to = max(from-(to-from), r.Begin), min(to, r.End)
	cut := r
	cut.Begin, cut.End = from, to
	cut.Phases = nil
	for _, p := range r.Phases {
		if p.To > from && p.From < to {
			cut.Phases = append(cut.Phases, Span{Name: p.Name, From: max(p.From, from), To: min(p.To, to)})
		}
	}
	within := func(all []Series, before float64) (some []Series) {
		for _, s := range all {
			s.Points = slices.DeleteFunc(slices.Clone(s.Points), func(p Point) bool { return p.X < from-before || p.X > to })
			some = append(some, s)
		}
		return some
	}
	cut.CPU, cut.Instances = within(r.CPU, r.PeriodSeconds), within(r.Instances, 0)
	held := within([]Series{r.Offered, r.Desired, r.InService, r.Healthy}, 0)
	cut.Offered, cut.Desired, cut.InService, cut.Healthy = held[0], held[1], held[2], held[3]
	return cut
}

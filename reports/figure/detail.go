package figure

import "slices"

// A run that is drawn twice, whole and around the chain, is so many times longer
// than the chain, and so many seconds long.
const detailRatio, detailFrom = 4, 900

// details returns the figures of the time around the chain, for a run so long
// that the chain is a few pixels of it; none for a short run, or without a chain.
func details(r Run) []*Figure {
	from, to := chainRange(r)
	if len(r.Links) == 0 || r.End-r.Begin < max(detailFrom, detailRatio*(to-from)) {
		return nil
	}
	// As much again before it shows what it was like without the load.
	cut := r.between(max(from-(to-from), r.Begin), min(to, r.End))
	cpu, capacity := CPU(cut), Capacity(cut)
	for _, f := range []*Figure{cpu, capacity} {
		f.Name += "-detail"
		f.Title += ", around the chain"
	}
	return []*Figure{cpu, capacity}
}

// between returns what of the run lies in [from, to], as far as the figures of
// CPU and capacity show it.
func (r Run) between(from, to float64) Run {
	cut := r
	cut.Begin, cut.End = from, to
	cut.Phases, cut.CPU = nil, nil
	for _, p := range r.Phases {
		if p.To > from && p.From < to {
			cut.Phases = append(cut.Phases, Span{Name: p.Name, From: max(p.From, from), To: min(p.To, to)})
		}
	}
	cut.Marks = slices.DeleteFunc(slices.Clone(r.Marks), func(m Mark) bool { return m.At < from || m.At > to })
	for _, s := range r.CPU {
		if s = s.between(from-r.PeriodSeconds, to); len(s.Points) > 0 {
			cut.CPU = append(cut.CPU, s)
		}
	}
	cut.Desired, cut.InService, cut.Healthy = r.Desired.between(from, to), r.InService.between(from, to), r.Healthy.between(from, to)
	return cut
}

func (s Series) between(from, to float64) Series {
	s.Points = slices.DeleteFunc(slices.Clone(s.Points), func(p Point) bool { return p.X < from || p.X > to })
	return s
}

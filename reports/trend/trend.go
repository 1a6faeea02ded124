package trend

import (
	"cmp"
	"maps"
	"slices"

	"secondwind/verify/judge"
)

// Trend is many runs together.
type Trend struct {
	Places  []Place `json:"places"` // sorted by Where: runs elsewhere cannot be compared
	LeftOut int     `json:"leftOut,omitempty"`
}

// Place are the runs at one place.
type Place struct {
	Where        string `json:"where"`
	Runs         int    `json:"runs"`
	Planned      int    `json:"planned,omitempty"` // as many as there were to be; 0: not known
	Proved       int    `json:"proved"`
	Refuted      int    `json:"refuted"`
	Inconclusive int    `json:"inconclusive"`
	// PassRateAtLeast is the lower bound of the probability that a run is PROVED, with a
	// one-sided confidence of 95 %. It holds for runs of which the number was fixed before.
	PassRateAtLeast float64 `json:"passRateAtLeast"`
	Times           []Times `json:"times"` // by link, in order

	all []Run
}

// Times are how long one link took, in all runs in which it was seen.
type Times struct {
	Code    string `json:"code"`
	Name    string `json:"name"`
	Median  `json:"seconds"`
	Changes []Shift `json:"changes,omitempty"`

	runs    []Run // in which it was seen
	seconds []float64
}

// Shift is a change of the level, at a run.
type Shift struct {
	Run    string  `json:"run"` // the first at the new level
	Before float64 `json:"beforeSeconds"`
	After  float64 `json:"afterSeconds"`
	P      float64 `json:"p"`
}

// Of compares runs that are sorted by when they began. A run that ended before it declared
// where it was is taken for one of the only place that there is.
func Of(runs []Run) Trend {
	places := map[string]*Place{}
	for _, r := range runs {
		if places[r.Where] == nil {
			places[r.Where] = &Place{Where: r.Where}
		}
	}
	nowhere := ""
	if len(places) == 2 && places[""] != nil {
		delete(places, "")
		for where := range places {
			nowhere = where
		}
	}
	for _, r := range runs {
		p := places[cmp.Or(r.Where, nowhere)]
		p.all = append(p.all, r)
	}
	var t Trend
	for _, where := range slices.Sorted(maps.Keys(places)) {
		places[where].compare()
		t.Places = append(t.Places, *places[where])
	}
	return t
}

func (p *Place) compare() {
	for _, r := range p.all {
		p.Runs++
		switch r.Outcome {
		case judge.Proved:
			p.Proved++
		case judge.Refuted:
			p.Refuted++
		case judge.Inconclusive:
			p.Inconclusive++
		}
	}
	p.PassRateAtLeast = PassRateAtLeast(p.Proved, p.Runs)
	for i, m := range measures() {
		t := Times{Code: m.code, Name: m.name}
		for _, r := range p.all {
			if s := r.seconds[i]; s != nil {
				t.runs, t.seconds = append(t.runs, r), append(t.seconds, *s)
			}
		}
		t.Median = MedianOf(t.seconds)
		for _, c := range Changes(t.seconds) {
			t.Changes = append(t.Changes, Shift{t.runs[c.Index].ID, c.Before, c.After, c.P})
		}
		p.Times = append(p.Times, t)
	}
}

// Regressions are the links whose newest change, at a run whose id is not before since, was
// for the worse: "place: link".
func (t Trend) Regressions(since string) (names []string) {
	for _, p := range t.Places {
		for _, times := range p.Times {
			if n := len(times.Changes); n > 0 {
				if c := times.Changes[n-1]; c.After > c.Before && c.Run >= since {
					names = append(names, p.Where+": "+times.Name)
				}
			}
		}
	}
	return names
}

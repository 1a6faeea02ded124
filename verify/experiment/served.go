package experiment

import (
	"slices"
	"time"

	"secondwind/runlog"
)

// served is when a new instance first answered, our clock, by the evidence that the hypothesis
// declares: where no answer names its instance, at the end of the first period that shows it.
func (e *Experiment) served(id string, now time.Time, seen Seen) (at time.Time, ok bool) {
	s := seen.State
	series, shows := runlog.TargetSeries(id), func(p runlog.Datapoint) bool { return p.Value > 0 }
	switch {
	case e.h.Identity.ByAnswer():
		return seen.Load.Served(id)
	case e.h.Identity == runlog.IdentityRequests:
		series, shows = id, func(p runlog.Datapoint) bool {
			return !p.Timestamp.Before(awsNow(e.healthy[id], s)) && e.whole(p.Timestamp, now, s) && e.carries(p, s)
		}
	}
	for _, p := range s.Metric[series] {
		if end := p.Timestamp.Add(e.period - s.ClockOffset); end.After(e.loadFrom) && shows(p) {
			return end, true
		}
	}
	return at, false
}

// carries reports whether an instance uses at least half of the CPU for the load that the first
// ones use on average in the same period.
func (e *Experiment) carries(p runlog.Datapoint, s runlog.State) bool {
	first := 0.0
	for _, id := range e.initial {
		i := slices.IndexFunc(s.Metric[id], func(other runlog.Datapoint) bool { return other.Timestamp.Equal(p.Timestamp) })
		if i < 0 {
			return false
		}
		first += (s.Metric[id][i].Value - e.idleCPU) / float64(len(e.initial))
	}
	return first > 0 && p.Value-e.idleCPU >= first/2
}

package reports

import (
	"slices"
	"time"

	"secondwind/runlog"
	"secondwind/verify/judge"
)

// timescale turns times into seconds since the start of the run, on the load
// generator's clock.
type timescale struct {
	start  time.Time
	end    float64       // seconds
	offset time.Duration // AWS's clock minus the generator's, as the judge measured it
}

// newTimescale spans everything that the record holds a time of. Its start is
// zero if there is none.
func newTimescale(rec *runlog.Record, v judge.Verdict) timescale {
	var times []time.Time
	for _, l := range rec.Load {
		times = append(times, l.Time)
		if l.Second != nil { // whose time is its end
			times = append(times, l.Time.Add(-runlog.Seconds(l.Second.IntervalSeconds)))
		}
	}
	for _, o := range rec.Cloud {
		times = append(times, o.Sent, o.Received)
	}
	if times = slices.DeleteFunc(times, time.Time.IsZero); len(times) == 0 {
		times = append(times, rec.Manifest.Started)
	}
	s := timescale{start: slices.MinFunc(times, time.Time.Compare)}
	s.end = slices.MaxFunc(times, time.Time.Compare).Sub(s.start).Seconds()
	if v.Figures.ClockOffsetSeconds != nil {
		s.offset = runlog.Seconds(*v.Figures.ClockOffsetSeconds)
	}
	return s
}

// ours is the place of a time of the generator's clock.
func (s timescale) ours(t time.Time) float64 { return t.Sub(s.start).Seconds() }

// aws is the place of a time of AWS's clock.
func (s timescale) aws(t time.Time) float64 { return t.Add(-s.offset).Sub(s.start).Seconds() }

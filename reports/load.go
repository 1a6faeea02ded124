package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"secondwind/reports/figure"
	"secondwind/runlog"
)

// readPhases returns the phases in their order; each lasts until the next, the
// last until the end.
func readPhases(load []runlog.LoadLine, at timescale) []figure.Span {
	var phases []figure.Span
	for _, l := range load {
		if l.Phase == nil {
			continue
		}
		from := at.ours(l.Time)
		if n := len(phases); n > 0 {
			phases[n-1].To = from
		}
		if l.Phase.Phase != runlog.PhaseDone {
			phases = append(phases, figure.Span{Name: string(l.Phase.Phase), From: from, To: at.end})
		}
	}
	return phases
}

// loadRates collects the requests per second of every interval.
type loadRates struct {
	offered, completed, failed, dropped figure.Series
	instances                           map[string]*figure.Series
	totals                              map[string]int64  // completed, by instance
	sum                                 runlog.LoadSecond // counts of the whole run
	end                                 float64           // of the interval before
}

// readRates returns the rates of every interval, as points in its middle.
func readRates(load []runlog.LoadLine, at timescale) *loadRates {
	r := &loadRates{
		offered:   figure.Series{Name: "offered"},
		completed: figure.Series{Name: "completed"},
		failed:    figure.Series{Name: "failed"},
		dropped:   figure.Series{Name: "dropped"},
		instances: map[string]*figure.Series{},
		totals:    map[string]int64{},
	}
	var short []*runlog.LoadSecond
	for _, l := range load {
		if l.Second == nil || l.Second.IntervalSeconds <= 0 {
			continue
		}
		short = append(short, l.Second)
		if l.Second.IntervalSeconds >= shortest {
			r.add(joined(short), at.ours(l.Time))
			short = nil
		}
	}
	return r
}

// shortest is how long an interval must be, in seconds, to have a rate of its
// own. A change of phase cuts intervals off: a request or none in a few
// milliseconds would be drawn as a spike that nobody offered.
const shortest = 0.25

// joined is one interval of all: the last one and the short ones before it.
func joined(all []*runlog.LoadSecond) *runlog.LoadSecond {
	last := all[len(all)-1]
	if len(all) == 1 {
		return last
	}
	sum := *last
	sum.Instances = map[string]*runlog.InstanceSecond{}
	for id, i := range last.Instances {
		sum.Instances[id] = &runlog.InstanceSecond{Completed: i.Completed, Failed: i.Failed}
	}
	for _, s := range all[:len(all)-1] {
		sum.IntervalSeconds += s.IntervalSeconds
		sum.Offered, sum.Completed = sum.Offered+s.Offered, sum.Completed+s.Completed
		sum.Failed, sum.Dropped = sum.Failed+s.Failed, sum.Dropped+s.Dropped
		for id, i := range s.Instances {
			if sum.Instances[id] == nil {
				sum.Instances[id] = &runlog.InstanceSecond{}
			}
			sum.Instances[id].Completed += i.Completed
			sum.Instances[id].Failed += i.Failed
		}
	}
	return &sum
}

// add adds an interval that ends at end.
func (r *loadRates) add(s *runlog.LoadSecond, end float64) {
	length := s.IntervalSeconds
	// Half an interval forgives timers that are late; more is a silence.
	gap := end-length > r.end+max(length/2, 0.5)
	point := func(n int64) figure.Point {
		return figure.Point{X: end - length/2, Y: float64(n) / length, Gap: gap}
	}
	r.end = end
	r.sum.Offered, r.sum.Completed = r.sum.Offered+s.Offered, r.sum.Completed+s.Completed
	r.sum.Failed, r.sum.Dropped = r.sum.Failed+s.Failed, r.sum.Dropped+s.Dropped
	r.offered.Points = append(r.offered.Points, point(s.Offered))
	r.completed.Points = append(r.completed.Points, point(s.Completed))
	r.failed.Points = append(r.failed.Points, point(s.Failed))
	r.dropped.Points = append(r.dropped.Points, point(s.Dropped))
	for id := range s.Instances {
		if id != "" && r.instances[id] == nil {
			r.instances[id] = &figure.Series{Name: id}
		}
	}
	for id, series := range r.instances {
		var n int64
		if i := s.Instances[id]; i != nil {
			n = i.Completed
		}
		r.totals[id] += n
		series.Points = append(series.Points, point(n))
	}
}

// named returns the series with the number of requests behind it in its name.
func named(s figure.Series, total int64) figure.Series {
	s.Name = fmt.Sprintf("%s, %d in all", s.Name, total)
	return s
}

// byInstance returns the instances' series, the busiest first.
func (r *loadRates) byInstance() []figure.Series {
	ids := slices.SortedFunc(maps.Keys(r.instances), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.totals[b], r.totals[a]), cmp.Compare(a, b))
	})
	var all []figure.Series
	for _, id := range ids {
		all = append(all, named(*r.instances[id], r.totals[id]))
	}
	return all
}

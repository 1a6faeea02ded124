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
func readRates(intervals []interval) *loadRates {
	r := &loadRates{
		offered:   figure.Series{Name: "offered"},
		completed: figure.Series{Name: "completed"},
		failed:    figure.Series{Name: "failed"},
		dropped:   figure.Series{Name: "dropped"},
		instances: map[string]*figure.Series{},
		totals:    map[string]int64{},
	}
	for _, i := range intervals {
		r.add(i)
	}
	return r
}

// add adds the next interval.
func (r *loadRates) add(i interval) {
	var sum runlog.LoadSecond
	completed := map[string]int64{}
	for _, l := range i.Lines {
		sum.Offered, sum.Completed = sum.Offered+l.Offered, sum.Completed+l.Completed
		sum.Failed, sum.Dropped = sum.Failed+l.Failed, sum.Dropped+l.Dropped
		for id, instance := range l.Instances {
			if id == "" || instance == nil {
				continue
			}
			completed[id] += instance.Completed
			if r.instances[id] == nil {
				r.instances[id] = &figure.Series{Name: id}
			}
		}
	}
	length := i.length()
	// Half an interval forgives timers that are late; more is a silence.
	gap := i.From > r.end+max(length/2, 0.5)
	r.end = i.To
	point := func(n int64) figure.Point {
		return figure.Point{X: (i.From + i.To) / 2, Y: float64(n) / length, Gap: gap}
	}
	r.sum.Offered, r.sum.Completed = r.sum.Offered+sum.Offered, r.sum.Completed+sum.Completed
	r.sum.Failed, r.sum.Dropped = r.sum.Failed+sum.Failed, r.sum.Dropped+sum.Dropped
	r.offered.Points = append(r.offered.Points, point(sum.Offered))
	r.completed.Points = append(r.completed.Points, point(sum.Completed))
	r.failed.Points = append(r.failed.Points, point(sum.Failed))
	r.dropped.Points = append(r.dropped.Points, point(sum.Dropped))
	for id, series := range r.instances {
		r.totals[id] += completed[id]
		series.Points = append(series.Points, point(completed[id]))
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

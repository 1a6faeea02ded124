package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"secondwind/reports/figure"
	"secondwind/runlog"
)

// phasesOf are the phases of a run, in their order.
func phasesOf(rec *runlog.Record, at timescale) []figure.Span {
	if rec.Manifest.Command == runlog.CommandLoad {
		return ownPhases(rec.Load, at)
	}
	return readPhases(rec.Load, at)
}

// ownPhases returns the phases of a load by itself, which stand in its intervals; none if it has
// but one.
func ownPhases(load []runlog.LoadLine, at timescale) (phases []figure.Span) {
	for _, l := range load {
		if l.Second == nil {
			continue
		}
		name, to := string(l.Second.Phase), at.ours(l.Time)
		if last := len(phases) - 1; last >= 0 && phases[last].Name == name {
			phases[last].To = to
		} else {
			phases = append(phases, figure.Span{Name: name, From: to - l.Second.IntervalSeconds, To: to})
		}
	}
	if len(phases) == 1 {
		return nil
	}
	return phases
}

// readPhases returns the phases of an experiment in their order; each lasts until the next, the
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
	offered, completed, failed, dropped rate
	instances                           map[string]*rate // completed
	errors                              map[string]*rate // failed, by cause
	end                                 float64          // of the interval before
}

// rate is a series with the number of requests behind it.
type rate struct {
	figure.Series
	total int64
}

// named returns the series with the number of requests in its name.
func (r rate) named() figure.Series {
	return figure.Series{Name: fmt.Sprintf("%s, %d in all", r.Name, r.total), Points: r.Points}
}

// readRates returns the rates of every interval, as points in its middle.
func readRates(intervals []interval) *loadRates {
	r := &loadRates{instances: map[string]*rate{}, errors: map[string]*rate{}}
	r.offered.Name, r.completed.Name, r.failed.Name, r.dropped.Name = "offered", "completed", "failed", "dropped"
	for _, i := range intervals {
		r.add(i)
	}
	return r
}

// add adds the next interval.
func (r *loadRates) add(i interval) {
	var sum runlog.Counts
	completed := map[string]int64{}
	for _, l := range i.Lines {
		sum.Add(l.Counts)
		for id, instance := range l.Instances {
			if id == "" || instance == nil {
				continue
			}
			completed[id] += instance.Completed
		}
	}
	length := i.length()
	// Half an interval forgives timers that are late; more is a silence.
	gap := i.From > r.end+max(length/2, 0.5)
	r.end = i.To
	count := func(to *rate, n int64) {
		to.total += n
		to.Points = append(to.Points, figure.Point{X: (i.From + i.To) / 2, Y: float64(n) / length, Gap: gap})
	}
	count(&r.offered, sum.Offered)
	count(&r.completed, sum.Completed)
	count(&r.failed, sum.Failed)
	count(&r.dropped, sum.Dropped)
	for _, by := range []struct {
		rates  map[string]*rate
		counts map[string]int64
	}{{r.instances, completed}, {r.errors, sum.Errors}} {
		for name := range by.counts {
			if by.rates[name] == nil { // its rate begins with this interval
				by.rates[name] = &rate{Series: figure.Series{Name: name}}
			}
		}
		for name, one := range by.rates {
			count(one, by.counts[name])
		}
	}
}

// busiest returns the rates, the highest total first.
func busiest(rates map[string]*rate) []*rate {
	return slices.SortedFunc(maps.Values(rates), func(a, b *rate) int {
		return cmp.Or(cmp.Compare(b.total, a.total), cmp.Compare(a.Name, b.Name))
	})
}

// named returns the series of rates, the highest total first.
func named(rates map[string]*rate) (all []figure.Series) {
	for _, one := range busiest(rates) {
		all = append(all, one.named())
	}
	return all
}

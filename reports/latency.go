package reports

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/HdrHistogram/hdrhistogram-go"

	"secondwind/loadgen/latency"
	"secondwind/reports/figure"
	"secondwind/runlog"
)

// maxLatencyPoints bounds the points of latency over time. Neighbouring
// intervals are merged, which is exact, before percentiles are taken.
const maxLatencyPoints = 600

// pair is both latencies of the same requests, in nanoseconds.
type pair struct{ fromSchedule, fromSending *hdrhistogram.PackedHistogram }

func newPair() pair {
	return pair{fromSchedule: latency.Sum(), fromSending: latency.Sum()}
}

// decode returns the latencies of what an instance answered.
func decode(i *runlog.InstanceSecond) (p pair, err error) {
	if p.fromSchedule, err = latency.Decode(i.FromSchedule); err != nil {
		return p, fmt.Errorf("latency from schedule: %w", err)
	}
	if p.fromSending, err = latency.Decode(i.FromSending); err != nil {
		return p, fmt.Errorf("latency from sending: %w", err)
	}
	return p, nil
}

// merge adds the counts of other, exactly.
func (p pair) merge(other pair) {
	if other.fromSchedule != nil {
		p.fromSchedule.Merge(other.fromSchedule)
	}
	if other.fromSending != nil {
		p.fromSending.Merge(other.fromSending)
	}
}

// latencies are the run's latencies, over time and by phase.
type latencies struct {
	overTime []figure.Series // p50 and p99 from schedule, p50 and p99 from sending; milliseconds
	phases   []phaseLatency
	// unreadable counts intervals of an instance with a histogram that could
	// not be merged; firstError tells of the first.
	unreadable int
	firstError error
}

type phaseLatency struct {
	Phase runlog.Phase
	pair
}

// readLatencies merges the histograms of every interval, once into windows of
// time and once into phases.
func readLatencies(intervals []interval, at timescale) *latencies {
	l := &latencies{overTime: []figure.Series{
		{Name: "p50 since due (from schedule)"}, {Name: "p99 since due (from schedule)"},
		{Name: "p50 since sent (from sending)"}, {Name: "p99 since sent (from sending)"},
	}}
	w := &window{pair: newPair(), width: at.end / maxLatencyPoints}
	for _, i := range intervals {
		if w.full(i.To) {
			w.flush(l.overTime)
		}
		w.extend(i.From, i.To)
		for _, line := range i.Lines {
			l.merge(line, w.pair)
		}
	}
	w.flush(l.overTime)
	return l
}

// merge adds the histograms of a line to the window's and to its phase's.
func (l *latencies) merge(line intervalLine, window pair) {
	phase := l.phase(line.Phase)
	for _, id := range slices.Sorted(maps.Keys(line.Instances)) { // so that the first error is the same each time
		instance := line.Instances[id]
		if instance == nil {
			continue
		}
		answered, err := decode(instance)
		if err != nil {
			l.unreadable++
			if l.firstError == nil {
				l.firstError = fmt.Errorf("load.jsonl line %d: %w", line.Number, err)
			}
			continue
		}
		window.merge(answered)
		phase.merge(answered)
	}
}

// phase returns the pair of a phase, new if it is the first of it.
func (l *latencies) phase(name runlog.Phase) pair {
	for _, p := range l.phases {
		if p.Phase == name {
			return p.pair
		}
	}
	l.phases = append(l.phases, phaseLatency{Phase: name, pair: newPair()})
	return l.phases[len(l.phases)-1].pair
}

// window is a stretch of time whose latencies become one point.
type window struct {
	pair
	width    float64 // seconds; an interval longer than this is a window by itself
	from, to float64
	open     bool
	gap      bool // between the point before and this window nothing was answered
	silent   bool // the window before had no answer
}

// full reports whether an interval that ends at end belongs to the next window.
func (w *window) full(end float64) bool { return w.open && end-w.from > w.width }

// extend takes an interval in.
func (w *window) extend(from, to float64) {
	if !w.open {
		w.gap = w.silent || from-w.to > max((to-from)/2, 0.5)
		w.from, w.open = from, true
	}
	w.to = to
}

// flush appends the window's percentiles. A window without an answer is a gap.
func (w *window) flush(overTime []figure.Series) {
	if !w.open {
		return
	}
	w.open = false
	w.silent = w.fromSchedule.TotalCount() == 0 && w.fromSending.TotalCount() == 0
	for i, h := range []*hdrhistogram.PackedHistogram{w.fromSchedule, w.fromSchedule, w.fromSending, w.fromSending} {
		if h.TotalCount() == 0 {
			continue
		}
		overTime[i].Points = append(overTime[i].Points, figure.Point{
			X: (w.from + w.to) / 2, Y: milliseconds(h.ValueAtPercentile([]float64{50, 99}[i%2])), Gap: w.gap,
		})
	}
	w.fromSchedule.Reset()
	w.fromSending.Reset()
}

func milliseconds(nanos int64) float64 { return float64(nanos) / 1e6 }

// distribution returns the phase's latencies from schedule at quantiles that
// lie evenly on the axis of nines, up to the last one that so many requests
// can tell, and their maximum.
func (p phaseLatency) distribution() figure.Distribution {
	n := p.fromSchedule.TotalCount()
	d := figure.Distribution{Name: fmt.Sprintf("%s, %s", p.Phase, runlog.Count(n, "request"))}
	if n == 0 {
		return d
	}
	last := math.Log10(float64(n))
	for x := 0.0; x < last; x += 0.05 {
		q := 1 - math.Pow(10, -x)
		d.Quantiles = append(d.Quantiles, figure.Quantile{Q: q, Milliseconds: milliseconds(p.fromSchedule.ValueAtPercentile(100 * q))})
	}
	d.Quantiles = append(d.Quantiles, figure.Quantile{Q: 1 - math.Pow(10, -last), Milliseconds: milliseconds(p.fromSchedule.Max())})
	return d
}

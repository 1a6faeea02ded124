package timeline

import (
	"encoding/json"
	"slices"
	"time"

	"secondwind/runlog"
)

// Metric holds the subject's metric by series and period start. A datapoint can
// be read many times and may still change, so every value that was seen is kept.
type Metric struct {
	// Failed are the seqs of answers of which CloudWatch itself says that they are
	// in error.
	Failed []int64

	series   map[string]map[time.Time]*Datapoint
	appeared []string // series, in the order in which they were first seen
	asked    map[string]map[string]string
}

// Datapoint is what was seen of one period of a series.
type Datapoint struct {
	Values      []float64 // distinct, in the order seen; the last one counts
	First, Last *runlog.Observation
}

// Value is the value that counts: CloudWatch completes a datapoint after the fact.
func (d *Datapoint) Value() float64 { return d.Values[len(d.Values)-1] }

// Point is a datapoint with its place in time.
type Point struct {
	Start time.Time // of the period
	*Datapoint
}

func newMetric() Metric {
	return Metric{series: map[string]map[time.Time]*Datapoint{}, asked: map[string]map[string]string{}}
}

func (m *Metric) take(o *runlog.Observation, of Subject, memory decoded) bool {
	a, ok := decode[runlog.GetMetricDataAnswer](o, memory)
	if !ok {
		return false
	}
	names, ok := m.names(o, of)
	if !ok {
		return false
	}
	for _, result := range a.MetricDataResults {
		name, ok := names[result.Id]
		if !ok {
			continue
		}
		if len(result.Timestamps) != len(result.Values) {
			return false
		}
		if result.StatusCode == "InternalError" || result.StatusCode == "Forbidden" {
			m.Failed = append(m.Failed, o.Seq)
		}
		for _, p := range result.Datapoints() {
			m.add(name, p, o)
		}
	}
	return true
}

// names are the series that the observation asks for, by query id; most inputs
// come many times.
func (m *Metric) names(o *runlog.Observation, of Subject) (map[string]string, bool) {
	if known, ok := m.asked[string(o.Input)]; ok {
		return known, true
	}
	var in runlog.GetMetricDataInput
	if json.Unmarshal(o.Input, &in) != nil {
		return nil, false
	}
	names := map[string]string{}
	for _, q := range in.MetricDataQueries {
		if name, ok := of.Metric.Series(q, of.PeriodSeconds); ok {
			names[q.Id] = name
		}
	}
	m.asked[string(o.Input)] = names
	return names, true
}

func (m *Metric) add(name string, p runlog.Datapoint, o *runlog.Observation) {
	if m.series[name] == nil {
		m.series[name] = map[time.Time]*Datapoint{}
		m.appeared = append(m.appeared, name)
	}
	d := m.series[name][p.Timestamp]
	if d == nil {
		d = &Datapoint{First: o}
		m.series[name][p.Timestamp] = d
	}
	if i := slices.Index(d.Values, p.Value); i >= 0 {
		d.Values = slices.Delete(d.Values, i, i+1) // the newest stands last
	}
	d.Values, d.Last = append(d.Values, p.Value), o
}

// Series are the names of all series, in the order in which they appeared:
// runlog.GroupSeries and instances' ids.
func (m *Metric) Series() []string { return m.appeared }

// At is the datapoint of the period that begins at start; nil if there is none.
func (m *Metric) At(series string, start time.Time) *Datapoint { return m.series[series][start.UTC()] }

// All are the series' datapoints, oldest first.
func (m *Metric) All(series string) []Point {
	var found []Point
	for start, d := range m.series[series] {
		found = append(found, Point{start, d})
	}
	slices.SortFunc(found, func(a, b Point) int { return a.Start.Compare(b.Start) })
	return found
}

// Ending are the datapoints whose period ends in (from, to], oldest first.
func (m *Metric) Ending(series string, from, to time.Time, period time.Duration) []Point {
	return slices.DeleteFunc(m.All(series), func(p Point) bool {
		end := p.Start.Add(period)
		return !end.After(from) || end.After(to)
	})
}

// Within are the datapoints whose period lies whole in [from, to], oldest first.
func (m *Metric) Within(series string, from, to time.Time, period time.Duration) []Point {
	return slices.DeleteFunc(m.Ending(series, from, to, period), func(p Point) bool { return p.Start.Before(from) })
}

// Missing are the starts of the periods that lie whole in [from, to] and of which
// the group's series has no datapoint.
func (m *Metric) Missing(from, to time.Time, period time.Duration) []time.Time {
	var gaps []time.Time
	if period <= 0 {
		return nil
	}
	start := from.Truncate(period)
	if start.Before(from) {
		start = start.Add(period)
	}
	for ; !start.Add(period).After(to); start = start.Add(period) {
		if m.At(runlog.GroupSeries, start) == nil {
			gaps = append(gaps, start)
		}
	}
	return gaps
}

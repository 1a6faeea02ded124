package timeline

import (
	"maps"
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

	// From is the earliest time that was asked about.
	From time.Time

	// Series are the names of all series, in the order in which they appeared:
	// runlog.GroupSeries, runlog.RequestsSeries and instances' ids.
	Series []string

	period time.Duration
	points map[string]map[time.Time]*Datapoint // by series and Start
}

// Datapoint is what was seen of one period of a series.
type Datapoint struct {
	Start       time.Time
	Values      []float64 // distinct, in the order seen; the last one counts
	First, Last *runlog.Observation
}

// Value is the value that counts: CloudWatch completes a datapoint after the fact.
func (d *Datapoint) Value() float64 { return d.Values[len(d.Values)-1] }

// take adds what o answers about the subject's metric; false if it cannot be read.
func (m *Metric) take(o *runlog.Observation, a runlog.Answer, of runlog.Hypothesis, memory decoded) bool {
	in := decode[runlog.GetMetricDataInput](o.Input, memory)
	if in == nil {
		return false
	}
	if m.From.IsZero() || in.StartTime.Before(m.From) {
		m.From = in.StartTime
	}
	names := map[string]string{} // by query id
	for _, q := range in.MetricDataQueries {
		if name, ok := of.Series(q); ok {
			names[q.Id] = name
		}
	}
	for _, result := range a.MetricDataResults {
		name, ok := names[result.Id]
		if !ok {
			continue
		}
		if len(result.Timestamps) != len(result.Values) {
			return false
		}
		partial := result.StatusCode == "PartialData" && a.Next() == "" // else the rest is on the next page
		if partial || result.StatusCode == "InternalError" || result.StatusCode == "Forbidden" {
			m.Failed = append(m.Failed, o.Seq)
		}
		for _, p := range result.Datapoints() {
			m.add(name, p, o)
		}
	}
	return true
}

func (m *Metric) add(series string, p runlog.Datapoint, o *runlog.Observation) {
	if m.points[series] == nil {
		m.points[series] = map[time.Time]*Datapoint{}
		m.Series = append(m.Series, series)
	}
	d := m.points[series][p.Timestamp]
	if d == nil {
		d = &Datapoint{Start: p.Timestamp, First: o}
		m.points[series][p.Timestamp] = d
	}
	if i := slices.Index(d.Values, p.Value); i >= 0 {
		d.Values = slices.Delete(d.Values, i, i+1) // the newest stands last
	}
	d.Values, d.Last = append(d.Values, p.Value), o
}

// At is the datapoint of the period that begins at start; nil if there is none.
func (m *Metric) At(series string, start time.Time) *Datapoint { return m.points[series][start.UTC()] }

// All are the series' datapoints, oldest first.
func (m *Metric) All(series string) []*Datapoint {
	return slices.SortedFunc(maps.Values(m.points[series]), func(a, b *Datapoint) int { return a.Start.Compare(b.Start) })
}

// Ending are the datapoints whose period ends in (from, to], oldest first.
func (m *Metric) Ending(series string, from, to time.Time) []*Datapoint {
	return slices.DeleteFunc(m.All(series), func(p *Datapoint) bool {
		end := p.Start.Add(m.period)
		return !end.After(from) || end.After(to)
	})
}

// Within are the datapoints whose period lies whole in [from, to], oldest first.
func (m *Metric) Within(series string, from, to time.Time) []*Datapoint {
	return slices.DeleteFunc(m.Ending(series, from, to), func(p *Datapoint) bool { return p.Start.Before(from) })
}

// Missing are the starts of the periods that lie whole in [from, to] and of which
// the group's series has no datapoint.
func (m *Metric) Missing(from, to time.Time) []time.Time {
	var gaps []time.Time
	for start := from.Truncate(m.period); m.period > 0 && !start.Add(m.period).After(to); start = start.Add(m.period) {
		if !start.Before(from) && m.At(runlog.GroupSeries, start) == nil {
			gaps = append(gaps, start)
		}
	}
	return gaps
}

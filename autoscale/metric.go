package autoscale

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
)

// Sample is one measured value, or the sum of several.
type Sample struct {
	Metric Metric
	Time   time.Time
	Value  Statistics
	Unit   string // "Percent", "Count" …
	// Resolution is 1 s for high-resolution data, else a minute.
	Resolution time.Duration
}

// Metric names a series.
type Metric struct {
	Namespace, Name string
	Dimensions      []Dimension // any order
}

// Dimension narrows a metric.
type Dimension struct{ Name, Value string }

// Statistics is a set of values, aggregated. The zero value holds no value.
type Statistics struct{ SampleCount, Sum, Minimum, Maximum float64 }

// Value returns Statistics of one value.
func Value(v float64) Statistics {
	return Statistics{SampleCount: 1, Sum: v, Minimum: v, Maximum: v}
}

// Add returns the statistics of both sets together.
func (s Statistics) Add(t Statistics) Statistics {
	if s.SampleCount == 0 {
		return t
	}
	if t.SampleCount == 0 {
		return s
	}
	return Statistics{
		SampleCount: s.SampleCount + t.SampleCount,
		Sum:         s.Sum + t.Sum,
		Minimum:     min(s.Minimum, t.Minimum),
		Maximum:     max(s.Maximum, t.Maximum),
	}
}

// Statistic is a function of a set of values. Percentiles and trimmed means are
// left out: they need every single value.
type Statistic string

// The statistics.
const (
	StatisticAverage     Statistic = "Average"
	StatisticSum         Statistic = "Sum"
	StatisticMinimum     Statistic = "Minimum"
	StatisticMaximum     Statistic = "Maximum"
	StatisticSampleCount Statistic = "SampleCount"
)

// Valid reports whether s is one of the statistics above.
func (s Statistic) Valid() bool { return !math.IsNaN(Value(0).Statistic(s)) }

// Statistic returns one of the statistics. It is NaN for any other name, and for
// an Average of nothing.
func (s Statistics) Statistic(name Statistic) float64 {
	switch name {
	case StatisticAverage:
		return s.Sum / s.SampleCount
	case StatisticSum:
		return s.Sum
	case StatisticMinimum:
		return s.Minimum
	case StatisticMaximum:
		return s.Maximum
	case StatisticSampleCount:
		return s.SampleCount
	}
	return math.NaN()
}

// Query asks for datapoints: period starts in [Start, End), oldest first. Start
// is rounded down to the minute, or to the period where that is shorter; a zero
// Now means that everything stored is visible.
type Query struct {
	Metric     Metric
	Period     time.Duration
	Start, End time.Time
	Now        time.Time // what is visible at this time
}

// Datapoint is one period of a series; Time is its start.
type Datapoint struct {
	Time time.Time
	Statistics
	Unit string
}

// Same reports whether both name one series, whatever the order of their dimensions.
func (m Metric) Same(other Metric) bool { return m.key() == other.key() }

// key identifies the series, whatever the order of its dimensions.
func (m Metric) key() string {
	dimensions := m.Dimensions
	if !slices.IsSortedFunc(dimensions, Dimension.compare) {
		dimensions = slices.SortedFunc(slices.Values(dimensions), Dimension.compare)
	}
	var b strings.Builder
	b.WriteString(m.Namespace)
	b.WriteByte(0)
	b.WriteString(m.Name)
	for _, d := range dimensions {
		b.WriteByte(0)
		b.WriteString(d.Name)
		b.WriteByte(1)
		b.WriteString(d.Value)
	}
	return b.String()
}

func (m Metric) clone() Metric {
	m.Dimensions = slices.Clone(m.Dimensions)
	return m
}

func (d Dimension) compare(e Dimension) int {
	return cmp.Or(strings.Compare(d.Name, e.Name), strings.Compare(d.Value, e.Value))
}

// PutMetricData stores samples, all or, with an error, none. Refused are: a
// metric without namespace or name, more than 30 dimensions, values that are
// not numbers, beyond ±2^360 or contradict each other, and times more than two weeks
// ago or two hours ahead.
// Source: CloudWatch API Reference, PutMetricData and MetricDatum.
func (e *Engine) PutMetricData(now time.Time, samples []Sample) error {
	now = e.advance(now)
	for i, s := range samples {
		if err := s.validate(i+1, now); err != nil {
			return err
		}
	}
	for _, s := range samples {
		e.metrics.add(s)
	}
	return nil
}

// Datapoints returns the periods that hold data. Units are aggregated together.
// A period under a minute sees high-resolution data of the last three hours only.
func (e *Engine) Datapoints(q Query) []Datapoint { return e.metrics.datapoints(q) }

// Metrics lists the metrics that hold data, by namespace, name and dimensions.
func (e *Engine) Metrics() []Metric { return e.metrics.list() }

const (
	maxDimensions = 30
	oldestSample  = 14 * 24 * time.Hour
	newestSample  = 2 * time.Hour
	// largestValue is CloudWatch's 2^360; sums of it stay far from overflowing.
	largestValue = 0x1p360
)

// validate refuses the nth sample of a call if it cannot be.
func (s Sample) validate(n int, now time.Time) error {
	switch {
	case s.Metric.Namespace == "":
		return refuse(codeMissingParameter, "The parameter Namespace is required.")
	case s.Metric.Name == "":
		return refuse(codeMissingParameter, "The parameter MetricData.member.%d.MetricName is required.", n)
	case len(s.Metric.Dimensions) > maxDimensions:
		return refuse(codeInvalidValue, "The collection MetricData.member.%d.Dimensions must not have a size greater than %d.",
			n, maxDimensions)
	case !s.Value.plausible():
		return refuse(codeInvalidValue, "The value %+v for parameter MetricData.member.%d.StatisticValues of %s is invalid.",
			s.Value, n, s.Metric.Name)
	case s.Time.Before(now.Add(-oldestSample)), s.Time.After(now.Add(newestSample)):
		return refuse(codeInvalidValue, "The parameter MetricData.member.%d.Timestamp must specify a time within the past two weeks "+
			"and no more than two hours in the future.", n)
	}
	return nil
}

func (s Statistics) plausible() bool {
	for _, v := range []float64{s.SampleCount, s.Sum, s.Minimum, s.Maximum} {
		if math.IsNaN(v) || math.Abs(v) > largestValue {
			return false
		}
	}
	return s.SampleCount > 0 && s.Minimum <= s.Maximum
}

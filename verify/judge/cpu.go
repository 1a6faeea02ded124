package judge

import (
	"encoding/json"
	"slices"
	"time"

	"secondwind/runlog"
)

// groupSeries is the key of the group's own series; the others are instance ids.
const groupSeries = ""

// cpu holds CPUUtilization Average by series and period start. A datapoint can
// be read many times and may still change, so every value that was seen is kept.
type cpu struct {
	points map[string]map[time.Time]*datapoint
	// failed are answers of which CloudWatch itself says that they are in error.
	failed []int64
	// asked are the series by query id, by input: most inputs come many times.
	asked map[string]map[string]string
}

type datapoint struct {
	values []float64 // distinct, in the order seen; the last one counts
	first  *runlog.Observation
	last   *runlog.Observation
}

func (d *datapoint) value() float64 { return d.values[len(d.values)-1] }

// point is a datapoint with its place in time.
type point struct {
	start time.Time
	*datapoint
}

func newCPU() cpu {
	return cpu{points: map[string]map[time.Time]*datapoint{}, asked: map[string]map[string]string{}}
}

func (c *cpu) take(o *runlog.Observation, h runlog.Hypothesis, m decoded) bool {
	a, ok := decode[runlog.GetMetricDataAnswer](o, m)
	if !ok {
		return false
	}
	series, ok := c.series(o, h)
	if !ok {
		return false
	}
	for _, result := range a.MetricDataResults {
		name, ok := series[result.Id]
		if !ok {
			continue
		}
		if len(result.Timestamps) != len(result.Values) {
			return false
		}
		if result.StatusCode == "InternalError" || result.StatusCode == "Forbidden" {
			c.failed = append(c.failed, o.Seq)
		}
		for i, at := range result.Timestamps {
			c.add(name, at.UTC(), result.Values[i], o)
		}
	}
	return true
}

// series are the series of the proof that the observation asks for, by query id.
func (c *cpu) series(o *runlog.Observation, h runlog.Hypothesis) (map[string]string, bool) {
	if known, ok := c.asked[string(o.Input)]; ok {
		return known, true
	}
	var in runlog.GetMetricDataInput
	if json.Unmarshal(o.Input, &in) != nil {
		return nil, false
	}
	series := map[string]string{}
	for _, q := range in.MetricDataQueries {
		if name, ok := seriesOf(q, h); ok {
			series[q.Id] = name
		}
	}
	c.asked[string(o.Input)] = series
	return series, true
}

// seriesOf says which series of the proof the query asks for, if any.
func seriesOf(q runlog.MetricDataQuery, h runlog.Hypothesis) (string, bool) {
	s := q.MetricStat
	if s.Metric.Namespace != "AWS/EC2" || s.Metric.MetricName != "CPUUtilization" || s.Stat != "Average" ||
		s.Period != h.PeriodSeconds || len(s.Metric.Dimensions) != 1 {
		return "", false
	}
	switch d := s.Metric.Dimensions[0]; {
	case d.Name == "AutoScalingGroupName" && d.Value == h.AutoScalingGroupName:
		return groupSeries, true
	case d.Name == "InstanceId" && d.Value != "":
		return d.Value, true
	}
	return "", false
}

func (c *cpu) add(series string, at time.Time, value float64, o *runlog.Observation) {
	if c.points[series] == nil {
		c.points[series] = map[time.Time]*datapoint{}
	}
	d := c.points[series][at]
	if d == nil {
		d = &datapoint{first: o}
		c.points[series][at] = d
	}
	if i := slices.Index(d.values, value); i >= 0 {
		d.values = slices.Delete(d.values, i, i+1) // the newest stands last
	}
	d.values, d.last = append(d.values, value), o
}

// ending returns the datapoints whose period ends in (from, to], oldest first.
func (c *cpu) ending(series string, from, to time.Time, period time.Duration) []point {
	var found []point
	for start, d := range c.points[series] {
		if end := start.Add(period); end.After(from) && !end.After(to) {
			found = append(found, point{start, d})
		}
	}
	slices.SortFunc(found, func(a, b point) int { return a.start.Compare(b.start) })
	return found
}

// all returns every datapoint of the series, oldest first.
func (c *cpu) all(series string) []point {
	return c.ending(series, time.Time{}, time.Unix(1<<40, 0), 0)
}

// within returns the datapoints whose period lies whole in [from, to].
func (c *cpu) within(series string, from, to time.Time, period time.Duration) []point {
	return slices.DeleteFunc(c.ending(series, from, to, period), func(p point) bool { return p.start.Before(from) })
}

// missing returns the periods of the group's series that lie whole in
// [from, to] and have no datapoint.
func (c *cpu) missing(from, to time.Time, period time.Duration) []time.Time {
	var gaps []time.Time
	if period <= 0 {
		return nil
	}
	start := from.Truncate(period)
	if start.Before(from) {
		start = start.Add(period)
	}
	for ; !start.Add(period).After(to); start = start.Add(period) {
		if c.points[groupSeries][start.UTC()] == nil {
			gaps = append(gaps, start)
		}
	}
	return gaps
}

func mean(points []point) float64 {
	var sum float64
	for _, p := range points {
		sum += p.value()
	}
	return sum / float64(len(points))
}

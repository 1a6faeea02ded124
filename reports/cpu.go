package reports

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"secondwind/reports/figure"
	"secondwind/runlog"
)

// cpuSeries gathers CPUUtilization's datapoints of one group or instance.
type cpuSeries struct {
	name   string
	points map[time.Time]float64
}

// cpu is CPUUtilization as CloudWatch answered it.
type cpu struct {
	group      cpuSeries
	instances  []*cpuSeries // in the order in which they appeared
	unreadable int
}

// readCPU reads the averages of CPUUtilization of the group and the instances.
// Windows overlap, so a datapoint is answered many times: the last answer
// counts, as CloudWatch completes a datapoint after the fact.
func readCPU(cloud []runlog.Observation, h *runlog.Hypothesis) *cpu {
	c := &cpu{group: cpuSeries{name: "group average", points: map[time.Time]float64{}}}
	var metrics answers[runlog.GetMetricDataAnswer]
	for _, o := range cloud {
		if o.Operation != runlog.OpGetMetricData || o.Unchanged != 0 {
			continue
		}
		answer := metrics.decode(o)
		if answer == nil {
			continue
		}
		var input runlog.GetMetricDataInput
		if err := json.Unmarshal(o.Input, &input); err != nil {
			c.unreadable++
			continue
		}
		for _, q := range input.MetricDataQueries {
			if s := c.series(q, h); s != nil {
				s.add(answer, q.Id)
			}
		}
	}
	c.unreadable += metrics.Unreadable
	return c
}

// series returns the series a query asks for, or nil if it is not an average of
// CPUUtilization of the declared group or an instance.
func (c *cpu) series(q runlog.MetricDataQuery, h *runlog.Hypothesis) *cpuSeries {
	m := q.MetricStat.Metric
	if m.MetricName != "CPUUtilization" || q.MetricStat.Stat != "Average" || len(m.Dimensions) != 1 {
		return nil
	}
	d := m.Dimensions[0]
	switch d.Name {
	case "AutoScalingGroupName":
		if h != nil && h.AutoScalingGroupName != "" && d.Value != h.AutoScalingGroupName {
			return nil
		}
		return &c.group
	case "InstanceId":
		for _, s := range c.instances {
			if s.name == d.Value {
				return s
			}
		}
		s := &cpuSeries{name: d.Value, points: map[time.Time]float64{}}
		c.instances = append(c.instances, s)
		return s
	}
	return nil
}

// add takes over the datapoints that an answer gives to the query of that id.
func (s *cpuSeries) add(answer *runlog.GetMetricDataAnswer, id string) {
	for _, r := range answer.MetricDataResults {
		if r.Id != id {
			continue
		}
		for i, t := range r.Timestamps[:min(len(r.Timestamps), len(r.Values))] {
			s.points[t.UTC()] = r.Values[i]
		}
	}
}

// figures returns the series to draw, the group first. What lies before the run
// is left out.
func (c *cpu) figures(at timescale) []figure.Series {
	var all []figure.Series
	for _, s := range append([]*cpuSeries{&c.group}, c.instances...) {
		line := figure.Series{Name: s.name}
		for _, t := range slices.SortedFunc(maps.Keys(s.points), time.Time.Compare) {
			if x := at.aws(t); x >= 0 {
				line.Points = append(line.Points, figure.Point{X: x, Y: s.points[t]})
			}
		}
		if len(line.Points) > 0 {
			all = append(all, line)
		}
	}
	return all
}

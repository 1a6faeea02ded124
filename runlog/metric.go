package runlog

import "slices"

// Metric is the metric whose crossing a run makes a claim about, as CloudWatch
// identifies it, in percent for CPUUtilization.
type Metric struct {
	Namespace  string    `json:"namespace"`
	MetricName string    `json:"metricName"`
	Statistic  string    `json:"statistic"`
	Dimension  Dimension `json:"dimension"` // of the whole group
}

// CPUOf returns the average CPUUtilization of an Auto Scaling group, the one
// metric that a claim can be made about so far.
func CPUOf(autoScalingGroupName string) Metric {
	return Metric{
		Namespace: "AWS/EC2", MetricName: "CPUUtilization", Statistic: "Average",
		Dimension: Dimension{Name: "AutoScalingGroupName", Value: autoScalingGroupName},
	}
}

// OfInstance returns the same metric of one instance.
func (m Metric) OfInstance(id string) Metric {
	m.Dimension = Dimension{Name: "InstanceId", Value: id}
	return m
}

// Watches reports whether the alarm watches the metric, whatever its statistic.
func (m Metric) Watches(a MetricAlarm) bool {
	return a.Namespace == m.Namespace && a.MetricName == m.MetricName && slices.Contains(a.Dimensions, m.Dimension)
}

// GroupSeries is the name of the group's own series; the series of instances
// are named by their ids.
const GroupSeries = ""

// Series returns which series of the metric a query asks for, in periods of so
// many seconds: GroupSeries or an instance's id; false if none.
func (m Metric) Series(q MetricDataQuery, periodSeconds int) (series string, ok bool) {
	s := q.MetricStat
	if s.Metric.Namespace != m.Namespace || s.Metric.MetricName != m.MetricName || s.Stat != m.Statistic ||
		s.Period != periodSeconds || len(s.Metric.Dimensions) != 1 {
		return "", false
	}
	switch d := s.Metric.Dimensions[0]; {
	case d == m.Dimension:
		return GroupSeries, true
	case d.Name == "InstanceId" && d.Value != "":
		return d.Value, true
	}
	return "", false
}

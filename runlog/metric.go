package runlog

import (
	"slices"
	"strings"
)

// Metric is the metric whose crossing a run makes a claim about, as CloudWatch
// identifies it, in percent for CPUUtilization.
type Metric struct {
	Namespace  string    `json:"namespace"`
	MetricName string    `json:"metricName"`
	Statistic  string    `json:"statistic"`
	Dimension  Dimension `json:"dimension"` // of the whole group
}

// CPUOf returns the average CPUUtilization of an Auto Scaling group.
func CPUOf(autoScalingGroupName string) Metric {
	return Metric{
		Namespace: "AWS/EC2", MetricName: "CPUUtilization", Statistic: "Average",
		Dimension: Dimension{Name: "AutoScalingGroupName", Value: autoScalingGroupName},
	}
}

// RequestsPerTargetOf returns the requests that each target of a target group was sent
// in a period, which ALBRequestCountPerTarget stands for in target tracking.
func RequestsPerTargetOf(targetGroupARN string) Metric {
	_, group, _ := strings.Cut(targetGroupARN, ":targetgroup/")
	return Metric{
		Namespace: "AWS/ApplicationELB", MetricName: "RequestCountPerTarget", Statistic: "Sum",
		Dimension: Dimension{Name: "TargetGroup", Value: "targetgroup/" + group},
	}
}

// RequestsOf returns the requests that a load balancer sent to a target group in a period.
func RequestsOf(targetGroupARN string) Metric {
	m := RequestsPerTargetOf(targetGroupARN)
	m.MetricName = "RequestCount"
	return m
}

// RequestsOfTargets returns the requests that single targets of a target group answered in a period.
// AWS publishes no such metric: a local cloud does. Its second dimension is TargetDimension.
func RequestsOfTargets(targetGroupARN string) Metric {
	m := RequestsOf(targetGroupARN)
	m.Namespace = "LocalCloud/ApplicationELB"
	return m
}

// TargetDimension is the dimension that names the target.
const TargetDimension = "Target"

// CountsRequests reports whether the metric is a number of requests, and not CPU in percent:
// it has no datapoint of a period without any, and nothing of a single instance.
func (m Metric) CountsRequests() bool { return m.Statistic == "Sum" }

// Amount is a value of the metric in words: "32 %", "480 requests".
func (m Metric) Amount(value string) string {
	if m.CountsRequests() {
		return value + " requests"
	}
	return value + " %"
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

// GroupSeries is the name of the group's own series, RequestsSeries that of the requests
// that its load balancer counted, PerTargetSeries that of its mean over the targets; the series
// of instances are named by their ids.
const (
	GroupSeries     = ""
	RequestsSeries  = "requests"
	PerTargetSeries = "requests per target"
)

// TargetSeries is the name of the series of the requests that a target answered.
func TargetSeries(id string) string { return "requests of " + id }

// OfInstance reports whether a series is that of an instance's CPU.
func OfInstance(series string) bool {
	return series != GroupSeries && !strings.HasPrefix(series, RequestsSeries)
}

// asked reports whether a query asks for the metric, of whatever it is.
func (m Metric) asked(q MetricDataQuery, periodSeconds int) bool {
	s := q.MetricStat
	return s.Metric.Namespace == m.Namespace && s.Metric.MetricName == m.MetricName && s.Stat == m.Statistic && s.Period == periodSeconds
}

// Series returns which series a query asks for, in periods of the hypothesis: GroupSeries
// of its metric, the CPU of an instance by its id, or one of the load balancer's counts; false if none.
func (h Hypothesis) Series(q MetricDataQuery) (series string, ok bool) {
	dimensions := q.MetricStat.Metric.Dimensions
	requests, cpu, perTarget := RequestsOf(h.TargetGroupARN), CPUOf(h.AutoScalingGroupName), RequestsPerTargetOf(h.TargetGroupARN)
	ofGroup := h.TargetGroupARN != "" && slices.Contains(dimensions, requests.Dimension)
	switch {
	case ofGroup && requests.asked(q, h.PeriodSeconds):
		return RequestsSeries, true
	case ofGroup && RequestsOfTargets(h.TargetGroupARN).asked(q, h.PeriodSeconds):
		i := slices.IndexFunc(dimensions, func(d Dimension) bool { return d.Name == TargetDimension && d.Value != "" })
		if i < 0 {
			return "", false
		}
		return TargetSeries(dimensions[i].Value), true
	case len(dimensions) != 1:
		return "", false
	case h.Metric.asked(q, h.PeriodSeconds) && dimensions[0] == h.Metric.Dimension:
		return GroupSeries, true
	case ofGroup && perTarget.asked(q, h.PeriodSeconds):
		return PerTargetSeries, true
	case h.Metric != cpu && !h.Metric.CountsRequests():
		return "", false
	case cpu.asked(q, h.PeriodSeconds) && dimensions[0].Name == "InstanceId" && dimensions[0].Value != "":
		return dimensions[0].Value, true
	}
	return "", false
}

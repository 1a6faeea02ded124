package timeline

import (
	"time"

	"secondwind/runlog"
)

// Subject is what a timeline is about.
type Subject struct {
	AutoScalingGroupName string
	AlarmName            string // scale-out alarm
	TargetGroupARN       string
	Metric               runlog.Metric
	PeriodSeconds        int
}

// Period is PeriodSeconds as a duration.
func (s Subject) Period() time.Duration { return time.Duration(s.PeriodSeconds) * time.Second }

// SubjectOf is what the record is about: what its hypothesis declares or, where
// none was declared, CPU of the first group, in the first period that was asked for.
func SubjectOf(r *runlog.Record) Subject {
	if h := r.Hypothesis; h != nil {
		return Subject{h.AutoScalingGroupName, h.AlarmName, h.TargetGroupARN, h.Metric, h.PeriodSeconds}
	}
	s, memory := Subject{Metric: runlog.CPUOf("")}, decoded{}
	for _, o := range r.Cloud {
		switch {
		case s.AutoScalingGroupName == "" && o.Operation == runlog.OpDescribeAutoScalingGroups:
			if a := decode[runlog.Answer](o.Answer, memory); a != nil && len(a.AutoScalingGroups) > 0 {
				s.AutoScalingGroupName = a.AutoScalingGroups[0].AutoScalingGroupName
				s.Metric = runlog.CPUOf(s.AutoScalingGroupName)
			}
		case s.PeriodSeconds == 0 && o.Operation == runlog.OpGetMetricData:
			if in := decode[runlog.GetMetricDataInput](o.Input, memory); in != nil && len(in.MetricDataQueries) > 0 {
				s.PeriodSeconds = in.MetricDataQueries[0].MetricStat.Period
			}
		}
	}
	return s
}

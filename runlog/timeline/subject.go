package timeline

import "secondwind/runlog"

// SubjectOf is what a record is about: what its hypothesis declares or, where none
// was declared, CPU of the first group, in the first period that was asked for.
func SubjectOf(r *runlog.Record) (of runlog.Hypothesis) {
	if r.Hypothesis != nil {
		return *r.Hypothesis
	}
	memory := decoded{}
	for _, o := range r.Cloud {
		switch {
		case of.AutoScalingGroupName == "" && o.Operation == runlog.OpDescribeAutoScalingGroups:
			if a := decode[runlog.Answer](o.Answer, memory); a != nil && len(a.AutoScalingGroups) > 0 {
				of.AutoScalingGroupName = a.AutoScalingGroups[0].AutoScalingGroupName
			}
		case of.PeriodSeconds == 0 && o.Operation == runlog.OpGetMetricData:
			if in := decode[runlog.GetMetricDataInput](o.Input, memory); in != nil && len(in.MetricDataQueries) > 0 {
				of.PeriodSeconds = in.MetricDataQueries[0].MetricStat.Period
			}
		}
	}
	of.Metric = runlog.CPUOf(of.AutoScalingGroupName)
	return of
}

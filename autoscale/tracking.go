package autoscale

import (
	"fmt"
	"time"
)

// The alarms of target tracking, as EC2 Auto Scaling makes them. Source: alarms
// seen on AWS; the share of the low threshold is not documented.
const (
	highPeriods = 3
	lowPeriods  = 15
	lowTenths   = 7 // of the target; 0.7 × 30 would not be 21 in binary
)

// putTrackingAlarms makes, changes or removes the alarms of a policy.
func (e *Engine) putTrackingAlarms(now time.Time, p *policy) {
	if p.Type != TargetTrackingScaling {
		e.deleteAlarm(now, p.high)
		e.deleteAlarm(now, p.low)
		p.high, p.low = "", ""
		return
	}
	t := p.TargetTracking
	if p.high == "" {
		p.high = fmt.Sprintf("TargetTracking-%s-AlarmHigh-%s", p.AutoScalingGroupName, e.uuid())
	}
	e.putAlarm(now, e.trackingAlarm(p, p.high, GreaterThanThreshold, t.TargetValue, highPeriods))
	if t.DisableScaleIn {
		e.deleteAlarm(now, p.low)
		p.low = ""
		return
	}
	if p.low == "" {
		p.low = fmt.Sprintf("TargetTracking-%s-AlarmLow-%s", p.AutoScalingGroupName, e.uuid())
	}
	low := t.TargetValue * lowTenths / 10
	e.putAlarm(now, e.trackingAlarm(p, p.low, LessThanThreshold, low, lowPeriods))
}

func (e *Engine) trackingAlarm(p *policy, name string, operator ComparisonOperator, threshold float64, periods int) Alarm {
	return Alarm{
		Name:               name,
		Description:        fmt.Sprintf("DO NOT EDIT OR DELETE. For TargetTrackingScaling policy %s.", p.ARN),
		ActionsEnabled:     true,
		AlarmActions:       []string{p.ARN},
		Metric:             p.trackedMetric(),
		Statistic:          p.TargetTracking.Statistic,
		Period:             e.trackingPeriod,
		EvaluationPeriods:  periods,
		Threshold:          threshold,
		ComparisonOperator: operator,
	}
}

// trackedMetric is the metric that the policy holds at its target.
func (p *policy) trackedMetric() Metric {
	switch t := p.TargetTracking; {
	case t.Customized != nil:
		return t.Customized.clone()
	case t.PredefinedMetric == ALBRequestCountPerTarget:
		balancer, group := t.labelled()
		return Metric{"AWS/ApplicationELB", "RequestCountPerTarget", []Dimension{{"LoadBalancer", balancer}, {"TargetGroup", group}}}
	}
	return Metric{"AWS/EC2", "CPUUtilization", []Dimension{{"AutoScalingGroupName", p.AutoScalingGroupName}}}
}

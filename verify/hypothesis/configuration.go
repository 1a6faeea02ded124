package hypothesis

import (
	"slices"
	"strings"

	"secondwind/runlog"
)

// Configuration is a snapshot of how a group, its policies, alarms and target
// groups hang together.
type Configuration struct {
	Group        runlog.AutoScalingGroup
	Policies     []runlog.ScalingPolicy
	Alarms       []runlog.MetricAlarm // on the claim's metric, or invoking a policy of the group
	TargetGroups []runlog.TargetGroup
}

// Of is the configuration with the target group of that ARN first: a claim is about the first.
// "", or one that the group does not have, changes nothing.
func (c Configuration) Of(targetGroupARN string) Configuration {
	all := c.TargetGroups
	if i := slices.IndexFunc(all, func(g runlog.TargetGroup) bool { return g.TargetGroupArn == targetGroupARN }); i > 0 {
		c.TargetGroups = slices.Concat(all[i:i+1], all[:i], all[i+1:])
	}
	return c
}

// Metrics are the metrics that a claim about the group can be made about: its CPU and, where
// it has a target group, the requests that each target is sent.
func (c Configuration) Metrics() []runlog.Metric {
	all := []runlog.Metric{runlog.CPUOf(c.Group.AutoScalingGroupName)}
	for _, tg := range c.TargetGroups {
		all = append(all, runlog.RequestsPerTargetOf(tg.TargetGroupArn))
	}
	return all
}

// Metric is the metric that a claim about the alarm is made about: the one of Metrics that it
// watches, CPU if it watches none of them.
func (c Configuration) Metric(a runlog.MetricAlarm) runlog.Metric {
	all := c.Metrics()
	if i := slices.IndexFunc(all, func(m runlog.Metric) bool { return m.Watches(a) }); i >= 0 {
		return all[i]
	}
	return all[0]
}

// watches reports whether a claim can be made about the metric of the alarm: about requests
// only where target tracking follows them, or nothing does.
func (c Configuration) watches(a runlog.MetricAlarm) bool {
	m, policy := c.Metric(a), c.PolicyOf(a)
	return m.Watches(a) && (!m.CountsRequests() || policy == nil || policy.PolicyType == targetTracking)
}

const (
	stepScaling    = "StepScaling"
	targetTracking = "TargetTrackingScaling"
)

// PolicyOf returns the policy that the alarm's actions name, nil if there is none.
func (c Configuration) PolicyOf(a runlog.MetricAlarm) *runlog.ScalingPolicy {
	for _, action := range a.AlarmActions {
		for i := range c.Policies {
			if c.Policies[i].PolicyARN == action {
				return &c.Policies[i]
			}
		}
	}
	return nil
}

// PolicyARN takes the group and the policy out of a scaling policy's ARN:
// …:scalingPolicy:<uuid>:autoScalingGroupName/<group>:policyName/<policy>.
func PolicyARN(arn string) (group, policy string, ok bool) {
	_, rest, _ := strings.Cut(arn, ":autoScalingGroupName/")
	return strings.Cut(rest, ":policyName/")
}

// How well an alarm fits as the one that scales out: one that invokes a policy
// before one that invokes nothing, one that goes into ALARM above its threshold before
// one that does not, one on the claim's metric before others.
const (
	fitNot    = 0
	fitAbove  = 2  // goes into ALARM above its threshold, invokes nothing
	fitPolicy = 4  // invokes a policy that adds instances, below its threshold
	fitBoth   = 8  // both
	fitNamed  = 16 // the caller named it
)

// ScaleOutAlarm returns the alarm that scales the group out: the one of that
// name, else (name "") the one that fits best, the first of several. An alarm is
// also returned where no claim can be made of it; Claimable says why then.
func (c Configuration) ScaleOutAlarm(name string) (runlog.MetricAlarm, bool) {
	return c.best(func(a runlog.MetricAlarm) int { return c.fit(a, name) })
}

// ScaleOutAlarms are all alarms that fit as well as ScaleOutAlarm's and invoke a policy: more
// than one leaves it open which is meant.
func (c Configuration) ScaleOutAlarms() (all []runlog.MetricAlarm) {
	first, _ := c.ScaleOutAlarm("")
	for _, a := range c.Alarms {
		if c.PolicyOf(a) != nil && c.fit(a, "") == c.fit(first, "") {
			all = append(all, a)
		}
	}
	return all
}

// best is the alarm that fits best, the first of several; none if none fits.
func (c Configuration) best(fit func(runlog.MetricAlarm) int) (runlog.MetricAlarm, bool) {
	best, rank := runlog.MetricAlarm{}, fitNot
	for _, a := range c.Alarms {
		if is := fit(a); is > rank {
			best, rank = a, is
		}
	}
	return best, rank > fitNot
}

func (c Configuration) fit(a runlog.MetricAlarm, name string) int {
	policy, fit := c.PolicyOf(a), fitNot
	switch {
	case name != "":
		if a.AlarmName == name {
			return fitNamed
		}
		return fitNot
	case policy != nil && RemovesInstances(*policy):
		return fitNot
	case policy != nil && Above(a):
		fit = fitBoth
	case policy != nil && policy.PolicyType != targetTracking: // whose AlarmLow scales in
		fit = fitPolicy
	case policy == nil && Above(a):
		fit = fitAbove
	default:
		return fitNot
	}
	if c.watches(a) {
		fit++
	}
	return fit
}

// ScaleInAlarm returns the alarm that takes instances away: one on the claim's
// metric that goes into ALARM below its threshold and invokes a policy, else any such.
func (c Configuration) ScaleInAlarm() (runlog.MetricAlarm, bool) {
	return c.best(func(a runlog.MetricAlarm) int {
		fit := fitNot
		if Below(a) {
			fit++
			if c.PolicyOf(a) != nil {
				fit += 2
			}
			if c.watches(a) {
				fit++
			}
		}
		return fit
	})
}

// Above reports whether the alarm goes into ALARM above its threshold.
func Above(a runlog.MetricAlarm) bool {
	return slices.Contains([]string{"GreaterThanThreshold", "GreaterThanOrEqualToThreshold"}, a.ComparisonOperator)
}

// Below reports whether the alarm goes into ALARM below its threshold.
func Below(a runlog.MetricAlarm) bool {
	return slices.Contains([]string{"LessThanThreshold", "LessThanOrEqualToThreshold"}, a.ComparisonOperator)
}

// RemovesInstances reports whether a policy takes instances away whatever the
// metric's value.
func RemovesInstances(p runlog.ScalingPolicy) bool {
	if p.AdjustmentType == "ExactCapacity" {
		return false
	}
	least, most := p.ScalingAdjustment, p.ScalingAdjustment
	for _, step := range p.StepAdjustments {
		least, most = min(least, step.ScalingAdjustment), max(most, step.ScalingAdjustment)
	}
	return least < 0 && most <= 0
}

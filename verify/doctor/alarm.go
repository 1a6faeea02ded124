package doctor

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"secondwind/runlog"
	"secondwind/verify/hypothesis"
)

// scaleOut returns the alarm that is meant to scale the group out, with the
// policy that it invokes, if any. It may be wrong in every detail.
func (f *facts) scaleOut(name string) (runlog.MetricAlarm, *runlog.ScalingPolicy, bool) {
	a, ok := f.configuration.ScaleOutAlarm(name)
	if !ok && name != "" {
		a, ok = f.configuration.ScaleOutAlarm("")
	}
	return a, f.configuration.PolicyOf(a), ok
}

// checkAlarm examines what the alarm watches, and its state.
func (x *examination) checkAlarm(a runlog.MetricAlarm, found bool) {
	if !x.facts.answered[runlog.OpDescribeAlarms] {
		return
	}
	if !found {
		x.find("alarm.missing", x.cfg.AutoScalingGroupName,
			"No alarm watches its average CPUUtilization, and none invokes a policy of the group that adds instances.",
			"Create one (terraform/ has it): namespace AWS/EC2, metric CPUUtilization, dimension AutoScalingGroupName, "+
				"statistic Average, with the policy's ARN as its action.")
		return
	}
	x.checkMetricOf(a)
	if a.Threshold < 1 || a.Threshold*loadBand > 95 {
		x.find("alarm.threshold", "alarm "+a.AlarmName,
			fmt.Sprintf("Its threshold is %g %%: the load would be set to %g %%, 1.6 times as much.", a.Threshold, a.Threshold*loadBand),
			"Choose a threshold from 1 to 59 %, or a smaller load.band in the scenario.")
	}
	x.checkAlarmState(a)
	x.checkScaleIn(a)
}

// checkMetricOf examines which metric the alarm watches, and how.
func (x *examination) checkMetricOf(a runlog.MetricAlarm) {
	name, want := "alarm "+a.AlarmName, runlog.CPUOf(x.cfg.AutoScalingGroupName)
	put := func(members string) string {
		return fmt.Sprintf("Put the alarm again with %s (aws cloudwatch put-metric-alarm).", members)
	}
	if a.Namespace != want.Namespace || a.MetricName != want.MetricName {
		x.find("alarm.metric", name,
			fmt.Sprintf("It watches %s of %s, not %s of %s.", a.MetricName, a.Namespace, want.MetricName, want.Namespace),
			put("namespace "+want.Namespace+" and metric "+want.MetricName))
	} else if len(a.Dimensions) != 1 || a.Dimensions[0] != want.Dimension {
		x.find("alarm.dimension", name,
			fmt.Sprintf("It watches the CPU of %s, not of the group.", dimensions(a.Dimensions)),
			put("the dimension "+dimensions([]runlog.Dimension{want.Dimension})))
	}
	if a.Statistic != "Average" {
		x.find("alarm.statistic", name,
			fmt.Sprintf("Its statistic is %q: the claim is about the average over the group.", a.Statistic),
			put("statistic Average"))
	}
	if !hypothesis.Above(a) {
		x.find("alarm.comparison", name,
			fmt.Sprintf("It goes off on %s, and load raises CPU.", a.ComparisonOperator),
			put("GreaterThanThreshold"))
	}
}

// loadBand is the default load in thresholds: above it, and under it with two.
const loadBand = 1.6

// slowAlarm is from when on an alarm is worth a word.
const slowAlarm = 5 * time.Minute

func (x *examination) checkAlarmState(a runlog.MetricAlarm) {
	name := "alarm " + a.AlarmName
	if !a.ActionsEnabled {
		x.find("alarm.actions-disabled", name,
			"Its actions are switched off: it goes off, and invokes nothing.",
			fmt.Sprintf("aws cloudwatch enable-alarm-actions --alarm-names %s.", a.AlarmName))
	}
	switch a.StateValue {
	case "ALARM":
		x.find("alarm.in-alarm", name,
			fmt.Sprintf("It is in ALARM already, since %s: no transition will be seen.", a.StateUpdatedTimestamp.UTC().Format(time.TimeOnly)),
			"Take the load off, and wait until it is OK and the group has its minimum again.")
	case "INSUFFICIENT_DATA":
		x.find("alarm.no-data", name, "It has no data yet (INSUFFICIENT_DATA).", "Wait a few periods; the run itself does so.")
	}
	if a.TreatMissingData == "breaching" {
		x.find("alarm.missing-data", name,
			"It treats missing data as breaching: it goes off without any CPU.",
			"Put the alarm again with TreatMissingData missing or notBreaching.")
	}
	if reach := time.Duration(a.Period*a.EvaluationPeriods) * time.Second; reach > slowAlarm {
		x.find("alarm.slow", name,
			fmt.Sprintf("It looks at %d periods of %d s: %s until it goes off.", a.EvaluationPeriods, a.Period, reach),
			"Nothing, if the deadlines below suit you.")
	}
}

// scaleIn returns the alarm that scales in, which is never the one that is meant
// to scale out, however that one compares.
func (f *facts) scaleIn(out runlog.MetricAlarm) (runlog.MetricAlarm, bool) {
	others := f.configuration
	others.Alarms = slices.DeleteFunc(slices.Clone(others.Alarms), func(a runlog.MetricAlarm) bool { return a.AlarmName == out.AlarmName })
	return others.ScaleInAlarm()
}

// checkScaleIn examines the way back: with two instances, CPU halves.
func (x *examination) checkScaleIn(out runlog.MetricAlarm) {
	in, ok := x.facts.scaleIn(out)
	if !ok {
		x.find("alarm.scale-in-missing", x.cfg.AutoScalingGroupName,
			"No alarm scales it in: the second instance stays, and costs.",
			"Add a scale-in alarm and policy (terraform/ has them).")
		return
	}
	policy := x.facts.configuration.PolicyOf(in)
	if policy == nil || policy.PolicyType == "TargetTrackingScaling" {
		return // AWS chooses that threshold itself
	}
	if in.Threshold > out.Threshold/2 {
		x.find("alarm.scale-in-close", "alarm "+in.AlarmName, fmt.Sprintf(
			"It scales in under %g %%, over half of the %g %% at which the group scales out: it may swing to and fro.", in.Threshold, out.Threshold),
			fmt.Sprintf("Set it to less than %g %%.", out.Threshold/2))
	}
}

// checkActions follows the alarm's actions to a policy of the group.
func (x *examination) checkActions(a runlog.MetricAlarm, policy *runlog.ScalingPolicy) {
	if !x.facts.answered[runlog.OpDescribePolicies] {
		return
	}
	if policy == nil {
		x.findNoPolicy(a)
		return
	}
	where := "policy " + policy.PolicyName
	if policy.Enabled != nil && !*policy.Enabled {
		x.find("policy.disabled", where,
			"It is switched off: the alarm invokes it, and nothing happens.",
			"Put the policy again with Enabled true.")
	}
	if policy.PolicyType != "TargetTrackingScaling" && !x.adds(*policy, a.Threshold) {
		x.find("policy.adds-nothing", where,
			"At the load of the proof it adds no instance.",
			"Give it a ScalingAdjustment of 1 (ChangeInCapacity); a step policy needs a step from 0 upwards.")
	}
	x.checkOtherPolicies(a, *policy)
}

// findNoPolicy reports why an alarm's actions lead to no policy of the group.
func (x *examination) findNoPolicy(a runlog.MetricAlarm) {
	where := "alarm " + a.AlarmName
	change := fmt.Sprintf("Put the alarm again with the ARN of a policy of %s as its action (aws autoscaling describe-policies shows it).",
		x.cfg.AutoScalingGroupName)
	for _, action := range a.AlarmActions {
		group, policy, ok := policyARN(action)
		switch {
		case ok && group != x.cfg.AutoScalingGroupName:
			x.find("alarm.foreign-policy", where, fmt.Sprintf("Its action is policy %s of another group, %s.", policy, group), change)
			return
		case ok:
			x.find("alarm.policy-gone", where,
				fmt.Sprintf("Its action is policy %s, which the group does not have: deleted, or made anew under another ARN.", policy),
				change)
			return
		}
	}
	x.find("alarm.no-action", where,
		fmt.Sprintf("None of its %d actions is a scaling policy: it goes off, and nothing scales.", len(a.AlarmActions)),
		change)
}

// policyARN takes the group and the policy out of a scaling policy's ARN:
// …:scalingPolicy:<uuid>:autoScalingGroupName/<group>:policyName/<policy>.
func policyARN(arn string) (group, policy string, ok bool) {
	_, rest, ok := strings.Cut(arn, ":autoScalingGroupName/")
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, ":policyName/")
}

// adds reports whether the policy adds an instance when CPU is a little or well
// above the threshold. A step's lower bound is inclusive above the threshold.
func (x *examination) adds(p runlog.ScalingPolicy, threshold float64) bool {
	more := func(adjustment int) bool {
		if p.AdjustmentType == "ExactCapacity" {
			return adjustment > x.facts.configuration.Group.DesiredCapacity
		}
		return adjustment > 0
	}
	if p.PolicyType != "StepScaling" {
		return more(p.ScalingAdjustment)
	}
	for _, over := range []float64{math.SmallestNonzeroFloat64, threshold * (loadBand - 1)} {
		covered := slices.ContainsFunc(p.StepAdjustments, func(s runlog.StepAdjustment) bool {
			return (s.MetricIntervalLowerBound == nil || *s.MetricIntervalLowerBound <= over) &&
				(s.MetricIntervalUpperBound == nil || over < *s.MetricIntervalUpperBound) && more(s.ScalingAdjustment)
		})
		if !covered {
			return false
		}
	}
	return true
}

// checkOtherPolicies names the policies that belong to neither alarm. A step or
// simple policy that no alarm invokes changes nothing.
func (x *examination) checkOtherPolicies(alarm runlog.MetricAlarm, out runlog.ScalingPolicy) {
	in, _ := x.facts.scaleIn(alarm)
	inPolicy := x.facts.configuration.PolicyOf(in)
	for _, p := range x.facts.configuration.Policies {
		mine := p.PolicyARN == out.PolicyARN || inPolicy != nil && p.PolicyARN == inPolicy.PolicyARN
		inert := len(p.Alarms) == 0 && (p.PolicyType == "StepScaling" || p.PolicyType == "SimpleScaling")
		if mine || inert || p.Enabled != nil && !*p.Enabled {
			continue
		}
		x.find("policy.foreign", "policy "+p.PolicyName, fmt.Sprintf(
			"The group has another policy (%s): it can change the group without the alarm under proof.", p.PolicyType),
			fmt.Sprintf("aws autoscaling delete-policy --auto-scaling-group-name %s --policy-name %s, or put it with Enabled false for the proof.",
				x.cfg.AutoScalingGroupName, p.PolicyName))
	}
}

func dimensions(all []runlog.Dimension) string {
	if len(all) == 0 {
		return "all instances of the account"
	}
	texts := make([]string, len(all))
	for i, d := range all {
		texts[i] = d.Name + "=" + d.Value
	}
	return strings.Join(texts, ", ")
}

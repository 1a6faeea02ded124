package doctor

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"secondwind/runlog"
	"secondwind/verify/hypothesis"
)

// checkAlarm examines what the alarm watches, and its state.
func (x *examination) checkAlarm(a runlog.MetricAlarm, found bool) {
	if !x.facts.answered[runlog.OpDescribeAlarms] {
		return
	}
	if !found {
		m := x.facts.configuration.Metrics()[0]
		what := fmt.Sprintf("No alarm watches its average %s, and none invokes a policy of the group that adds instances.", m.MetricName)
		if x.cfg.AlarmName != "" {
			what = fmt.Sprintf("There is no alarm %s, which is meant to scale it out.", x.cfg.AlarmName)
		}
		x.find(Error, "alarm.missing", x.cfg.AutoScalingGroupName, what,
			fmt.Sprintf("Create one (`aws cloudwatch put-metric-alarm`) with namespace %s, metric %s, dimension %s, statistic %s, "+
				"and the policy's ARN as its action.", m.Namespace, m.MetricName, m.Dimension.Name, m.Statistic))
		return
	}
	x.checkMetricOf(a)
	load := a.Threshold * x.band(a.Threshold)
	inPercent := !x.facts.configuration.Metric(a).CountsRequests()
	x.findIf(inPercent && (a.Threshold < 1 || load > mostLoad), Warning, "alarm.threshold", "alarm "+a.AlarmName,
		fmt.Sprintf("Its threshold is %g %%: the load would be set to %g %% CPU, %g times as much.", a.Threshold, load, x.band(a.Threshold)),
		fmt.Sprintf("Choose a threshold from 1 to %.0f %%, or a smaller load.band or load.cpu_percent in the scenario.",
			math.Floor(mostLoad/x.band(a.Threshold))))
	x.checkAlarmState(a)
	x.checkScaleIn(a)
}

// updateAlarm is the advice to change members of an alarm.
func updateAlarm(members string) string {
	return "Update the alarm (`aws cloudwatch put-metric-alarm`) with " + members + "."
}

// checkMetricOf examines which metric the alarm watches, and how.
func (x *examination) checkMetricOf(a runlog.MetricAlarm) {
	name, want, unit, statistic := "alarm "+a.AlarmName, x.facts.configuration.Metric(a), "", a.Statistic
	for _, described := range x.facts.alarms {
		if aws.ToString(described.AlarmName) == a.AlarmName {
			unit, statistic = string(described.Unit), cmp.Or(statistic, aws.ToString(described.ExtendedStatistic))
		}
	}
	if a.MetricName == "" {
		x.find(Error, "alarm.metric", name, "It watches a metric math expression, not a metric.",
			updateAlarm("namespace "+want.Namespace+" and metric "+want.MetricName))
		return
	}
	if a.Namespace != want.Namespace || a.MetricName != want.MetricName {
		x.find(Error, "alarm.metric", name,
			fmt.Sprintf("It watches %s of %s, not %s of %s.", a.MetricName, a.Namespace, want.MetricName, want.Namespace),
			updateAlarm("namespace "+want.Namespace+" and metric "+want.MetricName))
	} else if !want.Watches(a) || len(a.Dimensions) != 1 && !want.CountsRequests() {
		x.find(Error, "alarm.dimension", name,
			fmt.Sprintf("It watches the CPU of %s, not of the group.", dimensions(a.Dimensions)),
			updateAlarm("the dimension "+dimensions([]runlog.Dimension{want.Dimension})))
	}
	x.findIf(statistic != want.Statistic, Error, "alarm.statistic", name,
		fmt.Sprintf("Its statistic is %s, but the claim is about the average over the group.", statistic),
		updateAlarm("statistic "+want.Statistic))
	publisher, published := "EC2 publishes CPU", cwtypes.StandardUnitPercent
	if want.CountsRequests() {
		publisher, published = "the load balancer publishes requests", cwtypes.StandardUnitCount
	}
	x.findIf(unit != "" && unit != string(published), Error, "alarm.unit", name,
		fmt.Sprintf("It asks for datapoints in %s, but %s in %s: it will never have data.", unit, publisher, published),
		updateAlarm(fmt.Sprintf("unit %s, or without a unit", published)))
	x.findIf(!hypothesis.Above(a), Error, "alarm.comparison", name,
		fmt.Sprintf("Its comparison operator is %s, but load raises the metric.", a.ComparisonOperator),
		updateAlarm("comparison operator GreaterThanThreshold"))
}

// step is the change of capacity that a proof is about; by one instance where none can be made.
func (x *examination) step() (from, to int) {
	if x.claimed == nil {
		return x.claim.From(), x.claim.To()
	}
	least := max(1, x.facts.configuration.Group.MinSize)
	return least, least + 1
}

// band is the load of the proof in thresholds.
func (x *examination) band(threshold float64) float64 {
	if x.claimed == nil {
		return x.claim.Band
	}
	if x.cfg.LoadCPUPercent > 0 && threshold > 0 {
		return x.cfg.LoadCPUPercent / threshold
	}
	return x.cfg.Band
}

// mostLoad is the CPU in percent above which an instance cannot be held.
const mostLoad = 95

// slowAlarm is from when on an alarm is worth a word.
const slowAlarm = 5 * time.Minute

func (x *examination) checkAlarmState(a runlog.MetricAlarm) {
	name := "alarm " + a.AlarmName
	x.findIf(!a.ActionsEnabled, Error, "alarm.actions-disabled", name,
		"Its actions are disabled: it goes into ALARM, but invokes nothing.",
		fmt.Sprintf("Run `aws cloudwatch enable-alarm-actions --alarm-names %s`.", a.AlarmName))
	x.findIf(a.StateValue == "ALARM", Error, "alarm.in-alarm", name,
		fmt.Sprintf("It has been in ALARM since %s: no transition would be seen.", a.StateUpdatedTimestamp.UTC().Format(time.RFC3339)),
		"Remove the load, and wait until the alarm is OK and the group is back at its minimum.")
	x.findIf(a.StateValue == "INSUFFICIENT_DATA" && x.waited(a) == 0, Note, "alarm.no-data", name,
		"It has no data yet (INSUFFICIENT_DATA).",
		"Wait a few periods, as the run itself does.")
	x.findIf(a.TreatMissingData == "breaching", Warning, "alarm.missing-data", name,
		"It treats missing data as breaching, so it can go into ALARM without any load.",
		updateAlarm("TreatMissingData set to missing or notBreaching"))
	reach := time.Duration(a.Period*a.EvaluationPeriods) * time.Second
	x.findIf(reach > slowAlarm, Note, "alarm.slow", name,
		fmt.Sprintf("It evaluates %d periods of %d s, so it can take %s to go into ALARM.", a.EvaluationPeriods, a.Period,
			runlog.Words(reach)),
		"No change is needed if the deadlines below suit you.")
}

// scaleIn returns the alarm that scales in, which is never the one that is meant
// to scale out, however that one compares.
func (f *facts) scaleIn(out runlog.MetricAlarm) (runlog.MetricAlarm, bool) {
	others := f.configuration
	others.Alarms = slices.DeleteFunc(slices.Clone(others.Alarms), func(a runlog.MetricAlarm) bool { return a.AlarmName == out.AlarmName })
	return others.ScaleInAlarm()
}

// checkScaleIn examines the way back: with N+k instances, each has N/(N+k) of the load.
func (x *examination) checkScaleIn(out runlog.MetricAlarm) {
	in, ok := x.facts.scaleIn(out)
	if !ok {
		x.find(Warning, "alarm.scale-in-missing", x.cfg.AutoScalingGroupName,
			"No alarm scales it in: the instances that the proof adds stay, and continue to cost money.",
			"Add a policy that removes instances (`aws autoscaling put-scaling-policy`), and an alarm that invokes it below a threshold "+
				"(`aws cloudwatch put-metric-alarm`).")
		return
	}
	x.checkWayBack(in)
	policy := x.facts.configuration.PolicyOf(in)
	if policy == nil || policy.PolicyType == "TargetTrackingScaling" {
		return // AWS chooses that threshold itself
	}
	from, to := x.step()
	most := out.Threshold * float64(from) / float64(to)
	x.findIf(in.Threshold > most, Warning, "alarm.scale-in-close", "alarm "+in.AlarmName,
		fmt.Sprintf("It scales in below %g %%, and after a step from %d to %d instances each may stand at %.4g %%: the group may oscillate.",
			in.Threshold, from, to, most),
		fmt.Sprintf("Set its threshold to less than %.4g %%.", most))
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
	x.findIf(policy.Enabled != nil && !*policy.Enabled, Error, "policy.disabled", where,
		"It is disabled: the alarm invokes it, and nothing happens.",
		"Update the policy with Enabled set to true.")
	x.findIf(policy.PolicyType != "TargetTrackingScaling" && !x.adds(*policy, a.Threshold), Error, "policy.adds-nothing", where,
		"At the load of the proof, it adds no instance.",
		"Give it a ScalingAdjustment of 1 (ChangeInCapacity); a step policy needs a step that starts at 0.")
	x.checkOtherPolicies(a, *policy)
}

// findNoPolicy reports why an alarm's actions lead to no policy of the group.
func (x *examination) findNoPolicy(a runlog.MetricAlarm) {
	where := "alarm " + a.AlarmName
	change := updateAlarm("the ARN of a policy of the group as its action (" + x.command("describe-policies", "") + " lists them)")
	for _, action := range a.AlarmActions {
		if group, policy, ok := hypothesis.PolicyARN(action); ok {
			x.findIf(group != x.cfg.AutoScalingGroupName, Error, "alarm.foreign-policy", where,
				fmt.Sprintf("Its action is policy %s of another group, %s.", policy, group), change)
			x.findIf(group == x.cfg.AutoScalingGroupName, Error, "alarm.policy-gone", where,
				fmt.Sprintf("Its action is policy %s, which the group does not have: it was deleted, or recreated under another ARN.", policy),
				change)
			return
		}
	}
	x.find(Error, "alarm.no-action", where, "It has no action that invokes a scaling policy: it goes into ALARM, and nothing scales.", change)
}

// adds reports whether the policy adds an instance when CPU is a little or well
// above the threshold. A step's lower bound is inclusive above the threshold.
func (x *examination) adds(p runlog.ScalingPolicy, threshold float64) bool {
	desired := x.facts.configuration.Group.DesiredCapacity
	return hypothesis.CapacityAt(p, desired, math.SmallestNonzeroFloat64) > desired &&
		hypothesis.CapacityAt(p, desired, threshold*(x.band(threshold)-1)) > desired
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
		x.find(Warning, "policy.foreign", "policy "+p.PolicyName,
			fmt.Sprintf("The group has another policy (%s), which can change its size without the alarm under test.", p.PolicyType),
			"Run "+x.command("delete-policy", "--policy-name "+p.PolicyName)+", or set Enabled to false for the proof.")
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

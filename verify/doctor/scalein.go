package doctor

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"secondwind/runlog"
	"secondwind/verify/hypothesis"
)

// checkWayBack examines the scale-in alarm's actions and policy as those of the way out.
func (x *examination) checkWayBack(in runlog.MetricAlarm) {
	where := "alarm " + in.AlarmName
	x.findIf(!in.ActionsEnabled, Warning, "alarm.scale-in-disabled", where,
		"Its actions are disabled: nothing scales the group in, and the release is not judged.",
		fmt.Sprintf("Run `aws cloudwatch enable-alarm-actions --alarm-names %s`.", in.AlarmName))
	if !x.facts.answered[runlog.OpDescribePolicies] {
		return
	}
	policy := x.facts.configuration.PolicyOf(in)
	if policy == nil {
		x.find(Warning, "alarm.scale-in-no-policy", where,
			"It invokes no policy that the group has: nothing scales the group in, and the release is not judged.",
			updateAlarm("the ARN of a policy of the group that removes instances ("+x.command("describe-policies", "")+" lists them)"))
		return
	}
	where = "policy " + policy.PolicyName
	x.findIf(policy.Enabled != nil && !*policy.Enabled, Error, "policy.scale-in-disabled", where,
		"It is disabled: the scale-in alarm invokes it, and nothing happens.",
		"Update the policy with Enabled set to true.")
	x.findIf(policy.PolicyType != "TargetTrackingScaling" && !x.removes(*policy, in.Threshold), Error, "policy.removes-nothing", where,
		"Below the scale-in alarm's threshold, it removes no instance.",
		"Give it a ScalingAdjustment of -1 (ChangeInCapacity); a step policy needs a step without a lower bound that ends at 0.")
}

// removes reports whether the policy takes an instance away when CPU is a little or far
// below the threshold. A step's upper bound is inclusive below the threshold.
// Source: EC2 Auto Scaling User Guide, "Step adjustments".
func (x *examination) removes(p runlog.ScalingPolicy, threshold float64) bool {
	least := x.facts.configuration.Group.MinSize
	return hypothesis.CapacityAt(p, least+1, -math.SmallestNonzeroFloat64) <= least && hypothesis.CapacityAt(p, least+1, -threshold) <= least
}

// askUnit asks for the metric in the alarm's own unit, if it has one.
func (x *examination) askUnit(ctx context.Context) {
	alarm, _ := x.facts.configuration.ScaleOutAlarm(x.cfg.AlarmName)
	if x.facts.unit = x.unitOf(alarm); x.facts.unit == "" || alarm.Period == 0 {
		return
	}
	period := time.Duration(alarm.Period) * time.Second
	q := query("unit", x.facts.configuration.Metric(alarm), period)
	q.MetricStat.Unit = x.facts.unit
	if series, ok := x.data(ctx, []cwtypes.MetricDataQuery{q}, max(10*period, 5*time.Minute)); ok {
		x.facts.inUnit = append([]float64{}, slices.Concat(series...)...)
	}
}

// unitOf is the unit that the alarm asks for; "" if any will do.
func (x *examination) unitOf(alarm runlog.MetricAlarm) cwtypes.StandardUnit {
	for _, described := range x.facts.alarms {
		if aws.ToString(described.AlarmName) == alarm.AlarmName {
			return described.Unit
		}
	}
	return ""
}

// checkBlind examines whether the alarm sees the datapoints that the metric has.
func (x *examination) checkBlind(a runlog.MetricAlarm) {
	where, n := "alarm "+a.AlarmName, len(x.facts.cpu)
	if n < 3 {
		return // metric.none and metric.sparse say so
	}
	if u := x.facts.unit; u == cwtypes.StandardUnitPercent && x.facts.inUnit != nil && len(x.facts.inUnit) == 0 {
		x.find(Error, "alarm.unit", where,
			fmt.Sprintf("It asks for datapoints in %s; the metric has %d, and none in that unit: it will never have data.", u, n),
			updateAlarm("no unit"))
		return
	}
	waited := x.waited(a)
	x.findIf(waited > 0, Error, "alarm.blind", where,
		fmt.Sprintf("It has had no data for %s (INSUFFICIENT_DATA), although CloudWatch has %d datapoints of the metric.",
			runlog.Words(waited.Truncate(time.Second)), n),
		"Compare its period, statistic, unit and dimensions with the metric's (`aws cloudwatch describe-alarms`), and create it anew.")
}

// waited is how long the alarm has been without data, if that is longer than an alarm of
// a metric with datapoints can be; else 0.
func (x *examination) waited(a runlog.MetricAlarm) time.Duration {
	waited := x.report.Examined.Add(x.clock.Offset()).Sub(a.StateUpdatedTimestamp)
	patience := time.Duration((a.EvaluationPeriods+2)*a.Period)*time.Second + metricLag
	if a.StateValue != "INSUFFICIENT_DATA" || len(x.facts.cpu) < 3 || waited < patience {
		return 0
	}
	return waited
}

package main_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"secondwind/verify/doctor"
)

// put puts the scale-out alarm again, with a change.
func put(change func(*bench, *cloudwatch.PutMetricAlarmInput)) func(*testing.T, *bench) func() {
	return func(t *testing.T, b *bench) func() { return putAlarm(t, b, b.stack.ScaleOutAlarm, change) }
}

func putAlarm(t *testing.T, b *bench, name string, change func(*bench, *cloudwatch.PutMetricAlarmInput)) func() {
	out, err := b.alarms.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{name}})
	if err != nil || len(out.MetricAlarms) != 1 {
		t.Fatalf("DescribeAlarms(%s) = %v, %v, want one alarm", name, out, err)
	}
	a := out.MetricAlarms[0]
	was := cloudwatch.PutMetricAlarmInput{
		AlarmName: a.AlarmName, AlarmActions: a.AlarmActions, ActionsEnabled: a.ActionsEnabled, Namespace: a.Namespace, MetricName: a.MetricName,
		Statistic: a.Statistic, Dimensions: a.Dimensions, Period: a.Period, EvaluationPeriods: a.EvaluationPeriods, DatapointsToAlarm: a.DatapointsToAlarm,
		Threshold: a.Threshold, ComparisonOperator: a.ComparisonOperator, TreatMissingData: a.TreatMissingData,
	}
	send := func(in cloudwatch.PutMetricAlarmInput) {
		if _, err := b.alarms.PutMetricAlarm(t.Context(), &in); err != nil {
			t.Fatal(err)
		}
	}
	broken := was
	change(b, &broken)
	send(broken)
	return func() { send(was) }
}

// remove deletes an alarm.
func remove(name func(*bench) string) func(*testing.T, *bench) func() {
	return func(t *testing.T, b *bench) func() {
		mend := putAlarm(t, b, name(b), func(*bench, *cloudwatch.PutMetricAlarmInput) {})
		if _, err := b.alarms.DeleteAlarms(t.Context(), &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{name(b)}}); err != nil {
			t.Fatal(err)
		}
		return mend
	}
}

// alarm changes the scale-out alarm as it is answered: in the cloud itself the
// change would scale the group before it could be mended.
func alarm(change func(*cwtypes.MetricAlarm)) func(*bench, *doctor.Config) {
	return func(b *bench, c *doctor.Config) {
		edit(c, func(out *cloudwatch.DescribeAlarmsOutput) {
			for i := range out.MetricAlarms {
				if *out.MetricAlarms[i].AlarmName == b.stack.ScaleOutAlarm {
					change(&out.MetricAlarms[i])
				}
			}
		})
	}
}

// alarmBreakages are in the cloud where that scales nothing. An evaluation may come
// before the examination, and an alarm on another metric has no data: its state is
// answered as it was.
func alarmBreakages() []breakage {
	all := brokenAlarms()
	for i := range all {
		if all[i].cloud != nil {
			all[i].answers = alarm(func(a *cwtypes.MetricAlarm) { a.StateValue = cwtypes.StateValueOk })
		}
	}
	return all
}

func brokenAlarms() []breakage {
	type input = cloudwatch.PutMetricAlarmInput
	return []breakage{
		{finding: "alarm.missing", how: "deleted", cloud: remove(func(b *bench) string { return b.stack.ScaleOutAlarm })},
		{finding: "alarm.metric", how: "of NetworkIn", cloud: put(func(_ *bench, in *input) { in.MetricName = aws.String("NetworkIn") })},
		{finding: "alarm.metric", how: "of another namespace", cloud: put(func(_ *bench, in *input) { in.Namespace = aws.String("Mine") })},
		{finding: "alarm.dimension", how: "of one instance", cloud: put(func(_ *bench, in *input) {
			in.Dimensions = []cwtypes.Dimension{{Name: aws.String("InstanceId"), Value: aws.String("i-0123456789abcdef0")}}
		})},
		{finding: "alarm.dimension", how: "of the whole account", cloud: put(func(_ *bench, in *input) { in.Dimensions = nil })},
		{finding: "alarm.statistic", how: "the maximum", cloud: put(func(_ *bench, in *input) { in.Statistic = cwtypes.StatisticMaximum })},
		{finding: "alarm.comparison", how: "below the threshold", answers: alarm(func(a *cwtypes.MetricAlarm) { a.ComparisonOperator = cwtypes.ComparisonOperatorLessThanThreshold })},
		{finding: "alarm.threshold", how: "of 70 %", cloud: put(func(_ *bench, in *input) { in.Threshold = aws.Float64(70) })},
		{finding: "alarm.actions-disabled", how: "by hand", cloud: disableActions},
		{finding: "alarm.no-action", how: "at all", cloud: put(func(_ *bench, in *input) { in.AlarmActions = nil })},
		{finding: "alarm.no-action", how: "but a message", cloud: put(func(_ *bench, in *input) { in.AlarmActions = []string{"arn:aws:sns:local-1:000000000000:people"} })},
		{finding: "alarm.foreign-policy", how: "of a neighbour", answers: alarm(func(a *cwtypes.MetricAlarm) {
			a.AlarmActions[0] = strings.Replace(a.AlarmActions[0], "autoScalingGroupName/demo-asg", "autoScalingGroupName/neighbour", 1)
		})},
		{finding: "alarm.policy-gone", how: "made anew under another ARN", answers: alarm(func(a *cwtypes.MetricAlarm) {
			a.AlarmActions[0] = strings.Replace(a.AlarmActions[0], ":scalingPolicy:", ":scalingPolicy:0", 1)
		})},
		{finding: "alarm.in-alarm", how: "before any load", answers: alarm(func(a *cwtypes.MetricAlarm) { a.StateValue = cwtypes.StateValueAlarm })},
		{finding: "alarm.no-data", how: "in its first period", answers: alarm(func(a *cwtypes.MetricAlarm) { a.StateValue = cwtypes.StateValueInsufficientData })},
		{finding: "alarm.missing-data", how: "breaching", cloud: put(func(_ *bench, in *input) { in.TreatMissingData = aws.String("breaching") })},
		{finding: "alarm.slow", how: "over forty periods", cloud: put(func(_ *bench, in *input) { in.EvaluationPeriods, in.DatapointsToAlarm = aws.Int32(40), aws.Int32(40) })},
		{finding: "alarm.scale-in-missing", how: "deleted", cloud: remove(func(b *bench) string { return b.stack.ScaleInAlarm })},
		{finding: "alarm.scale-in-close", how: "at 15 %", cloud: func(t *testing.T, b *bench) func() {
			return putAlarm(t, b, b.stack.ScaleInAlarm, func(_ *bench, in *input) { in.Threshold = aws.Float64(15) })
		}},
	}
}

func disableActions(t *testing.T, b *bench) func() {
	names := []string{b.stack.ScaleOutAlarm}
	if _, err := b.alarms.DisableAlarmActions(t.Context(), &cloudwatch.DisableAlarmActionsInput{AlarmNames: names}); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := b.alarms.EnableAlarmActions(t.Context(), &cloudwatch.EnableAlarmActionsInput{AlarmNames: names}); err != nil {
			t.Fatal(err)
		}
	}
}

// policies changes the policies as they are answered.
func policies(change func(*bench, *autoscaling.DescribePoliciesOutput)) func(*bench, *doctor.Config) {
	return func(b *bench, c *doctor.Config) {
		edit(c, func(out *autoscaling.DescribePoliciesOutput) { change(b, out) })
	}
}

// scaleOut changes the scale-out policy as it is answered.
func scaleOut(change func(*astypes.ScalingPolicy)) func(*bench, *doctor.Config) {
	return policies(func(b *bench, out *autoscaling.DescribePoliciesOutput) {
		for i := range out.ScalingPolicies {
			if *out.ScalingPolicies[i].PolicyName == b.stack.ScaleOutPolicy {
				change(&out.ScalingPolicies[i])
			}
		}
	})
}

func policyBreakages() []breakage {
	return []breakage{
		{finding: "policy.disabled", how: "by hand", answers: scaleOut(func(p *astypes.ScalingPolicy) { p.Enabled = aws.Bool(false) })},
		{finding: "policy.adds-nothing", how: "just above the threshold", answers: scaleOut(func(p *astypes.ScalingPolicy) { p.StepAdjustments[0].MetricIntervalLowerBound = aws.Float64(50) })},
		{finding: "policy.adds-nothing", how: "but one, exactly", answers: scaleOut(func(p *astypes.ScalingPolicy) {
			p.PolicyType, p.AdjustmentType, p.ScalingAdjustment = aws.String("SimpleScaling"), aws.String("ExactCapacity"), aws.Int32(1)
		})},
		{finding: "policy.foreign", how: "tracking the same CPU", answers: func(b *bench, c *doctor.Config) { c.AlarmName = b.stack.ScaleOutAlarm }, cloud: func(t *testing.T, b *bench) func() {
			in := autoscaling.PutScalingPolicyInput{
				AutoScalingGroupName: &b.stack.AutoScalingGroupName, PolicyName: aws.String("neighbour"), PolicyType: aws.String("TargetTrackingScaling"),
				TargetTrackingConfiguration: &astypes.TargetTrackingConfiguration{TargetValue: aws.Float64(90), DisableScaleIn: aws.Bool(true), PredefinedMetricSpecification: &astypes.PredefinedMetricSpecification{PredefinedMetricType: astypes.MetricTypeASGAverageCPUUtilization}},
			}
			if _, err := b.groups.PutScalingPolicy(t.Context(), &in); err != nil {
				t.Fatal(err)
			}
			return func() {
				if _, err := b.groups.DeletePolicy(t.Context(), &autoscaling.DeletePolicyInput{AutoScalingGroupName: in.AutoScalingGroupName, PolicyName: in.PolicyName}); err != nil {
					t.Fatal(err)
				}
			}
		}},
		{finding: "policy.foreign", how: "predicting", answers: policies(func(_ *bench, out *autoscaling.DescribePoliciesOutput) {
			out.ScalingPolicies = append(out.ScalingPolicies, astypes.ScalingPolicy{PolicyName: aws.String("seer"), PolicyARN: aws.String("arn:seer"), PolicyType: aws.String("PredictiveScaling")})
		})},
	}
}

// datapoints changes a series as it is answered; "cpu" is the group's CPU, "c…"
// an instance's credits.
func datapoints(c *doctor.Config, prefix string, change func(*cwtypes.MetricDataResult)) {
	edit(c, func(out *cloudwatch.GetMetricDataOutput) {
		for i, r := range out.MetricDataResults {
			if strings.HasPrefix(*r.Id, prefix) && (prefix == "cpu") == (*r.Id == "cpu") {
				change(&out.MetricDataResults[i])
			}
		}
	})
}

// credits is what every instance has left.
func credits(c *doctor.Config, left ...float64) {
	datapoints(c, "c", func(r *cwtypes.MetricDataResult) {
		r.Values, r.Timestamps = left, slices.Repeat([]time.Time{time.Now()}, len(left))
	})
}

func metricBreakages() []breakage {
	cpu := func(n int) func(*bench, *doctor.Config) {
		return func(_ *bench, c *doctor.Config) {
			started(c, time.Hour)
			datapoints(c, "cpu", func(r *cwtypes.MetricDataResult) {
				r.Values, r.Timestamps = slices.Repeat([]float64{1}, n), slices.Repeat([]time.Time{time.Now()}, n)
			})
		}
	}
	left := func(all ...float64) func(*bench, *doctor.Config) {
		return func(_ *bench, c *doctor.Config) { credits(c, all...) }
	}
	return []breakage{
		{finding: "metric.none", how: "for an hour", answers: cpu(0)},
		{finding: "metric.sparse", how: "once in ten periods", answers: cpu(1)},
		{finding: "monitoring.basic", how: "in the launch template", cloud: basicMonitoring},
		{finding: "monitoring.instance", how: "switched off by hand", answers: xmlOf("ec2:DescribeInstances", "<monitoring><state>enabled", "<monitoring><state>disabled")},
		{finding: "credits.low", how: "all spent", answers: left(0.2)},
		{finding: "credits.unknown", how: "in the first five minutes", answers: left()},
		{finding: "credits.unlimited", how: "by its specification", answers: xmlOf("ec2:DescribeInstanceCreditSpecifications", "<cpuCredits>standard", "<cpuCredits>unlimited")},
		{finding: "credits.baseline", how: "of a t2.large, 30 %", answers: group(func(g *astypes.AutoScalingGroup) { g.Instances[0].InstanceType = aws.String("t2.large") })},
	}
}

// basicMonitoring makes a version of the launch template without detailed monitoring.
func basicMonitoring(t *testing.T, b *bench) func() {
	version := func(on bool) {
		err := b.ec2.Call(t.Context(), "CreateLaunchTemplateVersion", url.Values{
			"LaunchTemplateId": {b.stack.LaunchTemplateID}, "SourceVersion": {"1"}, "LaunchTemplateData.Monitoring.Enabled": {fmt.Sprint(on)},
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
	}
	version(false)
	return func() { version(true) }
}

// creditsAreHeldAgainstTheRun has the t2.micro that is held at
// 10 % and can never pass 20 %.
func creditsAreHeldAgainstTheRun(t *testing.T, b *bench) {
	cfg := b.config()
	credits(&cfg, 0)
	said := sentences(doctor.Examine(t.Context(), cfg), "credits.low")
	for _, part := range []string{"held at 10 %", "cannot cross 20 %", "unlimited"} {
		if !strings.Contains(said, part) {
			t.Errorf("a t2.micro without credits: %q, want …%s…", said, part)
		}
	}
	cfg = b.config()
	credits(&cfg, 5)
	if report := doctor.Examine(t.Context(), cfg); len(report.Findings) > 0 {
		t.Errorf("five credits for minutes: found %v, want nothing", idsOf(report))
	}
	cfg = b.config()
	credits(&cfg, 5)
	cfg.Hold = 8 * time.Hour
	if report := doctor.Examine(t.Context(), cfg); !slices.Equal(idsOf(report), []string{"credits.low"}) {
		t.Errorf("five credits for eight hours: found %v, want credits.low", idsOf(report))
	}
}

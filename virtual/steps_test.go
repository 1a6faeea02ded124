package virtual_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	"secondwind/loadgen/scenario"
	"secondwind/runlog"
	"secondwind/verify/judge"
	"secondwind/virtual"
)

// change is a policy that the scale-out alarm invokes, and the step that it makes.
type change struct {
	name     string
	from, to int
	policy   autoscaling.PutScalingPolicyInput
	alarm    func(*cloudwatch.PutMetricAlarmInput)
}

func steps() (all []soak) {
	changes := []change{
		{"by one", 3, 4, simple("ChangeInCapacity", 1), nil},
		{"by two", 1, 3, simple("ChangeInCapacity", 2), nil},
		{"by half", 2, 3, simple("PercentChangeInCapacity", 50), nil},
		{"by a tenth, but by two at least", 2, 4, percent(10, 2), nil},
		{"to four exactly", 2, 4, simple("ExactCapacity", 4), nil},
		{"by two, in one step", 2, 4, stepped(0, 2), nil},
		{"by one, as two of the last three datapoints say", 1, 2, simple("ChangeInCapacity", 1), func(in *cloudwatch.PutMetricAlarmInput) {
			in.EvaluationPeriods, in.DatapointsToAlarm = aws.Int32(3), aws.Int32(2)
		}},
	}
	for _, c := range changes {
		name := fmt.Sprintf("from %d to %d instances %s", c.from, c.to, c.name)
		all = append(all,
			soak{name, c.configured(false), judge.Proved, ""},
			soak{name + ", without the policy", c.configured(true), judge.Refuted, "link.scaling-activity"})
	}
	return all
}

func simple(adjustment string, by int32) autoscaling.PutScalingPolicyInput {
	return autoscaling.PutScalingPolicyInput{
		PolicyType: aws.String("SimpleScaling"), AdjustmentType: &adjustment, ScalingAdjustment: &by, Cooldown: aws.Int32(10),
	}
}

func percent(by, least int32) autoscaling.PutScalingPolicyInput {
	in := simple("PercentChangeInCapacity", by)
	in.MinAdjustmentMagnitude = &least
	return in
}

// stepped has steps, given by lower bound and adjustment, each up to the next.
func stepped(steps ...int32) autoscaling.PutScalingPolicyInput {
	in := autoscaling.PutScalingPolicyInput{
		PolicyType: aws.String("StepScaling"), AdjustmentType: aws.String("ChangeInCapacity"), EstimatedInstanceWarmup: aws.Int32(10),
	}
	for i := 0; i < len(steps); i += 2 {
		s := astypes.StepAdjustment{MetricIntervalLowerBound: aws.Float64(float64(steps[i])), ScalingAdjustment: &steps[i+1]}
		if i+2 < len(steps) {
			s.MetricIntervalUpperBound = aws.Float64(float64(steps[i+2]))
		}
		in.StepAdjustments = append(in.StepAdjustments, s)
	}
	return in
}

// configured is a world whose group begins with as many instances, and scales so.
func (c change) configured(without bool) func(*virtual.Config) {
	return func(cfg *virtual.Config) {
		v := &cfg.Variables
		v.MinSize, v.DesiredCapacity, v.MaxSize, v.ScaleInCPUThreshold = c.from, c.from, 5, 4
		if without {
			cfg.Scenario.Local.Policy = scenario.PolicyNone
		}
		cfg.Configure = func(ctx context.Context, a *virtual.Acting) error {
			if err := c.putPolicy(ctx, a, without); err != nil || c.alarm == nil {
				return err
			}
			return changeAlarm(ctx, a, c.alarm)
		}
	}
}

// putPolicy replaces the scale-out policy, unless there is none.
func (c change) putPolicy(ctx context.Context, a *virtual.Acting, without bool) error {
	if without || a.Stack.ScaleOutPolicy == "" {
		return nil
	}
	in := c.policy
	in.AutoScalingGroupName, in.PolicyName = &a.Stack.AutoScalingGroupName, &a.Stack.ScaleOutPolicy
	_, err := autoscaling.NewFromConfig(a.AWS).PutScalingPolicy(ctx, &in)
	return err
}

// changeAlarm changes the scale-out alarm.
func changeAlarm(ctx context.Context, a *virtual.Acting, change func(*cloudwatch.PutMetricAlarmInput)) error {
	alarms := cloudwatch.NewFromConfig(a.AWS)
	out, err := alarms.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{a.Stack.ScaleOutAlarm}})
	if err != nil {
		return err
	}
	was := out.MetricAlarms[0]
	in := &cloudwatch.PutMetricAlarmInput{
		AlarmName: was.AlarmName, AlarmActions: was.AlarmActions, Namespace: was.Namespace, MetricName: was.MetricName,
		Statistic: was.Statistic, Dimensions: was.Dimensions, Period: was.Period, EvaluationPeriods: was.EvaluationPeriods,
		DatapointsToAlarm: was.DatapointsToAlarm, Threshold: was.Threshold, ComparisonOperator: was.ComparisonOperator,
	}
	change(in)
	if _, err = alarms.PutMetricAlarm(ctx, in); err != nil {
		return err
	}
	time.Sleep(30 * time.Second) // until it has judged its periods
	return nil
}

// TestTheUpperOfTwoStepsIsHit: the load of a step policy begins with a period, so that no part of
// it is seen first, and taken for less.
func TestTheUpperOfTwoStepsIsHit(t *testing.T) {
	withoutRace(t)
	t.Parallel()
	cfg := virtual.Default(t)
	change{from: 2, to: 4, policy: stepped(0, 1, 6, 2)}.configured(false)(&cfg)
	r := virtual.Soak(t, cfg)
	if h := r.Record.Hypothesis; h.From() != 2 || h.To() != 4 || r.Verdict.Outcome != judge.Proved {
		t.Errorf("from %d to %d: %s %s, want 2 to 4, PROVED\n%s", h.From(), h.To(), r.Verdict.Outcome, r.Verdict.Reason, r.Verdict.Summary)
	}
	began := r.Record.Load[slices.IndexFunc(r.Record.Load, func(l runlog.LoadLine) bool {
		return l.Phase != nil && l.Phase.Phase == runlog.PhaseLoad
	})].Time
	if into := began.Sub(began.Truncate(cfg.MetricsPeriod)); into < cfg.MetricsPeriod-2*time.Second {
		t.Errorf("the load began %s into a period, want it at the end of one", into)
	}
}

// TestDatapointsFromBeforeTheLoadPickAStep: a step policy goes by the average of all that the alarm evaluates. Where fewer
// suffice for ALARM, it takes a lower step first, and no claim can be made of the upper one.
func TestDatapointsFromBeforeTheLoadPickAStep(t *testing.T) {
	withoutRace(t)
	twoOfThree := func(in *cloudwatch.PutMetricAlarmInput) {
		in.EvaluationPeriods, in.DatapointsToAlarm = aws.Int32(3), aws.Int32(2)
	}
	highest := stepped(0, 1, 6, 2)
	highest.MetricAggregationType = aws.String("Maximum")
	for _, c := range []struct {
		policy  autoscaling.PutScalingPolicyInput
		outcome judge.Outcome
		reason  string
	}{
		{stepped(0, 1, 6, 2), judge.Inconclusive, "interrupted"}, // by what the doctor refuses it for
		{highest, judge.Proved, ""},
		{stepped(0, 2), judge.Proved, ""},
	} {
		t.Run(fmt.Sprintf("%d steps, %s", len(c.policy.StepAdjustments), aws.ToString(c.policy.MetricAggregationType)), func(t *testing.T) {
			t.Parallel()
			cfg := virtual.Default(t)
			cheap(&cfg)
			change{from: 2, to: 4, policy: c.policy, alarm: twoOfThree}.configured(false)(&cfg)
			if v := virtual.Soak(t, cfg).Verdict; v.Outcome != c.outcome || v.Reason != c.reason {
				t.Errorf("%s %s, want %s %s\n%s", v.Outcome, v.Reason, c.outcome, c.reason, v.Summary)
			}
		})
	}
}

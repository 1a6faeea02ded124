package virtual_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"secondwind/runlog"
	"secondwind/verify/judge"
	"secondwind/virtual"
)

// foreignCall is what the verdict says of calls by others.
func foreignCall(t *testing.T, v judge.Verdict) judge.Finding {
	t.Helper()
	i := slices.IndexFunc(v.Confounders, func(f judge.Finding) bool { return f.ID == judge.ForeignCall })
	if i < 0 {
		t.Fatal("the verdict says nothing of calls by others")
	}
	return v.Confounders[i]
}

// act is a call that somebody else makes.
type act struct {
	name  string // of the operation
	phase runlog.Phase
	call  func(context.Context, aws.Config, *virtual.Acting) error
	want  judge.Status // of the finding; "" is broken
}

func acts() []act {
	return []act{
		{"SetDesiredCapacity", runlog.PhaseLoad, func(ctx context.Context, cfg aws.Config, a *virtual.Acting) error {
			_, err := autoscaling.NewFromConfig(cfg).SetDesiredCapacity(ctx, &autoscaling.SetDesiredCapacityInput{
				AutoScalingGroupName: &a.Stack.AutoScalingGroupName, DesiredCapacity: aws.Int32(2),
			})
			return err
		}, ""},
		{"PutScalingPolicy", runlog.PhaseControl, func(ctx context.Context, cfg aws.Config, a *virtual.Acting) error {
			_, err := autoscaling.NewFromConfig(cfg).PutScalingPolicy(ctx, &autoscaling.PutScalingPolicyInput{
				AutoScalingGroupName: &a.Stack.AutoScalingGroupName, PolicyName: aws.String("another"), PolicyType: aws.String("SimpleScaling"),
				AdjustmentType: aws.String("ChangeInCapacity"), ScalingAdjustment: aws.Int32(0),
			})
			return err
		}, ""},
		{"SetAlarmState", runlog.PhaseLoad, func(ctx context.Context, cfg aws.Config, a *virtual.Acting) error {
			_, err := cloudwatch.NewFromConfig(cfg).SetAlarmState(ctx, &cloudwatch.SetAlarmStateInput{
				AlarmName: &a.Stack.ScaleOutAlarm, StateValue: "ALARM", StateReason: aws.String("Threshold Crossed: 1 datapoint"),
			})
			return err
		}, ""},
		{"SuspendProcesses", runlog.PhaseHold, func(ctx context.Context, cfg aws.Config, a *virtual.Acting) error {
			_, err := autoscaling.NewFromConfig(cfg).SuspendProcesses(ctx, &autoscaling.SuspendProcessesInput{
				AutoScalingGroupName: &a.Stack.AutoScalingGroupName, ScalingProcesses: []string{"AZRebalance"},
			})
			return err
		}, ""},
		{"ModifyTargetGroupAttributes", runlog.PhaseCalibration, func(ctx context.Context, cfg aws.Config, a *virtual.Acting) error {
			_, err := elb.NewFromConfig(cfg).ModifyTargetGroupAttributes(ctx, &elb.ModifyTargetGroupAttributesInput{
				TargetGroupArn: &a.Stack.TargetGroupARN, Attributes: []elbtypes.TargetGroupAttribute{
					{Key: aws.String("deregistration_delay.timeout_seconds"), Value: aws.String("2")},
				},
			})
			return err
		}, ""},
		{"CreateListener", runlog.PhaseHold, func(ctx context.Context, cfg aws.Config, a *virtual.Acting) error {
			client := elb.NewFromConfig(cfg)
			balancers, err := client.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{})
			if err != nil {
				return err
			}
			_, err = client.CreateListener(ctx, &elb.CreateListenerInput{
				LoadBalancerArn: balancers.LoadBalancers[0].LoadBalancerArn, Protocol: "HTTP", Port: aws.Int32(8081),
				DefaultActions: []elbtypes.Action{{Type: "forward", TargetGroupArn: &a.Stack.TargetGroupARN}},
			})
			return err
		}, ""},
		{"PutMetricAlarm", runlog.PhaseControl, func(ctx context.Context, cfg aws.Config, a *virtual.Acting) error {
			_, err := cloudwatch.NewFromConfig(cfg).PutMetricAlarm(ctx, &cloudwatch.PutMetricAlarmInput{
				AlarmName: aws.String("another"), Namespace: aws.String("AWS/EC2"), MetricName: aws.String("NetworkIn"), Statistic: "Average",
				Period: aws.Int32(60), EvaluationPeriods: aws.Int32(5), Threshold: aws.Float64(1e9), ComparisonOperator: "GreaterThanThreshold",
				AlarmActions: []string{a.Stack.ScaleOutPolicy},
			})
			return err
		}, ""},
		{"SetDesiredCapacity", runlog.PhaseRelease, func(ctx context.Context, cfg aws.Config, a *virtual.Acting) error {
			_, err := autoscaling.NewFromConfig(cfg).SetDesiredCapacity(ctx, &autoscaling.SetDesiredCapacityInput{
				AutoScalingGroupName: &a.Stack.AutoScalingGroupName, DesiredCapacity: aws.Int32(1),
			})
			return err
		}, ""},
		{"CreateOrUpdateTags", runlog.PhaseLoad, func(ctx context.Context, cfg aws.Config, a *virtual.Acting) error {
			_, err := autoscaling.NewFromConfig(cfg).CreateOrUpdateTags(ctx, &autoscaling.CreateOrUpdateTagsInput{Tags: []astypes.Tag{{
				ResourceId: &a.Stack.AutoScalingGroupName, ResourceType: aws.String("auto-scaling-group"), Key: aws.String("colour"),
				Value: aws.String("red"), PropagateAtLaunch: aws.Bool(false),
			}}})
			return err
		}, judge.Held},
		{"CreateTargetGroup", runlog.PhaseLoad, func(ctx context.Context, cfg aws.Config, _ *virtual.Acting) error {
			_, err := elb.NewFromConfig(cfg).CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{
				Name: aws.String("another"), Protocol: "HTTP", Port: aws.Int32(8080),
			})
			return err // of somebody else's load balancer
		}, judge.Held},
	}
}

// TestEveryForeignCallIsFoundWithItsCaller: in some of these runs the call left no trace
// that the judge could see without an audit.
func TestEveryForeignCallIsFoundWithItsCaller(t *testing.T) {
	for i, a := range acts() {
		t.Run(a.name+" in "+string(a.phase), func(t *testing.T) {
			if raceDetector && i > 0 {
				t.Skip("with the race detector one of them runs")
			}
			t.Parallel()
			cfg := virtual.Default(t)
			cfg.Audit = true
			during(a.phase, func(ctx context.Context, acting *virtual.Acting) {
				stranger := acting.AWS.Copy()
				stranger.AppID = "a-stranger"
				if err := a.call(ctx, stranger, acting); err != nil {
					t.Errorf("%s: %v", a.name, err)
				}
			})(&cfg)
			r := virtual.Soak(t, cfg)
			f := foreignCall(t, r.Verdict)
			if a.want == judge.Held {
				if f.Status != judge.Held || r.Verdict.Outcome != judge.Proved {
					t.Errorf("%s is %s (%s), the run %s; want held, PROVED\n%s", f.ID, f.Status, f.Seen, r.Verdict.Outcome, r.Verdict.Summary)
				}
				return
			}
			if r.Verdict.Outcome != judge.Inconclusive || r.Verdict.Reason != judge.ForeignCall {
				t.Errorf("verdict = %s %q (%v), want INCONCLUSIVE by the call", r.Verdict.Outcome, r.Verdict.Reason, r.Err)
			}
			for _, want := range []string{a.name + " at 00:0", "by arn:aws:iam::000000000000:user/secondwind", "from 127.0.0.1", "app/a-stranger"} {
				if !strings.Contains(f.Seen, want) {
					t.Errorf("%s says %q, want %q", f.ID, f.Seen, want)
				}
			}
			if len(f.Evidence) != 1 || r.Record.Audit.Events[f.Evidence[0].Line-2].EventName != a.name {
				t.Errorf("evidence = %+v, want the line of the call", f.Evidence)
			}
		})
	}
}

func TestNobodyElseCalled(t *testing.T) {
	cfg := virtual.Default(t)
	cfg.Audit, cfg.EventDelay = true, 7*time.Minute // as on AWS
	during(runlog.PhaseLoad, func(ctx context.Context, a *virtual.Acting) {
		_, err := autoscaling.NewFromConfig(a.AWS).SetDesiredCapacity(ctx, &autoscaling.SetDesiredCapacityInput{
			AutoScalingGroupName: &a.Stack.AutoScalingGroupName, DesiredCapacity: aws.Int32(7), // beyond the maximum
		})
		if err == nil {
			t.Error("a capacity beyond the maximum was set")
		}
	})(&cfg)
	r := virtual.Soak(t, cfg)
	const nobody = "No other possible cause was seen, and nobody else called."
	if r.Verdict.Outcome != judge.Proved || !strings.Contains(r.Verdict.Summary, nobody) {
		t.Errorf("verdict = %s %q: %s", r.Verdict.Outcome, r.Verdict.Reason, r.Verdict.Summary)
	}
	if f := foreignCall(t, r.Verdict); !strings.Contains(f.Seen, "1 call failed: SetDesiredCapacity") || len(f.Evidence) != 1 {
		t.Errorf("%s says %q with %d lines, want the call that failed", f.ID, f.Seen, len(f.Evidence))
	}
	if a := r.Record.Audit; a.Asked.Sub(r.Record.Load[len(r.Record.Load)-1].Time) < cfg.EventDelay {
		t.Errorf("asked at %s, before CloudTrail had caught up", a.Asked)
	}
}

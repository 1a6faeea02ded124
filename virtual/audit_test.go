package virtual_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
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
}

func acts() []act {
	return []act{
		{"ModifyTargetGroupAttributes", runlog.PhaseCalibration, func(ctx context.Context, cfg aws.Config, a *virtual.Acting) error {
			_, err := elb.NewFromConfig(cfg).ModifyTargetGroupAttributes(ctx, &elb.ModifyTargetGroupAttributesInput{
				TargetGroupArn: &a.Stack.TargetGroupARN, Attributes: []elbtypes.TargetGroupAttribute{
					{Key: aws.String("deregistration_delay.timeout_seconds"), Value: aws.String("2")},
				},
			})
			return err
		}},
		{"PutScalingPolicy", runlog.PhaseControl, func(ctx context.Context, cfg aws.Config, a *virtual.Acting) error {
			_, err := autoscaling.NewFromConfig(cfg).PutScalingPolicy(ctx, &autoscaling.PutScalingPolicyInput{
				AutoScalingGroupName: &a.Stack.AutoScalingGroupName, PolicyName: aws.String("another"), PolicyType: aws.String("SimpleScaling"),
				AdjustmentType: aws.String("ChangeInCapacity"), ScalingAdjustment: aws.Int32(0),
			})
			return err
		}},
		{"PutMetricAlarm", runlog.PhaseControl, func(ctx context.Context, cfg aws.Config, a *virtual.Acting) error {
			_, err := cloudwatch.NewFromConfig(cfg).PutMetricAlarm(ctx, &cloudwatch.PutMetricAlarmInput{
				AlarmName: aws.String("another"), Namespace: aws.String("AWS/EC2"), MetricName: aws.String("NetworkIn"), Statistic: "Average",
				Period: aws.Int32(60), EvaluationPeriods: aws.Int32(5), Threshold: aws.Float64(1e9), ComparisonOperator: "GreaterThanThreshold",
				AlarmActions: []string{a.Stack.ScaleOutPolicy},
			})
			return err
		}},
		{"SetDesiredCapacity", runlog.PhaseLoad, func(ctx context.Context, cfg aws.Config, a *virtual.Acting) error {
			_, err := autoscaling.NewFromConfig(cfg).SetDesiredCapacity(ctx, &autoscaling.SetDesiredCapacityInput{
				AutoScalingGroupName: &a.Stack.AutoScalingGroupName, DesiredCapacity: aws.Int32(2),
			})
			return err
		}},
		{"SetAlarmState", runlog.PhaseLoad, func(ctx context.Context, cfg aws.Config, a *virtual.Acting) error {
			_, err := cloudwatch.NewFromConfig(cfg).SetAlarmState(ctx, &cloudwatch.SetAlarmStateInput{
				AlarmName: &a.Stack.ScaleOutAlarm, StateValue: "ALARM", StateReason: aws.String("Threshold Crossed: 1 datapoint"),
			})
			return err
		}},
		{"SuspendProcesses", runlog.PhaseHold, func(ctx context.Context, cfg aws.Config, a *virtual.Acting) error {
			_, err := autoscaling.NewFromConfig(cfg).SuspendProcesses(ctx, &autoscaling.SuspendProcessesInput{
				AutoScalingGroupName: &a.Stack.AutoScalingGroupName, ScalingProcesses: []string{"AZRebalance"},
			})
			return err
		}},
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
		}},
		{"SetDesiredCapacity", runlog.PhaseRelease, func(ctx context.Context, cfg aws.Config, a *virtual.Acting) error {
			_, err := autoscaling.NewFromConfig(cfg).SetDesiredCapacity(ctx, &autoscaling.SetDesiredCapacityInput{
				AutoScalingGroupName: &a.Stack.AutoScalingGroupName, DesiredCapacity: aws.Int32(1),
			})
			return err
		}},
	}
}

// TestEveryForeignCallIsFoundWithItsCaller: some of these calls leave no other trace.
func TestEveryForeignCallIsFoundWithItsCaller(t *testing.T) {
	t.Parallel()
	cfg := virtual.Default(t)
	cfg.Audit, cfg.During = true, map[runlog.Phase]func(context.Context, *virtual.Acting){}
	for _, a := range acts() {
		earlier := cfg.During[a.phase]
		cfg.During[a.phase] = func(ctx context.Context, acting *virtual.Acting) {
			if earlier != nil {
				earlier(ctx, acting)
			}
			stranger := acting.AWS.Copy()
			stranger.AppID = "a-stranger"
			if err := a.call(ctx, stranger, acting); err != nil {
				t.Errorf("%s: %v", a.name, err)
			}
		}
	}
	r := virtual.Soak(t, cfg)
	if r.Verdict.Outcome != judge.Inconclusive || r.Verdict.Reason != judge.ForeignCall {
		t.Errorf("verdict = %s %q (%v), want INCONCLUSIVE by the calls", r.Verdict.Outcome, r.Verdict.Reason, r.Err)
	}
	f := foreignCall(t, r.Verdict)
	const caller = "by arn:aws:iam::000000000000:user/secondwind from 127.0.0.1 with "
	if !strings.HasPrefix(f.Seen, acts()[0].name+" at 00:0") || !strings.Contains(f.Seen, caller) ||
		!strings.Contains(f.Seen, "app/a-stranger") {
		t.Errorf("%s says %q, want the first call, its time and its caller", f.ID, f.Seen)
	}
	var found, want []string
	for _, e := range f.Evidence {
		found = append(found, r.Record.Audit.Events[e.Line-2].EventName)
	}
	for _, a := range acts() {
		want = append(want, a.name)
	}
	if !slices.Equal(found, want) {
		t.Errorf("found %v, want %v", found, want)
	}
}

func TestNobodyElseCalled(t *testing.T) {
	withoutRace(t)
	t.Parallel()
	cfg := virtual.Default(t)
	cfg.Audit, cfg.EventDelay = true, 7*time.Minute // as on AWS
	during(runlog.PhaseLoad, func(ctx context.Context, a *virtual.Acting) {
		_, err := elb.NewFromConfig(a.AWS).CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{
			Name: aws.String("another"), Protocol: "HTTP", Port: aws.Int32(8080), // of somebody else's load balancer
		})
		if err != nil {
			t.Error(err)
		}
		_, err = autoscaling.NewFromConfig(a.AWS).SetDesiredCapacity(ctx, &autoscaling.SetDesiredCapacityInput{
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

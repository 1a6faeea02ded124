package virtual_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"secondwind/runlog"
	"secondwind/verify/judge"
	"secondwind/virtual"
)

// TestInterferedSoaks: somebody else acts through the cloud's own API while a soak goes
// on. None may be proved, and each must say why.
func TestInterferedSoaks(t *testing.T) {
	withoutRace(t)
	for _, group := range [][]soak{alarmsSetByHand(), secondAlarms(), reconfigurations(), otherServers(), capacities(), otherClients()} {
		runSoaks(t, group)
	}
}

// otherClients are clients of a service of few requests: what they send is little, and much beside those.
func otherClients() []soak {
	client := func(rate float64, lasting time.Duration, from time.Duration, change func(*virtual.Config)) func(*virtual.Config) {
		return func(c *virtual.Config) {
			cheap(c)
			during(runlog.PhasePremises, func(ctx context.Context, a *virtual.Acting) {
				a.After(ctx, from, func() { a.Send(ctx, rate, lasting) })
			})(c)
			change(c)
		}
	}
	slowly := func(c *virtual.Config) {
		c.MetricsPeriod, c.Scenario.Local.MetricsPeriod = 30*time.Second, 30*time.Second
	}
	return []soak{
		{"another client sends one request a second", client(1, time.Hour, 18*time.Second, func(*virtual.Config) {}),
			judge.Inconclusive, "confounder.other-requests"},
		{"another client has gone before the calibration, in whose baseline it is", client(3, 15*time.Second, 2*time.Second, slowly),
			judge.Inconclusive, "confounder.other-requests"},
	}
}

// beside lets somebody act from when a phase begins, while the run goes on.
func beside(phase runlog.Phase, act func(context.Context, *virtual.Acting)) func(*virtual.Config) {
	return during(phase, func(ctx context.Context, a *virtual.Acting) {
		go func() {
			defer func() {
				if ctx.Err() != nil { // the run has ended
					_ = recover()
				}
			}()
			act(ctx, a)
		}()
	})
}

// must is the outcome of a call that is right, in a world where nothing fails by itself.
func must[T any](out T, err error) T {
	if err != nil {
		panic(err)
	}
	return out
}

func secondAlarms() []soak {
	return []soak{
		{"another alarm on the metric, created in the control, shares the policy", beside(runlog.PhaseControl,
			func(ctx context.Context, a *virtual.Acting) { putAlarm(ctx, a, "another", 15) }), judge.Inconclusive, "confounder.second-policy"},
		{"another alarm is there for one evaluation only", beside(runlog.PhaseLoad, func(ctx context.Context, a *virtual.Acting) {
			putAlarm(ctx, a, "another", 15)
			time.Sleep(11 * time.Second)
			must(cloudwatch.NewFromConfig(a.AWS).DeleteAlarms(ctx, &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{"another"}}))
		}), judge.Inconclusive, "confounder.second-policy"},
	}
}

// putAlarm creates an alarm as the scale-out alarm is, but for its name and threshold.
func putAlarm(ctx context.Context, a *virtual.Acting, name string, threshold float64) {
	client := cloudwatch.NewFromConfig(a.AWS)
	is := must(client.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{a.Stack.ScaleOutAlarm}})).MetricAlarms[0]
	must(client.PutMetricAlarm(ctx, &cloudwatch.PutMetricAlarmInput{
		AlarmName: &name, Namespace: is.Namespace, MetricName: is.MetricName, Dimensions: is.Dimensions, Statistic: is.Statistic,
		Period: is.Period, EvaluationPeriods: is.EvaluationPeriods, Threshold: &threshold, ComparisonOperator: is.ComparisonOperator,
		AlarmActions: is.AlarmActions,
	}))
}

func reconfigurations() []soak {
	neutral := func(ctx context.Context, a *virtual.Acting) { putPolicy(ctx, a, 0) }
	return []soak{
		{"the policy is made neutral for the control and restored before the load", func(c *virtual.Config) {
			c.During = map[runlog.Phase]func(context.Context, *virtual.Acting){
				runlog.PhaseControl: neutral,
				runlog.PhaseLoad:    func(ctx context.Context, a *virtual.Acting) { putPolicy(ctx, a, 1) },
			}
		}, judge.Inconclusive, "confounder.reconfigured"},
		{"the policy adds nothing under load", during(runlog.PhaseLoad, neutral), judge.Inconclusive, "confounder.reconfigured"},
		{"the second instance's target is deregistered in the hold", during(runlog.PhaseHold, func(ctx context.Context, a *virtual.Acting) {
			client := elb.NewFromConfig(a.AWS)
			health := must(client.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &a.Stack.TargetGroupARN}))
			last := health.TargetHealthDescriptions[len(health.TargetHealthDescriptions)-1].Target
			must(client.DeregisterTargets(ctx, &elb.DeregisterTargetsInput{TargetGroupArn: &a.Stack.TargetGroupARN,
				Targets: []elbtypes.TargetDescription{*last}}))
		}), judge.Inconclusive, "confounder.reconfigured"},
		{"the deregistration delay is changed in the hold", during(runlog.PhaseHold, func(ctx context.Context, a *virtual.Acting) {
			must(elb.NewFromConfig(a.AWS).ModifyTargetGroupAttributes(ctx, &elb.ModifyTargetGroupAttributesInput{
				TargetGroupArn: &a.Stack.TargetGroupARN, Attributes: []elbtypes.TargetGroupAttribute{
					{Key: aws.String("deregistration_delay.timeout_seconds"), Value: aws.String("7")}},
			}))
		}), judge.Inconclusive, "confounder.reconfigured"},
	}
}

func otherServers() []soak {
	return []soak{
		{"another group begins to serve behind the load balancer before the load", beside(runlog.PhaseCalibration, anotherGroup),
			judge.Inconclusive,
			"confounder.other-servers"},
		{"another group begins to serve under load", beside(runlog.PhaseLoad, anotherGroup), judge.Inconclusive, "confounder.other-servers"},
	}
}

func capacities() []soak {
	terminate := func(first bool) func(context.Context, *virtual.Acting) {
		return func(ctx context.Context, a *virtual.Acting) {
			client := autoscaling.NewFromConfig(a.AWS)
			is := must(client.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{
				AutoScalingGroupNames: []string{a.Stack.AutoScalingGroupName}})).AutoScalingGroups[0].Instances
			i := is[len(is)-1]
			if first {
				i = is[0]
			}
			must(client.TerminateInstanceInAutoScalingGroup(ctx, &autoscaling.TerminateInstanceInAutoScalingGroupInput{
				InstanceId: i.InstanceId, ShouldDecrementDesiredCapacity: aws.Bool(!first)}))
		}
	}
	return []soak{
		{"the capacity is set back by hand in the release", during(runlog.PhaseRelease, setDesired(1)), judge.Inconclusive, "release.scale-in"},
		{"the second instance is terminated by hand in the release", during(runlog.PhaseRelease, terminate(false)), judge.Inconclusive,
			"release.scale-in"},
		{"the capacity is set back by hand in the hold", during(runlog.PhaseHold, setDesired(1)), judge.Inconclusive,
			"confounder.manual-capacity"},
		{"the first instance is terminated, and replaced, in the hold", during(runlog.PhaseHold, terminate(true)), judge.Inconclusive,
			"confounder.manual-capacity"},
	}
}

// anotherGroup creates a group whose instance is a target of the same target group.
func anotherGroup(ctx context.Context, a *virtual.Acting) {
	client := autoscaling.NewFromConfig(a.AWS)
	is := must(client.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{
		AutoScalingGroupNames: []string{a.Stack.AutoScalingGroupName}})).AutoScalingGroups[0]
	must(client.CreateAutoScalingGroup(ctx, &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String("another"), MinSize: aws.Int32(1), MaxSize: aws.Int32(1),
		LaunchTemplate:    &astypes.LaunchTemplateSpecification{LaunchTemplateId: is.LaunchTemplate.LaunchTemplateId},
		AvailabilityZones: is.AvailabilityZones, TargetGroupARNs: is.TargetGroupARNs,
	}))
}

// putPolicy has the scale-out policy add so many instances.
func putPolicy(ctx context.Context, a *virtual.Acting, adjustment int32) {
	client := autoscaling.NewFromConfig(a.AWS)
	is := must(client.DescribePolicies(ctx, &autoscaling.DescribePoliciesInput{
		AutoScalingGroupName: &a.Stack.AutoScalingGroupName, PolicyNames: []string{a.Stack.ScaleOutPolicy}})).ScalingPolicies[0]
	is.StepAdjustments[0].ScalingAdjustment = &adjustment
	must(client.PutScalingPolicy(ctx, &autoscaling.PutScalingPolicyInput{
		AutoScalingGroupName: is.AutoScalingGroupName, PolicyName: is.PolicyName, PolicyType: is.PolicyType, AdjustmentType: is.AdjustmentType,
		StepAdjustments: is.StepAdjustments, EstimatedInstanceWarmup: is.EstimatedInstanceWarmup, MetricAggregationType: is.MetricAggregationType,
	}))
}

func alarmsSetByHand() []soak {
	return []soak{
		{"the alarm is set by hand, in CloudWatch's words, just before it is evaluated", beside(runlog.PhaseLoad,
			func(ctx context.Context, a *virtual.Acting) {
				forgeNext(ctx, a, cwtypes.StateValueAlarm, 800*time.Millisecond)
			}),
			judge.Inconclusive, "confounder.set-alarm-state"},
		{"the alarm is set to OK by hand, in CloudWatch's words, as the effect", beside(runlog.PhaseLoad,
			func(ctx context.Context, a *virtual.Acting) {
				forgeNext(ctx, a, cwtypes.StateValueOk, 300*time.Millisecond)
			}),
			judge.Inconclusive, "confounder.set-alarm-state"},
		{"the alarm is set to ALARM by hand, with one datapoint listed three times", func(c *virtual.Config) {
			c.Variables.EvaluationPeriods, c.Variables.DatapointsToAlarm = 3, 3
			beside(runlog.PhaseLoad, func(ctx context.Context, a *virtual.Acting) {
				forgeNext(ctx, a, cwtypes.StateValueAlarm, time.Second)
			})(c)
		}, judge.Inconclusive, "confounder.set-alarm-state"},
	}
}

// forgeNext sets the scale-out alarm as soon as a datapoint is there that would put it
// into the state, so long after the end of its period, with the words and the data that
// CloudWatch would write.
func forgeNext(ctx context.Context, a *virtual.Acting, state cwtypes.StateValue, after time.Duration) {
	client := cloudwatch.NewFromConfig(a.AWS)
	for ctx.Err() == nil {
		now := time.Now()
		time.Sleep(now.Truncate(10 * time.Second).Add(10*time.Second + after).Sub(now))
		alarm := must(client.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{a.Stack.ScaleOutAlarm}})).MetricAlarms[0]
		end := time.Now().UTC().Truncate(10 * time.Second)
		data := must(client.GetMetricData(ctx, &cloudwatch.GetMetricDataInput{
			StartTime: aws.Time(end.Add(-10 * time.Second)), EndTime: &end,
			MetricDataQueries: []cwtypes.MetricDataQuery{{Id: aws.String("m"), MetricStat: &cwtypes.MetricStat{
				Metric: &cwtypes.Metric{Namespace: alarm.Namespace, MetricName: alarm.MetricName, Dimensions: alarm.Dimensions},
				Period: alarm.Period, Stat: aws.String("Average"),
			}}},
		})).MetricDataResults[0]
		if alarm.StateValue != state && len(data.Values) == 1 && (data.Values[0] > *alarm.Threshold) == (state == cwtypes.StateValueAlarm) {
			setState(ctx, client, alarm, state, data.Timestamps[0], data.Values[0])
			return
		}
	}
}

func setState(ctx context.Context, client *cloudwatch.Client, alarm cwtypes.MetricAlarm, state cwtypes.StateValue,
	at time.Time, value float64) {
	n, was := int(*alarm.EvaluationPeriods), map[bool]string{true: "was", false: "was not"}[state == cwtypes.StateValueAlarm]
	const stamp = "2006-01-02T15:04:05.000-0700"
	points := make([]map[string]any, n)
	recent := make([]float64, n)
	for i := range points {
		points[i], recent[i] = map[string]any{"timestamp": at.UTC().Format(stamp), "sampleCount": 1.0, "value": value}, value
	}
	reasonData := must(json.Marshal(map[string]any{
		"version": "1.0", "queryDate": time.Now().UTC().Format(stamp), "startDate": at.UTC().Format(stamp), "statistic": "Average",
		"period": *alarm.Period, "recentDatapoints": recent, "threshold": *alarm.Threshold, "evaluatedDatapoints": points,
	}))
	must(client.SetAlarmState(ctx, &cloudwatch.SetAlarmStateInput{
		AlarmName: alarm.AlarmName, StateValue: state, StateReasonData: aws.String(string(reasonData)),
		StateReason: aws.String(fmt.Sprintf("Threshold Crossed: %d out of the last %d datapoints [%s] %s greater than the threshold (%.1f).",
			n, n, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("%v (%s), ", value, at.UTC().Format("02/01/06 15:04:05")), n), ", "), was,
			*alarm.Threshold)),
	}))
}

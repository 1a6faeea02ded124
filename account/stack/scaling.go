package stack

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// scaleOut adds instances while the group's average CPU is above the threshold, or the requests
// of each target are.
func (b *builder) scaleOut(ctx context.Context) error {
	if b.o.Variables.Policy == PolicyTargetTracking && !b.o.WithoutPolicy {
		return b.targetTracking(ctx)
	}
	var actions []string
	if !b.o.WithoutPolicy {
		arn, err := b.putPolicy(ctx, "scale-out", int32(b.o.Variables.ScalingAdjustment))
		if err != nil {
			return err
		}
		b.stack.ScaleOutPolicy, actions = *b.name("scale-out"), []string{arn}
	}
	above := b.cpuAlarm("cpu-high", cwtypes.ComparisonOperatorGreaterThanThreshold, b.o.Variables.CPUThreshold, actions)
	if b.o.Variables.RequestsPerTarget > 0 {
		b.onRequests(above)
	}
	b.stack.ScaleOutAlarm = *above.AlarmName
	return b.putAlarm(ctx, above)
}

// scaleIn removes an instance while it is below the lower threshold. A target
// tracking policy does that itself.
func (b *builder) scaleIn(ctx context.Context) error {
	if b.o.Variables.Policy == PolicyTargetTracking && !b.o.WithoutPolicy {
		return nil
	}
	arn, err := b.putPolicy(ctx, "scale-in", -1)
	if err != nil {
		return err
	}
	below := b.cpuAlarm("cpu-low", cwtypes.ComparisonOperatorLessThanThreshold, b.o.Variables.ScaleInCPUThreshold, []string{arn})
	b.stack.ScaleInAlarm = *below.AlarmName
	return b.putAlarm(ctx, below)
}

// putPolicy makes a policy that changes the capacity by adjustment. Where target
// tracking was asked for and left out, what remains is a step policy.
func (b *builder) putPolicy(ctx context.Context, suffix string, adjustment int32) (arn string, err error) {
	n := b.o.Variables
	in := &autoscaling.PutScalingPolicyInput{
		AutoScalingGroupName: &b.stack.AutoScalingGroupName, PolicyName: b.name(suffix), AdjustmentType: aws.String("ChangeInCapacity"),
	}
	if n.Policy == PolicySimple {
		in.PolicyType, in.ScalingAdjustment = aws.String("SimpleScaling"), &adjustment
		in.Cooldown = aws.Int32(scaled(n.Cooldown, b.o.MetricsPeriod))
	} else {
		step := astypes.StepAdjustment{ScalingAdjustment: &adjustment, MetricIntervalLowerBound: aws.Float64(0)}
		if adjustment < 0 { // bounds are relative to the threshold: below it
			step.MetricIntervalLowerBound, step.MetricIntervalUpperBound = nil, aws.Float64(0)
		}
		in.PolicyType, in.StepAdjustments = aws.String("StepScaling"), []astypes.StepAdjustment{step}
		in.MetricAggregationType = aws.String("Average")
		in.EstimatedInstanceWarmup = aws.Int32(scaled(n.InstanceWarmup, b.o.MetricsPeriod))
	}
	out, err := b.groups.PutScalingPolicy(ctx, in)
	if err != nil {
		return "", err
	}
	return aws.ToString(out.PolicyARN), nil
}

// cpuAlarm is an alarm on the group's average CPU. The metric stands here, as it
// does in terraform/, because it is part of what is deployed; which metric a proof is
// about is decided by verify/hypothesis, which reads the alarm that it finds.
func (b *builder) cpuAlarm(
	suffix string, operator cwtypes.ComparisonOperator, threshold float64, actions []string,
) *cloudwatch.PutMetricAlarmInput {
	n := b.o.Variables
	return &cloudwatch.PutMetricAlarmInput{
		AlarmName: b.name(suffix), AlarmActions: actions, ActionsEnabled: aws.Bool(!b.o.ActionsDisabled),
		AlarmDescription: aws.String(fmt.Sprintf("average CPU of %s against %g %%", b.stack.AutoScalingGroupName, threshold)),
		Namespace:        aws.String("AWS/EC2"), MetricName: aws.String("CPUUtilization"), Statistic: cwtypes.StatisticAverage,
		Dimensions: []cwtypes.Dimension{{Name: aws.String("AutoScalingGroupName"), Value: &b.stack.AutoScalingGroupName}},
		Period:     aws.Int32(scaled(n.AlarmPeriod, b.o.MetricsPeriod)), EvaluationPeriods: aws.Int32(int32(n.EvaluationPeriods)),
		DatapointsToAlarm: aws.Int32(int32(n.DatapointsToAlarm)), Threshold: &threshold, ComparisonOperator: operator,
		Tags: tagList(b.o.Tags, func(k, v *string) cwtypes.Tag { return cwtypes.Tag{Key: k, Value: v} }),
	}
}

// onRequests makes an alarm one on the requests of each target, as that of a tracking policy is.
func (b *builder) onRequests(alarm *cloudwatch.PutMetricAlarmInput) {
	balancer, group := b.routed()
	alarm.AlarmName, alarm.Threshold = b.name("requests-high"), b.requestsPerPeriod()
	alarm.AlarmDescription = aws.String(fmt.Sprintf("requests of each target of %s against %g a period", group, *alarm.Threshold))
	alarm.Namespace, alarm.MetricName = aws.String("AWS/ApplicationELB"), aws.String("RequestCountPerTarget")
	alarm.Statistic = cwtypes.StatisticSum
	alarm.Dimensions = []cwtypes.Dimension{
		{Name: aws.String("LoadBalancer"), Value: &balancer}, {Name: aws.String("TargetGroup"), Value: &group},
	}
}

// routed are the load balancer and the target group as metrics name them.
func (b *builder) routed() (balancer, group string) {
	_, balancer, _ = strings.Cut(b.loadBalancerARN, ":loadbalancer/")
	_, group, _ = strings.Cut(b.stack.TargetGroupARN, ":targetgroup/")
	return balancer, "targetgroup/" + group
}

// requestsPerPeriod are the requests of each target that a period's count is held against.
func (b *builder) requestsPerPeriod() *float64 {
	return aws.Float64(b.o.Variables.RequestsPerTarget * b.o.MetricsPeriod.Minutes())
}

func (b *builder) putAlarm(ctx context.Context, alarm *cloudwatch.PutMetricAlarmInput) error {
	if _, err := b.alarms.PutMetricAlarm(ctx, alarm); err != nil {
		return fmt.Errorf("alarm %s: %w", *alarm.AlarmName, err)
	}
	return nil
}

// targetTracking makes one policy, whose two alarms Auto Scaling makes itself.
func (b *builder) targetTracking(ctx context.Context) error {
	n := b.o.Variables
	target, metric := &n.CPUThreshold, astypes.PredefinedMetricSpecification{PredefinedMetricType: astypes.MetricTypeASGAverageCPUUtilization}
	if n.RequestsPerTarget > 0 {
		balancer, group := b.routed()
		target = b.requestsPerPeriod()
		metric.PredefinedMetricType, metric.ResourceLabel = astypes.MetricTypeALBRequestCountPerTarget, aws.String(balancer+"/"+group)
	}
	out, err := b.groups.PutScalingPolicy(ctx, &autoscaling.PutScalingPolicyInput{
		AutoScalingGroupName: &b.stack.AutoScalingGroupName, PolicyName: b.name("scale-out"), PolicyType: aws.String("TargetTrackingScaling"),
		EstimatedInstanceWarmup: aws.Int32(scaled(n.InstanceWarmup, b.o.MetricsPeriod)),
		TargetTrackingConfiguration: &astypes.TargetTrackingConfiguration{
			TargetValue: target, PredefinedMetricSpecification: &metric,
		},
	})
	if err != nil {
		return err
	}
	b.stack.ScaleOutPolicy = *b.name("scale-out")
	var names []string
	for _, alarm := range out.Alarms {
		name := aws.ToString(alarm.AlarmName)
		names = append(names, name)
		switch {
		case strings.Contains(name, "-AlarmHigh-"):
			b.stack.ScaleOutAlarm = name
		case strings.Contains(name, "-AlarmLow-"):
			b.stack.ScaleInAlarm = name
		}
	}
	if b.stack.ScaleOutAlarm == "" {
		return errors.New("target tracking made no AlarmHigh")
	}
	if !b.o.ActionsDisabled {
		return nil
	}
	_, err = b.alarms.DisableAlarmActions(ctx, &cloudwatch.DisableAlarmActionsInput{AlarmNames: names})
	return err
}

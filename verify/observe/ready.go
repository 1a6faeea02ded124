package observe

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// pollTarget is how often AwaitHealthy asks.
const pollTarget = 2 * time.Second

// AwaitHealthy waits until a target of the group is healthy, as long as the
// group's own grace and health check allow: right after a deploy the first
// instance still starts. waiting is called before each wait, with that limit.
// What else there is to say, it leaves to the doctor: its only error is ctx's.
func AwaitHealthy(ctx context.Context, cfg aws.Config, autoScalingGroupName, targetGroupARN string,
	waiting func(limit time.Duration)) error {
	targets := elb.NewFromConfig(cfg)
	limit := healthyWithin(ctx, cfg, autoScalingGroupName, targetGroupARN)
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	ticker := time.NewTicker(pollTarget)
	defer ticker.Stop()
	for {
		out, err := targets.DescribeTargetHealth(limited, &elb.DescribeTargetHealthInput{TargetGroupArn: &targetGroupARN})
		if err != nil || slices.ContainsFunc(out.TargetHealthDescriptions, healthy) {
			return ctx.Err()
		}
		waiting(limit)
		select {
		case <-limited.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

func healthy(d elbtypes.TargetHealthDescription) bool {
	return d.TargetHealth != nil && d.TargetHealth.State == elbtypes.TargetHealthStateEnumHealthy
}

// healthyWithin is how long a first instance may take: the group's grace, the
// checks that make a target healthy, and a minute. 0 if they cannot be read.
func healthyWithin(ctx context.Context, cfg aws.Config, autoScalingGroupName, targetGroupARN string) time.Duration {
	byName := &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{autoScalingGroupName}}
	groups, err := autoscaling.NewFromConfig(cfg).DescribeAutoScalingGroups(ctx, byName)
	if err != nil || len(groups.AutoScalingGroups) != 1 || targetGroupARN == "" {
		return 0
	}
	targets, err := elb.NewFromConfig(cfg).DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: []string{targetGroupARN}})
	if err != nil || len(targets.TargetGroups) != 1 {
		return 0
	}
	t := targets.TargetGroups[0]
	checks := aws.ToInt32(t.HealthCheckIntervalSeconds) * aws.ToInt32(t.HealthyThresholdCount)
	return time.Duration(aws.ToInt32(groups.AutoScalingGroups[0].HealthCheckGracePeriod)+checks)*time.Second + time.Minute
}

// awsDeregistrationDelay is what a target group has that nobody configured.
const awsDeregistrationDelay = 300 * time.Second

// DeregistrationDelay is how long the target group lets an instance drain. Where
// it cannot be read it is AWS's default.
func DeregistrationDelay(ctx context.Context, cfg aws.Config, targetGroupARN string) time.Duration {
	out, err := elb.NewFromConfig(cfg).DescribeTargetGroupAttributes(ctx,
		&elb.DescribeTargetGroupAttributesInput{TargetGroupArn: &targetGroupARN})
	if err != nil {
		return awsDeregistrationDelay
	}
	for _, a := range out.Attributes {
		seconds, err := strconv.Atoi(aws.ToString(a.Value))
		if aws.ToString(a.Key) == "deregistration_delay.timeout_seconds" && err == nil {
			return time.Duration(seconds) * time.Second
		}
	}
	return awsDeregistrationDelay
}

package virtual_test

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"secondwind/verify/judge"
	"secondwind/virtual"
)

// requestsPerTarget are soaks of target tracking that holds the requests that each target is sent.
func requestsPerTarget() []soak {
	return []soak{
		{"target tracking on requests per target", tracking(true), judge.Proved, ""},
		{"target tracking on requests per target, with its alarms' actions disabled", tracking(false), judge.Refuted,
			"link.scaling-activity"},
	}
}

func tracking(enabled bool) func(*virtual.Config) {
	return func(cfg *virtual.Config) {
		cfg.Variables.Policy = "target_tracking"
		cfg.Configure = func(ctx context.Context, a *virtual.Acting) error {
			label, err := resourceLabel(ctx, a)
			if err != nil {
				return err
			}
			out, err := autoscaling.NewFromConfig(a.AWS).PutScalingPolicy(ctx, &autoscaling.PutScalingPolicyInput{
				AutoScalingGroupName: &a.Stack.AutoScalingGroupName, PolicyName: &a.Stack.ScaleOutPolicy,
				PolicyType: aws.String("TargetTrackingScaling"), EstimatedInstanceWarmup: aws.Int32(10),
				TargetTrackingConfiguration: &astypes.TargetTrackingConfiguration{
					TargetValue: aws.Float64(200), // in a period of 10 s
					PredefinedMetricSpecification: &astypes.PredefinedMetricSpecification{
						PredefinedMetricType: astypes.MetricTypeALBRequestCountPerTarget, ResourceLabel: &label,
					},
				},
			})
			if err != nil || enabled {
				return err
			}
			var names []string
			for _, alarm := range out.Alarms {
				names = append(names, *alarm.AlarmName)
			}
			_, err = cloudwatch.NewFromConfig(a.AWS).DisableAlarmActions(ctx, &cloudwatch.DisableAlarmActionsInput{AlarmNames: names})
			return err
		}
	}
}

// resourceLabel names the load balancer and the target group as a tracking policy does.
func resourceLabel(ctx context.Context, a *virtual.Acting) (string, error) {
	out, err := elb.NewFromConfig(a.AWS).DescribeTargetGroups(ctx,
		&elb.DescribeTargetGroupsInput{TargetGroupArns: []string{a.Stack.TargetGroupARN}})
	if err != nil {
		return "", err
	}
	_, balancer, _ := strings.Cut(out.TargetGroups[0].LoadBalancerArns[0], ":loadbalancer/")
	_, group, _ := strings.Cut(a.Stack.TargetGroupARN, ":targetgroup/")
	return balancer + "/targetgroup/" + group, nil
}

package autoscalingapi

import (
	"cmp"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"

	"secondwind/localcloud/operation"
)

// What is described here can never exist: the operations that make it are not served.

func (a api) DescribeScheduledActions(in *autoscaling.DescribeScheduledActionsInput, _ *autoscaling.DescribeScheduledActionsOutput) error {
	return a.groupIfNamed(in.AutoScalingGroupName)
}

func (a api) DescribeLifecycleHooks(in *autoscaling.DescribeLifecycleHooksInput, _ *autoscaling.DescribeLifecycleHooksOutput) error {
	return a.namedGroup(in.AutoScalingGroupName)
}

func (a api) DescribeInstanceRefreshes(
	in *autoscaling.DescribeInstanceRefreshesInput, _ *autoscaling.DescribeInstanceRefreshesOutput,
) error {
	return a.namedGroup(in.AutoScalingGroupName)
}

func (a api) DescribeWarmPool(in *autoscaling.DescribeWarmPoolInput, _ *autoscaling.DescribeWarmPoolOutput) error {
	return a.namedGroup(in.AutoScalingGroupName)
}

// namedGroup refuses a call that names no group that exists.
func (a api) namedGroup(name *string) error {
	return cmp.Or(operation.Given("autoScalingGroupName", name), a.groupIfNamed(name))
}

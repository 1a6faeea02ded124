package autoscalingapi

import (
	"cmp"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"

	"secondwind/localcloud/awsapi"
	"secondwind/localcloud/operation"
)

// What is described here can never exist: the operations that make it are not served.

func (a api) registerNone(m *awsapi.Mux) {
	operation.Handle(m, awsapi.AutoScaling, a.describeScheduledActions)
	operation.Handle(m, awsapi.AutoScaling, a.describeLifecycleHooks)
	operation.Handle(m, awsapi.AutoScaling, a.describeRefreshes)
	operation.Handle(m, awsapi.AutoScaling, a.describeWarmPool)
}

func (a api) describeScheduledActions(in *autoscaling.DescribeScheduledActionsInput, _ *autoscaling.DescribeScheduledActionsOutput) error {
	return a.groupIfNamed(in.AutoScalingGroupName)
}

func (a api) describeLifecycleHooks(in *autoscaling.DescribeLifecycleHooksInput, _ *autoscaling.DescribeLifecycleHooksOutput) error {
	return a.namedGroup(in.AutoScalingGroupName)
}

func (a api) describeRefreshes(in *autoscaling.DescribeInstanceRefreshesInput, _ *autoscaling.DescribeInstanceRefreshesOutput) error {
	return a.namedGroup(in.AutoScalingGroupName)
}

func (a api) describeWarmPool(in *autoscaling.DescribeWarmPoolInput, _ *autoscaling.DescribeWarmPoolOutput) error {
	return a.namedGroup(in.AutoScalingGroupName)
}

// namedGroup refuses a call that names no group that exists.
func (a api) namedGroup(name *string) error {
	return cmp.Or(operation.Given("autoScalingGroupName", name), a.groupIfNamed(name))
}

package cloud

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"secondwind/autoscale"
)

func (a autoScalingAPI) terminateInstance(_ context.Context, in *autoscaling.TerminateInstanceInAutoScalingGroupInput) (*autoscaling.TerminateInstanceInAutoScalingGroupOutput, error) {
	if len(in.InstanceIds) > 0 {
		return nil, notServed("InstanceIds of TerminateInstanceInAutoScalingGroup; call it with an InstanceId for each")
	}
	err := required(member{"instanceId", in.InstanceId != nil}, member{"shouldDecrementDesiredCapacity", in.ShouldDecrementDesiredCapacity != nil})
	if err != nil {
		return nil, err
	}
	out := &autoscaling.TerminateInstanceInAutoScalingGroupOutput{}
	err = a.c.change(func(now time.Time) error {
		activity, err := a.c.engine.TerminateInstance(now, *in.InstanceId, *in.ShouldDecrementDesiredCapacity)
		if err != nil {
			return err
		}
		described := describedActivity(activity, "")
		out.Activity = &described
		return nil
	})
	return out, err
}

func (a autoScalingAPI) suspendProcesses(_ context.Context, in *autoscaling.SuspendProcessesInput) (*autoscaling.SuspendProcessesOutput, error) {
	err := a.onGroup(in.AutoScalingGroupName, func(now time.Time, g autoscale.GroupStatus) error {
		return a.c.engine.SuspendProcesses(now, g.Name, converted[autoscale.Process](in.ScalingProcesses)...)
	})
	return &autoscaling.SuspendProcessesOutput{}, err
}

func (a autoScalingAPI) resumeProcesses(_ context.Context, in *autoscaling.ResumeProcessesInput) (*autoscaling.ResumeProcessesOutput, error) {
	err := a.onGroup(in.AutoScalingGroupName, func(now time.Time, g autoscale.GroupStatus) error {
		return a.c.engine.ResumeProcesses(now, g.Name, converted[autoscale.Process](in.ScalingProcesses)...)
	})
	return &autoscaling.ResumeProcessesOutput{}, err
}

func (a autoScalingAPI) setInstanceHealth(_ context.Context, in *autoscaling.SetInstanceHealthInput) (*autoscaling.SetInstanceHealthOutput, error) {
	if err := required(member{"instanceId", in.InstanceId != nil}, member{"healthStatus", in.HealthStatus != nil}); err != nil {
		return nil, err
	}
	err := a.c.change(func(now time.Time) error {
		return a.c.engine.SetInstanceHealth(now, *in.InstanceId, autoscale.HealthStatus(*in.HealthStatus), orElse(in.ShouldRespectGracePeriod, true))
	})
	return &autoscaling.SetInstanceHealthOutput{}, err
}

func (a autoScalingAPI) setInstanceProtection(_ context.Context, in *autoscaling.SetInstanceProtectionInput) (*autoscaling.SetInstanceProtectionOutput, error) {
	if err := required(member{"protectedFromScaleIn", in.ProtectedFromScaleIn != nil}, member{"instanceIds", len(in.InstanceIds) > 0}); err != nil {
		return nil, err
	}
	err := a.onGroup(in.AutoScalingGroupName, func(now time.Time, g autoscale.GroupStatus) error {
		return a.c.engine.SetInstanceProtection(now, g.Name, *in.ProtectedFromScaleIn, in.InstanceIds...)
	})
	return &autoscaling.SetInstanceProtectionOutput{}, err
}

func (a autoScalingAPI) attachTargetGroups(_ context.Context, in *autoscaling.AttachLoadBalancerTargetGroupsInput) (*autoscaling.AttachLoadBalancerTargetGroupsOutput, error) {
	err := a.onGroup(in.AutoScalingGroupName, func(now time.Time, g autoscale.GroupStatus) error {
		if err := a.targetGroupsExist(in.TargetGroupARNs); err != nil {
			return err
		}
		return a.c.engine.AttachTargetGroups(now, g.Name, in.TargetGroupARNs...)
	})
	return &autoscaling.AttachLoadBalancerTargetGroupsOutput{}, err
}

func (a autoScalingAPI) detachTargetGroups(_ context.Context, in *autoscaling.DetachLoadBalancerTargetGroupsInput) (*autoscaling.DetachLoadBalancerTargetGroupsOutput, error) {
	err := a.onGroup(in.AutoScalingGroupName, func(now time.Time, g autoscale.GroupStatus) error {
		return a.c.engine.DetachTargetGroups(now, g.Name, in.TargetGroupARNs...)
	})
	return &autoscaling.DetachLoadBalancerTargetGroupsOutput{}, err
}

// describeTargetGroups answers InService for every attachment: registering is
// done as soon as it is asked for, so none stays in Adding.
func (a autoScalingAPI) describeTargetGroups(_ context.Context, in *autoscaling.DescribeLoadBalancerTargetGroupsInput) (*autoscaling.DescribeLoadBalancerTargetGroupsOutput, error) {
	states := []types.LoadBalancerTargetGroupState{}
	err := a.onGroup(in.AutoScalingGroupName, func(_ time.Time, g autoscale.GroupStatus) error {
		for _, arn := range g.TargetGroupARNs {
			states = append(states, types.LoadBalancerTargetGroupState{LoadBalancerTargetGroupARN: &arn, State: aws.String("InService")})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	page, next, err := pageOf(states, in.MaxRecords, in.NextToken, paging{defaultSize: 100, maxSize: 100, sizeName: "maxRecords", badToken: "InvalidNextToken"})
	return &autoscaling.DescribeLoadBalancerTargetGroupsOutput{LoadBalancerTargetGroups: page, NextToken: next}, err
}

// What follows can never exist here: the operations that make it are not served.

func (a autoScalingAPI) describeScheduledActions(_ context.Context, in *autoscaling.DescribeScheduledActionsInput) (*autoscaling.DescribeScheduledActionsOutput, error) {
	return &autoscaling.DescribeScheduledActionsOutput{ScheduledUpdateGroupActions: []types.ScheduledUpdateGroupAction{}}, a.groupIfNamed(in.AutoScalingGroupName)
}

func (a autoScalingAPI) describeLifecycleHooks(_ context.Context, in *autoscaling.DescribeLifecycleHooksInput) (*autoscaling.DescribeLifecycleHooksOutput, error) {
	return &autoscaling.DescribeLifecycleHooksOutput{LifecycleHooks: []types.LifecycleHook{}}, a.namedGroup(in.AutoScalingGroupName)
}

func (a autoScalingAPI) describeInstanceRefreshes(_ context.Context, in *autoscaling.DescribeInstanceRefreshesInput) (*autoscaling.DescribeInstanceRefreshesOutput, error) {
	return &autoscaling.DescribeInstanceRefreshesOutput{InstanceRefreshes: []types.InstanceRefresh{}}, a.namedGroup(in.AutoScalingGroupName)
}

func (a autoScalingAPI) describeWarmPool(_ context.Context, in *autoscaling.DescribeWarmPoolInput) (*autoscaling.DescribeWarmPoolOutput, error) {
	return &autoscaling.DescribeWarmPoolOutput{Instances: []types.Instance{}}, a.namedGroup(in.AutoScalingGroupName)
}

// namedGroup refuses a call that names no group that exists.
func (a autoScalingAPI) namedGroup(name *string) error {
	return cmp.Or(required(member{"autoScalingGroupName", name != nil}), a.groupIfNamed(name))
}

func upper(s string) string { return strings.ToUpper(s) }

func compareStrings(a, b *string) int { return cmp.Compare(deref(a), deref(b)) }

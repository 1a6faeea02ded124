package autoscalingapi

import (
	"cmp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"secondwind/autoscale"
	"secondwind/localcloud/cloud"
	"secondwind/localcloud/operation"
	"secondwind/localcloud/optional"
)

var instancePages = operation.Paging{DefaultSize: 50, MaxSize: 50, SizeName: "maxRecords", BadToken: "InvalidNextToken"}

func (a api) DescribeAutoScalingInstances(
	in *autoscaling.DescribeAutoScalingInstancesInput, out *autoscaling.DescribeAutoScalingInstancesOutput,
) error {
	var instances []types.AutoScalingInstanceDetails
	return a.Read(func(s *cloud.State) (err error) {
		for _, g := range s.Engine.Groups() {
			for _, i := range g.Instances {
				if len(in.InstanceIds) > 0 && !slices.Contains(in.InstanceIds, i.ID) {
					continue
				}
				d := describedInstance(s, i)
				instances = append(instances, types.AutoScalingInstanceDetails{
					AutoScalingGroupName: &g.Name, InstanceId: d.InstanceId, AvailabilityZone: d.AvailabilityZone,
					// Here, unlike in the group, AWS shouts the health.
					HealthStatus: aws.String(strings.ToUpper(string(i.HealthStatus))), LifecycleState: (*string)(&i.LifecycleState),
					ProtectedFromScaleIn: d.ProtectedFromScaleIn, InstanceType: d.InstanceType, LaunchTemplate: d.LaunchTemplate,
				})
			}
		}
		out.AutoScalingInstances, out.NextToken, err = operation.Page(instances, in.MaxRecords, in.NextToken, instancePages)
		return err
	})
}

func (a api) TerminateInstanceInAutoScalingGroup(
	in *autoscaling.TerminateInstanceInAutoScalingGroupInput, out *autoscaling.TerminateInstanceInAutoScalingGroupOutput,
) error {
	if len(in.InstanceIds) > 0 {
		return operation.NotServed("InstanceIds of TerminateInstanceInAutoScalingGroup; call it with an InstanceId for each")
	}
	err := cmp.Or(operation.Without(in, "", "AutoScalingGroupName"), operation.Require(in, "InstanceId", "ShouldDecrementDesiredCapacity"))
	if err != nil {
		return err
	}
	return a.Change(func(s *cloud.State) error {
		activity, err := s.Engine.TerminateInstance(s.Now, *in.InstanceId, *in.ShouldDecrementDesiredCapacity)
		if err != nil {
			return err
		}
		described := describedActivity(activity, "")
		out.Activity = &described
		return nil
	})
}

func (a api) SetInstanceHealth(in *autoscaling.SetInstanceHealthInput, _ *autoscaling.SetInstanceHealthOutput) error {
	if err := operation.Require(in, "InstanceId", "HealthStatus"); err != nil {
		return err
	}
	health := autoscale.HealthStatus(*in.HealthStatus)
	return a.Change(func(s *cloud.State) error {
		return s.Engine.SetInstanceHealth(s.Now, *in.InstanceId, health, optional.Or(in.ShouldRespectGracePeriod, true))
	})
}

func (a api) SetInstanceProtection(in *autoscaling.SetInstanceProtectionInput, _ *autoscaling.SetInstanceProtectionOutput) error {
	if err := operation.Require(in, "ProtectedFromScaleIn", "InstanceIds"); err != nil {
		return err
	}
	return a.onGroup(in.AutoScalingGroupName, func(s *cloud.State, g autoscale.GroupStatus) error {
		return s.Engine.SetInstanceProtection(s.Now, g.Name, *in.ProtectedFromScaleIn, in.InstanceIds...)
	})
}

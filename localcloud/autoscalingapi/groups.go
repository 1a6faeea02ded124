package autoscalingapi

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"secondwind/autoscale"
	"secondwind/localcloud/cloud"
	"secondwind/localcloud/operation"
	"secondwind/localcloud/optional"
)

func (a api) CreateAutoScalingGroup(in *autoscaling.CreateAutoScalingGroupInput, _ *autoscaling.CreateAutoScalingGroupOutput) error {
	if err := operation.Require(in, "AutoScalingGroupName", "MinSize", "MaxSize"); err != nil {
		return err
	}
	if err := groupNotServed(in); err != nil {
		return err
	}
	return a.Change(func(s *cloud.State) error {
		group, err := a.groupOf(s, in)
		if err != nil {
			return err
		}
		if err := s.Engine.CreateGroup(s.Now, group); err != nil {
			return err
		}
		for _, t := range in.Tags {
			tagGroup(s, group.Name, t)
		}
		return nil
	})
}

// groupNotServed refuses settings that would change how a group behaves and that
// the engine does not know.
func groupNotServed(in *autoscaling.CreateAutoScalingGroupInput) error {
	if optional.Or(in.DesiredCapacityType, "units") != "units" {
		return operation.NotServed("DesiredCapacityType")
	}
	return operation.Without(in, "", "LaunchConfigurationName", "InstanceId", "MixedInstancesPolicy", "LoadBalancerNames",
		"LifecycleHookSpecificationList", "MaxInstanceLifetime", "InstanceMaintenancePolicy", "TrafficSources", "PlacementGroup",
		"InstanceLifecyclePolicy", "CapacityReservationSpecification", "AvailabilityZoneDistribution", "AvailabilityZoneIds",
		"AvailabilityZoneImpairmentPolicy", "CapacityRebalance", "Context", "DeletionProtection", "Operator", "ServiceLinkedRoleARN",
		"SkipZonalShiftValidation")
}

// groupOf reads a group with AWS's defaults.
func (a api) groupOf(s *cloud.State, in *autoscaling.CreateAutoScalingGroupInput) (autoscale.Group, error) {
	g := autoscale.Group{
		Name: *in.AutoScalingGroupName, MinSize: int(*in.MinSize), MaxSize: int(*in.MaxSize),
		DesiredCapacity: optional.Int(in.DesiredCapacity), DefaultCooldown: optional.Duration(in.DefaultCooldown),
		DefaultInstanceWarmup:  warmupOf(in.DefaultInstanceWarmup),
		HealthCheckType:        autoscale.HealthCheckType(optional.Value(in.HealthCheckType)),
		HealthCheckGracePeriod: optional.Seconds(in.HealthCheckGracePeriod),
		AvailabilityZones:      in.AvailabilityZones, VPCZoneIdentifier: optional.Value(in.VPCZoneIdentifier),
		TargetGroupARNs: in.TargetGroupARNs, NewInstancesProtected: optional.Value(in.NewInstancesProtectedFromScaleIn),
		TerminationPolicies: converted[autoscale.TerminationPolicy](in.TerminationPolicies),
	}
	var err error
	if in.LaunchTemplate != nil {
		if g.LaunchTemplate, err = launchTemplateOf(s, in.LaunchTemplate); err != nil {
			return g, err
		}
	}
	if g.AvailabilityZones, err = a.zones(in.AvailabilityZones, g.VPCZoneIdentifier); err != nil {
		return g, err
	}
	return g, targetGroupsExist(s, in.TargetGroupARNs)
}

// noWarmup is AWS's word for no DefaultInstanceWarmup, in seconds.
const noWarmup = -1

// warmupOf is a DefaultInstanceWarmup; the engine refuses negative ones.
func warmupOf(seconds *int32) *time.Duration {
	if optional.Value(seconds) == noWarmup {
		return nil
	}
	return optional.Duration(seconds)
}

// converted are words of a request or an answer, as another type.
func converted[To, From ~string](words []From) []To {
	to := make([]To, len(words))
	for i, w := range words {
		to[i] = To(w)
	}
	return to
}

// launchTemplateOf checks that the template and its version exist.
func launchTemplateOf(s *cloud.State, named *types.LaunchTemplateSpecification) (autoscale.LaunchTemplate, error) {
	if (named.LaunchTemplateId == nil) == (named.LaunchTemplateName == nil) {
		return autoscale.LaunchTemplate{}, operation.Invalidf("Valid requests must contain either launchTemplateId or LaunchTemplateName")
	}
	spec := autoscale.LaunchTemplate{
		ID: optional.Value(named.LaunchTemplateId), Name: optional.Value(named.LaunchTemplateName),
		Version: optional.Or(named.Version, "$Default"),
	}
	template, _, err := s.TemplateVersion(spec)
	if err != nil {
		return spec, operation.Invalidf("You must use a valid fully-formed launch template. %s", err)
	}
	spec.ID, spec.Name = template.ID, template.Name
	return spec, nil
}

// zones are those that are named, or those of the subnets.
func (a api) zones(named []string, vpcZoneIdentifier string) ([]string, error) {
	if vpcZoneIdentifier != "" {
		return a.Network().ZonesOf(vpcZoneIdentifier)
	}
	var unknown []string
	for _, zone := range named {
		if a.Network().SubnetOf(zone) == "" {
			unknown = append(unknown, zone)
		}
	}
	if len(unknown) > 0 {
		return nil, operation.Invalidf("Invalid availability zones: [%s]", strings.Join(unknown, ", "))
	}
	return named, nil
}

// targetGroupsExist refuses ARNs of no target group.
func targetGroupsExist(s *cloud.State, arns []string) error {
	for _, arn := range arns {
		if s.TargetGroup(arn) == nil {
			return operation.Invalidf("Provided Target Groups may not be valid. Please ensure they exist and try again. (%s)", arn)
		}
	}
	return nil
}

func (a api) UpdateAutoScalingGroup(in *autoscaling.UpdateAutoScalingGroupInput, _ *autoscaling.UpdateAutoScalingGroupOutput) error {
	err := operation.Without(in, " of an existing group", "AvailabilityZones", "VPCZoneIdentifier", "MixedInstancesPolicy",
		"LaunchConfigurationName", "TerminationPolicies", "MaxInstanceLifetime", "InstanceMaintenancePolicy", "PlacementGroup",
		"CapacityReservationSpecification", "DesiredCapacityType", "InstanceLifecyclePolicy", "AvailabilityZoneDistribution",
		"AvailabilityZoneIds", "AvailabilityZoneImpairmentPolicy", "CapacityRebalance", "Context", "DeletionProtection",
		"ServiceLinkedRoleARN", "SkipZonalShiftValidation")
	if err != nil {
		return err
	}
	return a.onGroup(in.AutoScalingGroupName, func(s *cloud.State, g autoscale.GroupStatus) error {
		u := autoscale.GroupUpdate{
			MinSize: optional.Int(in.MinSize), MaxSize: optional.Int(in.MaxSize), DesiredCapacity: optional.Int(in.DesiredCapacity),
			DefaultCooldown: optional.Duration(in.DefaultCooldown), DefaultInstanceWarmup: warmupOf(in.DefaultInstanceWarmup),
			RemoveDefaultInstanceWarmup: optional.Value(in.DefaultInstanceWarmup) == noWarmup,
			HealthCheckType:             (*autoscale.HealthCheckType)(in.HealthCheckType),
			HealthCheckGracePeriod:      optional.Duration(in.HealthCheckGracePeriod),
			NewInstancesProtected:       in.NewInstancesProtectedFromScaleIn,
		}
		if in.LaunchTemplate != nil {
			template, err := launchTemplateOf(s, in.LaunchTemplate)
			if err != nil {
				return err
			}
			u.LaunchTemplate = &template
		}
		return s.Engine.UpdateGroup(s.Now, g.Name, u)
	})
}

func (a api) DeleteAutoScalingGroup(in *autoscaling.DeleteAutoScalingGroupInput, _ *autoscaling.DeleteAutoScalingGroupOutput) error {
	return a.onGroup(in.AutoScalingGroupName, func(s *cloud.State, g autoscale.GroupStatus) error {
		if err := s.Engine.DeleteGroup(s.Now, g.Name, optional.Value(in.ForceDelete)); err != nil {
			return err
		}
		delete(s.GroupTags, g.Name)
		return nil
	})
}

func (a api) SetDesiredCapacity(in *autoscaling.SetDesiredCapacityInput, _ *autoscaling.SetDesiredCapacityOutput) error {
	if err := operation.Require(in, "DesiredCapacity"); err != nil {
		return err
	}
	return a.onGroup(in.AutoScalingGroupName, func(s *cloud.State, g autoscale.GroupStatus) error {
		return s.Engine.SetDesiredCapacity(s.Now, g.Name, int(*in.DesiredCapacity), optional.Value(in.HonorCooldown))
	})
}

func (a api) DescribeAutoScalingGroups(
	in *autoscaling.DescribeAutoScalingGroupsInput, out *autoscaling.DescribeAutoScalingGroupsOutput,
) error {
	// A bad filter is an error even when there is nothing to filter.
	if _, err := tagsMatch(nil, in.Filters); err != nil {
		return err
	}
	var groups []types.AutoScalingGroup
	return a.Read(func(s *cloud.State) (err error) {
		for _, g := range s.Engine.Groups() {
			if len(in.AutoScalingGroupNames) > 0 && !slices.Contains(in.AutoScalingGroupNames, g.Name) {
				continue
			}
			if ok, _ := tagsMatch(s.GroupTags[g.Name], in.Filters); ok {
				groups = append(groups, a.described(s, g, optional.Or(in.IncludeInstances, true)))
			}
		}
		out.AutoScalingGroups, out.NextToken, err = operation.Page(groups, in.MaxRecords, in.NextToken, groupPages)
		return err
	})
}

func (a api) SuspendProcesses(in *autoscaling.SuspendProcessesInput, _ *autoscaling.SuspendProcessesOutput) error {
	return a.onGroup(in.AutoScalingGroupName, func(s *cloud.State, g autoscale.GroupStatus) error {
		return s.Engine.SuspendProcesses(s.Now, g.Name, converted[autoscale.Process](in.ScalingProcesses)...)
	})
}

func (a api) ResumeProcesses(in *autoscaling.ResumeProcessesInput, _ *autoscaling.ResumeProcessesOutput) error {
	return a.onGroup(in.AutoScalingGroupName, func(s *cloud.State, g autoscale.GroupStatus) error {
		return s.Engine.ResumeProcesses(s.Now, g.Name, converted[autoscale.Process](in.ScalingProcesses)...)
	})
}

func (a api) AttachLoadBalancerTargetGroups(
	in *autoscaling.AttachLoadBalancerTargetGroupsInput, _ *autoscaling.AttachLoadBalancerTargetGroupsOutput,
) error {
	return a.onGroup(in.AutoScalingGroupName, func(s *cloud.State, g autoscale.GroupStatus) error {
		if err := targetGroupsExist(s, in.TargetGroupARNs); err != nil {
			return err
		}
		return s.Engine.AttachTargetGroups(s.Now, g.Name, in.TargetGroupARNs...)
	})
}

func (a api) DetachLoadBalancerTargetGroups(
	in *autoscaling.DetachLoadBalancerTargetGroupsInput, _ *autoscaling.DetachLoadBalancerTargetGroupsOutput,
) error {
	return a.onGroup(in.AutoScalingGroupName, func(s *cloud.State, g autoscale.GroupStatus) error {
		return s.Engine.DetachTargetGroups(s.Now, g.Name, in.TargetGroupARNs...)
	})
}

// DescribeLoadBalancerTargetGroups answers InService for every attachment: registering is
// done as soon as it is asked for, so none stays in Adding.
func (a api) DescribeLoadBalancerTargetGroups(
	in *autoscaling.DescribeLoadBalancerTargetGroupsInput, out *autoscaling.DescribeLoadBalancerTargetGroupsOutput,
) error {
	var states []types.LoadBalancerTargetGroupState
	return a.onGroup(in.AutoScalingGroupName, func(_ *cloud.State, g autoscale.GroupStatus) (err error) {
		for _, arn := range g.TargetGroupARNs {
			states = append(states, types.LoadBalancerTargetGroupState{LoadBalancerTargetGroupARN: &arn, State: aws.String("InService")})
		}
		out.LoadBalancerTargetGroups, out.NextToken, err = operation.Page(states, in.MaxRecords, in.NextToken, activityPages)
		return err
	})
}

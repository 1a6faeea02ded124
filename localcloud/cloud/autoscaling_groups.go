package cloud

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"secondwind/autoscale"
)

func (a autoScalingAPI) createAutoScalingGroup(_ context.Context, in *autoscaling.CreateAutoScalingGroupInput) (*autoscaling.CreateAutoScalingGroupOutput, error) {
	err := required(member{"autoScalingGroupName", in.AutoScalingGroupName != nil}, member{"minSize", in.MinSize != nil}, member{"maxSize", in.MaxSize != nil})
	if err != nil {
		return nil, err
	}
	if err := groupNotServed(in); err != nil {
		return nil, err
	}
	err = a.c.change(func(now time.Time) error {
		group, err := a.groupOf(in)
		if err != nil {
			return err
		}
		if err := a.c.engine.CreateGroup(now, group); err != nil {
			return err
		}
		for _, t := range in.Tags {
			a.c.tagGroup(group.Name, t)
		}
		return nil
	})
	return &autoscaling.CreateAutoScalingGroupOutput{}, err
}

// groupNotServed refuses settings that would change how a group behaves and that
// the engine does not know.
func groupNotServed(in *autoscaling.CreateAutoScalingGroupInput) error {
	for _, m := range []member{
		{"LaunchConfigurationName", in.LaunchConfigurationName != nil}, {"InstanceId", in.InstanceId != nil},
		{"MixedInstancesPolicy", in.MixedInstancesPolicy != nil}, {"LoadBalancerNames", len(in.LoadBalancerNames) > 0},
		{"LifecycleHookSpecificationList", len(in.LifecycleHookSpecificationList) > 0}, {"MaxInstanceLifetime", deref(in.MaxInstanceLifetime) != 0},
		{"InstanceMaintenancePolicy", in.InstanceMaintenancePolicy != nil}, {"TrafficSources", len(in.TrafficSources) > 0},
		{"DesiredCapacityType", in.DesiredCapacityType != nil && *in.DesiredCapacityType != "units"}, {"PlacementGroup", in.PlacementGroup != nil},
		{"InstanceLifecyclePolicy", in.InstanceLifecyclePolicy != nil}, {"CapacityReservationSpecification", in.CapacityReservationSpecification != nil},
	} {
		if m.given {
			return notServed(m.name)
		}
	}
	return nil
}

// groupOf reads a group with AWS's defaults; callers hold mu.
func (a autoScalingAPI) groupOf(in *autoscaling.CreateAutoScalingGroupInput) (autoscale.Group, error) {
	g := autoscale.Group{
		Name: *in.AutoScalingGroupName, MinSize: int(*in.MinSize), MaxSize: int(*in.MaxSize),
		DesiredCapacity: whole(in.DesiredCapacity), DefaultCooldown: duration(in.DefaultCooldown),
		DefaultInstanceWarmup:  warmup(in.DefaultInstanceWarmup),
		HealthCheckType:        autoscale.HealthCheckType(deref(in.HealthCheckType)),
		HealthCheckGracePeriod: seconds(in.HealthCheckGracePeriod),
		AvailabilityZones:      in.AvailabilityZones, VPCZoneIdentifier: deref(in.VPCZoneIdentifier),
		TargetGroupARNs: in.TargetGroupARNs, NewInstancesProtected: deref(in.NewInstancesProtectedFromScaleIn),
		TerminationPolicies: converted[autoscale.TerminationPolicy](in.TerminationPolicies),
	}
	var err error
	if in.LaunchTemplate != nil {
		if g.LaunchTemplate, err = a.launchTemplateOf(in.LaunchTemplate); err != nil {
			return g, err
		}
	}
	if g.AvailabilityZones, err = a.zones(in.AvailabilityZones, g.VPCZoneIdentifier); err != nil {
		return g, err
	}
	return g, a.targetGroupsExist(in.TargetGroupARNs)
}

// launchTemplateOf checks that the template and its version exist; callers hold mu.
func (a autoScalingAPI) launchTemplateOf(s *types.LaunchTemplateSpecification) (autoscale.LaunchTemplate, error) {
	if (s.LaunchTemplateId == nil) == (s.LaunchTemplateName == nil) {
		return autoscale.LaunchTemplate{}, validationError("Valid requests must contain either launchTemplateId or LaunchTemplateName")
	}
	spec := autoscale.LaunchTemplate{ID: deref(s.LaunchTemplateId), Name: deref(s.LaunchTemplateName), Version: orElse(s.Version, "$Default")}
	template, _, err := a.c.findTemplateVersion(spec)
	if err != nil {
		return spec, validationError("You must use a valid fully-formed launch template. %s", err)
	}
	spec.ID, spec.Name = template.id, template.name
	return spec, nil
}

// zones are those that are named, or those of the subnets; callers hold mu.
func (a autoScalingAPI) zones(named []string, vpcZoneIdentifier string) ([]string, error) {
	if vpcZoneIdentifier != "" {
		return a.c.network.zonesOf(vpcZoneIdentifier)
	}
	var unknown []string
	for _, zone := range named {
		if a.c.network.subnetOf(zone) == "" {
			unknown = append(unknown, zone)
		}
	}
	if len(unknown) > 0 {
		return nil, validationError("Invalid availability zones: [%s]", strings.Join(unknown, ", "))
	}
	return named, nil
}

// targetGroupsExist refuses ARNs of no target group; callers hold mu.
func (a autoScalingAPI) targetGroupsExist(arns []string) error {
	for _, arn := range arns {
		if a.c.findTargetGroup(arn) == nil {
			return validationError("Provided Target Groups may not be valid. Please ensure they exist and try again. (%s)", arn)
		}
	}
	return nil
}

func (a autoScalingAPI) updateAutoScalingGroup(_ context.Context, in *autoscaling.UpdateAutoScalingGroupInput) (*autoscaling.UpdateAutoScalingGroupOutput, error) {
	for _, m := range []member{
		{"AvailabilityZones", len(in.AvailabilityZones) > 0}, {"VPCZoneIdentifier", in.VPCZoneIdentifier != nil},
		{"MixedInstancesPolicy", in.MixedInstancesPolicy != nil}, {"LaunchConfigurationName", in.LaunchConfigurationName != nil},
		{"TerminationPolicies", len(in.TerminationPolicies) > 0}, {"MaxInstanceLifetime", deref(in.MaxInstanceLifetime) != 0},
		{"InstanceMaintenancePolicy", in.InstanceMaintenancePolicy != nil}, {"PlacementGroup", in.PlacementGroup != nil},
	} {
		if m.given {
			return nil, notServed(m.name + " of an existing group")
		}
	}
	err := a.onGroup(in.AutoScalingGroupName, func(now time.Time, g autoscale.GroupStatus) error {
		u := autoscale.GroupUpdate{
			MinSize: whole(in.MinSize), MaxSize: whole(in.MaxSize), DesiredCapacity: whole(in.DesiredCapacity),
			DefaultCooldown: duration(in.DefaultCooldown), DefaultInstanceWarmup: warmup(in.DefaultInstanceWarmup),
			RemoveDefaultInstanceWarmup: deref(in.DefaultInstanceWarmup) < 0,
			HealthCheckType:             (*autoscale.HealthCheckType)(in.HealthCheckType), HealthCheckGracePeriod: duration(in.HealthCheckGracePeriod),
			NewInstancesProtected: in.NewInstancesProtectedFromScaleIn,
		}
		if in.LaunchTemplate != nil {
			template, err := a.launchTemplateOf(in.LaunchTemplate)
			if err != nil {
				return err
			}
			u.LaunchTemplate = &template
		}
		return a.c.engine.UpdateGroup(now, g.Name, u)
	})
	return &autoscaling.UpdateAutoScalingGroupOutput{}, err
}

func (a autoScalingAPI) deleteAutoScalingGroup(_ context.Context, in *autoscaling.DeleteAutoScalingGroupInput) (*autoscaling.DeleteAutoScalingGroupOutput, error) {
	err := a.onGroup(in.AutoScalingGroupName, func(now time.Time, g autoscale.GroupStatus) error {
		if err := a.c.engine.DeleteGroup(now, g.Name, deref(in.ForceDelete)); err != nil {
			return err
		}
		delete(a.c.groupTags, g.Name)
		return nil
	})
	return &autoscaling.DeleteAutoScalingGroupOutput{}, err
}

func (a autoScalingAPI) setDesiredCapacity(_ context.Context, in *autoscaling.SetDesiredCapacityInput) (*autoscaling.SetDesiredCapacityOutput, error) {
	if err := required(member{"desiredCapacity", in.DesiredCapacity != nil}); err != nil {
		return nil, err
	}
	err := a.onGroup(in.AutoScalingGroupName, func(now time.Time, g autoscale.GroupStatus) error {
		return a.c.engine.SetDesiredCapacity(now, g.Name, int(*in.DesiredCapacity), deref(in.HonorCooldown))
	})
	return &autoscaling.SetDesiredCapacityOutput{}, err
}

func (a autoScalingAPI) describeAutoScalingGroups(_ context.Context, in *autoscaling.DescribeAutoScalingGroupsInput) (*autoscaling.DescribeAutoScalingGroupsOutput, error) {
	// A bad filter is an error even when there is nothing to filter.
	if _, err := tagsMatch(nil, in.Filters); err != nil {
		return nil, err
	}
	groups := []types.AutoScalingGroup{}
	err := a.c.read(func(time.Time) error {
		for _, g := range a.c.engine.Groups() {
			if len(in.AutoScalingGroupNames) > 0 && !slices.Contains(in.AutoScalingGroupNames, g.Name) {
				continue
			}
			ok, err := tagsMatch(a.c.groupTags[g.Name], in.Filters)
			if err != nil {
				return err
			}
			if ok {
				groups = append(groups, a.described(g, orElse(in.IncludeInstances, true)))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	page, next, err := pageOf(groups, in.MaxRecords, in.NextToken, groupPages)
	return &autoscaling.DescribeAutoScalingGroupsOutput{AutoScalingGroups: page, NextToken: next}, err
}

// warmup is a DefaultInstanceWarmup; AWS's word for none is -1.
func warmup(n *int32) *time.Duration {
	if deref(n) < 0 {
		return nil
	}
	return duration(n)
}

// converted are words of a request or an answer, as another type.
func converted[To, From ~string](words []From) []To {
	to := make([]To, len(words))
	for i, w := range words {
		to[i] = To(w)
	}
	return to
}

func whole(n *int32) *int {
	if n == nil {
		return nil
	}
	v := int(*n)
	return &v
}

func duration(n *int32) *time.Duration {
	if n == nil {
		return nil
	}
	d := seconds(n)
	return &d
}

package autoscalingapi

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"secondwind/autoscale"
	"secondwind/localcloud/cloud"
	"secondwind/localcloud/optional"
)

const serviceLinkedRole = ":role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"

// described is a group as Auto Scaling answers it.
func (a api) described(s *cloud.State, g autoscale.GroupStatus, withInstances bool) types.AutoScalingGroup {
	out := types.AutoScalingGroup{
		AutoScalingGroupName: &g.Name, AutoScalingGroupARN: &g.ARN, CreatedTime: &g.Created,
		MinSize: aws.Int32(int32(g.MinSize)), MaxSize: aws.Int32(int32(g.MaxSize)), DesiredCapacity: aws.Int32(int32(g.DesiredCapacity)),
		DefaultCooldown: optional.SecondsOf(g.DefaultCooldown), HealthCheckType: (*string)(&g.HealthCheckType),
		DefaultInstanceWarmup:  optional.SecondsOf(g.DefaultInstanceWarmup),
		HealthCheckGracePeriod: optional.WholeSeconds(g.HealthCheckGracePeriod),
		AvailabilityZones:      g.AvailabilityZones, VPCZoneIdentifier: &g.VPCZoneIdentifier,
		TargetGroupARNs: g.TargetGroupARNs, TrafficSources: trafficSources(g.TargetGroupARNs),
		NewInstancesProtectedFromScaleIn: &g.NewInstancesProtected, TerminationPolicies: converted[string](g.TerminationPolicies),
		LaunchTemplate: templateSpecification(g.LaunchTemplate), CapacityRebalance: aws.Bool(false),
		ServiceLinkedRoleARN: aws.String("arn:aws:iam::" + a.AccountID() + serviceLinkedRole),
	}
	if g.Deleting {
		out.Status = aws.String("Delete in progress")
	}
	for _, name := range slices.Sorted(maps.Keys(cloud.GroupSizes(g))) {
		out.EnabledMetrics = append(out.EnabledMetrics, types.EnabledMetric{Metric: &name, Granularity: aws.String("1Minute")})
	}
	for _, process := range slices.Sorted(maps.Keys(g.Suspended)) {
		suspended := types.SuspendedProcess{ProcessName: (*string)(&process), SuspensionReason: new(g.Suspended[process])}
		out.SuspendedProcesses = append(out.SuspendedProcesses, suspended)
	}
	for _, t := range s.GroupTags[g.Name] {
		out.Tags = append(out.Tags, describedTag(t, g.Name))
	}
	if withInstances {
		for _, i := range g.Instances {
			out.Instances = append(out.Instances, describedInstance(s, i))
		}
	}
	return out
}

// describedInstance is a member of a group.
func describedInstance(s *cloud.State, i autoscale.Instance) types.Instance {
	out := types.Instance{
		InstanceId: &i.ID, AvailabilityZone: &i.AvailabilityZone, LifecycleState: types.LifecycleState(i.LifecycleState),
		HealthStatus: (*string)(&i.HealthStatus), ProtectedFromScaleIn: &i.Protected, LaunchTemplate: templateSpecification(i.LaunchTemplate),
	}
	// What was launched is known only to EC2: the group may name $Latest.
	if ec2 := s.Instances[i.ID]; ec2 != nil {
		out.InstanceType, out.ImageId = optional.NonZero(ec2.Type), optional.NonZero(ec2.ImageID)
		out.LaunchTemplate = templateSpecification(ec2.Template)
	}
	return out
}

func templateSpecification(t autoscale.LaunchTemplate) *types.LaunchTemplateSpecification {
	return &types.LaunchTemplateSpecification{
		LaunchTemplateId: optional.NonZero(t.ID), LaunchTemplateName: optional.NonZero(t.Name), Version: optional.NonZero(t.Version),
	}
}

func trafficSources(targetGroupARNs []string) []types.TrafficSourceIdentifier {
	var sources []types.TrafficSourceIdentifier
	for _, arn := range targetGroupARNs {
		sources = append(sources, types.TrafficSourceIdentifier{Identifier: &arn, Type: aws.String("elbv2")})
	}
	return sources
}

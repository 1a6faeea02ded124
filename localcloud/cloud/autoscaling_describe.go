package cloud

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"secondwind/autoscale"
)

// described is a group as Auto Scaling answers it; callers hold mu.
func (a autoScalingAPI) described(g autoscale.GroupStatus, withInstances bool) types.AutoScalingGroup {
	out := types.AutoScalingGroup{
		AutoScalingGroupName: &g.Name, AutoScalingGroupARN: &g.ARN, CreatedTime: &g.Created,
		MinSize: aws.Int32(int32(g.MinSize)), MaxSize: aws.Int32(int32(g.MaxSize)), DesiredCapacity: aws.Int32(int32(g.DesiredCapacity)),
		DefaultCooldown: secondsIf(g.DefaultCooldown), HealthCheckType: (*string)(&g.HealthCheckType),
		HealthCheckGracePeriod: wholeSeconds(g.HealthCheckGracePeriod),
		AvailabilityZones:      g.AvailabilityZones, VPCZoneIdentifier: &g.VPCZoneIdentifier,
		TargetGroupARNs: g.TargetGroupARNs, LoadBalancerNames: []string{}, TrafficSources: trafficSources(g.TargetGroupARNs),
		DefaultInstanceWarmup:            secondsIf(g.DefaultInstanceWarmup),
		NewInstancesProtectedFromScaleIn: &g.NewInstancesProtected, TerminationPolicies: converted[string](g.TerminationPolicies),
		LaunchTemplate: templateSpecification(g.LaunchTemplate), CapacityRebalance: aws.Bool(false),
		ServiceLinkedRoleARN: aws.String("arn:aws:iam::" + a.c.cfg.AccountID + ":role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"),
	}
	if g.Deleting {
		out.Status = aws.String("Delete in progress")
	}
	for name := range groupSizes(g) {
		out.EnabledMetrics = append(out.EnabledMetrics, types.EnabledMetric{Metric: &name, Granularity: aws.String("1Minute")})
	}
	slices.SortFunc(out.EnabledMetrics, func(a, b types.EnabledMetric) int { return compareStrings(a.Metric, b.Metric) })
	for _, process := range slices.Sorted(maps.Keys(g.Suspended)) {
		out.SuspendedProcesses = append(out.SuspendedProcesses, types.SuspendedProcess{ProcessName: (*string)(&process), SuspensionReason: aws.String(g.Suspended[process])})
	}
	for _, t := range a.c.groupTags[g.Name] {
		out.Tags = append(out.Tags, t.described(g.Name))
	}
	if withInstances {
		for _, i := range g.Instances {
			out.Instances = append(out.Instances, a.describedInstance(i))
		}
	}
	return out
}

// describedInstance is a member of a group; callers hold mu.
func (a autoScalingAPI) describedInstance(i autoscale.Instance) types.Instance {
	out := types.Instance{
		InstanceId: &i.ID, AvailabilityZone: &i.AvailabilityZone, LifecycleState: types.LifecycleState(i.LifecycleState),
		HealthStatus: (*string)(&i.HealthStatus), ProtectedFromScaleIn: &i.Protected, LaunchTemplate: templateSpecification(i.LaunchTemplate),
	}
	// What was launched is known only to EC2: the group may name $Latest.
	if ec2 := a.c.instances[i.ID]; ec2 != nil {
		out.InstanceType, out.ImageId = unlessZero(ec2.instanceType), unlessZero(ec2.imageID)
		out.LaunchTemplate = templateSpecification(ec2.template)
	}
	return out
}

func templateSpecification(t autoscale.LaunchTemplate) *types.LaunchTemplateSpecification {
	return &types.LaunchTemplateSpecification{LaunchTemplateId: unlessZero(t.ID), LaunchTemplateName: unlessZero(t.Name), Version: unlessZero(t.Version)}
}

func trafficSources(targetGroupARNs []string) []types.TrafficSourceIdentifier {
	sources := []types.TrafficSourceIdentifier{}
	for _, arn := range targetGroupARNs {
		sources = append(sources, types.TrafficSourceIdentifier{Identifier: &arn, Type: aws.String("elbv2")})
	}
	return sources
}

func (a autoScalingAPI) describeAutoScalingInstances(_ context.Context, in *autoscaling.DescribeAutoScalingInstancesInput) (*autoscaling.DescribeAutoScalingInstancesOutput, error) {
	instances := []types.AutoScalingInstanceDetails{}
	_ = a.c.read(func(time.Time) error {
		for _, g := range a.c.engine.Groups() {
			for _, i := range g.Instances {
				if len(in.InstanceIds) > 0 && !slices.Contains(in.InstanceIds, i.ID) {
					continue
				}
				d := a.describedInstance(i)
				instances = append(instances, types.AutoScalingInstanceDetails{
					AutoScalingGroupName: &g.Name, InstanceId: d.InstanceId, AvailabilityZone: d.AvailabilityZone,
					// Here, unlike in the group, AWS shouts the health.
					HealthStatus: aws.String(upper(string(i.HealthStatus))), LifecycleState: (*string)(&i.LifecycleState),
					ProtectedFromScaleIn: d.ProtectedFromScaleIn, InstanceType: d.InstanceType, LaunchTemplate: d.LaunchTemplate,
				})
			}
		}
		return nil
	})
	page, next, err := pageOf(instances, in.MaxRecords, in.NextToken, paging{defaultSize: 50, maxSize: 50, sizeName: "maxRecords", badToken: "InvalidNextToken"})
	return &autoscaling.DescribeAutoScalingInstancesOutput{AutoScalingInstances: page, NextToken: next}, err
}

// describeScalingActivities answers what is in progress first, then the newest.
// Without a group it answers those of all groups.
func (a autoScalingAPI) describeScalingActivities(_ context.Context, in *autoscaling.DescribeScalingActivitiesInput) (*autoscaling.DescribeScalingActivitiesOutput, error) {
	// A bad filter is an error even when there is nothing to filter.
	if _, err := activityMatches(in, autoscale.Activity{}); err != nil {
		return nil, err
	}
	activities := []types.Activity{}
	err := a.c.read(func(time.Time) error {
		groups, err := a.groupsOfActivities(in)
		if err != nil {
			return err
		}
		for _, g := range groups {
			for _, activity := range a.c.engine.Activities(g.Name) {
				ok, err := activityMatches(in, activity)
				if err != nil {
					return err
				}
				if ok {
					activities = append(activities, describedActivity(activity, g.ARN))
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if in.AutoScalingGroupName == nil {
		slices.SortStableFunc(activities, inProgressFirst)
	}
	page, next, err := pageOf(activities, in.MaxRecords, in.NextToken, paging{defaultSize: 100, maxSize: 100, sizeName: "maxRecords", badToken: "InvalidNextToken"})
	return &autoscaling.DescribeScalingActivitiesOutput{Activities: page, NextToken: next}, err
}

// groupsOfActivities are those whose activities are asked for; callers hold mu.
func (a autoScalingAPI) groupsOfActivities(in *autoscaling.DescribeScalingActivitiesInput) ([]autoscale.GroupStatus, error) {
	if in.AutoScalingGroupName == nil {
		return a.c.engine.Groups(), nil
	}
	g, err := a.c.engine.Group(*in.AutoScalingGroupName)
	if err != nil && deref(in.IncludeDeletedGroups) {
		return []autoscale.GroupStatus{{Group: autoscale.Group{Name: *in.AutoScalingGroupName}}}, nil
	}
	return []autoscale.GroupStatus{g}, err
}

func activityMatches(in *autoscaling.DescribeScalingActivitiesInput, activity autoscale.Activity) (bool, error) {
	ok := len(in.ActivityIds) == 0 || slices.Contains(in.ActivityIds, activity.ID)
	for _, f := range in.Filters {
		name := deref(f.Name)
		if name == "Status" {
			ok = ok && slices.Contains(f.Values, string(activity.StatusCode))
			continue
		}
		if name != "StartTimeLowerBound" && name != "StartTimeUpperBound" {
			return false, validationError("Filter %s is not known; StartTimeLowerBound, StartTimeUpperBound and Status are", name)
		}
		if len(f.Values) != 1 {
			return false, validationError("Filter %s takes exactly one value", name)
		}
		bound, err := time.Parse(time.RFC3339, f.Values[0])
		if err != nil {
			return false, validationError("Filter %s: '%s' is not a time such as 2006-01-02T15:04:05Z", name, f.Values[0])
		}
		if name == "StartTimeLowerBound" {
			ok = ok && !activity.Start.Before(bound)
		} else {
			ok = ok && !activity.Start.After(bound)
		}
	}
	return ok, nil
}

func describedActivity(a autoscale.Activity, groupARN string) types.Activity {
	return types.Activity{
		ActivityId: &a.ID, AutoScalingGroupName: &a.AutoScalingGroupName, AutoScalingGroupARN: unlessZero(groupARN),
		Description: &a.Description, Cause: &a.Cause, Details: &a.Details, StartTime: &a.Start, EndTime: unlessZero(a.End),
		StatusCode: types.ScalingActivityStatusCode(a.StatusCode), StatusMessage: unlessZero(a.StatusMessage),
		Progress: aws.Int32(int32(a.Progress)),
	}
}

func inProgressFirst(a, b types.Activity) int {
	switch aRuns, bRuns := a.EndTime == nil, b.EndTime == nil; {
	case aRuns && !bRuns:
		return -1
	case bRuns && !aRuns:
		return 1
	}
	return b.StartTime.Compare(*a.StartTime)
}

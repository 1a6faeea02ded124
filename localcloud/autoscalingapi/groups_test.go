package autoscalingapi_test

import (
	"fmt"
	"testing"
	"time"

	"secondwind/localcloud/apitest"
	"secondwind/localcloud/awsapi"
)

// do makes requests to Auto Scaling in a world of their own.
func do(t *testing.T, steps apitest.Steps) {
	t.Helper()
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		w.Wait(10 * time.Second) // the first instance is in service
		w.Do(t, awsapi.AutoScaling, steps)
	})
}

// create is a request for a group g with what a group needs least.
const create = "CreateAutoScalingGroup&AutoScalingGroupName=g&MinSize=0&MaxSize=1&AvailabilityZones.member.1=local-1a" +
	"&LaunchTemplate.LaunchTemplateName=web-lt"

// notServed is what a member that the local cloud does not serve is refused with.
func notServed(what string) string {
	return "ValidationError: " + what + ": the local cloud does not serve this; leave it out or use AWS"
}

const noGroupX = "ValidationError: AutoScalingGroup name not found - AutoScalingGroup x not found"

func lacks(member string) string {
	return "ValidationError: 1 validation error detected: Value null at '" + member +
		"' failed to satisfy constraint: Member must not be null"
}

func TestANewGroupHasAWSsDefaults(t *testing.T) {
	do(t, apitest.Steps{
		{"create", create, ""},
		{
			"sizes: the desired capacity is the minimum",
			"DescribeAutoScalingGroups&AutoScalingGroupNames.member.1=g",
			"AutoScalingGroups#=1&AutoScalingGroups.1.MinSize=0&AutoScalingGroups.1.MaxSize=1&AutoScalingGroups.1.DesiredCapacity=0",
		},
		{
			"a cooldown of five minutes, no warm-up, health as EC2 has it",
			"DescribeAutoScalingGroups&AutoScalingGroupNames.member.1=g",
			"AutoScalingGroups.1.DefaultCooldown=300&!AutoScalingGroups.1.DefaultInstanceWarmup&" +
				"AutoScalingGroups.1.HealthCheckType=EC2&AutoScalingGroups.1.HealthCheckGracePeriod=0",
		},
		{
			"its template's default version",
			"DescribeAutoScalingGroups&AutoScalingGroupNames.member.1=g",
			"AutoScalingGroups.1.LaunchTemplate.LaunchTemplateId={lt}&AutoScalingGroups.1.LaunchTemplate.LaunchTemplateName=web-lt&" +
				"AutoScalingGroups.1.LaunchTemplate.Version=$Default",
		},
		{
			"the default termination policy, all metrics, no target group and no process suspended",
			"DescribeAutoScalingGroups&AutoScalingGroupNames.member.1=g",
			"AutoScalingGroups.1.TerminationPolicies#=1&AutoScalingGroups.1.TerminationPolicies.1=Default&" +
				"AutoScalingGroups.1.EnabledMetrics#=7&AutoScalingGroups.1.EnabledMetrics.1.Metric=GroupDesiredCapacity&" +
				"AutoScalingGroups.1.EnabledMetrics.1.Granularity=1Minute&AutoScalingGroups.1.TargetGroupARNs#=0&" +
				"AutoScalingGroups.1.SuspendedProcesses#=0&AutoScalingGroups.1.Tags#=0&AutoScalingGroups.1.Instances#=0",
		},
		{
			"the account's role, in the zone that was named",
			"DescribeAutoScalingGroups&AutoScalingGroupNames.member.1=g",
			"AutoScalingGroups.1.AvailabilityZones#=1&AutoScalingGroups.1.AvailabilityZones.1=local-1a&" +
				"AutoScalingGroups.1.NewInstancesProtectedFromScaleIn=false&AutoScalingGroups.1.CapacityRebalance=false&" +
				"AutoScalingGroups.1.ServiceLinkedRoleARN=" +
				"arn:aws:iam::123456789012:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
		},
	})
}

func TestAGroupIsAsItWasAskedFor(t *testing.T) {
	do(t, apitest.Steps{
		{
			"create with everything",
			"CreateAutoScalingGroup&AutoScalingGroupName=g&MinSize=0&MaxSize=5&DesiredCapacity=2&DefaultCooldown=7&DefaultInstanceWarmup=8" +
				"&HealthCheckType=ELB&HealthCheckGracePeriod=9&VPCZoneIdentifier={subnet2},+{subnet1}" +
				"&LaunchTemplate.LaunchTemplateId={lt}&LaunchTemplate.Version=1&TargetGroupARNs.member.1={tg}" +
				"&NewInstancesProtectedFromScaleIn=true&TerminationPolicies.member.1=OldestInstance" +
				"&Tags.member.1.Key=k&Tags.member.1.Value=v&Tags.member.1.PropagateAtLaunch=true",
			"",
		},
		{
			"sizes and times",
			"DescribeAutoScalingGroups&AutoScalingGroupNames.member.1=g",
			"AutoScalingGroups.1.MaxSize=5&AutoScalingGroups.1.DesiredCapacity=2&AutoScalingGroups.1.DefaultCooldown=7&" +
				"AutoScalingGroups.1.DefaultInstanceWarmup=8&AutoScalingGroups.1.HealthCheckType=ELB&" +
				"AutoScalingGroups.1.HealthCheckGracePeriod=9",
		},
		{
			"zones follow the subnets",
			"DescribeAutoScalingGroups&AutoScalingGroupNames.member.1=g",
			"AutoScalingGroups.1.VPCZoneIdentifier={subnet2}, {subnet1}&AutoScalingGroups.1.AvailabilityZones.1=local-1b&" +
				"AutoScalingGroups.1.AvailabilityZones.2=local-1a",
		},
		{
			"target groups are traffic sources too",
			"DescribeAutoScalingGroups&AutoScalingGroupNames.member.1=g",
			"AutoScalingGroups.1.TargetGroupARNs.1={tg}&AutoScalingGroups.1.TrafficSources.1.Identifier={tg}&" +
				"AutoScalingGroups.1.TrafficSources.1.Type=elbv2",
		},
		{
			"its template by both its names",
			"DescribeAutoScalingGroups&AutoScalingGroupNames.member.1=g",
			"AutoScalingGroups.1.LaunchTemplate.LaunchTemplateName=web-lt&AutoScalingGroups.1.LaunchTemplate.Version=1",
		},
		{
			"tags, protection, policies",
			"DescribeAutoScalingGroups&AutoScalingGroupNames.member.1=g",
			"AutoScalingGroups.1.Tags.1.Key=k&AutoScalingGroups.1.Tags.1.Value=v&AutoScalingGroups.1.Tags.1.PropagateAtLaunch=true&" +
				"AutoScalingGroups.1.Tags.1.ResourceId=g&AutoScalingGroups.1.Tags.1.ResourceType=auto-scaling-group&" +
				"AutoScalingGroups.1.NewInstancesProtectedFromScaleIn=true&AutoScalingGroups.1.TerminationPolicies.1=OldestInstance",
		},
	})
}

func TestBadGroupsAreRefused(t *testing.T) {
	do(t, apitest.Steps{
		{
			"without anything", "CreateAutoScalingGroup",
			"ValidationError: 3 validation errors detected: " +
				"Value null at 'autoScalingGroupName' failed to satisfy constraint: Member must not be null; " +
				"Value null at 'minSize' failed to satisfy constraint: Member must not be null; " +
				"Value null at 'maxSize' failed to satisfy constraint: Member must not be null",
		},
		{"a size that is no number", create + "&DesiredCapacity=two", "MalformedInput: parameter DesiredCapacity: …"},
		{"a member that there is not", create + "&Colour=red", "ValidationError: The parameter Colour is not recognized"},
		{"the same name twice", create, ""},
		{"again", create, "AlreadyExists: …"},
		{
			"no template", "CreateAutoScalingGroup&AutoScalingGroupName=h&MinSize=0&MaxSize=1&AvailabilityZones.member.1=local-1a",
			"ValidationError: Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId " +
				"or MixedInstancesPolicy parameter.",
		},
		{
			"a template by id and name", create + "&LaunchTemplate.LaunchTemplateId={lt}",
			"ValidationError: Valid requests must contain either launchTemplateId or LaunchTemplateName",
		},
		{
			"no such template",
			"CreateAutoScalingGroup&AutoScalingGroupName=h&MinSize=0&MaxSize=1&LaunchTemplate.LaunchTemplateName=none&AvailabilityZones.member.1=x",
			"ValidationError: You must use a valid fully-formed launch template. " +
				"The specified launch template, with template name none, does not exist.",
		},
		{
			"no such template id",
			"CreateAutoScalingGroup&AutoScalingGroupName=h&MinSize=0&MaxSize=1&LaunchTemplate.LaunchTemplateId=lt-1&AvailabilityZones.member.1=x",
			"ValidationError: You must use a valid fully-formed launch template. " +
				"The specified launch template, with template ID lt-1, does not exist.",
		},
		{
			"no such version", create + "&LaunchTemplate.Version=2",
			"ValidationError: You must use a valid fully-formed launch template. " +
				"Could not find the specified version 2 for the launch template with ID {lt}.",
		},
		{
			"no zone", "CreateAutoScalingGroup&AutoScalingGroupName=h&MinSize=0&MaxSize=1&LaunchTemplate.LaunchTemplateName=web-lt",
			"ValidationError: At least one Availability Zone or VPC Subnet is required.",
		},
		{
			"zones that there are not", create + "&AvailabilityZones.member.2=moon-1a&AvailabilityZones.member.3=moon-1b",
			"ValidationError: Invalid availability zones: [moon-1a, moon-1b]",
		},
		{"a subnet that there is not", create + "&VPCZoneIdentifier=subnet-1", "ValidationError: The subnet ID 'subnet-1' does not exist"},
		{
			"a target group that there is not", create + "&TargetGroupARNs.member.1=arn:x",
			"ValidationError: Provided Target Groups may not be valid. Please ensure they exist and try again. (arn:x)",
		},
		{
			"a desired capacity above the maximum",
			"CreateAutoScalingGroup&AutoScalingGroupName=h&MinSize=0&MaxSize=1&DesiredCapacity=2&AvailabilityZones.member.1=local-1a" +
				"&LaunchTemplate.LaunchTemplateName=web-lt",
			"ValidationError: …",
		},
	})
}

// What would change how a group behaves, and is not there, is refused by name.
func TestMembersThatAreNotServedAreRefused(t *testing.T) {
	var steps apitest.Steps
	for member, value := range map[string]string{
		"LaunchConfigurationName": "=c", "InstanceId": "=i-1", "MixedInstancesPolicy": "=", "LoadBalancerNames": ".member.1=lb",
		"LifecycleHookSpecificationList": ".member.1.LifecycleHookName=h", "MaxInstanceLifetime": "=86400",
		"InstanceMaintenancePolicy": ".MinHealthyPercentage=90", "TrafficSources": ".member.1.Identifier=t", "PlacementGroup": "=p",
		"InstanceLifecyclePolicy": "=", "CapacityReservationSpecification": "=", "DesiredCapacityType": "=vcpu",
		"AvailabilityZoneDistribution": "=", "AvailabilityZoneIds": ".member.1=loc1-az1", "AvailabilityZoneImpairmentPolicy": "=",
		"CapacityRebalance": "=true", "Context": "=c", "DeletionProtection": "=prevent-all-deletion", "Operator": "=",
		"ServiceLinkedRoleARN": "=arn:x", "SkipZonalShiftValidation": "=true",
	} {
		steps = append(steps, [3]string{"create with " + member, create + "&" + member + value, notServed(member)})
	}
	for member, value := range map[string]string{
		"AvailabilityZones": ".member.1=local-1c", "VPCZoneIdentifier": "={subnet1}", "MixedInstancesPolicy": "=",
		"LaunchConfigurationName": "=c", "TerminationPolicies": ".member.1=Default", "MaxInstanceLifetime": "=86400",
		"InstanceMaintenancePolicy": "=", "PlacementGroup": "=p", "CapacityReservationSpecification": "=", "DesiredCapacityType": "=units",
		"InstanceLifecyclePolicy": "=", "AvailabilityZoneDistribution": "=", "AvailabilityZoneIds": ".member.1=loc1-az1",
		"AvailabilityZoneImpairmentPolicy": "=", "CapacityRebalance": "=true", "Context": "=c",
		"DeletionProtection": "=prevent-all-deletion", "ServiceLinkedRoleARN": "=arn:x", "SkipZonalShiftValidation": "=true",
	} {
		request := "UpdateAutoScalingGroup&AutoScalingGroupName=web-asg&" + member + value
		steps = append(steps, [3]string{"update " + member, request, notServed(member + " of an existing group")})
	}
	steps = append(steps,
		[3]string{"what is so anyway", create + "&MaxInstanceLifetime=0&CapacityRebalance=false&DesiredCapacityType=units", ""},
		[3]string{"updated too", "UpdateAutoScalingGroup&AutoScalingGroupName=g&MaxInstanceLifetime=0&CapacityRebalance=false", ""})
	do(t, steps)
}

func TestUpdatingChangesOnlyWhatIsGiven(t *testing.T) {
	const describe = "DescribeAutoScalingGroups&AutoScalingGroupNames.member.1=web-asg"
	do(t, apitest.Steps{
		{
			"times and health", "UpdateAutoScalingGroup&AutoScalingGroupName=web-asg&DefaultCooldown=11&DefaultInstanceWarmup=12" +
				"&HealthCheckType=ELB&HealthCheckGracePeriod=13&NewInstancesProtectedFromScaleIn=true", "",
		},
		{
			"they have changed, the sizes have not", describe,
			"AutoScalingGroups.1.DefaultCooldown=11&AutoScalingGroups.1.DefaultInstanceWarmup=12&" +
				"AutoScalingGroups.1.HealthCheckType=ELB&AutoScalingGroups.1.HealthCheckGracePeriod=13&" +
				"AutoScalingGroups.1.NewInstancesProtectedFromScaleIn=true&AutoScalingGroups.1.MinSize=1&AutoScalingGroups.1.MaxSize=2",
		},
		{"sizes", "UpdateAutoScalingGroup&AutoScalingGroupName=web-asg&MinSize=2&MaxSize=3&DesiredCapacity=3", ""},
		{"they have changed", describe, "AutoScalingGroups.1.MinSize=2&AutoScalingGroups.1.MaxSize=3&AutoScalingGroups.1.DesiredCapacity=3"},
		{"the times have not", describe, "AutoScalingGroups.1.DefaultCooldown=11&AutoScalingGroups.1.DefaultInstanceWarmup=12"},
		{
			"a warm-up below none", "UpdateAutoScalingGroup&AutoScalingGroupName=web-asg&DefaultInstanceWarmup=-2",
			"ValidationError: …",
		},
		{
			"a new group with one", "CreateAutoScalingGroup&AutoScalingGroupName=g&MinSize=0&MaxSize=1&AvailabilityZones.member.1=us-east-1a" +
				"&LaunchTemplate.LaunchTemplateName=web-lt&DefaultInstanceWarmup=-300", "ValidationError: …",
		},
		{"the times still have not", describe, "AutoScalingGroups.1.DefaultInstanceWarmup=12"},
		{"no warm-up", "UpdateAutoScalingGroup&AutoScalingGroupName=web-asg&DefaultInstanceWarmup=-1", ""},
		{"it is gone", describe, "AutoScalingGroups.1.DefaultCooldown=11&!AutoScalingGroups.1.DefaultInstanceWarmup"},
		{
			"another version", "UpdateAutoScalingGroup&AutoScalingGroupName=web-asg&LaunchTemplate.LaunchTemplateName=web-lt" +
				"&LaunchTemplate.Version=$Latest", "",
		},
		{
			"that has changed", describe,
			"AutoScalingGroups.1.LaunchTemplate.LaunchTemplateId={lt}&AutoScalingGroups.1.LaunchTemplate.Version=$Latest",
		},
		{
			"no such version", "UpdateAutoScalingGroup&AutoScalingGroupName=web-asg&LaunchTemplate.LaunchTemplateName=web-lt" +
				"&LaunchTemplate.Version=latest",
			"ValidationError: You must use a valid fully-formed launch template. " +
				"The specified launch template version 'latest' is not valid: it is a number, $Latest or $Default",
		},
		{"a minimum above the maximum", "UpdateAutoScalingGroup&AutoScalingGroupName=web-asg&MinSize=9", "ValidationError: …"},
		{"no such group", "UpdateAutoScalingGroup&AutoScalingGroupName=x&MinSize=1", noGroupX},
		{"no name", "UpdateAutoScalingGroup&MinSize=1", lacks("autoScalingGroupName")},
	})
}

func TestDeletingAGroup(t *testing.T) {
	do(t, apitest.Steps{
		{"one that has instances", "DeleteAutoScalingGroup&AutoScalingGroupName=web-asg", "ResourceInUse: …"},
		{"no such group", "DeleteAutoScalingGroup&AutoScalingGroupName=x", noGroupX},
		{"no name", "DeleteAutoScalingGroup", lacks("autoScalingGroupName")},
		{"make one that has none", create + "&Tags.member.1.Key=k", ""},
		{"it is tagged", "DescribeTags", "Tags#=1"},
		{"delete it", "DeleteAutoScalingGroup&AutoScalingGroupName=g", ""},
		{"it is gone", "DescribeAutoScalingGroups&AutoScalingGroupNames.member.1=g", "AutoScalingGroups#=0"},
		{"its tags too", "DescribeTags", "Tags#=0"},
		{"by force", "DeleteAutoScalingGroup&AutoScalingGroupName=web-asg&ForceDelete=true", ""},
		{"it is under way", "DescribeAutoScalingGroups", "AutoScalingGroups.1.Status=Delete in progress"},
	})
}

func TestDesiredCapacity(t *testing.T) {
	const set = "SetDesiredCapacity&AutoScalingGroupName=web-asg"
	do(t, apitest.Steps{
		{"two", set + "&DesiredCapacity=2", ""},
		{"the group has two", "DescribeAutoScalingGroups", "AutoScalingGroups.1.DesiredCapacity=2"},
		{"three", set + "&DesiredCapacity=3", "ValidationError: New SetDesiredCapacity value 3 is above max value 2 for the AutoScalingGroup."},
		{"none", set + "&DesiredCapacity=0", "ValidationError: New SetDesiredCapacity value 0 is below min value 1 for the AutoScalingGroup."},
		{"not given", set, lacks("desiredCapacity")},
		{"of no group", "SetDesiredCapacity&AutoScalingGroupName=x&DesiredCapacity=1", noGroupX},
		{"of no name", "SetDesiredCapacity&DesiredCapacity=1", lacks("autoScalingGroupName")},
	})
}

func TestGroupsAreFoundByNameAndTag(t *testing.T) {
	filter := func(name, value string) string {
		return "DescribeAutoScalingGroups&Filters.member.1.Name=" + name + "&Filters.member.1.Values.member.1=" + value
	}
	do(t, apitest.Steps{
		{"another group", create + "&Tags.member.1.Key=run&Tags.member.1.Value=a&Tags.member.2.Key=kind&Tags.member.2.Value=b", ""},
		{"both", "DescribeAutoScalingGroups", "AutoScalingGroups#=2"},
		{
			"by name", "DescribeAutoScalingGroups&AutoScalingGroupNames.member.1=g",
			"AutoScalingGroups#=1&AutoScalingGroups.1.AutoScalingGroupName=g",
		},
		{"no such name", "DescribeAutoScalingGroups&AutoScalingGroupNames.member.1=x", "AutoScalingGroups#=0"},
		{"by a tag's key", filter("tag-key", "run"), "AutoScalingGroups#=1&AutoScalingGroups.1.AutoScalingGroupName=g"},
		{"by a tag's value", filter("tag-value", "b"), "AutoScalingGroups#=1"},
		{"by both", filter("tag:run", "a"), "AutoScalingGroups#=1"},
		{"by another's value", filter("tag:run", "b"), "AutoScalingGroups#=0"},
		{
			"by two filters", filter("tag:run", "a") + "&Filters.member.2.Name=tag-key&Filters.member.2.Values.member.1=none",
			"AutoScalingGroups#=0",
		},
		{
			"a filter that there is not", filter("colour", "red"),
			"ValidationError: Filter colour is not known; tag-key, tag-value and tag:<key> are",
		},
		{"a filter without a name", "DescribeAutoScalingGroups&Filters.member.1=", "ValidationError: Filter  is not known; …"},
		{"with instances", "DescribeAutoScalingGroups&AutoScalingGroupNames.member.1=web-asg", "AutoScalingGroups.1.Instances#=1"},
		{
			"without", "DescribeAutoScalingGroups&AutoScalingGroupNames.member.1=web-asg&IncludeInstances=false",
			"AutoScalingGroups.1.Instances#=0",
		},
	})
}

func TestGroupsComeInPages(t *testing.T) {
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		for i := range 3 {
			w.Call(t, awsapi.AutoScaling, fmt.Sprintf("CreateAutoScalingGroup&AutoScalingGroupName=g%d&MinSize=0&MaxSize=1"+
				"&AvailabilityZones.member.1=local-1a&LaunchTemplate.LaunchTemplateName=web-lt", i))
		}
		w.Name(t, "next", "NextToken", awsapi.AutoScaling, "DescribeAutoScalingGroups&MaxRecords=3")
		w.Do(t, awsapi.AutoScaling, apitest.Steps{
			{"the first page", "DescribeAutoScalingGroups&MaxRecords=3", "AutoScalingGroups#=3"},
			{"the last", "DescribeAutoScalingGroups&MaxRecords=3&NextToken={next}", "AutoScalingGroups#=1&!NextToken"},
			{"all on one", "DescribeAutoScalingGroups&MaxRecords=100", "AutoScalingGroups#=4&!NextToken"},
			{
				"too many", "DescribeAutoScalingGroups&MaxRecords=101",
				"ValidationError: 1 validation error detected: Value '101' at 'maxRecords' failed to satisfy constraint: " +
					"Member must have value between 1 and 100",
			},
			{"none", "DescribeAutoScalingGroups&MaxRecords=0", "ValidationError: 1 validation error detected: Value '0' at 'maxRecords' …"},
			{"a token that is not ours", "DescribeAutoScalingGroups&NextToken=x", "InvalidNextToken: The token 'x' is invalid."},
		})
	})
}

func TestProcessesAreSuspendedAndResumed(t *testing.T) {
	do(t, apitest.Steps{
		{
			"two", "SuspendProcesses&AutoScalingGroupName=web-asg&ScalingProcesses.member.1=Launch&ScalingProcesses.member.2=AlarmNotification", "",
		},
		{
			"they are, in order, with the reason", "DescribeAutoScalingGroups",
			"AutoScalingGroups.1.SuspendedProcesses#=2&AutoScalingGroups.1.SuspendedProcesses.1.ProcessName=AlarmNotification&" +
				"AutoScalingGroups.1.SuspendedProcesses.2.ProcessName=Launch",
		},
		{"one resumes", "ResumeProcesses&AutoScalingGroupName=web-asg&ScalingProcesses.member.1=Launch", ""},
		{"the other does not", "DescribeAutoScalingGroups", "AutoScalingGroups.1.SuspendedProcesses#=1"},
		{"all resume", "ResumeProcesses&AutoScalingGroupName=web-asg", ""},
		{"none is left", "DescribeAutoScalingGroups", "AutoScalingGroups.1.SuspendedProcesses#=0"},
		{"all are suspended", "SuspendProcesses&AutoScalingGroupName=web-asg", ""},
		{"every process", "DescribeAutoScalingGroups", "AutoScalingGroups.1.SuspendedProcesses#=9"},
		{"no such process", "SuspendProcesses&AutoScalingGroupName=web-asg&ScalingProcesses.member.1=Dance", "ValidationError: …"},
		{"no such process to resume", "ResumeProcesses&AutoScalingGroupName=web-asg&ScalingProcesses.member.1=Dance", "ValidationError: …"},
		{"no such group", "SuspendProcesses&AutoScalingGroupName=x", noGroupX},
		{"no such group to resume", "ResumeProcesses&AutoScalingGroupName=x", noGroupX},
		{"no name", "SuspendProcesses", lacks("autoScalingGroupName")},
		{"no name to resume", "ResumeProcesses", lacks("autoScalingGroupName")},
	})
}

func TestTargetGroupsAreAttachedAndDetached(t *testing.T) {
	const describe = "DescribeLoadBalancerTargetGroups&AutoScalingGroupName=web-asg"
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		w.Wait(10 * time.Second)
		w.Name(t, "other", "TargetGroups.1.TargetGroupArn", awsapi.ELBv2, "CreateTargetGroup&Name=other&Protocol=HTTP&Port=1")
		w.Do(t, awsapi.AutoScaling, apitest.Steps{
			{"one", describe, "LoadBalancerTargetGroups#=1&LoadBalancerTargetGroups.1.LoadBalancerTargetGroupARN={tg}"},
			{"another", "AttachLoadBalancerTargetGroups&AutoScalingGroupName=web-asg&TargetGroupARNs.member.1={other}", ""},
			{"both", describe, "LoadBalancerTargetGroups#=2&LoadBalancerTargetGroups.2.State=InService"},
			{"the first page", describe + "&MaxRecords=1", "LoadBalancerTargetGroups#=1"},
			{
				"a page that is too long", describe + "&MaxRecords=101",
				"ValidationError: 1 validation error detected: Value '101' at 'maxRecords' …",
			},
		})
		w.Wait(time.Second)
		w.Do(t, awsapi.ELBv2, apitest.Steps{{
			"the instance is registered", "DescribeTargetHealth&TargetGroupArn={other}",
			"TargetHealthDescriptions#=1",
		}})
		w.Do(t, awsapi.AutoScaling, apitest.Steps{
			{"detach it", "DetachLoadBalancerTargetGroups&AutoScalingGroupName=web-asg&TargetGroupARNs.member.1={other}", ""},
			{"one is left", describe, "LoadBalancerTargetGroups#=1"},
			{
				"no such target group", "AttachLoadBalancerTargetGroups&AutoScalingGroupName=web-asg&TargetGroupARNs.member.1=arn:x",
				"ValidationError: Provided Target Groups may not be valid. Please ensure they exist and try again. (arn:x)",
			},
			{"attach to no group", "AttachLoadBalancerTargetGroups&AutoScalingGroupName=x", noGroupX},
			{"detach from no group", "DetachLoadBalancerTargetGroups&AutoScalingGroupName=x", noGroupX},
			{"describe no group", "DescribeLoadBalancerTargetGroups&AutoScalingGroupName=x", noGroupX},
			{"no name to describe", "DescribeLoadBalancerTargetGroups", lacks("autoScalingGroupName")},
		})
		w.Wait(time.Second)
		w.Do(t, awsapi.ELBv2, apitest.Steps{{"it is deregistered", "DescribeTargetHealth&TargetGroupArn={other}", "TargetHealthDescriptions#=0"}})
	})
}

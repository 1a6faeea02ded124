package autoscalingapi_test

import (
	"testing"
	"time"

	"secondwind/localcloud/apitest"
	"secondwind/localcloud/awsapi"
)

// withInstance calls f in a world whose group's instance is in service: {i}.
func withInstance(t *testing.T, f func(t *testing.T, w *apitest.World)) {
	t.Helper()
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		w.Wait(10 * time.Second)
		w.Name(t, "i", "AutoScalingGroups.1.Instances.1.InstanceId", awsapi.AutoScaling, "DescribeAutoScalingGroups")
		f(t, w)
	})
}

func TestInstancesAreDescribed(t *testing.T) {
	withInstance(t, func(t *testing.T, w *apitest.World) {
		w.Do(t, awsapi.AutoScaling, apitest.Steps{
			{
				"in their group", "DescribeAutoScalingGroups",
				"AutoScalingGroups.1.Instances.1.LifecycleState=InService&AutoScalingGroups.1.Instances.1.HealthStatus=Healthy&" +
					"AutoScalingGroups.1.Instances.1.AvailabilityZone=local-1a&AutoScalingGroups.1.Instances.1.InstanceType=t2.micro&" +
					"AutoScalingGroups.1.Instances.1.ImageId=ami-1&AutoScalingGroups.1.Instances.1.ProtectedFromScaleIn=false",
			},
			{
				"with the version that was launched, not the one that is asked for", "DescribeAutoScalingGroups",
				"AutoScalingGroups.1.LaunchTemplate.Version=$Default&AutoScalingGroups.1.Instances.1.LaunchTemplate.Version=1&" +
					"AutoScalingGroups.1.Instances.1.LaunchTemplate.LaunchTemplateId={lt}",
			},
			{
				"by themselves, their health in capitals", "DescribeAutoScalingInstances",
				"AutoScalingInstances#=1&AutoScalingInstances.1.InstanceId={i}&AutoScalingInstances.1.AutoScalingGroupName=web-asg&" +
					"AutoScalingInstances.1.HealthStatus=HEALTHY&AutoScalingInstances.1.LifecycleState=InService&" +
					"AutoScalingInstances.1.InstanceType=t2.micro&AutoScalingInstances.1.LaunchTemplate.LaunchTemplateName=web-lt",
			},
			{"by id", "DescribeAutoScalingInstances&InstanceIds.member.1={i}", "AutoScalingInstances#=1"},
			{"no such id", "DescribeAutoScalingInstances&InstanceIds.member.1=i-1", "AutoScalingInstances#=0"},
			{
				"a page that is too long", "DescribeAutoScalingInstances&MaxRecords=51",
				"ValidationError: 1 validation error detected: Value '51' at 'maxRecords' failed to satisfy constraint: " +
					"Member must have value between 1 and 50",
			},
			{"a token that is not ours", "DescribeAutoScalingInstances&NextToken=x", "InvalidNextToken: The token 'x' is invalid."},
		})
	})
}

func TestAPendingInstanceHasNoProcessYet(t *testing.T) {
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		w.Wait(time.Second) // a launch takes two
		w.Do(t, awsapi.AutoScaling, apitest.Steps{
			{"it is listed", "DescribeAutoScalingInstances", "AutoScalingInstances.1.LifecycleState=Pending"},
			{"of its type already", "DescribeAutoScalingInstances", "AutoScalingInstances.1.InstanceType=t2.micro"},
		})
	})
}

func TestTerminatingAnInstance(t *testing.T) {
	const terminate = "TerminateInstanceInAutoScalingGroup&InstanceId={i}"
	withInstance(t, func(t *testing.T, w *apitest.World) {
		w.Do(t, awsapi.AutoScaling, apitest.Steps{
			{
				"without anything", "TerminateInstanceInAutoScalingGroup",
				"ValidationError: 2 validation errors detected: " +
					"Value null at 'instanceId' failed to satisfy constraint: Member must not be null; " +
					"Value null at 'shouldDecrementDesiredCapacity' failed to satisfy constraint: Member must not be null",
			},
			{
				"several at once", terminate + "&ShouldDecrementDesiredCapacity=false&InstanceIds.member.1={i}",
				notServed("InstanceIds of TerminateInstanceInAutoScalingGroup; call it with an InstanceId for each"),
			},
			{
				"of a group that is named", terminate + "&ShouldDecrementDesiredCapacity=false&AutoScalingGroupName=web-asg",
				notServed("AutoScalingGroupName"),
			},
			{"below the minimum", terminate + "&ShouldDecrementDesiredCapacity=true", "ValidationError: …"},
			{
				"of no group", "TerminateInstanceInAutoScalingGroup&InstanceId=i-1&ShouldDecrementDesiredCapacity=false",
				"ValidationError: …",
			},
			{
				"to be replaced", terminate + "&ShouldDecrementDesiredCapacity=false",
				"Activity.StatusCode=WaitingForELBConnectionDraining&Activity.Progress=50&" +
					"Activity.Description=Terminating EC2 instance: {i} - Waiting For ELB Connection Draining.&" +
					"Activity.AutoScalingGroupName=web-asg&!Activity.EndTime",
			},
		})
		w.Wait(2 * time.Minute)
		w.Do(t, awsapi.AutoScaling, apitest.Steps{
			{"it is gone", "DescribeAutoScalingInstances&InstanceIds.member.1={i}", "AutoScalingInstances#=0"},
			{"another came", "DescribeAutoScalingInstances", "AutoScalingInstances#=1&AutoScalingInstances.1.LifecycleState=InService"},
			{"a second one", "SetDesiredCapacity&AutoScalingGroupName=web-asg&DesiredCapacity=2", ""},
		})
		w.Wait(10 * time.Second)
		w.Name(t, "i", "AutoScalingInstances.1.InstanceId", awsapi.AutoScaling, "DescribeAutoScalingInstances")
		w.Do(t, awsapi.AutoScaling, apitest.Steps{
			{"for good", terminate + "&ShouldDecrementDesiredCapacity=true", "Activity.StatusCode=WaitingForELBConnectionDraining"},
			{"the group wants one fewer", "DescribeAutoScalingGroups", "AutoScalingGroups.1.DesiredCapacity=1"},
		})
	})
}

func TestHealthIsSetByHand(t *testing.T) {
	const set = "SetInstanceHealth&InstanceId={i}"
	withInstance(t, func(t *testing.T, w *apitest.World) {
		w.Do(t, awsapi.AutoScaling, apitest.Steps{
			{
				"without anything", "SetInstanceHealth",
				"ValidationError: 2 validation errors detected: " +
					"Value null at 'instanceId' failed to satisfy constraint: Member must not be null; " +
					"Value null at 'healthStatus' failed to satisfy constraint: Member must not be null",
			},
			{"without a status", set, lacks("healthStatus")},
			{"a status that there is not", set + "&HealthStatus=Sick", "ValidationError: Valid instance health states are: [Healthy, Unhealthy]."},
			{"in another case", set + "&HealthStatus=unhealthy", "ValidationError: Valid instance health states are: [Healthy, Unhealthy]."},
			{"of no instance", "SetInstanceHealth&InstanceId=i-1&HealthStatus=Unhealthy", "ValidationError: …"},
			{"healthy", set + "&HealthStatus=Healthy", ""},
			{"unhealthy", set + "&HealthStatus=Unhealthy&ShouldRespectGracePeriod=false", ""},
		})
		w.Wait(2 * time.Minute)
		w.Do(t, awsapi.AutoScaling, apitest.Steps{
			{"it is replaced", "DescribeAutoScalingInstances&InstanceIds.member.1={i}", "AutoScalingInstances#=0"},
		})
	})
}

func TestInstancesAreProtectedFromScaleIn(t *testing.T) {
	const set = "SetInstanceProtection&AutoScalingGroupName=web-asg&InstanceIds.member.1={i}"
	withInstance(t, func(t *testing.T, w *apitest.World) {
		w.Do(t, awsapi.AutoScaling, apitest.Steps{
			{"protect", set + "&ProtectedFromScaleIn=true", ""},
			{"it is", "DescribeAutoScalingInstances", "AutoScalingInstances.1.ProtectedFromScaleIn=true"},
			{"in its group too", "DescribeAutoScalingGroups", "AutoScalingGroups.1.Instances.1.ProtectedFromScaleIn=true"},
			{"no longer", set + "&ProtectedFromScaleIn=false", ""},
			{"it is not", "DescribeAutoScalingInstances", "AutoScalingInstances.1.ProtectedFromScaleIn=false"},
			{"neither", set, lacks("protectedFromScaleIn")},
			{"no instance", "SetInstanceProtection&AutoScalingGroupName=web-asg&ProtectedFromScaleIn=true", lacks("instanceIds")},
			{"no group", "SetInstanceProtection&InstanceIds.member.1={i}&ProtectedFromScaleIn=true", lacks("autoScalingGroupName")},
			{
				"no such group", "SetInstanceProtection&AutoScalingGroupName=x&InstanceIds.member.1={i}&ProtectedFromScaleIn=true",
				noGroupX,
			},
			{
				"an instance of another group", "SetInstanceProtection&AutoScalingGroupName=web-asg&InstanceIds.member.1=i-1" +
					"&ProtectedFromScaleIn=true", "ValidationError: …",
			},
		})
	})
}

// What is described here can never exist, but the group must.
func TestWhatIsNotServedIsDescribedAsNone(t *testing.T) {
	steps := apitest.Steps{
		{"scheduled actions of all groups", "DescribeScheduledActions", "ScheduledUpdateGroupActions#=0"},
		{"scheduled actions of one", "DescribeScheduledActions&AutoScalingGroupName=web-asg", "ScheduledUpdateGroupActions#=0"},
		{"scheduled actions of no group", "DescribeScheduledActions&AutoScalingGroupName=x", noGroupX},
		{"hooks", "DescribeLifecycleHooks&AutoScalingGroupName=web-asg", "LifecycleHooks#=0"},
		{"refreshes", "DescribeInstanceRefreshes&AutoScalingGroupName=web-asg", "InstanceRefreshes#=0"},
		{"a warm pool", "DescribeWarmPool&AutoScalingGroupName=web-asg", "Instances#=0"},
	}
	for _, operation := range []string{"DescribeLifecycleHooks", "DescribeInstanceRefreshes", "DescribeWarmPool"} {
		steps = append(steps,
			[3]string{"of no name", operation, lacks("autoScalingGroupName")},
			[3]string{"of no group", operation + "&AutoScalingGroupName=x", noGroupX})
	}
	for _, operation := range []string{"PutScheduledUpdateGroupAction", "PutLifecycleHook", "StartInstanceRefresh", "PutWarmPool"} {
		steps = append(steps, [3]string{
			"made", operation + "&AutoScalingGroupName=web-asg", "InvalidAction: The operation " + operation + " is not served here.",
		})
	}
	do(t, steps)
}

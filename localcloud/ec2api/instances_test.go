package ec2api_test

import (
	"testing"
	"time"

	"secondwind/localcloud/apitest"
	"secondwind/localcloud/awsapi"
)

// do makes requests to EC2 in a world whose group's instance, {i}, runs.
func do(t *testing.T, steps apitest.Steps) {
	t.Helper()
	withInstance(t, func(t *testing.T, w *apitest.World) { w.Do(t, awsapi.EC2, steps) })
}

func withInstance(t *testing.T, f func(t *testing.T, w *apitest.World)) {
	t.Helper()
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		w.Wait(10 * time.Second)
		w.Name(t, "i", "reservationSet.1.instancesSet.1.instanceId", awsapi.EC2, "DescribeInstances")
		f(t, w)
	})
}

const (
	dry     = "DryRunOperation: Request would have succeeded, but DryRun flag is set."
	noToken = "InvalidParameterValue: The token 'x' is invalid."
)

// notServed is what a member that the local cloud does not serve is refused with.
func notServed(what string) string {
	return "ValidationError: " + what + ": the local cloud does not serve this; leave it out or use AWS"
}

func missing(parameter string) string {
	return "MissingParameter: The request must contain the parameter " + parameter
}

func tooLong(size string) string {
	return "ValidationError: 1 validation error detected: Value '" + size + "' at 'maxResults' failed to satisfy constraint: " +
		"Member must have value between 1 and 1000"
}

// filtered is a request with one filter of one value.
func filtered(operation, name, value string) string {
	return operation + "&Filter.1.Name=" + name + "&Filter.1.Value.1=" + value
}

func TestAnInstanceIsDescribed(t *testing.T) {
	const at = "reservationSet.1.instancesSet.1."
	do(t, apitest.Steps{
		{
			"what it is", "DescribeInstances",
			"reservationSet#=1&reservationSet.1.ownerId=123456789012&" + at + "imageId=ami-1&" + at + "instanceType=t2.micro&" +
				at + "instanceState.name=running&" + at + "instanceState.code=16&" + at + "launchTime=2000-01-01T00:00:02.000Z&" +
				at + "monitoring.state=enabled",
		},
		{
			"where it is", "DescribeInstances",
			at + "placement.availabilityZone=local-1a&" + at + "subnetId={subnet1}&" + at + "privateIpAddress=127.0.0.1&" +
				at + "groupSet.1.groupName=default",
		},
		{
			"how its metadata are read, and that it has no role", "DescribeInstances",
			at + "metadataOptions.httpTokens=required&" + at + "metadataOptions.httpPutResponseHopLimit=1&!" +
				at + "iamInstanceProfile.arn&!" + at + "stateReason.code",
		},
		{
			"which group's it is", "DescribeInstances",
			at + "tagSet#=1&" + at + "tagSet.1.key=aws:autoscaling:groupName&" + at + "tagSet.1.value=web-asg",
		},
		{
			"its status", "DescribeInstanceStatus",
			"instanceStatusSet#=1&instanceStatusSet.1.instanceId={i}&instanceStatusSet.1.instanceState.name=running&" +
				"instanceStatusSet.1.instanceStatus.status=ok&instanceStatusSet.1.systemStatus.status=ok&" +
				"instanceStatusSet.1.instanceStatus.details.1.name=reachability&instanceStatusSet.1.instanceStatus.details.1.status=passed",
		},
		{
			"its credits", "DescribeInstanceCreditSpecifications",
			"instanceCreditSpecificationSet#=1&instanceCreditSpecificationSet.1.instanceId={i}&" +
				"instanceCreditSpecificationSet.1.cpuCredits=standard",
		},
	})
}

func TestInstancesAreFound(t *testing.T) {
	var steps apitest.Steps
	for name, values := range map[string][2]string{
		"instance-id": {"{i}", "i-1"}, "instance-state-name": {"running", "pending"}, "instance-type": {"t2.*", "m5.*"},
		"image-id": {"ami-?", "ami-2"}, "availability-zone": {"local-1a", "local-1b"}, "subnet-id": {"{subnet1}", "{subnet2}"},
		"private-ip-address": {"127.0.0.1", "127.0.0.2"}, "tag-key": {"aws:autoscaling:*", "run"},
		"tag:aws:autoscaling:groupName": {"web-asg", "other"},
	} {
		steps = append(steps,
			[3]string{"by " + name, filtered("DescribeInstances", name, values[0]), "reservationSet#=1"},
			[3]string{"by another " + name, filtered("DescribeInstances", name, values[1]), "reservationSet#=0"})
	}
	do(t, append(steps, apitest.Steps{
		{"by id", "DescribeInstances&InstanceId.1={i}", "reservationSet#=1"},
		{"by no id", "DescribeInstances&InstanceId.1=i-1", "InvalidInstanceID.NotFound: The instance ID 'i-1' does not exist"},
		{"by either value", filtered("DescribeInstances", "image-id", "x") + "&Filter.1.Value.2=ami-1", "reservationSet#=1"},
		{
			"by two filters", filtered("DescribeInstances", "image-id", "ami-1") + "&Filter.2.Name=instance-type&Filter.2.Value.1=x",
			"reservationSet#=0",
		},
		{
			"by a filter that there is not", filtered("DescribeInstances", "colour", "red"),
			"InvalidParameterValue: The filter 'colour' is invalid",
		},
		{"by a tag of no name", filtered("DescribeInstances", "tag:", "x"), "InvalidParameterValue: The filter 'tag:' is invalid"},
		{
			"by a list as the SDK names it", "DescribeInstances&InstanceIds.1={i}",
			"UnknownParameter: The parameter InstanceIds.1 is not recognized",
		},
		{"a page that is too long", "DescribeInstances&MaxResults=1001", tooLong("1001")},
		{"a token that is not ours", "DescribeInstances&NextToken=x", noToken},
		{"a dry run", "DescribeInstances&DryRun=true", dry},
		{"a dry run of what is wrong", "DescribeInstances&DryRun=true&InstanceId.1=i-1", "InvalidInstanceID.NotFound: …"},
		{"no dry run", "DescribeInstances&DryRun=false", "reservationSet#=1"},
		{"status by no id", "DescribeInstanceStatus&InstanceId.1=i-1", "InvalidInstanceID.NotFound: …"},
		{"status by filter", filtered("DescribeInstanceStatus", "availability-zone", "local-1b"), "instanceStatusSet#=0"},
		{"a page of statuses", "DescribeInstanceStatus&MaxResults=0", tooLong("0")},
		{"credits by no id", "DescribeInstanceCreditSpecifications&InstanceId.1=i-1", "InvalidInstanceID.NotFound: …"},
		{"a page of credits", "DescribeInstanceCreditSpecifications&NextToken=x", noToken},
	}...))
}

// The oldest comes first, page by page.
func TestInstancesComeInPages(t *testing.T) {
	withInstance(t, func(t *testing.T, w *apitest.World) {
		w.Call(t, awsapi.AutoScaling, "SetDesiredCapacity&AutoScalingGroupName=web-asg&DesiredCapacity=2")
		w.Wait(10 * time.Second)
		w.Name(t, "next", "nextToken", awsapi.EC2, "DescribeInstances&MaxResults=1")
		w.Do(t, awsapi.EC2, apitest.Steps{
			{"the oldest", "DescribeInstances&MaxResults=1", "reservationSet#=1&reservationSet.1.instancesSet.1.instanceId={i}"},
			{
				"the newer", "DescribeInstances&MaxResults=1&NextToken={next}",
				"reservationSet#=1&reservationSet.1.instancesSet.1.placement.availabilityZone=local-1b&!nextToken",
			},
		})
	})
}

// What has no running process has no address and no status.
func TestAnInstanceBeginsAndEnds(t *testing.T) {
	const at = "reservationSet.1.instancesSet.1."
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		w.Wait(time.Second)
		w.Do(t, awsapi.EC2, apitest.Steps{
			{"it is launched", "DescribeInstances", at + "instanceState.name=pending&" + at + "instanceState.code=0&!" + at + "privateIpAddress"},
			{"it has no status", "DescribeInstanceStatus", "instanceStatusSet#=0"},
			{
				"unless all are asked for", "DescribeInstanceStatus&IncludeAllInstances=true",
				"instanceStatusSet#=1&instanceStatusSet.1.instanceStatus.status=not-applicable&instanceStatusSet.1.instanceState.name=pending",
			},
		})
		w.Wait(9 * time.Second)
		w.Name(t, "i", at+"instanceId", awsapi.EC2, "DescribeInstances")
		w.Call(t, awsapi.AutoScaling, "SuspendProcesses&AutoScalingGroupName=web-asg")
		w.Do(t, awsapi.EC2, apitest.Steps{
			{"none", "TerminateInstances", missing("InstanceId")},
			{"no such instance", "TerminateInstances&InstanceId.1=i-1", "InvalidInstanceID.NotFound: The instance ID 'i-1' does not exist"},
			{"a good and a bad one", "TerminateInstances&InstanceId.1={i}&InstanceId.2=i-1", "InvalidInstanceID.NotFound: …"},
			{"as a dry run", "TerminateInstances&InstanceId.1={i}&DryRun=true", dry},
			{"by force", "TerminateInstances&InstanceId.1={i}&Force=true", notServed("Force")},
			{"without a shutdown", "TerminateInstances&InstanceId.1={i}&SkipOsShutdown=true", notServed("SkipOsShutdown")},
			{"it still runs", "DescribeInstances", at + "instanceState.name=running"},
			{
				"terminate", "TerminateInstances&InstanceId.1={i}",
				"instancesSet#=1&instancesSet.1.instanceId={i}&instancesSet.1.previousState.name=running" +
					"&instancesSet.1.currentState.name=shutting-down&" +
					"instancesSet.1.currentState.code=32",
			},
			{
				"again", "TerminateInstances&InstanceId.1={i}",
				"instancesSet.1.previousState.name=shutting-down&instancesSet.1.currentState.name=shutting-down",
			},
		})
		w.Wait(time.Second)
		w.Do(t, awsapi.EC2, apitest.Steps{
			{
				"it has ended, and why", "DescribeInstances",
				at + "instanceState.name=terminated&" + at + "instanceState.code=48&!" + at + "privateIpAddress&" +
					at + "stateReason.code=Client.UserInitiatedShutdown&" +
					at + "stateReason.message=Client.UserInitiatedShutdown: User initiated shutdown&" +
					at + "reason=User initiated (2000-01-01 00:00:11 UTC)",
			},
			{
				"once more", "TerminateInstances&InstanceId.1={i}",
				"instancesSet.1.previousState.name=terminated&instancesSet.1.currentState.name=terminated",
			},
		})
	})
}

func TestInstancesAndTemplatesAreTagged(t *testing.T) {
	do(t, apitest.Steps{
		{
			"both", "CreateTags&ResourceId.1={i}&ResourceId.2={lt}&Tag.1.Key=run&Tag.1.Value=a&Tag.2.Key=kind&Tag.2.Value=b", "",
		},
		{"the instance", filtered("DescribeInstances", "tag:run", "a"), "reservationSet.1.instancesSet.1.tagSet#=3"},
		{"the template", filtered("DescribeLaunchTemplates", "tag:kind", "b"), "launchTemplates#=1&launchTemplates.1.tagSet#=2"},
		{"another value", "CreateTags&ResourceId.1={i}&Tag.1.Key=run&Tag.1.Value=c", ""},
		{"it is", filtered("DescribeInstances", "tag:run", "c"), "reservationSet#=1"},
		{"as a dry run", "CreateTags&ResourceId.1={i}&Tag.1.Key=dry&DryRun=true", dry},
		{
			"something that there is not", "CreateTags&ResourceId.1={i}&ResourceId.2=vpc-1&Tag.1.Key=bad",
			"InvalidID: The ID 'vpc-1' is not valid: instances and launch templates can be tagged here",
		},
		{"nothing was", filtered("DescribeInstances", "tag-key", "dry") + "&Filter.1.Value.2=bad", "reservationSet#=0"},
	})
}

// A program that ends by itself has shut its instance down.
func TestAnInstanceThatExitedSaysSo(t *testing.T) {
	const at = "reservationSet.1.instancesSet.1."
	withInstance(t, func(t *testing.T, w *apitest.World) {
		w.Call(t, awsapi.AutoScaling, "SuspendProcesses&AutoScalingGroupName=web-asg")
		w.Fleet.Exit(w.Call(t, awsapi.EC2, "DescribeInstances").Get(t, at+"instanceId"))
		w.Wait(time.Second)
		w.Do(t, awsapi.EC2, apitest.Steps{
			{
				"why", "DescribeInstances&InstanceId.1={i}",
				at + "instanceState.name=terminated&" + at + "stateReason.code=Client.InstanceInitiatedShutdown&" +
					at + "stateReason.message=Client.InstanceInitiatedShutdown: Instance initiated shutdown",
			},
			{"it has no status", "DescribeInstanceStatus", "instanceStatusSet#=0"},
		})
	})
}

// An instance that is told to end while it is launched ends once it is up.
func TestAPendingInstanceIsTerminated(t *testing.T) {
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		w.Wait(time.Second)
		w.Name(t, "i", "reservationSet.1.instancesSet.1.instanceId", awsapi.EC2, "DescribeInstances")
		w.Do(t, awsapi.EC2, apitest.Steps{
			{
				"terminate", "TerminateInstances&InstanceId.1={i}",
				"instancesSet.1.previousState.name=pending&instancesSet.1.currentState.name=shutting-down",
			},
		})
		w.Wait(5 * time.Second)
		w.Do(t, awsapi.EC2, apitest.Steps{
			{"it has ended", "DescribeInstances&InstanceId.1={i}", "reservationSet.1.instancesSet.1.instanceState.name=terminated"},
		})
	})
}

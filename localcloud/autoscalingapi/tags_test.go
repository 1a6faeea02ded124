package autoscalingapi_test

import (
	"testing"
	"time"

	"secondwind/localcloud/apitest"
	"secondwind/localcloud/awsapi"
)

// tag is a tag of the group web-asg in a request.
func tag(operation, key, value string) string {
	return operation + "&Tags.member.1.ResourceId=web-asg&Tags.member.1.ResourceType=auto-scaling-group&Tags.member.1.Key=" + key +
		"&Tags.member.1.Value=" + value
}

func TestGroupsAreTagged(t *testing.T) {
	filter := func(name, value string) string {
		return "DescribeTags&Filters.member.1.Name=" + name + "&Filters.member.1.Values.member.1=" + value
	}
	do(t, apitest.Steps{
		{"a tag", tag("CreateOrUpdateTags", "run", "a"), ""},
		{"another, for instances", tag("CreateOrUpdateTags", "kind", "b") + "&Tags.member.1.PropagateAtLaunch=true", ""},
		{
			"both", "DescribeTags",
			"Tags#=2&Tags.1.Key=run&Tags.1.Value=a&Tags.1.PropagateAtLaunch=false&Tags.1.ResourceId=web-asg&" +
				"Tags.1.ResourceType=auto-scaling-group&Tags.2.Key=kind&Tags.2.PropagateAtLaunch=true",
		},
		{"on the group too", "DescribeAutoScalingGroups", "AutoScalingGroups.1.Tags#=2"},
		{"another value", tag("CreateOrUpdateTags", "run", "c"), ""},
		{"it has replaced the first", "DescribeTags", "Tags#=2&Tags.2.Key=run&Tags.2.Value=c"},
		{"by key", filter("key", "run"), "Tags#=1&Tags.1.Value=c"},
		{"by value", filter("value", "b"), "Tags#=1&Tags.1.Key=kind"},
		{"by group", filter("auto-scaling-group", "web-asg"), "Tags#=2"},
		{"by no group", filter("auto-scaling-group", "x"), "Tags#=0"},
		{"by whether instances get it", filter("propagate-at-launch", "true"), "Tags#=1&Tags.1.Key=kind"},
		{
			"a filter that there is not", filter("colour", "red"),
			"ValidationError: Filter colour is not known; auto-scaling-group, key, value and propagate-at-launch are",
		},
		{"the first page", "DescribeTags&MaxRecords=1", "Tags#=1&Tags.1.Key=kind"},
		{"a page that is too long", "DescribeTags&MaxRecords=101", "ValidationError: 1 validation error detected: Value '101' …"},
		{"a token that is not ours", "DescribeTags&NextToken=x", "InvalidNextToken: The token 'x' is invalid."},
		{"delete one", tag("DeleteTags", "run", ""), ""},
		{"the other is left", "DescribeTags", "Tags#=1&Tags.1.Key=kind"},
	})
}

// One bad tag refuses the whole call.
func TestBadTagsAreRefused(t *testing.T) {
	steps := apitest.Steps{}
	for _, operation := range []string{"CreateOrUpdateTags", "DeleteTags"} {
		steps = append(steps, apitest.Steps{
			{"no key", operation + "&Tags.member.1.ResourceId=web-asg", "ValidationError: Every tag needs a Key"},
			{"an empty key", operation + "&Tags.member.1.Key=", "ValidationError: Every tag needs a Key"},
			{
				"of something else", operation + "&Tags.member.1.Key=k&Tags.member.1.ResourceType=instance",
				"ValidationError: The resource type of a tag must be auto-scaling-group",
			},
			{"of no kind", operation + "&Tags.member.1.Key=k", "ValidationError: The resource type of a tag must be auto-scaling-group"},
			{
				"of no group", operation + "&Tags.member.1.Key=k&Tags.member.1.ResourceType=auto-scaling-group&Tags.member.1.ResourceId=x",
				noGroupX,
			},
			{"good and bad", tag(operation, "k", "v") + "&Tags.member.2.Key=l", "ValidationError: The resource type of a tag must be …"},
		}...)
	}
	do(t, append(steps, [3]string{"nothing was tagged", "DescribeTags", "Tags#=0"}))
}

func TestInstancesGetTheTagsThatAreMeantForThem(t *testing.T) {
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		w.Wait(10 * time.Second)
		w.Do(t, awsapi.AutoScaling, apitest.Steps{
			{"for instances", tag("CreateOrUpdateTags", "mine", "a") + "&Tags.member.1.PropagateAtLaunch=true", ""},
			{"for the group alone", tag("CreateOrUpdateTags", "not-mine", "b"), ""},
			{"launch another", "SetDesiredCapacity&AutoScalingGroupName=web-asg&DesiredCapacity=2", ""},
		})
		w.Wait(10 * time.Second)
		w.Do(t, awsapi.EC2, apitest.Steps{
			{
				"the new one has them", "DescribeInstances&Filter.1.Name=tag:mine&Filter.1.Value.1=a",
				"reservationSet#=1&reservationSet.1.instancesSet.1.tagSet#=2&" +
					"reservationSet.1.instancesSet.1.tagSet.1.key=aws:autoscaling:groupName&reservationSet.1.instancesSet.1.tagSet.2.key=mine",
			},
			{"the old one has not", "DescribeInstances&Filter.1.Name=tag-key&Filter.1.Value.1=not-mine", "reservationSet#=0"},
		})
	})
}

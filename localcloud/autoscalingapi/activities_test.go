package autoscalingapi_test

import (
	"testing"
	"time"

	"secondwind/localcloud/apitest"
	"secondwind/localcloud/awsapi"
)

func TestActivitiesAreFound(t *testing.T) {
	const describe = "DescribeScalingActivities&AutoScalingGroupName=web-asg"
	filter := func(name string, values ...string) string {
		request := describe + "&Filters.member.1.Name=" + name
		for i, v := range values {
			request += "&Filters.member.1.Values.member." + string(rune('1'+i)) + "=" + v
		}
		return request
	}
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		w.Wait(10 * time.Second)
		w.Name(t, "first", "Activities.1.ActivityId", awsapi.AutoScaling, describe)
		w.Do(t, awsapi.AutoScaling, apitest.Steps{
			{
				"the launch of the first instance", describe,
				"Activities#=1&Activities.1.StatusCode=Successful&Activities.1.Progress=100&Activities.1.AutoScalingGroupName=web-asg&" +
					"Activities.1.StartTime=2000-01-01T00:00:00.000Z&Activities.1.EndTime=2000-01-01T00:00:02.000Z&" +
					"!Activities.1.StatusMessage",
			},
			{"a second instance", "SetDesiredCapacity&AutoScalingGroupName=web-asg&DesiredCapacity=2", ""},
		})
		w.Wait(time.Second)
		w.Do(t, awsapi.AutoScaling, apitest.Steps{
			{"what is under way first", describe, "Activities#=2&Activities.1.Progress=50&!Activities.1.EndTime&Activities.2.ActivityId={first}"},
			{"of all groups too", "DescribeScalingActivities", "Activities#=2&!Activities.1.EndTime&Activities.2.ActivityId={first}"},
			{"by id", describe + "&ActivityIds.member.1={first}", "Activities#=1&Activities.1.ActivityId={first}"},
			{"by no id", describe + "&ActivityIds.member.1=x", "Activities#=0"},
			{"by status", filter("Status", "Successful"), "Activities#=1&Activities.1.ActivityId={first}"},
			{"by either status", filter("Status", "Successful", "Failed"), "Activities#=1"},
			{"since then", filter("StartTimeLowerBound", "2000-01-01T00:00:10Z"), "Activities#=1&!Activities.1.EndTime"},
			{"since the very start", filter("StartTimeLowerBound", "2000-01-01T00:00:00Z"), "Activities#=2"},
			{"until then", filter("StartTimeUpperBound", "2000-01-01T00:00:09Z"), "Activities#=1&Activities.1.ActivityId={first}"},
			{
				"a filter that there is not", filter("colour", "red"),
				"ValidationError: Filter colour is not known; StartTimeLowerBound, StartTimeUpperBound and Status are",
			},
			{
				"a bound that is no time", filter("StartTimeLowerBound", "noon"),
				"ValidationError: Filter StartTimeLowerBound: 'noon' is not a time such as 2006-01-02T15:04:05Z",
			},
			{"no bound", filter("StartTimeLowerBound"), "ValidationError: Filter StartTimeLowerBound takes exactly one value"},
			{"two bounds", filter("StartTimeUpperBound", "a", "b"), "ValidationError: Filter StartTimeUpperBound takes exactly one value"},
			{"no such group", "DescribeScalingActivities&AutoScalingGroupName=x", noGroupX},
			{"a group that was perhaps deleted", "DescribeScalingActivities&AutoScalingGroupName=x&IncludeDeletedGroups=true", "Activities#=0"},
			{"a page that is too long", describe + "&MaxRecords=101", "ValidationError: 1 validation error detected: Value '101' …"},
		})
		w.Name(t, "next", "NextToken", awsapi.AutoScaling, describe+"&MaxRecords=1")
		w.Do(t, awsapi.AutoScaling, apitest.Steps{
			{"the second page", describe + "&MaxRecords=1&NextToken={next}", "Activities#=1&Activities.1.ActivityId={first}&!NextToken"},
			{"a token that is not ours", describe + "&NextToken=x", "InvalidNextToken: The token 'x' is invalid."},
			{"delete the group", "DeleteAutoScalingGroup&AutoScalingGroupName=web-asg&ForceDelete=true", ""},
		})
		w.Wait(time.Minute)
		w.Do(t, awsapi.AutoScaling, apitest.Steps{
			{"it is gone", describe, "ValidationError: AutoScalingGroup name not found - AutoScalingGroup web-asg not found"},
			{"its activities too, but that is no error", describe + "&IncludeDeletedGroups=true", "Activities#=0"},
		})
	})
}

package autoscalingapi

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"secondwind/autoscale"
	"secondwind/localcloud/cloud"
	"secondwind/localcloud/operation"
	"secondwind/localcloud/optional"
)

// activityPages is how Auto Scaling cuts lists that are longer.
var activityPages = operation.Paging{DefaultSize: 100, MaxSize: 100, SizeName: "maxRecords", BadToken: "InvalidNextToken"}

// DescribeScalingActivities answers what is in progress first, then the newest.
// Without a group it answers those of all groups.
func (a api) DescribeScalingActivities(
	in *autoscaling.DescribeScalingActivitiesInput, out *autoscaling.DescribeScalingActivitiesOutput,
) error {
	// A bad filter is an error even when there is nothing to filter.
	if _, err := activityMatches(in, autoscale.Activity{}); err != nil {
		return err
	}
	var activities []types.Activity
	return a.Read(func(s *cloud.State) (err error) {
		if in.AutoScalingGroupName != nil && !optional.Value(in.IncludeDeletedGroups) {
			if _, err := s.Engine.Group(*in.AutoScalingGroupName); err != nil {
				return err
			}
		}
		arns := map[string]string{}
		for _, g := range s.Engine.Groups() {
			arns[g.Name] = g.ARN
		}
		for _, activity := range s.Engine.Activities(optional.Value(in.AutoScalingGroupName)) {
			if ok, _ := activityMatches(in, activity); ok {
				activities = append(activities, describedActivity(activity, arns[activity.AutoScalingGroupName]))
			}
		}
		out.Activities, out.NextToken, err = operation.Page(activities, in.MaxRecords, in.NextToken, activityPages)
		return err
	})
}

func activityMatches(in *autoscaling.DescribeScalingActivitiesInput, activity autoscale.Activity) (bool, error) {
	ok := len(in.ActivityIds) == 0 || slices.Contains(in.ActivityIds, activity.ID)
	for _, f := range in.Filters {
		name := optional.Value(f.Name)
		if name == "Status" {
			ok = ok && slices.Contains(f.Values, string(activity.StatusCode))
			continue
		}
		if name != "StartTimeLowerBound" && name != "StartTimeUpperBound" {
			return false, operation.Invalidf("Filter %s is not known; StartTimeLowerBound, StartTimeUpperBound and Status are", name)
		}
		if len(f.Values) != 1 {
			return false, operation.Invalidf("Filter %s takes exactly one value", name)
		}
		bound, err := time.Parse(time.RFC3339, f.Values[0])
		if err != nil {
			return false, operation.Invalidf("Filter %s: '%s' is not a time such as 2006-01-02T15:04:05Z", name, f.Values[0])
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
		ActivityId: &a.ID, AutoScalingGroupName: &a.AutoScalingGroupName, AutoScalingGroupARN: optional.NonZero(groupARN),
		Description: &a.Description, Cause: &a.Cause, Details: &a.Details, StartTime: &a.Start, EndTime: optional.NonZero(a.End),
		StatusCode: types.ScalingActivityStatusCode(a.StatusCode), StatusMessage: optional.NonZero(a.StatusMessage),
		Progress: aws.Int32(int32(a.Progress)),
	}
}

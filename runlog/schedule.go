package runlog

import "time"

// DescribeScheduledActionsAnswer is the answer of autoscaling:DescribeScheduledActions.
type DescribeScheduledActionsAnswer struct{ ScheduledUpdateGroupActions []ScheduledAction }

// ScheduledAction is a change of a group's capacity at a set time.
type ScheduledAction struct {
	AutoScalingGroupName, ScheduledActionName string
	Recurrence                                string
	StartTime, EndTime                        time.Time
	MinSize, MaxSize, DesiredCapacity         *int
}

// DescribeInstanceRefreshesAnswer is the answer of autoscaling:DescribeInstanceRefreshes.
type DescribeInstanceRefreshesAnswer struct{ InstanceRefreshes []InstanceRefresh }

// InstanceRefresh is a replacement of a group's instances, under way or past.
type InstanceRefresh struct {
	InstanceRefreshId  string
	Status             string
	StartTime, EndTime time.Time
}

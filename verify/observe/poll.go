package observe

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"secondwind/runlog"
)

func (o *Observer) pollGroup(ctx context.Context, s *State) error {
	// Always with the name: without it AWS answers slowly or not at all.
	in := &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{o.group}}
	out, err := record(ctx, o.recorder, runlog.OpDescribeAutoScalingGroups, in, o.autoscaling.DescribeAutoScalingGroups)
	if err != nil {
		return err
	}
	if len(out.AutoScalingGroups) == 0 {
		return errNoGroup(o.group)
	}
	answer, err := decode[runlog.DescribeAutoScalingGroupsAnswer](out)
	if err != nil {
		return err
	}
	s.Group = answer.AutoScalingGroups[0]
	return nil
}

func (o *Observer) pollActivities(ctx context.Context, s *State) error {
	in := &autoscaling.DescribeScalingActivitiesInput{AutoScalingGroupName: &o.group, MaxRecords: aws.Int32(100)}
	out, err := record(ctx, o.recorder, runlog.OpDescribeScalingActivities, in, o.autoscaling.DescribeScalingActivities)
	if err != nil {
		return err
	}
	answer, err := decode[runlog.DescribeScalingActivitiesAnswer](out)
	s.Activities = answer.Activities
	return err
}

func (o *Observer) pollAlarms(ctx context.Context, s *State) error {
	var names []string
	for _, a := range o.wired().Alarms {
		names = append(names, a.AlarmName)
	}
	if len(names) == 0 {
		return nil // DescribeAlarms without names would list the whole account
	}
	alarms, err := o.describeAlarms(ctx, names)
	if err != nil {
		return err
	}
	s.Alarms = alarms
	for _, name := range names {
		in := &cloudwatch.DescribeAlarmHistoryInput{AlarmName: &name, StartDate: &o.since, MaxRecords: aws.Int32(100)}
		if _, err := record(ctx, o.recorder, runlog.OpDescribeAlarmHistory, in, o.cloudwatch.DescribeAlarmHistory); err != nil {
			return err
		}
	}
	return nil
}

func (o *Observer) pollTargets(ctx context.Context, s *State) error {
	var targets []runlog.TargetHealthDescription
	for _, group := range o.wired().TargetGroups {
		in := &elb.DescribeTargetHealthInput{TargetGroupArn: &group.TargetGroupArn}
		out, err := record(ctx, o.recorder, runlog.OpDescribeTargetHealth, in, o.elb.DescribeTargetHealth)
		if err != nil {
			return err
		}
		answer, err := decode[runlog.DescribeTargetHealthAnswer](out)
		if err != nil {
			return err
		}
		targets = append(targets, answer.TargetHealthDescriptions...)
	}
	s.Targets = targets
	return nil
}

// pollCPU asks for the group's and every instance's CPUUtilization. The window
// moves by whole periods, so that within a period the question, and mostly the
// answer, stays the same and the record short; it reaches back over at least two
// polls, so that no datapoint is missed or stays uncorrected.
func (o *Observer) pollCPU(ctx context.Context, s *State) error {
	period := o.period()
	o.mu.Lock()
	reach := max(6*period, 2*o.interval+3*period)
	o.mu.Unlock()
	end := time.Now().UTC().Add(s.ClockOffset).Truncate(period).Add(period)
	queries := []cwtypes.MetricDataQuery{
		cpuQuery("group", "AutoScalingGroupName", o.group, "Average", period),
		cpuQuery("group_n", "AutoScalingGroupName", o.group, "SampleCount", period),
	}
	ids := instanceIDs(s.Group.Instances)
	for i, id := range ids {
		queries = append(queries, cpuQuery("i"+strconv.Itoa(i), "InstanceId", id, "Average", period))
	}
	in := &cloudwatch.GetMetricDataInput{
		MetricDataQueries: queries,
		StartTime:         aws.Time(end.Add(-reach.Truncate(period))),
		EndTime:           aws.Time(end),
		ScanBy:            cwtypes.ScanByTimestampAscending,
	}
	out, err := record(ctx, o.recorder, runlog.OpGetMetricData, in, o.cloudwatch.GetMetricData)
	if err != nil {
		return err
	}
	keys := map[string]string{"group": GroupSeries}
	for i, id := range ids {
		keys["i"+strconv.Itoa(i)] = id
	}
	for _, result := range out.MetricDataResults {
		key, ok := keys[aws.ToString(result.Id)]
		if !ok {
			continue
		}
		if len(result.Timestamps) != len(result.Values) {
			return errors.New("cloudwatch:GetMetricData: timestamps and values differ in number")
		}
		var points []Datapoint
		for i, at := range result.Timestamps {
			points = append(points, Datapoint{at.UTC(), result.Values[i]})
		}
		s.CPU[key] = merge(s.CPU[key], points)
	}
	return nil
}

// period is the scale-out alarm's; a minute where there is no alarm to ask.
func (o *Observer) period() time.Duration {
	if a, ok := o.wired().ScaleOutAlarm(); ok && a.Period > 0 {
		return time.Duration(a.Period) * time.Second
	}
	return time.Minute
}

func cpuQuery(id, dimension, value, stat string, period time.Duration) cwtypes.MetricDataQuery {
	return cwtypes.MetricDataQuery{
		Id: &id,
		MetricStat: &cwtypes.MetricStat{
			Metric: &cwtypes.Metric{
				Namespace:  aws.String("AWS/EC2"),
				MetricName: aws.String("CPUUtilization"),
				Dimensions: []cwtypes.Dimension{{Name: &dimension, Value: &value}},
			},
			Period: aws.Int32(int32(period / time.Second)),
			Stat:   &stat,
		},
	}
}

// instanceIDs are in an order that does not change with AWS's listing.
func instanceIDs(instances []runlog.Instance) []string {
	var ids []string
	for _, i := range instances {
		ids = append(ids, i.InstanceId)
	}
	slices.SortFunc(ids, cmp.Compare)
	return ids
}

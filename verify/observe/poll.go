package observe

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"secondwind/runlog"
	"secondwind/runlog/timeline"
)

func (o *Observer) pollGroup(ctx context.Context, s *runlog.State) error {
	// Always with the name: without it AWS answers slowly or not at all.
	in := &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{o.group}}
	answer, err := ask[runlog.Answer](ctx, o.recorder, runlog.OpDescribeAutoScalingGroups, in,
		o.autoscaling.DescribeAutoScalingGroups)
	if err != nil {
		return err
	}
	if len(answer.AutoScalingGroups) == 0 {
		return fmt.Errorf("no Auto Scaling group %q in this account and region: check the name, the region and the credentials", o.group)
	}
	s.Group = answer.AutoScalingGroups[0]
	return nil
}

func (o *Observer) pollActivities(ctx context.Context, s *runlog.State) error {
	in := &autoscaling.DescribeScalingActivitiesInput{AutoScalingGroupName: &o.group, MaxRecords: aws.Int32(100)}
	var all runlog.Answer
	for {
		page, err := ask[runlog.Answer](ctx, o.recorder, runlog.OpDescribeScalingActivities, in, o.autoscaling.DescribeScalingActivities)
		if err != nil {
			return err
		}
		all.Join(page)
		if page.Next() == "" || page.Before(o.since) { // AWS keeps six weeks of them
			s.Activities = all.Activities
			return nil
		}
		in.NextToken = aws.String(page.Next())
	}
}

func (o *Observer) pollAlarms(ctx context.Context, s *runlog.State) error {
	alarms, err := o.describeAlarms(ctx)
	if err != nil {
		return err
	}
	s.Alarms = alarms
	for _, name := range o.alarms {
		in := &cloudwatch.DescribeAlarmHistoryInput{AlarmName: &name, StartDate: &o.since, MaxRecords: aws.Int32(100)}
		_, err := askPages(ctx, o.recorder, runlog.OpDescribeAlarmHistory, in, o.cloudwatch.DescribeAlarmHistory, &in.NextToken)
		if err != nil {
			return err
		}
	}
	return nil
}

func (o *Observer) pollTargets(ctx context.Context, s *runlog.State) error {
	var targets []runlog.TargetHealthDescription
	groups := o.configuration.TargetGroups
	if o.targetGroup != "" && len(groups) > 0 { // that an instance is healthy in another one says nothing
		groups = groups[:1]
	}
	for _, group := range groups {
		in := &elb.DescribeTargetHealthInput{TargetGroupArn: &group.TargetGroupArn}
		answer, err := ask[runlog.Answer](ctx, o.recorder, runlog.OpDescribeTargetHealth, in, o.elb.DescribeTargetHealth)
		if err != nil {
			return err
		}
		targets = append(targets, answer.TargetHealthDescriptions...)
	}
	s.Targets = targets
	return nil
}

// pollMetric asks for the claim's metric, for the CPU of every instance, and for the requests
// that the load balancer counted: they tell another client's from the run's own. The
// window moves by whole periods, so that within a period the question, and mostly
// the answer, stays the same and the record short; it reaches back over at least
// two polls, so that no datapoint is missed or stays uncorrected.
func (o *Observer) pollMetric(ctx context.Context, s *runlog.State) error {
	subject := o.subject()
	period := subject.Period()
	reach := max(6*period, 2*o.pollInterval()+3*period)
	end := time.Now().UTC().Add(s.ClockOffset).Truncate(period).Add(period)
	in := &cloudwatch.GetMetricDataInput{
		MetricDataQueries: o.metricQueries(subject, instanceIDs(s.Group.Instances)),
		StartTime:         aws.Time(end.Add(-reach.Truncate(period))),
		EndTime:           aws.Time(end),
		ScanBy:            cwtypes.ScanByTimestampAscending,
	}
	var answered []runlog.Observation
	for next := aws.String(""); next != nil; next = in.NextToken {
		page, err := record(ctx, o.recorder, runlog.OpGetMetricData, in, o.cloudwatch.GetMetricData)
		if err != nil {
			return err
		}
		answered, in.NextToken = append(answered, page), nextToken(page)
	}
	seen := timeline.New(answered, subject)
	for _, series := range seen.Metric.Series {
		var points []runlog.Datapoint
		for _, p := range seen.Metric.All(series) {
			points = append(points, runlog.Datapoint{Timestamp: p.Start, Value: p.Value()})
		}
		*s = s.WithDatapoints(series, points)
	}
	if len(seen.Unread)+len(seen.Metric.Failed) > 0 {
		return fmt.Errorf("%s: CloudWatch's answer is in error: %s", runlog.OpGetMetricData, answered[0].Answer)
	}
	return nil
}

// metricQueries are those of the group's metric, of how many samples it has, of each instance's
// CPU, and of the load balancer's count.
func (o *Observer) metricQueries(of runlog.Hypothesis, instances []string) []cwtypes.MetricDataQuery {
	samples, period := of.Metric, of.Period()
	samples.Statistic = "SampleCount"
	queries := []cwtypes.MetricDataQuery{query("group", of.Metric, period), query("group_n", samples, period)}
	for i, id := range instances {
		queries = append(queries, query("i"+strconv.Itoa(i), runlog.CPUOf(o.group).OfInstance(id), period))
	}
	if balancer := o.balancer(); balancer != "" {
		queries = append(queries, query("requests", runlog.RequestsOf(of.TargetGroupARN), period, runlog.Dimension{Name: "LoadBalancer",
			Value: balancer}))
	}
	switch o.identity {
	case runlog.IdentityTarget:
		for i, id := range instances {
			queries = append(queries, query("t"+strconv.Itoa(i), runlog.RequestsOfTargets(of.TargetGroupARN), period,
				runlog.Dimension{Name: runlog.TargetDimension, Value: id}))
		}
	case runlog.IdentityRequests:
		if perTarget := runlog.RequestsPerTargetOf(of.TargetGroupARN); perTarget != of.Metric {
			queries = append(queries, query("per_target", perTarget, period))
		}
	case runlog.IdentityAnswer:
	}
	return queries
}

// subject is what the metrics are asked of: the scale-out alarm's metric and period; CPU, every
// minute, where there is no alarm to ask.
func (o *Observer) subject() runlog.Hypothesis {
	a, _ := o.configuration.ScaleOutAlarm(o.alarm)
	of := runlog.Hypothesis{
		AutoScalingGroupName: o.group, PeriodSeconds: cmp.Or(max(0, a.Period), 60),
		Metric: runlog.CPUOf(o.group), // before there is a snapshot, too
	}
	if o.configuration.Group.AutoScalingGroupName != "" {
		of.Metric = o.configuration.Metric(a)
	}
	if groups := o.configuration.TargetGroups; len(groups) > 0 {
		of.TargetGroupARN = groups[0].TargetGroupArn
	}
	return of
}

// balancer is the dimension of the Application Load Balancer in front of the group's first
// target group; "" if there is none: others count no requests.
func (o *Observer) balancer() string {
	if groups := o.configuration.TargetGroups; len(groups) > 0 && len(groups[0].LoadBalancerArns) > 0 {
		if _, name, _ := strings.Cut(groups[0].LoadBalancerArns[0], ":loadbalancer/"); strings.HasPrefix(name, "app/") {
			return name
		}
	}
	return ""
}

// nextToken names the page after an answer; nil if it is the last.
func nextToken(o runlog.Observation) *string {
	var page runlog.Answer
	if json.Unmarshal(o.Answer, &page) != nil || page.Next() == "" {
		return nil
	}
	return aws.String(page.Next())
}

func query(id string, m runlog.Metric, period time.Duration, more ...runlog.Dimension) cwtypes.MetricDataQuery {
	return cwtypes.MetricDataQuery{
		Id: &id,
		MetricStat: &cwtypes.MetricStat{
			Metric: &cwtypes.Metric{Namespace: &m.Namespace, MetricName: &m.MetricName, Dimensions: dimensions(m, more...)},
			Period: aws.Int32(int32(period / time.Second)),
			Stat:   &m.Statistic,
		},
	}
}

func dimensions(m runlog.Metric, more ...runlog.Dimension) (named []cwtypes.Dimension) {
	for _, d := range append([]runlog.Dimension{m.Dimension}, more...) {
		named = append(named, cwtypes.Dimension{Name: &d.Name, Value: &d.Value})
	}
	return named
}

// instanceIDs are in an order that does not change with AWS's listing.
func instanceIDs(instances []runlog.Instance) []string {
	var ids []string
	for _, i := range instances {
		ids = append(ids, i.InstanceId)
	}
	slices.Sort(ids)
	return ids
}

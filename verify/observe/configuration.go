package observe

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"secondwind/runlog"
	"secondwind/verify/hypothesis"
)

// Configure takes a configuration snapshot at once, records the answers and
// returns it if it is whole; else the one before stays. It must not be called while
// Run runs. Errors name what is missing: the group, or a permission.
func (o *Observer) Configure(ctx context.Context) (c hypothesis.Configuration, err error) {
	var state runlog.State
	if err := o.pollGroup(ctx, &state); err != nil {
		return c, err
	}
	c.Group = state.Group
	if c.Policies, err = o.policies(ctx); err != nil {
		return c, err
	}
	if c.Alarms, err = o.groupAlarms(ctx, c); err != nil {
		return c, err
	}
	if c.TargetGroups, err = o.targetGroups(ctx, c.Group.TargetGroupARNs); err != nil {
		return c, err
	}
	if err = o.schedules(ctx); err == nil {
		o.configuration = c
	}
	return c, err
}

func (o *Observer) policies(ctx context.Context) ([]runlog.ScalingPolicy, error) {
	in := &autoscaling.DescribePoliciesInput{AutoScalingGroupName: &o.group}
	answer, err := ask[runlog.Answer](ctx, o.recorder, runlog.OpDescribePolicies, in, o.autoscaling.DescribePolicies)
	return answer.ScalingPolicies, err
}

// groupAlarms returns the alarms that policies name, and those on the claim's
// metric that invoke nothing: a forgotten action is a finding, not a reason to
// look away. It never lists the account's other alarms: they are nobody's
// business here.
func (o *Observer) groupAlarms(ctx context.Context, c hypothesis.Configuration) ([]runlog.MetricAlarm, error) {
	metric := c.Metrics()[0] // an alarm on requests is target tracking's, and its policy names it
	in := &cloudwatch.DescribeAlarmsForMetricInput{Namespace: &metric.Namespace, MetricName: &metric.MetricName,
		Dimensions: dimensions(metric)}
	onMetric, err := ask[runlog.Answer](ctx, o.recorder, runlog.OpDescribeAlarmsForMetric, in,
		o.cloudwatch.DescribeAlarmsForMetric)
	if err != nil {
		return nil, err
	}
	var names []string
	if o.alarm != "" {
		names = append(names, o.alarm)
	}
	for _, p := range c.Policies {
		for _, a := range p.Alarms {
			names = append(names, a.AlarmName)
		}
	}
	for _, a := range onMetric.MetricAlarms {
		names = append(names, a.AlarmName)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) == 0 {
		return nil, nil // no names would mean: all of the account's
	}
	return o.describeAlarms(ctx, names)
}

// describeAlarms returns the named alarms, at least one.
func (o *Observer) describeAlarms(ctx context.Context, names []string) ([]runlog.MetricAlarm, error) {
	var alarms []runlog.MetricAlarm
	in := &cloudwatch.DescribeAlarmsInput{AlarmNames: names}
	for {
		answer, err := ask[runlog.Answer](ctx, o.recorder, runlog.OpDescribeAlarms, in, o.cloudwatch.DescribeAlarms)
		if err != nil {
			return nil, err
		}
		alarms = append(alarms, answer.MetricAlarms...)
		if answer.NextToken == "" {
			return alarms, nil
		}
		in.NextToken = aws.String(answer.NextToken)
	}
}

func (o *Observer) targetGroups(ctx context.Context, arns []string) ([]runlog.TargetGroup, error) {
	if len(arns) == 0 {
		return nil, nil // a group without a load balancer; asking for no ARN would list all
	}
	in := &elb.DescribeTargetGroupsInput{TargetGroupArns: arns}
	answer, err := ask[runlog.Answer](ctx, o.recorder, runlog.OpDescribeTargetGroups, in, o.elb.DescribeTargetGroups)
	return answer.TargetGroups, err
}

// schedules records what else could change the group: scheduled actions and
// instance refreshes. Only the judge reads them.
func (o *Observer) schedules(ctx context.Context) error {
	actions := &autoscaling.DescribeScheduledActionsInput{AutoScalingGroupName: &o.group}
	if _, err := record(ctx, o.recorder, runlog.OpDescribeScheduledActions, actions, o.autoscaling.DescribeScheduledActions); err != nil {
		return err
	}
	refreshes := &autoscaling.DescribeInstanceRefreshesInput{AutoScalingGroupName: &o.group}
	_, err := record(ctx, o.recorder, runlog.OpDescribeInstanceRefreshes, refreshes, o.autoscaling.DescribeInstanceRefreshes)
	return err
}

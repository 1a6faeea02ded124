package observe

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"secondwind/runlog"
)

// Wiring is how group, policies, alarms and target groups hang together.
type Wiring struct {
	Group        runlog.AutoScalingGroup
	Policies     []runlog.ScalingPolicy
	Alarms       []runlog.MetricAlarm // on the group's CPUUtilization, or invoking a policy of it
	TargetGroups []runlog.TargetGroup
}

// ScaleOutAlarm returns the alarm on the group's CPUUtilization that goes off
// above its threshold; with several, the one that a policy names, then the first.
func (w Wiring) ScaleOutAlarm() (runlog.MetricAlarm, bool) {
	return w.alarm("GreaterThanThreshold", "GreaterThanOrEqualToThreshold")
}

// ScaleInAlarm returns the one that goes off below its threshold, likewise.
func (w Wiring) ScaleInAlarm() (runlog.MetricAlarm, bool) {
	return w.alarm("LessThanThreshold", "LessThanOrEqualToThreshold")
}

func (w Wiring) alarm(operators ...string) (runlog.MetricAlarm, bool) {
	found := -1
	for i, a := range w.Alarms {
		if a.MetricName != "CPUUtilization" || !slices.Contains(operators, a.ComparisonOperator) {
			continue
		}
		if w.PolicyOf(a) != nil {
			return a, true
		}
		if found < 0 {
			found = i
		}
	}
	if found < 0 {
		return runlog.MetricAlarm{}, false
	}
	return w.Alarms[found], true
}

// PolicyOf returns the policy that the alarm's actions name, nil if there is none.
func (w Wiring) PolicyOf(a runlog.MetricAlarm) *runlog.ScalingPolicy {
	for _, action := range a.AlarmActions {
		for i := range w.Policies {
			if w.Policies[i].PolicyARN == action {
				return &w.Policies[i]
			}
		}
	}
	return nil
}

// Wire asks how the group is wired and records the answers. Errors name what is
// missing: the group, or a permission.
func (o *Observer) Wire(ctx context.Context) (Wiring, error) {
	var w Wiring
	var state State
	if err := o.pollGroup(ctx, &state); err != nil {
		return w, err
	}
	w.Group = state.Group
	var err error
	if w.Policies, err = o.policies(ctx); err != nil {
		return w, err
	}
	if w.Alarms, err = o.groupAlarms(ctx, w.Policies); err != nil {
		return w, err
	}
	if w.TargetGroups, err = o.targetGroups(ctx, w.Group.TargetGroupARNs); err != nil {
		return w, err
	}
	if err := o.schedules(ctx); err != nil {
		return w, err
	}
	o.mu.Lock()
	o.wiring = w
	o.mu.Unlock()
	return w, nil
}

func (o *Observer) policies(ctx context.Context) ([]runlog.ScalingPolicy, error) {
	in := &autoscaling.DescribePoliciesInput{AutoScalingGroupName: &o.group}
	out, err := record(ctx, o.recorder, runlog.OpDescribePolicies, in, o.autoscaling.DescribePolicies)
	if err != nil {
		return nil, err
	}
	answer, err := decode[runlog.DescribePoliciesAnswer](out)
	return answer.ScalingPolicies, err
}

// groupAlarms returns the alarms that policies name, and those on the group's
// CPUUtilization that invoke nothing: a forgotten action is a finding, not a
// reason to look away. It never lists the account's other alarms: they are
// nobody's business here.
func (o *Observer) groupAlarms(ctx context.Context, policies []runlog.ScalingPolicy) ([]runlog.MetricAlarm, error) {
	var names []string
	for _, p := range policies {
		for _, a := range p.Alarms {
			names = append(names, a.AlarmName)
		}
	}
	in := &cloudwatch.DescribeAlarmsForMetricInput{
		Namespace:  aws.String("AWS/EC2"),
		MetricName: aws.String("CPUUtilization"),
		Dimensions: []cwtypes.Dimension{{Name: aws.String("AutoScalingGroupName"), Value: &o.group}},
	}
	out, err := record(ctx, o.recorder, runlog.OpDescribeAlarmsForMetric, in, o.cloudwatch.DescribeAlarmsForMetric)
	if err != nil {
		return nil, err
	}
	for _, a := range out.MetricAlarms {
		names = append(names, aws.ToString(a.AlarmName))
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
		out, err := record(ctx, o.recorder, runlog.OpDescribeAlarms, in, o.cloudwatch.DescribeAlarms)
		if err != nil {
			return nil, err
		}
		answer, err := decode[runlog.DescribeAlarmsAnswer](out)
		if err != nil {
			return nil, err
		}
		alarms = append(alarms, answer.MetricAlarms...)
		if aws.ToString(out.NextToken) == "" {
			return alarms, nil
		}
		in = &cloudwatch.DescribeAlarmsInput{AlarmNames: names, NextToken: out.NextToken}
	}
}

func (o *Observer) targetGroups(ctx context.Context, arns []string) ([]runlog.TargetGroup, error) {
	if len(arns) == 0 {
		return nil, nil // a group without a load balancer; asking for no ARN would list all
	}
	in := &elb.DescribeTargetGroupsInput{TargetGroupArns: arns}
	out, err := record(ctx, o.recorder, runlog.OpDescribeTargetGroups, in, o.elb.DescribeTargetGroups)
	if err != nil {
		return nil, err
	}
	answer, err := decode[runlog.DescribeTargetGroupsAnswer](out)
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

// decode reads the SDK's output as the record's reader will: through JSON.
func decode[Answer, Out any](out *Out) (Answer, error) {
	var answer Answer
	raw, err := json.Marshal(out)
	if err == nil {
		err = json.Unmarshal(raw, &answer)
	}
	if err != nil {
		return answer, fmt.Errorf("read answer: %w", err)
	}
	return answer, nil
}

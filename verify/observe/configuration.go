package observe

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/smithy-go/middleware"

	"secondwind/runlog"
	"secondwind/verify/hypothesis"
)

// Configure takes a configuration snapshot at once, records what changed since the one
// before, and returns it if it is whole; else the one before stays. It must not be
// called while Run runs. Errors name what is missing: the group, or a permission.
func (o *Observer) Configure(ctx context.Context) (hypothesis.Configuration, error) {
	o.recorder.begin()
	c, err := o.configure(ctx)
	if unwritten := o.recorder.end(); unwritten != nil {
		return c, &sinkError{unwritten}
	}
	if err == nil {
		o.configuration = c
	}
	return c, err
}

// Read reads how a group is configured, and records nothing. What was read before an
// error stands in what it returns.
func Read(ctx context.Context, cfg Config) (hypothesis.Configuration, error) {
	cfg.Sink = func(runlog.Observation) error { return nil }
	return New(cfg).read(ctx)
}

func (o *Observer) configure(ctx context.Context) (hypothesis.Configuration, error) {
	c, err := o.read(ctx)
	if err != nil {
		return c, err
	}
	return c, o.surroundings(ctx, c)
}

// read reads what a claim follows from.
func (o *Observer) read(ctx context.Context) (c hypothesis.Configuration, err error) {
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
	c.TargetGroups, err = o.targetGroups(ctx, c.Group.TargetGroupARNs)
	return c.Of(o.targetGroup), err
}

func (o *Observer) policies(ctx context.Context) ([]runlog.ScalingPolicy, error) {
	in := &autoscaling.DescribePoliciesInput{AutoScalingGroupName: &o.group}
	answer, err := askPages(ctx, o.recorder, runlog.OpDescribePolicies, in, o.autoscaling.DescribePolicies, &in.NextToken)
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
	names := []string{}
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
	// One that was there before may have done something that only its history tells.
	o.alarms = slices.Compact(slices.Sorted(slices.Values(append(names, o.alarms...))))
	return o.describeAlarms(ctx)
}

// describeAlarms returns the alarms that the observer knows of.
func (o *Observer) describeAlarms(ctx context.Context) (alarms []runlog.MetricAlarm, err error) {
	for names := range slices.Chunk(o.alarms, maxNames) { // no names would mean: all of the account's
		in := &cloudwatch.DescribeAlarmsInput{AlarmNames: names}
		answer, err := askPages(ctx, o.recorder, runlog.OpDescribeAlarms, in, o.cloudwatch.DescribeAlarms, &in.NextToken)
		if err != nil {
			return nil, err
		}
		alarms = append(alarms, answer.MetricAlarms...)
	}
	return alarms, nil
}

// maxNames is how many names DescribeAlarms takes. Source: CloudWatch API Reference.
const maxNames = 100

func (o *Observer) targetGroups(ctx context.Context, arns []string) ([]runlog.TargetGroup, error) {
	if len(arns) == 0 {
		return nil, nil // a group without a load balancer; asking for no ARN would list all
	}
	in := &elb.DescribeTargetGroupsInput{TargetGroupArns: arns}
	answer, err := askPages(ctx, o.recorder, runlog.OpDescribeTargetGroups, in, o.elb.DescribeTargetGroups, &in.Marker)
	return answer.TargetGroups, err
}

// surroundings records what else could change the outcome: scheduled actions, instance
// refreshes, lifecycle hooks, a warm pool, and how requests come to the group's
// targets. Only the judge reads them, and says what is missing where a permission is;
// so its only errors are those of the record and of what has always been needed.
func (o *Observer) surroundings(ctx context.Context, c hypothesis.Configuration) error {
	r, group := o.recorder, &o.group
	actions := &autoscaling.DescribeScheduledActionsInput{AutoScalingGroupName: group}
	_, scheduled := askPages(ctx, r, runlog.OpDescribeScheduledActions, actions, o.autoscaling.DescribeScheduledActions, &actions.NextToken)
	refreshes := &autoscaling.DescribeInstanceRefreshesInput{AutoScalingGroupName: group}
	_, refreshed := ask[runlog.Answer](ctx, r, runlog.OpDescribeInstanceRefreshes, refreshes, o.autoscaling.DescribeInstanceRefreshes)
	hooks := &autoscaling.DescribeLifecycleHooksInput{AutoScalingGroupName: group}
	_, hooked := ask[runlog.Answer](ctx, r, runlog.OpDescribeLifecycleHooks, hooks, o.autoscaling.DescribeLifecycleHooks)
	pool := &autoscaling.DescribeWarmPoolInput{AutoScalingGroupName: group}
	_, pooled := ask[runlog.Answer](ctx, r, runlog.OpDescribeWarmPool, pool, o.autoscaling.DescribeWarmPool)
	return errors.Join(scheduled, refreshed, unwritten(hooked), unwritten(pooled), unwritten(o.launches(ctx, c)), unwritten(o.routes(ctx, c)))
}

// launches records what the group's instances are launched from.
func (o *Observer) launches(ctx context.Context, c hypothesis.Configuration) error {
	if o.template == nil || c.Group.LaunchTemplate.LaunchTemplateId == "" {
		return nil
	}
	type options struct{} // as a client of the SDK has
	call := func(ctx context.Context, in *runlog.LaunchTemplate, _ ...func(*options)) (*described, error) {
		v, err := o.template(ctx, *in)
		return &described{LaunchTemplateVersions: []runlog.TemplateVersion{v}}, err
	}
	_, err := record(ctx, o.recorder, runlog.OpDescribeTemplate, &c.Group.LaunchTemplate, call)
	return err
}

// described is the answer about a launch template, as the SDK's are.
type described struct {
	LaunchTemplateVersions []runlog.TemplateVersion
	ResultMetadata         middleware.Metadata
}

// routes records how the load balancers route requests to the target groups.
func (o *Observer) routes(ctx context.Context, c hypothesis.Configuration) error {
	var failed []error
	balancers := []string{}
	for _, g := range c.TargetGroups {
		balancers = append(balancers, g.LoadBalancerArns...)
		in := &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: &g.TargetGroupArn}
		_, err := record(ctx, o.recorder, runlog.OpDescribeTargetAttributes, in, o.elb.DescribeTargetGroupAttributes)
		failed = append(failed, err)
	}
	for _, arn := range slices.Compact(slices.Sorted(slices.Values(balancers))) {
		in := &elb.DescribeListenersInput{LoadBalancerArn: &arn}
		listening, err := askPages(ctx, o.recorder, runlog.OpDescribeListeners, in, o.elb.DescribeListeners, &in.Marker)
		failed = append(failed, err)
		for _, l := range listening.Listeners {
			in := &elb.DescribeRulesInput{ListenerArn: &l.ListenerArn}
			_, err := askPages(ctx, o.recorder, runlog.OpDescribeRules, in, o.elb.DescribeRules, &in.Marker)
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// unwritten is err if it says that the record could not be written.
func unwritten(err error) error {
	if first, ok := errors.AsType[*sinkError](err); ok {
		return first
	}
	return nil
}

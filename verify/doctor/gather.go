package doctor

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"secondwind/account/burstable"
	"secondwind/runlog"
	"secondwind/verify/hypothesis"
)

// facts are what was answered. What was not asked, or not answered, is empty.
type facts struct {
	group         *astypes.AutoScalingGroup
	configuration hypothesis.Configuration
	activities    []astypes.Activity
	schedules     []astypes.ScheduledUpdateGroupAction
	refreshes     []astypes.InstanceRefresh
	hooks         []astypes.LifecycleHook

	targetGroups []elbtypes.TargetGroup
	attributes   map[string]string // of the first target group
	targets      []elbtypes.TargetHealthDescription
	balancers    []elbtypes.LoadBalancer
	listeners    []elbtypes.Listener

	template  *template // nil: not known
	instances []instance
	credits   map[string]string // instance id → "standard" or "unlimited"

	cpu, balance series // of the group; of its instances' credits, the least
	answered     map[string]bool
}

// template is what a launch template or configuration says.
type template struct {
	InstanceType string `xml:"instanceType"`
	Monitoring   bool   `xml:"monitoring>enabled"`
	Credits      string `xml:"creditSpecification>cpuCredits"`
	name         string
}

// instance is a member of the group as EC2 describes it.
type instance struct {
	ID         string    `xml:"instanceId"`
	Type       string    `xml:"instanceType"`
	Monitoring string    `xml:"monitoring>state"` // enabled | disabled | pending | disabling
	Launched   time.Time `xml:"launchTime"`
}

// ask asks one question of the SDK; a failure is a finding.
func ask[In, Out, Options any](
	ctx context.Context, x *examination, operation string, in *In, call func(context.Context, *In, ...func(*Options)) (*Out, error),
) (*Out, bool) {
	out, err := call(ctx, in)
	return out, x.answer(operation, err)
}

// answer notes whether an operation was answered.
func (x *examination) answer(operation string, err error) bool {
	if err != nil {
		x.findFailure(operation, err)
		return false
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.facts.answered == nil {
		x.facts.answered = map[string]bool{}
	}
	x.facts.answered[operation] = true
	return true
}

// askAll asks questions concurrently, each of which fills facts of its own.
func askAll(ctx context.Context, questions ...func(context.Context)) {
	var all sync.WaitGroup
	for _, q := range questions {
		all.Go(func() { q(ctx) })
	}
	all.Wait()
}

// gather asks everything: first what the group's name alone answers, then what
// follows from that, so that each permission is tried.
func (x *examination) gather(ctx context.Context) {
	askAll(ctx, x.askGroup, x.askPolicies, x.askActivities, x.askSchedules, x.askRefreshes, x.askHooks)
	askAll(ctx, x.askAlarms, x.askTargets, x.askTemplate, x.askInstances)
	askAll(ctx, x.askBalancers, x.askAttributes, x.askMetrics)
}

func (x *examination) askGroup(ctx context.Context) {
	in := &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{x.cfg.AutoScalingGroupName}}
	out, ok := ask(ctx, x, runlog.OpDescribeAutoScalingGroups, in, x.groups.DescribeAutoScalingGroups)
	switch {
	case !ok:
	case len(out.AutoScalingGroups) == 0:
		x.find("group.missing", x.cfg.AutoScalingGroupName, fmt.Sprintf("Region %s of account %s has no Auto Scaling group of that name.",
			x.cfg.AWS.Region, x.report.Account),
			"Correct --group, AWS_REGION or AWS_PROFILE, or deploy the stack first (make deploy).")
	default:
		group := &out.AutoScalingGroups[0]
		if x.facts.configuration.Group, ok = convert[runlog.AutoScalingGroup](x, runlog.OpDescribeAutoScalingGroups, group); ok {
			x.facts.group = group
			x.report.MaxSize = x.facts.configuration.Group.MaxSize
		}
	}
}

func (x *examination) askPolicies(ctx context.Context) {
	in := &autoscaling.DescribePoliciesInput{AutoScalingGroupName: &x.cfg.AutoScalingGroupName}
	if out, err := x.groups.DescribePolicies(ctx, in); x.answerOfGroup(runlog.OpDescribePolicies, err) {
		x.facts.configuration.Policies, _ = convert[[]runlog.ScalingPolicy](x, runlog.OpDescribePolicies, out.ScalingPolicies)
	}
}

func (x *examination) askActivities(ctx context.Context) {
	in := &autoscaling.DescribeScalingActivitiesInput{AutoScalingGroupName: &x.cfg.AutoScalingGroupName, MaxRecords: aws.Int32(20)}
	if out, err := x.groups.DescribeScalingActivities(ctx, in); x.answerOfGroup(runlog.OpDescribeScalingActivities, err) {
		x.facts.activities = out.Activities
	}
}

func (x *examination) askSchedules(ctx context.Context) {
	in := &autoscaling.DescribeScheduledActionsInput{AutoScalingGroupName: &x.cfg.AutoScalingGroupName}
	if out, err := x.groups.DescribeScheduledActions(ctx, in); x.answerOfGroup(runlog.OpDescribeScheduledActions, err) {
		x.facts.schedules = out.ScheduledUpdateGroupActions
	}
}

func (x *examination) askRefreshes(ctx context.Context) {
	in := &autoscaling.DescribeInstanceRefreshesInput{AutoScalingGroupName: &x.cfg.AutoScalingGroupName}
	if out, err := x.groups.DescribeInstanceRefreshes(ctx, in); x.answerOfGroup(runlog.OpDescribeInstanceRefreshes, err) {
		x.facts.refreshes = out.InstanceRefreshes
	}
}

func (x *examination) askHooks(ctx context.Context) {
	in := &autoscaling.DescribeLifecycleHooksInput{AutoScalingGroupName: &x.cfg.AutoScalingGroupName}
	if out, err := x.groups.DescribeLifecycleHooks(ctx, in); x.answerOfGroup(opDescribeLifecycleHooks, err) {
		x.facts.hooks = out.LifecycleHooks
	}
}

// answerOfGroup is answer for an operation that refuses a group that is not
// there: group.missing says it once for all of them.
func (x *examination) answerOfGroup(operation string, err error) bool {
	if codeOf(err) == "ValidationError" {
		return false
	}
	return x.answer(operation, err)
}

// askAlarms asks for the alarms on the group's CPU and for those that policies
// name. It never lists the account's other alarms.
func (x *examination) askAlarms(ctx context.Context) {
	metric := runlog.CPUOf(x.cfg.AutoScalingGroupName)
	onGroup := &cloudwatch.DescribeAlarmsForMetricInput{
		Namespace: &metric.Namespace, MetricName: &metric.MetricName,
		Dimensions: []cwtypes.Dimension{{Name: &metric.Dimension.Name, Value: &metric.Dimension.Value}},
	}
	names := []string{}
	if out, ok := ask(ctx, x, runlog.OpDescribeAlarmsForMetric, onGroup, x.alarms.DescribeAlarmsForMetric); ok {
		for _, a := range out.MetricAlarms {
			names = append(names, aws.ToString(a.AlarmName))
		}
	}
	for _, p := range x.facts.configuration.Policies {
		for _, a := range p.Alarms {
			names = append(names, a.AlarmName)
		}
	}
	if x.cfg.AlarmName != "" {
		names = append(names, x.cfg.AlarmName)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) == 0 { // asked all the same, to try the permission; no alarm has this name
		names = []string{"secondwind-doctor/" + x.cfg.AutoScalingGroupName}
	}
	byName := &cloudwatch.DescribeAlarmsInput{AlarmNames: names[:min(len(names), 100)]}
	if out, ok := ask(ctx, x, runlog.OpDescribeAlarms, byName, x.alarms.DescribeAlarms); ok {
		x.facts.configuration.Alarms, _ = convert[[]runlog.MetricAlarm](x, runlog.OpDescribeAlarms, out.MetricAlarms)
	}
	history := &cloudwatch.DescribeAlarmHistoryInput{AlarmName: &names[0], MaxRecords: aws.Int32(1)}
	_, err := x.alarms.DescribeAlarmHistory(ctx, history)
	if codeOf(err) != "ResourceNotFound" && codeOf(err) != "ResourceNotFoundException" {
		x.answer(runlog.OpDescribeAlarmHistory, err)
	}
}

func (x *examination) askTargets(ctx context.Context) {
	if x.facts.group == nil || len(x.facts.group.TargetGroupARNs) == 0 {
		return // asking for no ARN would list all of the account's
	}
	arns := x.facts.group.TargetGroupARNs
	out, err := x.elb.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: arns})
	switch code := codeOf(err); {
	case code == "TargetGroupNotFound" || code == "TargetGroupNotFoundException":
		x.find("targets.gone", strings.Join(arns, ", "),
			"The group is attached to a target group that does not exist.",
			"Attach one that exists (aws autoscaling attach-load-balancer-target-groups), or deploy again.")
		return
	case x.answer(runlog.OpDescribeTargetGroups, err):
		x.facts.targetGroups = out.TargetGroups
		x.facts.configuration.TargetGroups, _ = convert[[]runlog.TargetGroup](x, runlog.OpDescribeTargetGroups, out.TargetGroups)
	}
	of := &elb.DescribeTargetHealthInput{TargetGroupArn: &arns[0]}
	if health, ok := ask(ctx, x, runlog.OpDescribeTargetHealth, of, x.elb.DescribeTargetHealth); ok {
		x.facts.targets = health.TargetHealthDescriptions
	}
}

func (x *examination) askAttributes(ctx context.Context) {
	if len(x.facts.targetGroups) == 0 {
		return
	}
	in := &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: x.facts.targetGroups[0].TargetGroupArn}
	if out, ok := ask(ctx, x, opDescribeTargetGroupAttrs, in, x.elb.DescribeTargetGroupAttributes); ok {
		x.facts.attributes = map[string]string{}
		for _, a := range out.Attributes {
			x.facts.attributes[aws.ToString(a.Key)] = aws.ToString(a.Value)
		}
	}
}

func (x *examination) askBalancers(ctx context.Context) {
	if len(x.facts.targetGroups) == 0 || len(x.facts.targetGroups[0].LoadBalancerArns) == 0 {
		return
	}
	arns := x.facts.targetGroups[0].LoadBalancerArns
	byARN := &elb.DescribeLoadBalancersInput{LoadBalancerArns: arns}
	if out, ok := ask(ctx, x, opDescribeLoadBalancers, byARN, x.elb.DescribeLoadBalancers); ok {
		x.facts.balancers = out.LoadBalancers
	}
	if out, ok := ask(ctx, x, opDescribeListeners, &elb.DescribeListenersInput{LoadBalancerArn: &arns[0]}, x.elb.DescribeListeners); ok {
		x.facts.listeners = out.Listeners
	}
}

// askTemplate asks what the next instance will be launched from.
func (x *examination) askTemplate(ctx context.Context) {
	g := x.facts.group
	if g == nil {
		return
	}
	spec := g.LaunchTemplate
	if g.MixedInstancesPolicy != nil && g.MixedInstancesPolicy.LaunchTemplate != nil {
		spec = g.MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification
	}
	if spec == nil {
		x.askLaunchConfiguration(ctx, aws.ToString(g.LaunchConfigurationName))
		return
	}
	wanted := aws.ToString(spec.Version)
	if wanted == "" {
		wanted = "$Default"
	}
	form := url.Values{"LaunchTemplateVersion.1": {wanted}}
	if id := aws.ToString(spec.LaunchTemplateId); id != "" {
		form.Set("LaunchTemplateId", id)
	} else {
		form.Set("LaunchTemplateName", aws.ToString(spec.LaunchTemplateName))
	}
	var answer struct {
		Versions []struct {
			Name string   `xml:"launchTemplateName"`
			N    int      `xml:"versionNumber"`
			Data template `xml:"launchTemplateData"`
		} `xml:"launchTemplateVersionSet>item"`
	}
	err := x.ec2.Call(ctx, "DescribeLaunchTemplateVersions", form, &answer)
	if !x.answer(opDescribeTemplateVersions, err) || len(answer.Versions) == 0 {
		return
	}
	found := answer.Versions[0]
	x.facts.template = &found.Data
	x.facts.template.name = "launch template " + found.Name + ", version " + strconv.Itoa(found.N)
}

func (x *examination) askLaunchConfiguration(ctx context.Context, name string) {
	if name == "" {
		return
	}
	in := &autoscaling.DescribeLaunchConfigurationsInput{LaunchConfigurationNames: []string{name}}
	out, ok := ask(ctx, x, opDescribeLaunchConfiguration, in, x.groups.DescribeLaunchConfigurations)
	if !ok || len(out.LaunchConfigurations) == 0 {
		return
	}
	c := out.LaunchConfigurations[0]
	// By default a launch configuration, unlike a template, has detailed monitoring.
	monitoring := c.InstanceMonitoring == nil || c.InstanceMonitoring.Enabled == nil || *c.InstanceMonitoring.Enabled
	x.facts.template = &template{InstanceType: aws.ToString(c.InstanceType), Monitoring: monitoring, name: "launch configuration " + name}
}

func (x *examination) askInstances(ctx context.Context) {
	if x.facts.group == nil || len(x.facts.group.Instances) == 0 {
		return
	}
	all, earning := url.Values{}, url.Values{}
	for i, member := range x.facts.group.Instances[:min(len(x.facts.group.Instances), 100)] {
		all.Set(fmt.Sprintf("InstanceId.%d", i+1), aws.ToString(member.InstanceId))
		if _, ok := burstable.Of(aws.ToString(member.InstanceType)); ok {
			earning.Set(fmt.Sprintf("InstanceId.%d", len(earning)+1), aws.ToString(member.InstanceId))
		}
	}
	var described struct {
		Instances []instance `xml:"reservationSet>item>instancesSet>item"`
	}
	if x.answer(opDescribeInstances, x.ec2.Call(ctx, "DescribeInstances", all, &described)) {
		x.facts.instances = described.Instances
	}
	if len(earning) == 0 {
		return
	}
	var credits struct {
		Items []struct {
			ID   string `xml:"instanceId"`
			Mode string `xml:"cpuCredits"`
		} `xml:"instanceCreditSpecificationSet>item"`
	}
	if x.answer(opDescribeCredits, x.ec2.Call(ctx, "DescribeInstanceCreditSpecifications", earning, &credits)) {
		x.facts.credits = map[string]string{}
		for _, item := range credits.Items {
			x.facts.credits[item.ID] = item.Mode
		}
	}
}

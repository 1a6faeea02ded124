package doctor

import (
	"cmp"
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
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"secondwind/account/burstable"
	"secondwind/account/ec2form"
	"secondwind/runlog"
	"secondwind/verify/hypothesis"
)

// facts are what was answered. What was not asked, or not answered, is empty.
type facts struct {
	group         *astypes.AutoScalingGroup
	configuration hypothesis.Configuration
	alarms        []cwtypes.MetricAlarm // the configuration's, with members that no run records
	activities    []astypes.Activity
	schedules     []astypes.ScheduledUpdateGroupAction
	refreshes     []astypes.InstanceRefresh
	hooks         []astypes.LifecycleHook

	targetGroups []elbtypes.TargetGroup
	attributes   map[string]string // of the first target group
	targets      []elbtypes.TargetHealthDescription
	balancers    []elbtypes.LoadBalancer

	template  *template // nil: not known
	instances []instance
	credits   map[string]string // instance id → "standard" or "unlimited"

	cpu      []float64            // datapoints of the group's metric; nil: not answered
	unit     cwtypes.StandardUnit // that the scale-out alarm asks for; "": any
	inUnit   []float64            // datapoints of the metric in that unit; nil: not asked, or not answered
	balances []float64            // CPU credits that instances have left; nil: not answered
	answered map[string]bool
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
	Monitoring string    `xml:"monitoring>state"` // enabled | disabled | pending | disabling
	Launched   time.Time `xml:"launchTime"`
}

// ask asks one question of the SDK; the answer to one that fails is empty. A failure
// is a finding, unless its code is that of something which is not there: then another
// finding reports that.
func ask[In, Out, Options any](
	ctx context.Context, x *examination, operation string, in *In, call func(context.Context, *In, ...func(*Options)) (*Out, error),
	absent ...string,
) (*Out, bool) {
	out, err := call(ctx, in)
	if slices.Contains(absent, ec2form.Code(err)) || !x.answer(operation, err) {
		return new(Out), false
	}
	return out, true
}

// answer notes whether an operation was answered.
func (x *examination) answer(operation string, err error) bool {
	if err != nil {
		x.findFailure(operation, err)
		return false
	}
	x.mu.Lock()
	defer x.mu.Unlock()
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
	f, name := &x.facts, &x.cfg.AutoScalingGroupName
	askAll(ctx, x.askGroup, x.askTrail,
		ofGroup(x, runlog.OpDescribePolicies, x.groups.DescribePolicies, &autoscaling.DescribePoliciesInput{AutoScalingGroupName: name},
			func(out *autoscaling.DescribePoliciesOutput) {
				f.configuration.Policies, _ = convert[[]runlog.ScalingPolicy](x, runlog.OpDescribePolicies, out.ScalingPolicies)
			}),
		ofGroup(x, runlog.OpDescribeScalingActivities, x.groups.DescribeScalingActivities,
			&autoscaling.DescribeScalingActivitiesInput{AutoScalingGroupName: name, MaxRecords: aws.Int32(20)},
			func(out *autoscaling.DescribeScalingActivitiesOutput) { f.activities = out.Activities }),
		ofGroup(x, runlog.OpDescribeScheduledActions, x.groups.DescribeScheduledActions,
			&autoscaling.DescribeScheduledActionsInput{AutoScalingGroupName: name},
			func(out *autoscaling.DescribeScheduledActionsOutput) { f.schedules = out.ScheduledUpdateGroupActions }),
		ofGroup(x, runlog.OpDescribeInstanceRefreshes, x.groups.DescribeInstanceRefreshes,
			&autoscaling.DescribeInstanceRefreshesInput{AutoScalingGroupName: name},
			func(out *autoscaling.DescribeInstanceRefreshesOutput) { f.refreshes = out.InstanceRefreshes }),
		ofGroup(x, runlog.OpDescribeLifecycleHooks, x.groups.DescribeLifecycleHooks,
			&autoscaling.DescribeLifecycleHooksInput{AutoScalingGroupName: name},
			func(out *autoscaling.DescribeLifecycleHooksOutput) { f.hooks = out.LifecycleHooks }),
		ofGroup(x, runlog.OpDescribeWarmPool, x.groups.DescribeWarmPool, &autoscaling.DescribeWarmPoolInput{AutoScalingGroupName: name},
			func(*autoscaling.DescribeWarmPoolOutput) {})) // the group itself tells of its warm pool
	askAll(ctx, x.askAlarms, x.askTargets, x.askTemplate, x.askInstances)
	askAll(ctx, x.askBalancers, x.askAttributes, x.askMetric, x.askUnit, x.askBalance)
}

// ofGroup is a question that the group's name alone answers. Auto Scaling's code for
// a group that is not there is ValidationError; group.missing reports that once.
func ofGroup[In, Out, Options any](
	x *examination, operation string, call func(context.Context, *In, ...func(*Options)) (*Out, error), in *In, keep func(*Out),
) func(context.Context) {
	return func(ctx context.Context) {
		if out, ok := ask(ctx, x, operation, in, call, "ValidationError"); ok {
			keep(out)
		}
	}
}

// askTrail tries whether an audit could ask. What it would be answered says nothing yet.
func (x *examination) askTrail(ctx context.Context) {
	ask(ctx, x, opLookupEvents, &cloudtrail.LookupEventsInput{MaxResults: aws.Int32(1)}, x.trail.LookupEvents)
}

func (x *examination) askGroup(ctx context.Context) {
	in := &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{x.cfg.AutoScalingGroupName}}
	out, ok := ask(ctx, x, runlog.OpDescribeAutoScalingGroups, in, x.groups.DescribeAutoScalingGroups)
	switch {
	case !ok:
	case len(out.AutoScalingGroups) == 0:
		x.find(Error, "group.missing", x.cfg.AutoScalingGroupName,
			fmt.Sprintf("Region %s of account %s has no Auto Scaling group of that name.", x.cfg.AWS.Region, x.report.Account),
			"Correct --group, --region (AWS_REGION) or AWS_PROFILE"+x.ours(", or deploy the stack first (make deploy)")+".")
	default:
		group := &out.AutoScalingGroups[0]
		if recorded, ok := convert[runlog.AutoScalingGroup](x, runlog.OpDescribeAutoScalingGroups, group); ok {
			x.facts.group, x.facts.configuration.Group, x.report.MaxSize = group, recorded, recorded.MaxSize
		}
	}
}

// askAlarms asks for the alarms of which the hypothesis chooses: those on the claim's
// metric, those that policies name, and the one that the caller named. It never lists
// the account's other alarms.
func (x *examination) askAlarms(ctx context.Context) {
	metric := x.facts.configuration.Metrics()[0]
	onGroup := &cloudwatch.DescribeAlarmsForMetricInput{
		Namespace: &metric.Namespace, MetricName: &metric.MetricName,
		Dimensions: []cwtypes.Dimension{{Name: &metric.Dimension.Name, Value: &metric.Dimension.Value}},
	}
	names := []string{}
	if x.cfg.AlarmName != "" {
		names = append(names, x.cfg.AlarmName)
	}
	out, _ := ask(ctx, x, runlog.OpDescribeAlarmsForMetric, onGroup, x.alarms.DescribeAlarmsForMetric)
	for _, a := range out.MetricAlarms {
		names = append(names, aws.ToString(a.AlarmName))
	}
	for _, p := range x.facts.configuration.Policies {
		for _, a := range p.Alarms {
			names = append(names, a.AlarmName)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) == 0 { // asked all the same, to try the permission; no alarm has this name
		names = []string{"secondwind-doctor/" + x.cfg.AutoScalingGroupName}
	}
	x.askAlarmsNamed(ctx, names[:min(len(names), maxNames)])
	history := &cloudwatch.DescribeAlarmHistoryInput{AlarmName: &names[0], MaxRecords: aws.Int32(1)}
	ask(ctx, x, runlog.OpDescribeAlarmHistory, history, x.alarms.DescribeAlarmHistory, "ResourceNotFound", "ResourceNotFoundException")
}

// maxNames is how many names or ids AWS takes in a question.
const maxNames = 100

func (x *examination) askAlarmsNamed(ctx context.Context, names []string) {
	var all []cwtypes.MetricAlarm
	for pages := cloudwatch.NewDescribeAlarmsPaginator(x.alarms, &cloudwatch.DescribeAlarmsInput{AlarmNames: names}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if !x.answer(runlog.OpDescribeAlarms, err) {
			return
		}
		all = append(all, page.MetricAlarms...)
	}
	x.facts.alarms = all
	x.facts.configuration.Alarms, _ = convert[[]runlog.MetricAlarm](x, runlog.OpDescribeAlarms, all)
}

func (x *examination) askTargets(ctx context.Context) {
	if x.facts.group == nil || len(x.facts.group.TargetGroupARNs) == 0 {
		return // asking for no ARN would list all of the account's
	}
	arns := slices.Clone(x.facts.group.TargetGroupARNs)
	if i := slices.Index(arns, x.cfg.TargetGroupARN); i > 0 { // the one that is meant comes first
		arns[0], arns[i] = arns[i], arns[0]
	}
	out, err := x.elb.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: arns})
	switch code := ec2form.Code(err); {
	case code == "TargetGroupNotFound" || code == "TargetGroupNotFoundException":
		x.find(Error, "targets.gone", strings.Join(arns, ", "),
			"The group is attached to a target group that does not exist.",
			"Attach one that exists (`aws autoscaling attach-load-balancer-target-groups`)"+x.ours(", or deploy again")+".")
		return
	case x.answer(runlog.OpDescribeTargetGroups, err):
		slices.SortStableFunc(out.TargetGroups, func(a, b elbtypes.TargetGroup) int {
			return cmp.Compare(slices.Index(arns, aws.ToString(a.TargetGroupArn)), slices.Index(arns, aws.ToString(b.TargetGroupArn)))
		})
		x.facts.targetGroups = out.TargetGroups
		x.facts.configuration.TargetGroups, _ = convert[[]runlog.TargetGroup](x, runlog.OpDescribeTargetGroups, out.TargetGroups)
	}
	of := &elb.DescribeTargetHealthInput{TargetGroupArn: &arns[0]}
	health, _ := ask(ctx, x, runlog.OpDescribeTargetHealth, of, x.elb.DescribeTargetHealth)
	x.facts.targets = health.TargetHealthDescriptions
}

func (x *examination) askAttributes(ctx context.Context) {
	if len(x.facts.targetGroups) == 0 {
		return
	}
	in := &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: x.facts.targetGroups[0].TargetGroupArn}
	out, _ := ask(ctx, x, runlog.OpDescribeTargetAttributes, in, x.elb.DescribeTargetGroupAttributes)
	x.facts.attributes = map[string]string{}
	for _, a := range out.Attributes {
		x.facts.attributes[aws.ToString(a.Key)] = aws.ToString(a.Value)
	}
}

func (x *examination) askBalancers(ctx context.Context) {
	if len(x.facts.targetGroups) == 0 || len(x.facts.targetGroups[0].LoadBalancerArns) == 0 {
		return
	}
	arns := x.facts.targetGroups[0].LoadBalancerArns
	described, _ := ask(ctx, x, opDescribeLoadBalancers, &elb.DescribeLoadBalancersInput{LoadBalancerArns: arns}, x.elb.DescribeLoadBalancers)
	x.facts.balancers = described.LoadBalancers
	// Only to try the permissions: whoever found the URL has read the answers.
	of := &elb.DescribeListenersInput{LoadBalancerArn: &arns[0]}
	listening, _ := ask(ctx, x, runlog.OpDescribeListeners, of, x.elb.DescribeListeners)
	if len(listening.Listeners) > 0 {
		ask(ctx, x, runlog.OpDescribeRules, &elb.DescribeRulesInput{ListenerArn: listening.Listeners[0].ListenerArn}, x.elb.DescribeRules)
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
	form := url.Values{"LaunchTemplateVersion.1": {cmp.Or(aws.ToString(spec.Version), "$Default")}}
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
	out, _ := ask(ctx, x, opDescribeLaunchConfiguration, in, x.groups.DescribeLaunchConfigurations)
	if len(out.LaunchConfigurations) == 0 {
		return
	}
	c := out.LaunchConfigurations[0]
	// By default a launch configuration, unlike a template, has detailed monitoring.
	monitoring := c.InstanceMonitoring == nil || c.InstanceMonitoring.Enabled == nil || *c.InstanceMonitoring.Enabled
	x.facts.template = &template{InstanceType: aws.ToString(c.InstanceType), Monitoring: monitoring, name: "launch configuration " + name}
}

// burstable are the ids of the group's instances that earn CPU credits.
func (x *examination) burstable() (ids []string) {
	for _, member := range firstOf(x.facts.group.Instances) {
		if _, ok := burstable.Of(aws.ToString(member.InstanceType)); ok {
			ids = append(ids, aws.ToString(member.InstanceId))
		}
	}
	return ids
}

func firstOf(members []astypes.Instance) []astypes.Instance {
	return members[:min(len(members), maxNames)]
}

func (x *examination) askInstances(ctx context.Context) {
	if x.facts.group == nil || len(x.facts.group.Instances) == 0 {
		return
	}
	all, earning := url.Values{}, url.Values{}
	for i, member := range firstOf(x.facts.group.Instances) {
		all.Set(fmt.Sprintf("InstanceId.%d", i+1), aws.ToString(member.InstanceId))
	}
	for i, id := range x.burstable() {
		earning.Set(fmt.Sprintf("InstanceId.%d", i+1), id)
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

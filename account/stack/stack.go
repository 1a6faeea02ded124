package stack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"

	"secondwind/account/ec2form"
)

// Options describe the stack to build.
type Options struct {
	Name      string // prefix of every name: "<Name>-asg"; at most 28 characters
	Variables ScalingVariables
	// MetricsPeriod is how often the cloud publishes CPUUtilization; 0 means
	// 60 s, as AWS does. Alarm period, instance warm-up and cooldown count in it.
	MetricsPeriod time.Duration
	ImageID       string // "ami-…"
	// WithoutPolicy leaves the scale-out policy out: the alarm has no action. A
	// control for the proof: nothing may scale then.
	WithoutPolicy bool
	// ActionsDisabled builds everything, with the alarms' actions disabled: the
	// other control.
	ActionsDisabled bool
	// Tags are put on every resource that can have tags, instances included.
	Tags map[string]string
}

// Stack is what has been built.
type Stack struct {
	AutoScalingGroupName          string
	ScaleOutAlarm, ScaleOutPolicy string // ScaleOutPolicy is "" WithoutPolicy
	ScaleInAlarm                  string
	TargetGroupARN, TargetGroup   string
	LoadBalancerURL               string // "http://host:port"
	LaunchTemplateID              string
	HistoryKeyARN                 string // KMS key of the calculators' history, alias/<Name>-history

	targets *elb.Client
	desired int // instances, to begin with
}

// Create builds the stack and returns once everything has been requested; the
// first instance may still be starting (WaitHealthy). What was built before an
// error stays.
func Create(ctx context.Context, cfg aws.Config, o Options) (Stack, error) {
	if o.MetricsPeriod == 0 {
		o.MetricsPeriod = time.Minute
	}
	if err := o.validate(); err != nil {
		return Stack{}, fmt.Errorf("create stack: %w", err)
	}
	b := builder{
		o: o, ec2: ec2form.Client{AWS: cfg}, elb: elb.NewFromConfig(cfg), groups: autoscaling.NewFromConfig(cfg),
		alarms: cloudwatch.NewFromConfig(cfg), keys: kms.NewFromConfig(cfg),
	}
	b.stack.targets = b.elb
	for _, step := range []struct {
		what  string
		build func(context.Context) error
	}{
		{"subnets", b.defaultSubnets}, {"history key", b.historyKey}, {"launch template", b.launchTemplate}, {"target group", b.targetGroup},
		{"load balancer", b.loadBalancer}, {"Auto Scaling group", b.group},
		{"scaling out", b.scaleOut}, {"scaling in", b.scaleIn},
	} {
		if err := step.build(ctx); err != nil {
			return b.stack, fmt.Errorf("create stack %q: %s: %w", o.Name, step.what, err)
		}
	}
	return b.stack, nil
}

func (o Options) validate() error {
	var faults []error
	if o.Name == "" || len(o.Name) > 28 {
		faults = append(faults, fmt.Errorf("name %q: it needs 1 to 28 characters, because a load balancer's name has at most 32", o.Name))
	}
	if !strings.HasPrefix(o.ImageID, "ami-") {
		faults = append(faults, fmt.Errorf("image %q: an ImageId begins with \"ami-\"", o.ImageID))
	}
	if o.MetricsPeriod < 0 { // whether CloudWatch knows the period is CloudWatch's to say
		faults = append(faults, fmt.Errorf("metrics period %s: it must not be negative", o.MetricsPeriod))
	}
	return errors.Join(append(faults, o.Variables.Validate())...)
}

// builder builds a stack step by step.
type builder struct {
	o       Options
	ec2     ec2form.Client
	elb     *elb.Client
	groups  *autoscaling.Client
	alarms  *cloudwatch.Client
	keys    *kms.Client
	subnets struct {
		IDs  []string `xml:"subnetSet>item>subnetId"`
		VPCs []string `xml:"subnetSet>item>vpcId"`
	}
	stack           Stack
	loadBalancerARN string
}

func (b *builder) name(suffix string) *string { return aws.String(b.o.Name + "-" + suffix) }

// tagList makes a service's own tags, in the order of their keys.
func tagList[T any](tags map[string]string, of func(key, value *string) T) []T {
	var list []T
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, of(&key, aws.String(tags[key])))
	}
	return list
}

// HistoryAlias is the alias of the key that encrypts the calculators' history in
// the stack of that name.
func HistoryAlias(name string) string { return "alias/" + name + "-history" }

// historyKey makes the key, which rotates by itself, and its alias. It comes before
// the group: its instances ask for the key as soon as they start.
func (b *builder) historyKey(ctx context.Context) error {
	made, err := b.keys.CreateKey(ctx, &kms.CreateKeyInput{
		Description: aws.String("Encrypts the history of the calculators of " + b.o.Name),
		Tags: append([]kmstypes.Tag{{TagKey: aws.String("Name"), TagValue: &b.o.Name}},
			tagList(b.o.Tags, func(k, v *string) kmstypes.Tag { return kmstypes.Tag{TagKey: k, TagValue: v} })...),
	})
	if err != nil {
		return err
	}
	if made.KeyMetadata == nil {
		return errors.New("the answer describes no key")
	}
	b.stack.HistoryKeyARN = aws.ToString(made.KeyMetadata.Arn)
	if _, err := b.keys.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: made.KeyMetadata.KeyId}); err != nil {
		return err
	}
	_, err = b.keys.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String(HistoryAlias(b.o.Name)), TargetKeyId: made.KeyMetadata.KeyId})
	return err
}

func (b *builder) targetGroup(ctx context.Context) error {
	n := b.o.Variables
	out, err := b.elb.CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{
		Name: b.name("tg"), VpcId: &b.subnets.VPCs[0], TargetType: elbtypes.TargetTypeEnumInstance,
		Protocol: elbtypes.ProtocolEnumHttp, Port: aws.Int32(8080),
		HealthCheckPath: &n.HealthCheckPath, HealthCheckIntervalSeconds: aws.Int32(int32(n.HealthCheckInterval)),
		HealthCheckTimeoutSeconds: aws.Int32(int32(n.HealthCheckTimeout)), HealthyThresholdCount: aws.Int32(int32(n.HealthyThreshold)),
		UnhealthyThresholdCount: aws.Int32(int32(n.UnhealthyThreshold)), Matcher: &elbtypes.Matcher{HttpCode: &n.HealthCheckCodes},
		Tags: tagList(b.o.Tags, func(k, v *string) elbtypes.Tag { return elbtypes.Tag{Key: k, Value: v} }),
	})
	if err != nil {
		return err
	}
	if len(out.TargetGroups) != 1 {
		return fmt.Errorf("the answer has %d target groups, want 1", len(out.TargetGroups))
	}
	b.stack.TargetGroupARN, b.stack.TargetGroup = aws.ToString(out.TargetGroups[0].TargetGroupArn), *b.name("tg")
	_, err = b.elb.ModifyTargetGroupAttributes(ctx, &elb.ModifyTargetGroupAttributesInput{
		TargetGroupArn: &b.stack.TargetGroupARN,
		Attributes: []elbtypes.TargetGroupAttribute{
			{Key: aws.String("deregistration_delay.timeout_seconds"), Value: aws.String(fmt.Sprint(n.DeregistrationDelay))},
		},
	})
	return err
}

func (b *builder) loadBalancer(ctx context.Context) error {
	out, err := b.elb.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{
		Name: b.name("alb"), Subnets: b.subnets.IDs,
		Tags: tagList(b.o.Tags, func(k, v *string) elbtypes.Tag { return elbtypes.Tag{Key: k, Value: v} }),
	})
	if err != nil {
		return err
	}
	if len(out.LoadBalancers) != 1 {
		return fmt.Errorf("the answer has %d load balancers, want 1", len(out.LoadBalancers))
	}
	lb := out.LoadBalancers[0]
	b.loadBalancerARN = aws.ToString(lb.LoadBalancerArn)
	made, err := b.elb.CreateListener(ctx, &elb.CreateListenerInput{
		LoadBalancerArn: lb.LoadBalancerArn, Protocol: elbtypes.ProtocolEnumHttp, Port: aws.Int32(80),
		DefaultActions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: &b.stack.TargetGroupARN}},
	})
	if err != nil {
		return fmt.Errorf("listener: %w", err)
	}
	if len(made.Listeners) != 1 {
		return fmt.Errorf("the answer has %d listeners, want 1", len(made.Listeners))
	}
	b.stack.LoadBalancerURL = fmt.Sprintf("http://%s:%d", aws.ToString(lb.DNSName), aws.ToInt32(made.Listeners[0].Port))
	return nil
}

func (b *builder) group(ctx context.Context) error {
	n := b.o.Variables
	b.stack.AutoScalingGroupName, b.stack.desired = *b.name("asg"), n.DesiredCapacity
	_, err := b.groups.CreateAutoScalingGroup(ctx, &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: b.name("asg"),
		LaunchTemplate:       &astypes.LaunchTemplateSpecification{LaunchTemplateId: &b.stack.LaunchTemplateID, Version: aws.String("$Latest")},
		MinSize:              aws.Int32(int32(n.MinSize)), MaxSize: aws.Int32(int32(n.MaxSize)),
		DesiredCapacity:       aws.Int32(int32(n.DesiredCapacity)),
		DefaultCooldown:       aws.Int32(scaled(n.Cooldown, b.o.MetricsPeriod)),
		DefaultInstanceWarmup: aws.Int32(scaled(n.InstanceWarmup, b.o.MetricsPeriod)),
		HealthCheckType:       aws.String("ELB"), HealthCheckGracePeriod: aws.Int32(int32(n.HealthCheckGracePeriod)),
		TargetGroupARNs: []string{b.stack.TargetGroupARN}, VPCZoneIdentifier: aws.String(strings.Join(b.subnets.IDs, ",")),
		Tags: append([]astypes.Tag{{Key: aws.String("Name"), Value: &b.o.Name, PropagateAtLaunch: aws.Bool(true)}},
			tagList(b.o.Tags, func(k, v *string) astypes.Tag {
				return astypes.Tag{Key: k, Value: v, PropagateAtLaunch: aws.Bool(true)}
			})...),
	})
	return err
}

// pollHealth is how often WaitHealthy asks.
const pollHealth = 250 * time.Millisecond

// replacedInVain is after how many instances none of which became healthy there is no
// point in waiting for another: a program that ends at once does so each time.
const replacedInVain = 3

// targetHealth is what a look at a stack's targets shows.
type targetHealth struct {
	ids, healthy []string
	present      int    // how many do not drain
	ill          string // one that is not healthy, and why
}

func (s Stack) look(ctx context.Context) (h targetHealth, err error) {
	out, err := s.targets.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &s.TargetGroupARN})
	if err != nil {
		return h, err
	}
	for _, d := range out.TargetHealthDescriptions {
		id, is := aws.ToString(d.Target.Id), d.TargetHealth
		h.ids = append(h.ids, id)
		if is.State != elbtypes.TargetHealthStateEnumDraining {
			h.present++
		}
		if is.State == elbtypes.TargetHealthStateEnumHealthy {
			h.healthy = append(h.healthy, id)
		} else {
			h.ill = fmt.Sprintf("%s is %s (%s: %s)", id, is.State, is.Reason, aws.ToString(is.Description))
		}
	}
	return h, nil
}

// WaitHealthy returns the ids of the healthy targets of the stack once there are as many as its
// group began with. If ctx ends first, or if instance after instance came and went, they are those
// of the targets that were seen last, and the error has the state of one of them.
func (s Stack) WaitHealthy(ctx context.Context) (ids []string, err error) {
	ticker := time.NewTicker(pollHealth)
	defer ticker.Stop()
	seen, known, present := "no target is registered", map[string]bool{}, 0
	for {
		h, err := s.look(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			return nil, fmt.Errorf("wait for a healthy target of %s: %w", s.TargetGroup, err)
		case err == nil && len(h.healthy) >= max(1, s.desired):
			return h.healthy, nil
		case err == nil:
			ids, present, seen = h.ids, h.present, cmp.Or(h.ill, seen)
			for _, id := range h.ids {
				known[id] = true
			}
		}
		if len(known)-present >= replacedInVain {
			return ids, fmt.Errorf("wait for a healthy target of %s: instance after instance came and went; last seen: %s", s.TargetGroup, seen)
		}
		select {
		case <-ctx.Done():
			return ids, fmt.Errorf("wait for a healthy target of %s: %w; last seen: %s", s.TargetGroup, context.Cause(ctx), seen)
		case <-ticker.C:
		}
	}
}

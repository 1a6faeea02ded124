package sweep

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// The stages of removal: what is in one may need what is in a later one.
const (
	stageUsers   = iota // what uses the rest: groups, load balancers, instances
	stageUsed           // target groups, templates, images, topics, buckets
	stageParts          // snapshots of images, rules of security groups, roles
	stageNetwork        // security groups, gateways
	stageSubnets
	stageRoutes
	stageVPC
	stageLast // keys: everything above may be encrypted with one
)

// scalingKinds are the Auto Scaling group and what stands around it.
func scalingKinds() []kind {
	return []kind{
		{"Auto Scaling group", []string{"autoscaling:autoScalingGroup"}, stageUsers, listGroups, removeGroup},
		{"CloudWatch alarm", []string{"cloudwatch:alarm"}, stageUsers, listAlarms, removeAlarm},
		{"load balancer", []string{
			"elasticloadbalancing:loadbalancer", "elasticloadbalancing:listener", "elasticloadbalancing:listener-rule",
		}, stageUsers, listLoadBalancers, removeLoadBalancer},
		{"target group", []string{"elasticloadbalancing:targetgroup"}, stageUsed, listTargetGroups, removeTargetGroup},
	}
}

func listGroups(ctx context.Context, s *Sweeper, _ tagged) (things []thing, err error) {
	client := autoscaling.NewFromConfig(s.cfg.AWS)
	pages := autoscaling.NewDescribeAutoScalingGroupsPaginator(client, &autoscaling.DescribeAutoScalingGroupsInput{
		Filters: []astypes.Filter{{Name: aws.String("tag-key"), Values: []string{RunTag}}},
	})
	groups, err := collect(ctx, pages, func(page *autoscaling.DescribeAutoScalingGroupsOutput) []astypes.AutoScalingGroup {
		return page.AutoScalingGroups
	})
	for _, g := range groups {
		tags := tagsOf(g.Tags, func(t astypes.TagDescription) (key, value *string) { return t.Key, t.Value })
		things = append(things, thing{id: aws.ToString(g.AutoScalingGroupName), tags: tags})
	}
	return things, err
}

// removeGroup takes its instances, policies and scheduled actions with it.
func removeGroup(ctx context.Context, s *Sweeper, name string) error {
	_, err := autoscaling.NewFromConfig(s.cfg.AWS).DeleteAutoScalingGroup(ctx, &autoscaling.DeleteAutoScalingGroupInput{
		AutoScalingGroupName: &name, ForceDelete: aws.Bool(true),
	})
	return err
}

// alarmsAtOnce is how many names DescribeAlarms takes.
const alarmsAtOnce = 100

func listAlarms(ctx context.Context, s *Sweeper, candidates tagged) (things []thing, err error) {
	client := cloudwatch.NewFromConfig(s.cfg.AWS)
	var names []string
	for arn := range candidates {
		names = append(names, nameIn(arn))
	}
	for some := range slices.Chunk(names, alarmsAtOnce) {
		out, err := client.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: some})
		if err != nil {
			return nil, err
		}
		for _, a := range out.MetricAlarms {
			tags, err := client.ListTagsForResource(ctx, &cloudwatch.ListTagsForResourceInput{ResourceARN: a.AlarmArn})
			if err != nil {
				return nil, err
			}
			things = append(things, thing{
				id: aws.ToString(a.AlarmName), tags: tagsOf(tags.Tags, func(t cwtypes.Tag) (key, value *string) { return t.Key, t.Value }),
			})
		}
	}
	return things, nil
}

func removeAlarm(ctx context.Context, s *Sweeper, name string) error {
	_, err := cloudwatch.NewFromConfig(s.cfg.AWS).DeleteAlarms(ctx, &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{name}})
	return err
}

func listLoadBalancers(ctx context.Context, s *Sweeper, _ tagged) ([]thing, error) {
	client := elb.NewFromConfig(s.cfg.AWS)
	all, err := collect(ctx, elb.NewDescribeLoadBalancersPaginator(client, &elb.DescribeLoadBalancersInput{}),
		func(page *elb.DescribeLoadBalancersOutput) []elbtypes.LoadBalancer { return page.LoadBalancers })
	if err != nil {
		return nil, err
	}
	return withTags(ctx, client, all, func(of elbtypes.LoadBalancer) *string { return of.LoadBalancerArn })
}

func removeLoadBalancer(ctx context.Context, s *Sweeper, arn string) error {
	_, err := elb.NewFromConfig(s.cfg.AWS).DeleteLoadBalancer(ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: &arn})
	return err
}

func listTargetGroups(ctx context.Context, s *Sweeper, _ tagged) ([]thing, error) {
	client := elb.NewFromConfig(s.cfg.AWS)
	all, err := collect(ctx, elb.NewDescribeTargetGroupsPaginator(client, &elb.DescribeTargetGroupsInput{}),
		func(page *elb.DescribeTargetGroupsOutput) []elbtypes.TargetGroup { return page.TargetGroups })
	if err != nil {
		return nil, err
	}
	return withTags(ctx, client, all, func(of elbtypes.TargetGroup) *string { return of.TargetGroupArn })
}

func removeTargetGroup(ctx context.Context, s *Sweeper, arn string) error {
	_, err := elb.NewFromConfig(s.cfg.AWS).DeleteTargetGroup(ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: &arn})
	return err
}

// tagsAtOnce is how many resources DescribeTags of ELBv2 takes.
const tagsAtOnce = 20

// withTags asks for the tags of load balancers or target groups.
func withTags[Item any](ctx context.Context, client *elb.Client, all []Item, arnOf func(Item) *string) (things []thing, err error) {
	var arns []string
	for _, item := range all {
		arns = append(arns, aws.ToString(arnOf(item)))
	}
	for some := range slices.Chunk(arns, tagsAtOnce) {
		out, err := client.DescribeTags(ctx, &elb.DescribeTagsInput{ResourceArns: some})
		if err != nil {
			return nil, err
		}
		for _, d := range out.TagDescriptions {
			tags := tagsOf(d.Tags, func(t elbtypes.Tag) (key, value *string) { return t.Key, t.Value })
			things = append(things, thing{id: aws.ToString(d.ResourceArn), tags: tags})
		}
	}
	return things, nil
}

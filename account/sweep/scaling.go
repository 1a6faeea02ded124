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

func (s *Sweeper) listGroups(ctx context.Context, _ tagged) (things []thing, err error) {
	pages := autoscaling.NewDescribeAutoScalingGroupsPaginator(s.groups, &autoscaling.DescribeAutoScalingGroupsInput{
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
func (s *Sweeper) removeGroup(ctx context.Context, name string) (err error) {
	call(ctx, &err, s.groups.DeleteAutoScalingGroup, &autoscaling.DeleteAutoScalingGroupInput{
		AutoScalingGroupName: &name, ForceDelete: aws.Bool(true),
	})
	return err
}

// alarmsAtOnce is how many names DescribeAlarms takes.
const alarmsAtOnce = 100

func (s *Sweeper) listAlarms(ctx context.Context, candidates tagged) (things []thing, err error) {
	var names []string
	for arn := range candidates {
		names = append(names, nameIn(arn))
	}
	for some := range slices.Chunk(names, alarmsAtOnce) {
		for _, a := range call(ctx, &err, s.alarms.DescribeAlarms, &cloudwatch.DescribeAlarmsInput{AlarmNames: some}).MetricAlarms {
			out := call(ctx, &err, s.alarms.ListTagsForResource, &cloudwatch.ListTagsForResourceInput{ResourceARN: a.AlarmArn})
			tags := tagsOf(out.Tags, func(t cwtypes.Tag) (key, value *string) { return t.Key, t.Value })
			things = append(things, thing{id: aws.ToString(a.AlarmName), tags: tags})
		}
	}
	return things, err
}

func (s *Sweeper) removeAlarm(ctx context.Context, name string) (err error) {
	call(ctx, &err, s.alarms.DeleteAlarms, &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{name}})
	return err
}

func (s *Sweeper) listLoadBalancers(ctx context.Context, _ tagged) ([]thing, error) {
	return listELB(ctx, s.elb, elb.NewDescribeLoadBalancersPaginator(s.elb, &elb.DescribeLoadBalancersInput{}),
		func(page *elb.DescribeLoadBalancersOutput) []elbtypes.LoadBalancer { return page.LoadBalancers },
		func(of elbtypes.LoadBalancer) string { return aws.ToString(of.LoadBalancerArn) })
}

func (s *Sweeper) removeLoadBalancer(ctx context.Context, arn string) (err error) {
	call(ctx, &err, s.elb.DeleteLoadBalancer, &elb.DeleteLoadBalancerInput{LoadBalancerArn: &arn})
	return err
}

func (s *Sweeper) listTargetGroups(ctx context.Context, _ tagged) ([]thing, error) {
	return listELB(ctx, s.elb, elb.NewDescribeTargetGroupsPaginator(s.elb, &elb.DescribeTargetGroupsInput{}),
		func(page *elb.DescribeTargetGroupsOutput) []elbtypes.TargetGroup { return page.TargetGroups },
		func(of elbtypes.TargetGroup) string { return aws.ToString(of.TargetGroupArn) })
}

func (s *Sweeper) removeTargetGroup(ctx context.Context, arn string) (err error) {
	call(ctx, &err, s.elb.DeleteTargetGroup, &elb.DeleteTargetGroupInput{TargetGroupArn: &arn})
	return err
}

// tagsAtOnce is how many resources DescribeTags of ELBv2 takes.
const tagsAtOnce = 20

// listELB lists load balancers or target groups with their tags.
func listELB[Item, Page, Options any](
	ctx context.Context, client *elb.Client, pages pager[Page, Options], items func(*Page) []Item, arnOf func(Item) string,
) (things []thing, err error) {
	all, err := collect(ctx, pages, items)
	for some := range slices.Chunk(all, tagsAtOnce) {
		var arns []string
		for _, i := range some {
			arns = append(arns, arnOf(i))
		}
		for _, d := range call(ctx, &err, client.DescribeTags, &elb.DescribeTagsInput{ResourceArns: arns}).TagDescriptions {
			tags := tagsOf(d.Tags, func(t elbtypes.Tag) (key, value *string) { return t.Key, t.Value })
			things = append(things, thing{id: aws.ToString(d.ResourceArn), tags: tags})
		}
	}
	return things, err
}

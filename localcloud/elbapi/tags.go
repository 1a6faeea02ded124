package elbapi

import (
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"secondwind/localcloud/cloud"
	"secondwind/localcloud/operation"
	"secondwind/localcloud/optional"
)

func (a api) DescribeTags(in *elb.DescribeTagsInput, out *elb.DescribeTagsOutput) error {
	return a.Read(func(s *cloud.State) error {
		for _, arn := range in.ResourceArns {
			if err := resourceExists(s, arn); err != nil {
				return err
			}
			out.TagDescriptions = append(out.TagDescriptions, types.TagDescription{
				ResourceArn: &arn, Tags: cloud.List(s.Tags[arn], func(k, v *string) types.Tag { return types.Tag{Key: k, Value: v} }),
			})
		}
		return nil
	})
}

func (a api) AddTags(in *elb.AddTagsInput, _ *elb.AddTagsOutput) error {
	return a.Change(func(s *cloud.State) error {
		for _, arn := range in.ResourceArns {
			if err := resourceExists(s, arn); err != nil {
				return err
			}
		}
		for _, arn := range in.ResourceArns {
			tag(s, arn, in.Tags)
		}
		return nil
	})
}

// resourceExists refuses an ARN of nothing.
func resourceExists(s *cloud.State, arn string) error {
	if findLoadBalancer(s, arn) != nil || s.TargetGroup(arn) != nil || findListener(s, arn) != nil {
		return nil
	}
	return operation.Errorf("ResourceNotFound", "The resource '%s' was not found", arn)
}

// tag notes the tags of a resource.
func tag(s *cloud.State, arn string, tags []types.Tag) {
	for _, t := range tags {
		s.Tags.Set(arn, optional.Value(t.Key), optional.Value(t.Value))
	}
}

package cloud

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"time"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// matcherPattern is how a health check's codes are written.
var matcherPattern = regexp.MustCompile(`^[2-4]\d\d(-[2-4]\d\d)?(,[2-4]\d\d(-[2-4]\d\d)?)*$`)

func (a elbAPI) modifyTargetGroupAttributes(_ context.Context, in *elb.ModifyTargetGroupAttributesInput) (*elb.ModifyTargetGroupAttributesOutput, error) {
	out := &elb.ModifyTargetGroupAttributesOutput{}
	err := a.onTargetGroup(in.TargetGroupArn, func(t *targetGroup) error {
		for _, attribute := range in.Attributes {
			if err := checkTargetGroupAttribute(t, deref(attribute.Key), deref(attribute.Value)); err != nil {
				return err
			}
		}
		for _, attribute := range in.Attributes {
			t.attributes[*attribute.Key] = *attribute.Value
		}
		out.Attributes = describedTargetGroupAttributes(t)
		return nil
	})
	if err == nil {
		a.putTargetGroup(*in.TargetGroupArn)
	}
	return out, err
}

// checkTargetGroupAttribute lets through what the balancer does. An attribute
// that would be accepted and not followed is refused, unless it asks for what is
// so anyway.
func checkTargetGroupAttribute(t *targetGroup, key, value string) error {
	switch key {
	case "deregistration_delay.timeout_seconds":
		if n, err := strconv.Atoi(value); err != nil || n < 0 || n > 3600 {
			return validationError("Target group attribute 'deregistration_delay.timeout_seconds' must be between '0' and '3600'; it is '%s'", value)
		}
		return nil
	case "load_balancing.algorithm.type":
		if !slices.Contains([]string{"round_robin", "least_outstanding_requests"}, value) {
			return validationError("Target group attribute 'load_balancing.algorithm.type' must be round_robin or least_outstanding_requests here; it is '%s'", value)
		}
		return nil
	}
	if t.attributes[key] == value && value != "" {
		return nil
	}
	return notServed("target group attribute '" + key + "' = '" + value + "'")
}

func (a elbAPI) describeTargetGroupAttributes(_ context.Context, in *elb.DescribeTargetGroupAttributesInput) (*elb.DescribeTargetGroupAttributesOutput, error) {
	out := &elb.DescribeTargetGroupAttributesOutput{}
	err := a.onTargetGroup(in.TargetGroupArn, func(t *targetGroup) error {
		out.Attributes = describedTargetGroupAttributes(t)
		return nil
	})
	return out, err
}

func (a elbAPI) describeTags(_ context.Context, in *elb.DescribeTagsInput) (*elb.DescribeTagsOutput, error) {
	out := &elb.DescribeTagsOutput{TagDescriptions: []types.TagDescription{}}
	err := a.c.read(func(time.Time) error {
		for _, arn := range in.ResourceArns {
			if err := a.resourceExists(arn); err != nil {
				return err
			}
			out.TagDescriptions = append(out.TagDescriptions, types.TagDescription{
				ResourceArn: &arn, Tags: tagsOf(a.c, arn, func(k, v *string) types.Tag { return types.Tag{Key: k, Value: v} }),
			})
		}
		return nil
	})
	return out, err
}

func (a elbAPI) addTags(_ context.Context, in *elb.AddTagsInput) (*elb.AddTagsOutput, error) {
	err := a.c.change(func(time.Time) error {
		for _, arn := range in.ResourceArns {
			if err := a.resourceExists(arn); err != nil {
				return err
			}
		}
		for _, arn := range in.ResourceArns {
			a.tag(arn, in.Tags)
		}
		return nil
	})
	return &elb.AddTagsOutput{}, err
}

// resourceExists refuses an ARN of nothing; callers hold mu.
func (a elbAPI) resourceExists(arn string) error {
	if a.c.findLoadBalancer(arn) != nil || a.c.findTargetGroup(arn) != nil ||
		slices.ContainsFunc(a.c.listeners, func(l *listener) bool { return l.arn() == arn }) {
		return nil
	}
	return apiErrorf("ResourceNotFound", "The resource '%s' was not found", arn)
}

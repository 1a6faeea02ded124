package elbapi

import (
	"regexp"
	"slices"
	"strconv"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"secondwind/localcloud/cloud"
	"secondwind/localcloud/operation"
	"secondwind/localcloud/optional"
)

// matcherPattern is how a health check's codes are written.
var matcherPattern = regexp.MustCompile(`^[2-4]\d\d(-[2-4]\d\d)?(,[2-4]\d\d(-[2-4]\d\d)?)*$`)

func (a api) ModifyTargetGroupAttributes(in *elb.ModifyTargetGroupAttributesInput, out *elb.ModifyTargetGroupAttributesOutput) error {
	err := a.onTargetGroup(in.TargetGroupArn, func(_ *cloud.State, t *cloud.TargetGroup) error {
		for _, attribute := range in.Attributes {
			if err := checkTargetGroupAttribute(t, optional.Value(attribute.Key), optional.Value(attribute.Value)); err != nil {
				return err
			}
		}
		for _, attribute := range in.Attributes {
			t.Attributes[*attribute.Key] = *attribute.Value
		}
		out.Attributes = describedTargetGroupAttributes(t)
		return nil
	})
	if err == nil {
		a.putTargetGroup(*in.TargetGroupArn)
	}
	return err
}

// checkTargetGroupAttribute lets through what the balancer does. An attribute
// that would be accepted and not followed is refused, unless it asks for what is
// so anyway.
func checkTargetGroupAttribute(t *cloud.TargetGroup, key, value string) error {
	switch key {
	case "deregistration_delay.timeout_seconds":
		if n, err := strconv.Atoi(value); err != nil || n < 0 || n > 3600 {
			return operation.Invalidf("Target group attribute '%s' must be between '0' and '3600'; it is '%s'", key, value)
		}
		return nil
	case "load_balancing.algorithm.type":
		if !slices.Contains([]string{"round_robin", "least_outstanding_requests"}, value) {
			return operation.Invalidf("Target group attribute '%s' must be round_robin or least_outstanding_requests here; it is '%s'", key, value)
		}
		return nil
	}
	if t.Attributes[key] == value && value != "" {
		return nil
	}
	return operation.NotServed("target group attribute '" + key + "' = '" + value + "'")
}

func (a api) DescribeTargetGroupAttributes(in *elb.DescribeTargetGroupAttributesInput, out *elb.DescribeTargetGroupAttributesOutput) error {
	return a.onTargetGroup(in.TargetGroupArn, func(_ *cloud.State, t *cloud.TargetGroup) error {
		out.Attributes = describedTargetGroupAttributes(t)
		return nil
	})
}

func describedTargetGroupAttributes(t *cloud.TargetGroup) []types.TargetGroupAttribute {
	return cloud.List(t.Attributes, func(k, v *string) types.TargetGroupAttribute { return types.TargetGroupAttribute{Key: k, Value: v} })
}

func (a api) ModifyLoadBalancerAttributes(in *elb.ModifyLoadBalancerAttributesInput, out *elb.ModifyLoadBalancerAttributesOutput) error {
	return a.onLoadBalancer(in.LoadBalancerArn, func(lb *cloud.LoadBalancer) error {
		for _, attribute := range in.Attributes {
			if _, known := lb.Attributes[optional.Value(attribute.Key)]; !known {
				return operation.NotServed("load balancer attribute '" + optional.Value(attribute.Key) + "'")
			}
		}
		for _, attribute := range in.Attributes {
			lb.Attributes[*attribute.Key] = optional.Value(attribute.Value)
		}
		out.Attributes = describedAttributes(lb)
		return nil
	})
}

func (a api) DescribeLoadBalancerAttributes(
	in *elb.DescribeLoadBalancerAttributesInput, out *elb.DescribeLoadBalancerAttributesOutput,
) error {
	return a.onLoadBalancer(in.LoadBalancerArn, func(lb *cloud.LoadBalancer) error {
		out.Attributes = describedAttributes(lb)
		return nil
	})
}

func describedAttributes(lb *cloud.LoadBalancer) []types.LoadBalancerAttribute {
	return cloud.List(lb.Attributes, func(k, v *string) types.LoadBalancerAttribute { return types.LoadBalancerAttribute{Key: k, Value: v} })
}

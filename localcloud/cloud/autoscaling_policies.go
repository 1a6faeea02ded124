package cloud

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"secondwind/autoscale"
)

func (a autoScalingAPI) putScalingPolicy(_ context.Context, in *autoscaling.PutScalingPolicyInput) (*autoscaling.PutScalingPolicyOutput, error) {
	if err := required(member{"policyName", in.PolicyName != nil}); err != nil {
		return nil, err
	}
	p, err := policyOf(in)
	if err != nil {
		return nil, err
	}
	out := &autoscaling.PutScalingPolicyOutput{}
	err = a.onGroup(in.AutoScalingGroupName, func(now time.Time, g autoscale.GroupStatus) error {
		p.AutoScalingGroupName = g.Name
		put, err := a.c.engine.PutScalingPolicy(now, p)
		if err != nil {
			return err
		}
		out.PolicyARN, out.Alarms = &put.ARN, alarmsOf(put)
		return nil
	})
	return out, err
}

// policyOf reads a policy with AWS's defaults. Source: Amazon EC2 Auto Scaling
// API Reference, PutScalingPolicy.
func policyOf(in *autoscaling.PutScalingPolicyInput) (autoscale.Policy, error) {
	p := autoscale.Policy{
		Name: *in.PolicyName, Type: autoscale.PolicyType(deref(in.PolicyType)), Enabled: orElse(in.Enabled, true),
		AdjustmentType: autoscale.AdjustmentType(deref(in.AdjustmentType)), ScalingAdjustment: int(deref(in.ScalingAdjustment)),
		Cooldown: duration(in.Cooldown), MetricAggregationType: autoscale.Statistic(deref(in.MetricAggregationType)),
		MinAdjustmentMagnitude:  int(deref(in.MinAdjustmentMagnitude)),
		EstimatedInstanceWarmup: duration(in.EstimatedInstanceWarmup),
	}
	switch {
	case in.MinAdjustmentStep != nil: //lint:ignore SA1019 it is refused because it is deprecated
		return p, notServed("MinAdjustmentStep (deprecated by MinAdjustmentMagnitude)")
	case p.Type == "PredictiveScaling" || in.PredictiveScalingConfiguration != nil:
		return p, notServed("predictive scaling")
	case (p.Type == "" || p.Type == autoscale.SimpleScaling) && in.ScalingAdjustment == nil:
		return p, validationError("ScalingAdjustment must be specified for policy type SimpleScaling")
	}
	for _, s := range in.StepAdjustments {
		if s.ScalingAdjustment == nil {
			return p, validationError("Every StepAdjustment must have a ScalingAdjustment")
		}
		p.Steps = append(p.Steps, autoscale.StepAdjustment{LowerBound: s.MetricIntervalLowerBound, UpperBound: s.MetricIntervalUpperBound, Adjustment: int(*s.ScalingAdjustment)})
	}
	var err error
	p.TargetTracking, err = targetTrackingOf(in.TargetTrackingConfiguration)
	return p, err
}

func targetTrackingOf(c *types.TargetTrackingConfiguration) (*autoscale.TargetTracking, error) {
	if c == nil {
		return nil, nil
	}
	if c.TargetValue == nil {
		return nil, validationError("TargetTrackingConfiguration must have a TargetValue")
	}
	t := &autoscale.TargetTracking{TargetValue: *c.TargetValue, DisableScaleIn: deref(c.DisableScaleIn)}
	predefined, customized := c.PredefinedMetricSpecification, c.CustomizedMetricSpecification
	switch {
	case (predefined == nil) == (customized == nil):
		return nil, validationError("TargetTrackingConfiguration must have either a PredefinedMetricSpecification or a CustomizedMetricSpecification")
	case predefined != nil:
		if t.PredefinedMetric = autoscale.PredefinedMetric(predefined.PredefinedMetricType); t.PredefinedMetric != autoscale.ASGAverageCPUUtilization {
			return nil, notServed("predefined metric " + string(t.PredefinedMetric))
		}
	case len(customized.Metrics) > 0:
		return nil, notServed("target tracking on metric math (Metrics)")
	case customized.Period != nil:
		return nil, notServed("a Period of a CustomizedMetricSpecification")
	default:
		m := autoscale.Metric{Namespace: deref(customized.Namespace), Name: deref(customized.MetricName)}
		for _, d := range customized.Dimensions {
			m.Dimensions = append(m.Dimensions, autoscale.Dimension{Name: deref(d.Name), Value: deref(d.Value)})
		}
		t.Customized, t.Statistic = &m, autoscale.Statistic(customized.Statistic)
	}
	return t, nil
}

func (a autoScalingAPI) describePolicies(_ context.Context, in *autoscaling.DescribePoliciesInput) (*autoscaling.DescribePoliciesOutput, error) {
	if err := a.groupIfNamed(in.AutoScalingGroupName); err != nil {
		return nil, err
	}
	a.c.mu.Lock()
	all := a.c.engine.Policies()
	a.c.mu.Unlock()
	policies := []types.ScalingPolicy{}
	for _, p := range all {
		if (in.AutoScalingGroupName == nil || *in.AutoScalingGroupName == p.AutoScalingGroupName) &&
			(len(in.PolicyNames) == 0 || slices.Contains(in.PolicyNames, p.Name) || slices.Contains(in.PolicyNames, p.ARN)) &&
			(len(in.PolicyTypes) == 0 || slices.Contains(in.PolicyTypes, string(p.Type))) {
			policies = append(policies, describedPolicy(p))
		}
	}
	page, next, err := pageOf(policies, in.MaxRecords, in.NextToken, groupPages)
	return &autoscaling.DescribePoliciesOutput{ScalingPolicies: page, NextToken: next}, err
}

// describedPolicy has the members that AWS answers for the policy's type.
func describedPolicy(p autoscale.Policy) types.ScalingPolicy {
	out := types.ScalingPolicy{
		AutoScalingGroupName: &p.AutoScalingGroupName, PolicyName: &p.Name, PolicyARN: &p.ARN, PolicyType: (*string)(&p.Type),
		Enabled: &p.Enabled, Alarms: alarmsOf(p), AdjustmentType: unlessZero(string(p.AdjustmentType)),
		MinAdjustmentMagnitude: unlessZero(int32(p.MinAdjustmentMagnitude)),
	}
	if p.Type != autoscale.SimpleScaling {
		out.EstimatedInstanceWarmup = secondsIf(p.EstimatedInstanceWarmup)
	}
	switch p.Type {
	case autoscale.SimpleScaling:
		out.ScalingAdjustment, out.Cooldown = aws.Int32(int32(p.ScalingAdjustment)), secondsIf(p.Cooldown)
	case autoscale.StepScaling:
		out.MetricAggregationType = unlessZero(string(p.MetricAggregationType))
		for _, s := range p.Steps {
			out.StepAdjustments = append(out.StepAdjustments, types.StepAdjustment{
				MetricIntervalLowerBound: s.LowerBound, MetricIntervalUpperBound: s.UpperBound, ScalingAdjustment: aws.Int32(int32(s.Adjustment)),
			})
		}
	case autoscale.TargetTrackingScaling:
		out.TargetTrackingConfiguration = describedTargetTracking(p.TargetTracking)
	}
	return out
}

func describedTargetTracking(t *autoscale.TargetTracking) *types.TargetTrackingConfiguration {
	if t == nil {
		return nil
	}
	out := &types.TargetTrackingConfiguration{TargetValue: &t.TargetValue, DisableScaleIn: &t.DisableScaleIn}
	if t.Customized == nil {
		out.PredefinedMetricSpecification = &types.PredefinedMetricSpecification{PredefinedMetricType: types.MetricType(t.PredefinedMetric)}
		return out
	}
	out.CustomizedMetricSpecification = &types.CustomizedMetricSpecification{
		Namespace: &t.Customized.Namespace, MetricName: &t.Customized.Name, Statistic: types.MetricStatistic(t.Statistic),
	}
	for _, d := range t.Customized.Dimensions {
		out.CustomizedMetricSpecification.Dimensions = append(out.CustomizedMetricSpecification.Dimensions, types.MetricDimension{Name: &d.Name, Value: &d.Value})
	}
	return out
}

func alarmsOf(p autoscale.Policy) []types.Alarm {
	alarms := []types.Alarm{}
	for _, alarm := range p.Alarms {
		alarms = append(alarms, types.Alarm{AlarmName: &alarm.Name, AlarmARN: &alarm.ARN})
	}
	return alarms
}

func (a autoScalingAPI) deletePolicy(_ context.Context, in *autoscaling.DeletePolicyInput) (*autoscaling.DeletePolicyOutput, error) {
	err := a.onPolicy(in.PolicyName, in.AutoScalingGroupName, func(now time.Time, p autoscale.Policy) error {
		return a.c.engine.DeletePolicy(now, p.AutoScalingGroupName, p.Name)
	})
	return &autoscaling.DeletePolicyOutput{}, err
}

func (a autoScalingAPI) executePolicy(_ context.Context, in *autoscaling.ExecutePolicyInput) (*autoscaling.ExecutePolicyOutput, error) {
	if in.MetricValue != nil || in.BreachThreshold != nil {
		return nil, notServed("ExecutePolicy with a MetricValue and a BreachThreshold")
	}
	err := a.onPolicy(in.PolicyName, in.AutoScalingGroupName, func(now time.Time, p autoscale.Policy) error {
		return a.c.engine.ExecutePolicy(now, p.AutoScalingGroupName, p.Name, deref(in.HonorCooldown))
	})
	return &autoscaling.ExecutePolicyOutput{}, err
}

// onPolicy changes something of a policy, given by ARN or by name and group.
func (a autoScalingAPI) onPolicy(nameOrARN, group *string, f func(now time.Time, p autoscale.Policy) error) error {
	if err := required(member{"policyName", nameOrARN != nil}); err != nil {
		return err
	}
	byARN := strings.HasPrefix(*nameOrARN, "arn:")
	if !byARN && group == nil {
		return validationError("AutoScalingGroupName is required with a policy's name; it may be left out with its ARN")
	}
	return a.c.change(func(now time.Time) error {
		policies := a.c.engine.Policies()
		i := slices.IndexFunc(policies, func(p autoscale.Policy) bool {
			if byARN {
				return p.ARN == *nameOrARN
			}
			return p.Name == *nameOrARN && p.AutoScalingGroupName == *group
		})
		if i < 0 {
			return validationError("PolicyName not found - PolicyName %s not found", *nameOrARN)
		}
		return f(now, policies[i])
	})
}

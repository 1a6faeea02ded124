package autoscalingapi

import (
	"cmp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"secondwind/autoscale"
	"secondwind/localcloud/cloud"
	"secondwind/localcloud/operation"
	"secondwind/localcloud/optional"
)

func (a api) PutScalingPolicy(in *autoscaling.PutScalingPolicyInput, out *autoscaling.PutScalingPolicyOutput) error {
	if err := operation.Require(in, "PolicyName"); err != nil {
		return err
	}
	p, err := policyOf(in)
	if err != nil {
		return err
	}
	return a.onGroup(in.AutoScalingGroupName, func(s *cloud.State, g autoscale.GroupStatus) error {
		p.AutoScalingGroupName = g.Name
		put, err := s.Engine.PutScalingPolicy(s.Now, p)
		if err != nil {
			return err
		}
		out.PolicyARN, out.Alarms = &put.ARN, alarmsOf(put)
		return nil
	})
}

// policyOf reads a policy with AWS's defaults. Source: Amazon EC2 Auto Scaling
// API Reference, PutScalingPolicy.
func policyOf(in *autoscaling.PutScalingPolicyInput) (autoscale.Policy, error) {
	p := autoscale.Policy{
		Name: *in.PolicyName, Type: autoscale.PolicyType(optional.Value(in.PolicyType)), Enabled: optional.Or(in.Enabled, true),
		AdjustmentType:    autoscale.AdjustmentType(optional.Value(in.AdjustmentType)),
		ScalingAdjustment: int(optional.Value(in.ScalingAdjustment)), Cooldown: optional.Duration(in.Cooldown),
		MetricAggregationType:   autoscale.Statistic(optional.Value(in.MetricAggregationType)),
		MinAdjustmentMagnitude:  int(optional.Value(in.MinAdjustmentMagnitude)),
		EstimatedInstanceWarmup: optional.Duration(in.EstimatedInstanceWarmup),
	}
	switch {
	case in.MinAdjustmentStep != nil: //lint:ignore SA1019 it is refused because it is deprecated
		return p, operation.NotServed("MinAdjustmentStep (deprecated by MinAdjustmentMagnitude)")
	case p.Type == "PredictiveScaling" || in.PredictiveScalingConfiguration != nil:
		return p, operation.NotServed("predictive scaling")
	case cmp.Or(p.Type, autoscale.SimpleScaling) == autoscale.SimpleScaling && in.ScalingAdjustment == nil:
		return p, operation.Invalidf("ScalingAdjustment must be specified for policy type SimpleScaling")
	}
	for _, s := range in.StepAdjustments {
		if s.ScalingAdjustment == nil {
			return p, operation.Invalidf("Every StepAdjustment must have a ScalingAdjustment")
		}
		p.Steps = append(p.Steps, autoscale.StepAdjustment{
			LowerBound: s.MetricIntervalLowerBound, UpperBound: s.MetricIntervalUpperBound, Adjustment: int(*s.ScalingAdjustment),
		})
	}
	var err error
	p.TargetTracking, err = targetTrackingOf(in.TargetTrackingConfiguration)
	return p, err
}

// served are the predefined metrics that something here publishes.
var served = []autoscale.PredefinedMetric{autoscale.ASGAverageCPUUtilization, autoscale.ALBRequestCountPerTarget}

func targetTrackingOf(c *types.TargetTrackingConfiguration) (*autoscale.TargetTracking, error) {
	if c == nil {
		return nil, nil
	}
	if c.TargetValue == nil {
		return nil, operation.Invalidf("TargetTrackingConfiguration must have a TargetValue")
	}
	t := &autoscale.TargetTracking{TargetValue: *c.TargetValue, DisableScaleIn: optional.Value(c.DisableScaleIn)}
	predefined, customized := c.PredefinedMetricSpecification, c.CustomizedMetricSpecification
	switch {
	case (predefined == nil) == (customized == nil):
		return nil, operation.Invalidf("TargetTrackingConfiguration must have either a PredefinedMetricSpecification " +
			"or a CustomizedMetricSpecification")
	case predefined != nil && !slices.Contains(served, autoscale.PredefinedMetric(predefined.PredefinedMetricType)):
		return nil, operation.NotServed("predefined metric " + string(predefined.PredefinedMetricType))
	case predefined != nil:
		t.PredefinedMetric = autoscale.PredefinedMetric(predefined.PredefinedMetricType)
		t.ResourceLabel = optional.Value(predefined.ResourceLabel)
	case len(customized.Metrics) > 0:
		return nil, operation.NotServed("target tracking on metric math (Metrics)")
	case customized.Period != nil:
		return nil, operation.NotServed("a Period of a CustomizedMetricSpecification")
	default:
		m := autoscale.Metric{Namespace: optional.Value(customized.Namespace), Name: optional.Value(customized.MetricName)}
		for _, d := range customized.Dimensions {
			m.Dimensions = append(m.Dimensions, autoscale.Dimension{Name: optional.Value(d.Name), Value: optional.Value(d.Value)})
		}
		t.Customized, t.Statistic = &m, autoscale.Statistic(customized.Statistic)
	}
	return t, nil
}

func (a api) DescribePolicies(in *autoscaling.DescribePoliciesInput, out *autoscaling.DescribePoliciesOutput) (err error) {
	if err := a.groupIfNamed(in.AutoScalingGroupName); err != nil {
		return err
	}
	var policies []types.ScalingPolicy
	for _, p := range cloud.View(a.Cloud, func(s *cloud.State) []autoscale.Policy { return s.Engine.Policies() }) {
		if (in.AutoScalingGroupName == nil || *in.AutoScalingGroupName == p.AutoScalingGroupName) &&
			(len(in.PolicyNames) == 0 || slices.Contains(in.PolicyNames, p.Name) || slices.Contains(in.PolicyNames, p.ARN)) &&
			(len(in.PolicyTypes) == 0 || slices.Contains(in.PolicyTypes, string(p.Type))) {
			policies = append(policies, describedPolicy(p))
		}
	}
	out.ScalingPolicies, out.NextToken, err = operation.Page(policies, in.MaxRecords, in.NextToken, groupPages)
	return err
}

// describedPolicy has the members that AWS answers for the policy's type.
func describedPolicy(p autoscale.Policy) types.ScalingPolicy {
	out := types.ScalingPolicy{
		AutoScalingGroupName: &p.AutoScalingGroupName, PolicyName: &p.Name, PolicyARN: &p.ARN, PolicyType: (*string)(&p.Type),
		Enabled: &p.Enabled, Alarms: alarmsOf(p), AdjustmentType: optional.NonZero(string(p.AdjustmentType)),
		MinAdjustmentMagnitude: optional.NonZero(int32(p.MinAdjustmentMagnitude)),
	}
	if p.Type != autoscale.SimpleScaling {
		out.EstimatedInstanceWarmup = optional.SecondsOf(p.EstimatedInstanceWarmup)
	}
	switch p.Type {
	case autoscale.SimpleScaling:
		out.ScalingAdjustment, out.Cooldown = aws.Int32(int32(p.ScalingAdjustment)), optional.SecondsOf(p.Cooldown)
	case autoscale.StepScaling:
		out.MetricAggregationType = optional.NonZero(string(p.MetricAggregationType))
		for _, s := range p.Steps {
			out.StepAdjustments = append(out.StepAdjustments, types.StepAdjustment{
				MetricIntervalLowerBound: s.LowerBound, MetricIntervalUpperBound: s.UpperBound,
				ScalingAdjustment: aws.Int32(int32(s.Adjustment)),
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
		predefined := types.PredefinedMetricSpecification{
			PredefinedMetricType: types.MetricType(t.PredefinedMetric), ResourceLabel: optional.NonZero(t.ResourceLabel),
		}
		out.PredefinedMetricSpecification = &predefined
		return out
	}
	out.CustomizedMetricSpecification = &types.CustomizedMetricSpecification{
		Namespace: &t.Customized.Namespace, MetricName: &t.Customized.Name, Statistic: types.MetricStatistic(t.Statistic),
	}
	for _, d := range t.Customized.Dimensions {
		d := types.MetricDimension{Name: &d.Name, Value: &d.Value}
		out.CustomizedMetricSpecification.Dimensions = append(out.CustomizedMetricSpecification.Dimensions, d)
	}
	return out
}

func alarmsOf(p autoscale.Policy) []types.Alarm {
	var alarms []types.Alarm
	for _, alarm := range p.Alarms {
		alarms = append(alarms, types.Alarm{AlarmName: &alarm.Name, AlarmARN: &alarm.ARN})
	}
	return alarms
}

func (a api) DeletePolicy(in *autoscaling.DeletePolicyInput, _ *autoscaling.DeletePolicyOutput) error {
	return a.onPolicy(in.PolicyName, in.AutoScalingGroupName, func(s *cloud.State, p autoscale.Policy) error {
		return s.Engine.DeletePolicy(s.Now, p.AutoScalingGroupName, p.Name)
	})
}

func (a api) ExecutePolicy(in *autoscaling.ExecutePolicyInput, _ *autoscaling.ExecutePolicyOutput) error {
	if in.MetricValue != nil || in.BreachThreshold != nil {
		return operation.NotServed("ExecutePolicy with a MetricValue and a BreachThreshold")
	}
	return a.onPolicy(in.PolicyName, in.AutoScalingGroupName, func(s *cloud.State, p autoscale.Policy) error {
		return s.Engine.ExecutePolicy(s.Now, p.AutoScalingGroupName, p.Name, optional.Value(in.HonorCooldown))
	})
}

// onPolicy changes something of a policy, given by ARN or by name and group.
func (a api) onPolicy(nameOrARN, group *string, f func(s *cloud.State, p autoscale.Policy) error) error {
	if err := operation.Given("policyName", nameOrARN); err != nil {
		return err
	}
	byARN := strings.HasPrefix(*nameOrARN, "arn:")
	if !byARN && group == nil {
		return operation.Invalidf("AutoScalingGroupName is required with a policy's name; it may be left out with its ARN")
	}
	return a.Change(func(s *cloud.State) error {
		policies := s.Engine.Policies()
		i := slices.IndexFunc(policies, func(p autoscale.Policy) bool {
			if byARN {
				return p.ARN == *nameOrARN
			}
			return p.Name == *nameOrARN && p.AutoScalingGroupName == *group
		})
		if i < 0 {
			return operation.Invalidf("PolicyName not found - PolicyName %s not found", *nameOrARN)
		}
		return f(s, policies[i])
	})
}

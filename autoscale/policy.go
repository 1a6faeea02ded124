package autoscale

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
)

// Policy is a scaling policy.
type Policy struct {
	AutoScalingGroupName, Name, ARN string
	Type                            PolicyType // "": SimpleScaling
	Enabled                         bool
	AdjustmentType                  AdjustmentType // not of target tracking
	ScalingAdjustment               int            // simple
	Cooldown                        *time.Duration // simple; nil: the group's
	Steps                           []StepAdjustment
	MetricAggregationType           Statistic // of the steps: Average, Minimum or Maximum; "": Average
	MinAdjustmentMagnitude          int
	EstimatedInstanceWarmup         *time.Duration // nil: the group's default, and without one its cooldown
	TargetTracking                  *TargetTracking
	Alarms                          []PolicyAlarm // that invoke it; filled in by the engine
}

// StepAdjustment is a step; bounds are relative to the alarm's threshold, nil is infinite.
type StepAdjustment struct {
	LowerBound, UpperBound *float64
	Adjustment             int
}

// TargetTracking is a target tracking configuration.
type TargetTracking struct {
	PredefinedMetric PredefinedMetric // "": Customized
	ResourceLabel    string           // of ALBRequestCountPerTarget: app/…/…/targetgroup/…/…
	Customized       *Metric
	Statistic        Statistic // of Customized; "": Average
	TargetValue      float64
	DisableScaleIn   bool
}

// PolicyAlarm names an alarm that invokes a policy.
type PolicyAlarm struct{ Name, ARN string }

// PredefinedMetric names a metric of the policy's own group.
type PredefinedMetric string

// The predefined metrics: CPUUtilization of AWS/EC2, and RequestCountPerTarget of
// AWS/ApplicationELB. The others are left out: nothing here publishes what they track.
const (
	ASGAverageCPUUtilization PredefinedMetric = "ASGAverageCPUUtilization"
	ALBRequestCountPerTarget PredefinedMetric = "ALBRequestCountPerTarget"
)

// PolicyType is how a policy finds the capacity.
type PolicyType string

// The types of policies.
const (
	SimpleScaling         PolicyType = "SimpleScaling"
	StepScaling           PolicyType = "StepScaling"
	TargetTrackingScaling PolicyType = "TargetTrackingScaling"
)

// AdjustmentType is what an adjustment's number means.
type AdjustmentType string

// The types of adjustments.
const (
	ChangeInCapacity        AdjustmentType = "ChangeInCapacity"
	ExactCapacity           AdjustmentType = "ExactCapacity"
	PercentChangeInCapacity AdjustmentType = "PercentChangeInCapacity"
)

const (
	maxSteps    = 20 // a policy
	maxPolicies = 50 // a group
)

// withDefaults returns a copy that has AWS's defaults for what was left out.
func (p Policy) withDefaults() Policy {
	p = p.clone()
	p.Type = cmp.Or(p.Type, SimpleScaling)
	if p.TargetTracking != nil {
		if p.TargetTracking.PredefinedMetric == ALBRequestCountPerTarget {
			p.TargetTracking.Statistic = StatisticSum
		}
		p.TargetTracking.Statistic = cmp.Or(p.TargetTracking.Statistic, StatisticAverage)
	}
	return p
}

// Validate returns nil, or the first thing that EC2 Auto Scaling would refuse,
// as an *Error.
// Source: EC2 Auto Scaling API Reference, PutScalingPolicy.
func (p Policy) Validate() error {
	if err := cmp.Or(
		nameLength("policyName", p.Name),
		notNegative("Cooldown", p.Cooldown),
		notNegative("EstimatedInstanceWarmup", p.EstimatedInstanceWarmup),
	); err != nil {
		return err
	}
	switch p.Type {
	case "", SimpleScaling:
		return cmp.Or(p.validateAdjustment(), p.validateSimple())
	case StepScaling:
		return cmp.Or(p.validateAdjustment(), p.validateStep())
	case TargetTrackingScaling:
		return p.validateTracking()
	}
	return oneOf("policyType", p.Type, SimpleScaling, StepScaling, TargetTrackingScaling)
}

func (p Policy) validateAdjustment() error {
	if err := oneOf("adjustmentType", p.AdjustmentType, ChangeInCapacity, ExactCapacity, PercentChangeInCapacity); err != nil {
		return err
	}
	switch {
	case p.MinAdjustmentMagnitude < 0:
		return invalid("MinAdjustmentMagnitude of policy %s must not be negative", p.Name)
	case p.MinAdjustmentMagnitude > 0 && p.AdjustmentType != PercentChangeInCapacity:
		return invalid("MinAdjustmentMagnitude is not supported by the specified adjustment type %s", p.AdjustmentType)
	case p.TargetTracking != nil:
		return invalid("TargetTrackingConfiguration is not supported by policy type %s", p.Type)
	}
	return nil
}

func (p Policy) validateSimple() error {
	if len(p.Steps) > 0 || p.MetricAggregationType != "" {
		return invalid("StepAdjustments and MetricAggregationType are not supported by policy type %s", SimpleScaling)
	}
	if p.AdjustmentType == ExactCapacity && p.ScalingAdjustment < 0 {
		return invalid("ScalingAdjustment must not be negative with adjustment type %s", ExactCapacity)
	}
	return nil
}

func (p Policy) validateStep() error {
	if err := p.validateAggregation(); err != nil {
		return err
	}
	switch {
	case len(p.Steps) == 0:
		return invalid("At least one StepAdjustment must be specified for policy type %s", StepScaling)
	case len(p.Steps) > maxSteps:
		return invalid("Only %d StepAdjustments are allowed per policy; %s has %d", maxSteps, p.Name, len(p.Steps))
	case p.ScalingAdjustment != 0:
		return invalid("ScalingAdjustment is not supported by policy type %s", StepScaling)
	}
	for _, s := range p.Steps {
		if s.lower() >= s.upper() || math.IsNaN(s.lower()) || math.IsNaN(s.upper()) {
			return invalid("MetricIntervalLowerBound must be less than MetricIntervalUpperBound in every StepAdjustment of policy %s", p.Name)
		}
		if p.AdjustmentType == ExactCapacity && s.Adjustment < 0 {
			return invalid("ScalingAdjustment must not be negative with adjustment type %s", ExactCapacity)
		}
	}
	return p.validateStepOrder()
}

func (p Policy) validateAggregation() error {
	aggregation := cmp.Or(p.MetricAggregationType, StatisticAverage)
	return oneOf("metricAggregationType", aggregation, StatisticMinimum, StatisticMaximum, StatisticAverage)
}

// validateStepOrder refuses gaps and overlaps. A policy for both sides of the
// threshold may meet at it.
func (p Policy) validateStepOrder() error {
	steps := slices.SortedFunc(slices.Values(p.Steps), func(a, b StepAdjustment) int { return cmp.Compare(a.lower(), b.lower()) })
	for i, s := range steps[1:] {
		if before := steps[i]; before.upper() > s.lower() {
			return invalid("StepAdjustment intervals can't overlap")
		} else if before.upper() < s.lower() {
			return invalid("StepAdjustment intervals can't have gaps between them")
		}
	}
	return nil
}

func (p Policy) validateTracking() error {
	t := p.TargetTracking
	switch {
	case t == nil:
		return invalid("TargetTrackingConfiguration must be specified for policy type %s", TargetTrackingScaling)
	case len(p.Steps) > 0 || p.AdjustmentType != "" || p.ScalingAdjustment != 0 || p.MinAdjustmentMagnitude != 0:
		return invalid("Adjustments are not supported by policy type %s", TargetTrackingScaling)
	case (t.PredefinedMetric == "") == (t.Customized == nil):
		return invalid("Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be specified for policy %s", p.Name)
	case !(t.TargetValue > 0 && t.TargetValue <= largestValue):
		return invalid("TargetValue of policy %s must be greater than 0", p.Name)
	}
	if err := p.validateAggregation(); err != nil {
		return err
	}
	if t.Customized != nil {
		return t.validateCustomized()
	}
	if balancer, group := t.labelled(); (balancer == "" || group == "") == (t.PredefinedMetric == ALBRequestCountPerTarget) {
		return invalid("ResourceLabel of policy %s must be that of a load balancer and its target group for %s, and of no other metric",
			p.Name, ALBRequestCountPerTarget)
	}
	return oneOf("predefinedMetricType", t.PredefinedMetric, ASGAverageCPUUtilization, ALBRequestCountPerTarget)
}

// labelled is what the resource label names: app/<name>/<id> and targetgroup/<name>/<id>; "" and
// "" if it names nothing so.
func (t TargetTracking) labelled() (loadBalancer, targetGroup string) {
	balancer, group, ok := strings.Cut(t.ResourceLabel, "/targetgroup/")
	if !ok || !strings.HasPrefix(balancer, "app/") || strings.Count(balancer, "/") != 2 || strings.Count(group, "/") != 1 {
		return "", ""
	}
	return balancer, "targetgroup/" + group
}

func (t TargetTracking) validateCustomized() error {
	if t.Customized.Namespace == "" || t.Customized.Name == "" || len(t.Customized.Dimensions) > maxDimensions {
		return invalid("CustomizedMetricSpecification must name a Namespace, a MetricName and at most %d Dimensions", maxDimensions)
	}
	statistic := cmp.Or(t.Statistic, StatisticAverage)
	return oneOf("statistic", statistic, StatisticAverage, StatisticMinimum, StatisticMaximum, StatisticSampleCount, StatisticSum)
}

func (s StepAdjustment) lower() float64 { return *cmp.Or(s.LowerBound, new(math.Inf(-1))) }
func (s StepAdjustment) upper() float64 { return *cmp.Or(s.UpperBound, new(math.Inf(1))) }

func (p Policy) clone() Policy {
	p.Cooldown, p.EstimatedInstanceWarmup = cloned(p.Cooldown), cloned(p.EstimatedInstanceWarmup)
	p.Alarms = slices.Clone(p.Alarms)
	p.Steps = slices.Clone(p.Steps)
	for i, s := range p.Steps {
		p.Steps[i].LowerBound, p.Steps[i].UpperBound = cloned(s.LowerBound), cloned(s.UpperBound)
	}
	if p.TargetTracking != nil {
		p.TargetTracking = new(*p.TargetTracking)
		if m := p.TargetTracking.Customized; m != nil {
			p.TargetTracking.Customized = new(m.clone())
		}
	}
	return p
}

func cloned[T any](p *T) *T {
	if p == nil {
		return nil
	}
	return new(*p)
}

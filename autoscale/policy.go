package autoscale

import (
	"math"
	"slices"
	"time"
)

// Policy is a scaling policy.
type Policy struct {
	AutoScalingGroupName, Name, ARN string
	Type                            string // SimpleScaling | StepScaling | TargetTrackingScaling; "": SimpleScaling
	Enabled                         bool
	AdjustmentType                  string        // ChangeInCapacity | ExactCapacity | PercentChangeInCapacity
	ScalingAdjustment               int           // simple
	Cooldown                        time.Duration // simple; <0: the group's
	Steps                           []StepAdjustment
	MetricAggregationType           string // Average | Minimum | Maximum; "": Average
	MinAdjustmentMagnitude          int
	EstimatedInstanceWarmup         time.Duration // <0: the group's default
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
	PredefinedMetric string // ASGAverageCPUUtilization | ASGAverageNetworkIn | ASGAverageNetworkOut
	Customized       *Metric
	Statistic        string // of Customized; "": Average
	TargetValue      float64
	DisableScaleIn   bool
}

// PolicyAlarm names an alarm that invokes a policy.
type PolicyAlarm struct{ Name, ARN string }

// The types of policies.
const (
	simpleScaling         = "SimpleScaling"
	stepScaling           = "StepScaling"
	targetTrackingScaling = "TargetTrackingScaling"
)

// The types of adjustments.
const (
	changeInCapacity        = "ChangeInCapacity"
	exactCapacity           = "ExactCapacity"
	percentChangeInCapacity = "PercentChangeInCapacity"
)

const (
	maxSteps    = 20 // a policy
	maxPolicies = 50 // a group
)

// Validate returns nil, or the first thing that EC2 Auto Scaling would refuse,
// as an *Error.
// Source: EC2 Auto Scaling API Reference, PutScalingPolicy.
func (p Policy) Validate() error {
	if p.Name == "" || len(p.Name) > 255 {
		return invalid("1 validation error detected: Value '%s' at 'policyName' failed to satisfy constraint: "+
			"Member must have length between 1 and 255", p.Name)
	}
	switch p.Type {
	case "", simpleScaling:
		return firstError(p.validateAdjustment(), p.validateSimple())
	case stepScaling:
		return firstError(p.validateAdjustment(), p.validateStep())
	case targetTrackingScaling:
		return p.validateTracking()
	default:
		return oneOf("policyType", p.Type, simpleScaling, stepScaling, targetTrackingScaling)
	}
}

func (p Policy) validateAdjustment() error {
	if err := oneOf("adjustmentType", p.AdjustmentType, changeInCapacity, exactCapacity, percentChangeInCapacity); err != nil {
		return err
	}
	if p.MinAdjustmentMagnitude < 0 {
		return invalid("MinAdjustmentMagnitude of policy %s must not be negative", p.Name)
	}
	if p.MinAdjustmentMagnitude > 0 && p.AdjustmentType != percentChangeInCapacity {
		return invalid("MinAdjustmentMagnitude is not supported by the specified adjustment type %s", p.AdjustmentType)
	}
	if p.TargetTracking != nil {
		return invalid("TargetTrackingConfiguration is not supported by policy type %s", p.Type)
	}
	return nil
}

func (p Policy) validateSimple() error {
	if len(p.Steps) > 0 || p.MetricAggregationType != "" {
		return invalid("StepAdjustments and MetricAggregationType are not supported by policy type %s", simpleScaling)
	}
	if p.AdjustmentType == exactCapacity && p.ScalingAdjustment < 0 {
		return invalid("ScalingAdjustment must not be negative with adjustment type %s", exactCapacity)
	}
	return nil
}

func (p Policy) validateStep() error {
	if p.MetricAggregationType != "" {
		if err := oneOf("metricAggregationType", p.MetricAggregationType, "Minimum", "Maximum", "Average"); err != nil {
			return err
		}
	}
	if len(p.Steps) == 0 {
		return invalid("At least one StepAdjustment must be specified for policy type %s", stepScaling)
	}
	if len(p.Steps) > maxSteps {
		return invalid("Only %d StepAdjustments are allowed per policy; %s has %d", maxSteps, p.Name, len(p.Steps))
	}
	if p.ScalingAdjustment != 0 {
		return invalid("ScalingAdjustment is not supported by policy type %s", stepScaling)
	}
	for _, s := range p.Steps {
		if s.lower() >= s.upper() || math.IsNaN(s.lower()) || math.IsNaN(s.upper()) {
			return invalid("MetricIntervalLowerBound must be less than MetricIntervalUpperBound in every StepAdjustment of policy %s", p.Name)
		}
		if p.AdjustmentType == exactCapacity && s.Adjustment < 0 {
			return invalid("ScalingAdjustment must not be negative with adjustment type %s", exactCapacity)
		}
	}
	return p.validateStepOrder()
}

// validateStepOrder refuses gaps and overlaps. A policy for both sides of the
// threshold may meet at it.
func (p Policy) validateStepOrder() error {
	steps := slices.SortedFunc(slices.Values(p.Steps), func(a, b StepAdjustment) int {
		switch {
		case a.lower() < b.lower():
			return -1
		case a.lower() > b.lower():
			return 1
		}
		return 0
	})
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
	if t == nil {
		return invalid("TargetTrackingConfiguration must be specified for policy type %s", targetTrackingScaling)
	}
	if len(p.Steps) > 0 || p.AdjustmentType != "" || p.ScalingAdjustment != 0 || p.MinAdjustmentMagnitude != 0 {
		return invalid("Adjustments are not supported by policy type %s", targetTrackingScaling)
	}
	if (t.PredefinedMetric == "") == (t.Customized == nil) {
		return invalid("Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be specified for policy %s", p.Name)
	}
	if !(t.TargetValue > 0 && t.TargetValue <= largestValue) {
		return invalid("TargetValue of policy %s must be greater than 0", p.Name)
	}
	if t.Customized != nil {
		return t.validateCustomized()
	}
	return oneOf("predefinedMetricType", t.PredefinedMetric,
		"ASGAverageCPUUtilization", "ASGAverageNetworkIn", "ASGAverageNetworkOut")
}

func (t TargetTracking) validateCustomized() error {
	if t.Customized.Namespace == "" || t.Customized.Name == "" || len(t.Customized.Dimensions) > maxDimensions {
		return invalid("CustomizedMetricSpecification must name a Namespace, a MetricName and at most %d Dimensions", maxDimensions)
	}
	if t.Statistic == "" {
		return nil
	}
	return oneOf("statistic", t.Statistic, "Average", "Minimum", "Maximum", "SampleCount", "Sum")
}

func (s StepAdjustment) lower() float64 {
	if s.LowerBound == nil {
		return math.Inf(-1)
	}
	return *s.LowerBound
}

func (s StepAdjustment) upper() float64 {
	if s.UpperBound == nil {
		return math.Inf(1)
	}
	return *s.UpperBound
}

func (p Policy) clone() Policy {
	p.Alarms = slices.Clone(p.Alarms)
	p.Steps = slices.Clone(p.Steps)
	for i, s := range p.Steps {
		p.Steps[i].LowerBound, p.Steps[i].UpperBound = cloned(s.LowerBound), cloned(s.UpperBound)
	}
	if p.TargetTracking != nil {
		t := *p.TargetTracking
		if t.Customized != nil {
			m := t.Customized.clone()
			t.Customized = &m
		}
		p.TargetTracking = &t
	}
	return p
}

func cloned[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

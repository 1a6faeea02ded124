package autoscale

import (
	"cmp"
	"math"
)

// adjust returns the capacity that an adjustment makes of current.
// PercentChangeInCapacity is rounded towards zero, but never to zero: above 1
// down, between 0 and 1 to 1, between -1 and 0 to -1, below -1 up; then it is
// at least MinAdjustmentMagnitude. The result is not clamped to the group's size.
// Source: EC2 Auto Scaling User Guide, "Scaling adjustment types".
func (p Policy) adjust(current, adjustment int) int {
	switch p.AdjustmentType {
	case ExactCapacity:
		return adjustment
	case PercentChangeInCapacity:
		change := roundPercent(float64(current) * float64(adjustment) / 100)
		if least := float64(p.MinAdjustmentMagnitude); adjustment > 0 {
			change = max(change, least)
		} else if adjustment < 0 {
			change = min(change, -least)
		}
		return saturate(float64(current) + change)
	case ChangeInCapacity:
		return saturate(float64(current) + float64(adjustment))
	}
	panic(impossible(p.AdjustmentType))
}

func roundPercent(change float64) float64 {
	if change != 0 && math.Abs(change) < 1 {
		return math.Copysign(1, change)
	}
	return math.Trunc(change)
}

// saturate turns a capacity into an int; any beyond what a group can have will
// be clamped by the group's size anyway.
func saturate(capacity float64) int {
	return int(max(-math.MaxInt32, min(capacity, math.MaxInt32)))
}

// step returns the adjustment for a metric that is difference above the alarm's
// threshold; ok is false if there is no step for it. Above the threshold the
// lower bound belongs to a step and the upper does not; below it is the other
// way round. At the threshold itself, a step above it goes first.
// Source: EC2 Auto Scaling User Guide, "Step adjustments for step scaling".
func (p Policy) step(difference float64) (adjustment int, ok bool) {
	for _, s := range p.Steps {
		if difference >= 0 && s.upper() > 0 && s.lower() <= difference && difference < s.upper() {
			return s.Adjustment, true
		}
	}
	for _, s := range p.Steps {
		if difference <= 0 && s.lower() < 0 && s.lower() < difference && difference <= s.upper() {
			return s.Adjustment, true
		}
	}
	return 0, false
}

// aggregate brings recent datapoints down to the one value that picks a step.
// There must be at least one.
func (p Policy) aggregate(values []float64) float64 {
	var s Statistics
	for _, v := range values {
		s = s.Add(Value(v))
	}
	return s.Statistic(cmp.Or(p.MetricAggregationType, StatisticAverage))
}

// track returns the capacity that would bring a metric, which falls as capacity
// grows, to its target. It is rounded up: better too much than too little.
// Source: EC2 Auto Scaling User Guide, "How target tracking works"; the formula
// itself is not published.
func (t TargetTracking) track(current int, metric float64) int {
	return saturate(math.Ceil(float64(current) * metric / t.TargetValue))
}

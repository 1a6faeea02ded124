package hypothesis_test

import (
	"testing"

	"secondwind/runlog"
	"secondwind/verify/hypothesis"
)

// TestCapacityAt has a policy with a step on each side of the threshold, in each type of adjustment.
func TestCapacityAt(t *testing.T) {
	policy := func(adjustment string, up, down, magnitude int) runlog.ScalingPolicy {
		return runlog.ScalingPolicy{
			PolicyType: "StepScaling", AdjustmentType: adjustment, MinAdjustmentMagnitude: magnitude,
			StepAdjustments: []runlog.StepAdjustment{
				{MetricIntervalUpperBound: new(-5.0), ScalingAdjustment: 2 * down},
				{MetricIntervalLowerBound: new(-5.0), MetricIntervalUpperBound: new(0.0), ScalingAdjustment: down},
				{MetricIntervalLowerBound: new(0.0), MetricIntervalUpperBound: new(5.0), ScalingAdjustment: up},
			},
		}
	}
	for _, c := range []struct {
		policy runlog.ScalingPolicy
		over   float64
		want   int // of 4
	}{
		{policy("ChangeInCapacity", 1, -1, 0), 0, 5},
		{policy("ChangeInCapacity", 1, -1, 0), 4.9, 5},
		{policy("ChangeInCapacity", 1, -1, 0), 5, 4}, // an upper bound is not its step's above the threshold
		{policy("ChangeInCapacity", 1, -1, 0), -0.1, 3},
		{policy("ChangeInCapacity", 1, -1, 0), -5, 2}, // and a lower one not below it
		{policy("ExactCapacity", 9, 1, 0), 1, 9},
		{policy("PercentChangeInCapacity", 60, -60, 0), 1, 6},
		{policy("PercentChangeInCapacity", 10, -10, 0), 1, 5},
		{policy("PercentChangeInCapacity", 10, -10, 3), 1, 7},
		{policy("PercentChangeInCapacity", 10, -10, 0), -1, 3},
		{policy("PercentChangeInCapacity", 10, -10, 3), -1, 1},
		{policy("PercentChangeInCapacity", 0, 0, 3), 1, 4},
		{runlog.ScalingPolicy{PolicyType: "SimpleScaling", AdjustmentType: "ChangeInCapacity", ScalingAdjustment: -2}, 1, 2},
	} {
		if got := hypothesis.CapacityAt(c.policy, 4, c.over); got != c.want {
			t.Errorf("%s at %v: %d, want %d", c.policy.AdjustmentType, c.over, got, c.want)
		}
	}
}

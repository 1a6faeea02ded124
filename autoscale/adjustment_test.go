package autoscale

import (
	"math"
	"testing"
)

func TestAdjust(t *testing.T) {
	for _, c := range []struct {
		name                         string
		kind                         AdjustmentType
		current, adjustment, atLeast int
		want                         int
	}{
		{"a change adds", ChangeInCapacity, 3, 2, 0, 5},
		{"a change takes away", ChangeInCapacity, 3, -5, 0, -2},
		{"an exact capacity replaces", ExactCapacity, 3, 7, 0, 7},
		{"12.7 is 12", PercentChangeInCapacity, 127, 10, 0, 139},
		{"0.67 is 1", PercentChangeInCapacity, 1, 67, 0, 2},
		{"-0.58 is -1", PercentChangeInCapacity, 1, -58, 0, 0},
		{"-6.67 is -6", PercentChangeInCapacity, 29, -23, 0, 23},
		{"exactly 1 is 1", PercentChangeInCapacity, 10, 10, 0, 11},
		{"at least the magnitude, up", PercentChangeInCapacity, 4, 25, 2, 6},
		{"at least the magnitude, down", PercentChangeInCapacity, 4, -25, 2, 2},
		{"more than the magnitude", PercentChangeInCapacity, 40, 25, 2, 50},
		{"a percentage of nothing is nothing", PercentChangeInCapacity, 0, 50, 0, 0},
		{"but at least the magnitude", PercentChangeInCapacity, 0, 50, 3, 3},
		{"no overflow", ChangeInCapacity, 1, math.MaxInt, 0, math.MaxInt32},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := Policy{AdjustmentType: c.kind, MinAdjustmentMagnitude: c.atLeast}
			if got := p.adjust(c.current, c.adjustment); got != c.want {
				t.Errorf("adjust(%d, %d) = %d, want %d", c.current, c.adjustment, got, c.want)
			}
		})
	}
}

func bound(v float64) *float64 { return &v }

func TestStep(t *testing.T) {
	// The policy of the user guide, "Step adjustments for step scaling".
	p := Policy{Steps: []StepAdjustment{
		{UpperBound: bound(-20), Adjustment: -30},
		{LowerBound: bound(-20), UpperBound: bound(-10), Adjustment: -10},
		{LowerBound: bound(-10), UpperBound: bound(0), Adjustment: -1},
		{LowerBound: bound(0), UpperBound: bound(10), Adjustment: 1},
		{LowerBound: bound(10), UpperBound: bound(20), Adjustment: 10},
		{LowerBound: bound(20), Adjustment: 30},
	}}
	for difference, want := range map[float64]int{
		-1e9: -30, -20: -30, -19.9: -10, -10: -10, -9.9: -1, -0.1: -1,
		0: 1, 9.9: 1, 10: 10, 19.9: 10, 20: 30, 1e9: 30,
	} {
		if got, found := p.step(difference); !found || got != want {
			t.Errorf("step(%g) = %d, %t, want %d", difference, got, found, want)
		}
	}
	out := Policy{Steps: []StepAdjustment{{LowerBound: bound(5), Adjustment: 1}}}
	if got, found := out.step(4.9); found {
		t.Errorf("step(4.9) = %d, want none below every step", got)
	}
	all := Policy{Steps: []StepAdjustment{{Adjustment: 2}}}
	for _, difference := range []float64{-5, 0, 5} {
		if got, _ := all.step(difference); got != 2 {
			t.Errorf("step(%g) = %d, want 2 of a step without bounds", difference, got)
		}
	}
}

func TestAggregate(t *testing.T) {
	for kind, want := range map[Statistic]float64{"": 20, "Average": 20, "Minimum": 10, "Maximum": 30} {
		if got := (Policy{MetricAggregationType: kind}).aggregate([]float64{10, 20, 30}); got != want {
			t.Errorf("aggregate %q of 10, 20, 30 = %g, want %g", kind, got, want)
		}
	}
}

func TestTrack(t *testing.T) {
	for _, c := range []struct {
		current      int
		metric, goal float64
		want         int
	}{{2, 90, 50, 4}, {2, 50, 50, 2}, {4, 10, 50, 1}, {0, 90, 50, 0}, {1, math.MaxFloat64, 1e-9, math.MaxInt32}} {
		if got := (TargetTracking{TargetValue: c.goal}).track(c.current, c.metric); got != c.want {
			t.Errorf("track(%d, %g) to %g = %d, want %d", c.current, c.metric, c.goal, got, c.want)
		}
	}
}

func TestDouble(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0.0", 20: "20.0", 20.5: "20.5", -3: "-3.0", 99.83333333333333: "99.83333333333333",
		9999999: "9999999.0", 1e7: "1.0E7", 12345678.5: "1.23456785E7", 0.001: "0.001", 0.0001: "1.0E-4", -1.5e300: "-1.5E300",
	} {
		if got := double(v).String(); got != want {
			t.Errorf("double(%g) = %s, want %s", v, got, want)
		}
	}
}

package reports

import (
	"fmt"
	"math"
	"testing"

	"secondwind/reports/figure"
	"secondwind/runlog"
)

func TestMeasure(t *testing.T) {
	steps := func(pairs ...float64) (all []Step) {
		for i := 0; i < len(pairs); i += 2 {
			all = append(all, Step{At: pairs[i], Value: pairs[i+1]})
		}
		return all
	}
	number := func(v float64) *float64 { return &v }
	for _, c := range []struct {
		name           string
		demand, supply []Step
		from, to       float64
		want           Elasticity
	}{
		{"supply comes 20 s late in 100 s", steps(0, 1, 10, 2), steps(0, 1, 30, 2), 0, 100,
			Elasticity{AccuracyU: number(0.2), AccuracyO: number(0), NormalisedU: number(10), NormalisedO: number(0), TimeshareU: number(20),
				TimeshareO: number(0), Jitter: number(0)}},
		{"supply stays after demand fell", steps(0, 2, 50, 1), steps(0, 2), 0, 100,
			Elasticity{AccuracyU: number(0), AccuracyO: number(0.5), NormalisedU: number(0), NormalisedO: number(50), TimeshareU: number(0),
				TimeshareO: number(50), Jitter: number(-0.6)}},
		{"no demand at all leaves the normalised excess undefined", steps(0, 0), steps(0, 1), 0, 60,
			Elasticity{AccuracyU: number(0), AccuracyO: number(1), NormalisedU: number(0), TimeshareU: number(0), TimeshareO: number(100),
				Jitter: number(0)}},
		{"an empty window is undefined", steps(0, 1), steps(0, 1), 5, 5, Elasticity{}},
		{"supply unknown at the start is undefined", steps(0, 1), steps(3, 1), 0, 10, Elasticity{}},
		{"no demand on record is undefined", nil, steps(0, 1), 0, 10, Elasticity{}},
		{"what changed before the window does not count", steps(-9, 1), steps(-9, 1, -5, 2, -2, 1), 0, 60,
			Elasticity{AccuracyU: number(0), AccuracyO: number(0), NormalisedU: number(0), NormalisedO: number(0), TimeshareU: number(0),
				TimeshareO: number(0), Jitter: number(0)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Measure("", c.demand, c.supply, c.from, c.to)
			for _, m := range []struct {
				name      string
				got, want *float64
			}{
				{"AccuracyU", got.AccuracyU, c.want.AccuracyU}, {"AccuracyO", got.AccuracyO, c.want.AccuracyO},
				{"NormalisedU", got.NormalisedU, c.want.NormalisedU}, {"NormalisedO", got.NormalisedO, c.want.NormalisedO},
				{"TimeshareU", got.TimeshareU, c.want.TimeshareU}, {"TimeshareO", got.TimeshareO, c.want.TimeshareO},
				{"Jitter", got.Jitter, c.want.Jitter},
			} {
				same := m.got == nil && m.want == nil || m.got != nil && m.want != nil && math.Abs(*m.got-*m.want) < 1e-9
				if !same {
					t.Errorf("%s = %s, want %s", m.name, show(m.got), show(m.want))
				}
			}
		})
	}
}

func show(v *float64) string { return number(v, 6, "") }

func TestPolicyDemandFollowsTheOfferedRate(t *testing.T) {
	h := runlog.Hypothesis{Threshold: 20, MinSize: 1, MaxSize: 2}
	c := runlog.Calibration{IdleCPUPercent: 0, CPUPercentPerRate: 1}
	offered := []figure.Point{{X: 0.5, Y: 0}, {X: 1.5, Y: 20}, {X: 2.5, Y: 21}, {X: 3.5, Y: 61}, {X: 9.5, Y: 5, Gap: true}}
	want := []Step{{0.5, 1}, {2, 2}, {3, 4}, {9.5, 1}}
	got := policyDemand(h, c, offered)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("policyDemand = %v, want %v", got, want)
	}
}

func ExampleMeasure() {
	demand := []Step{{At: 0, Value: 1}, {At: 10, Value: 2}}
	supply := []Step{{At: 0, Value: 1}, {At: 30, Value: 2}}
	e := Measure("policy", demand, supply, 0, 100)
	fmt.Printf("%.2f instances short on average, %.0f %% of the time\n", *e.AccuracyU, *e.TimeshareU)
	// Output: 0.20 instances short on average, 20 % of the time
}

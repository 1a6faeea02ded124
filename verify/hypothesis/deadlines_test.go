package hypothesis_test

import (
	"fmt"
	"testing"

	"secondwind/runlog"
	"secondwind/verify/hypothesis"
)

func ExampleDeadlines() {
	alarm := runlog.MetricAlarm{Period: 10, EvaluationPeriods: 1}
	tg := runlog.TargetGroup{HealthCheckIntervalSeconds: 5, HealthCheckTimeoutSeconds: 2}
	sum := 0.0
	for _, d := range hypothesis.Deadlines(alarm, tg, runlog.AutoScalingGroup{}, &runlog.ScalingPolicy{}, "") {
		fmt.Println(d.Link, d.Seconds(), "s")
		if d.Link != runlog.LinkLoadShared {
			sum += d.Seconds()
		}
	}
	fmt.Println("until the second instance serves:", sum, "s")
	// Output:
	// e1 20 s
	// e2 12 s
	// e3 3 s
	// e4 6 s
	// e5 9 s
	// e6 3 s
	// e7 42 s
	// until the second instance serves: 53 s
}

func TestEveryTermOfADeadlineHasANameAndIsNotNegative(t *testing.T) {
	for _, period := range []int{0, 10, 30, 60, 300} {
		for _, n := range []int{0, 1, 3, 15} {
			alarm := runlog.MetricAlarm{Period: period, EvaluationPeriods: n, DatapointsToAlarm: max(0, n-1)}
			all := hypothesis.Deadlines(alarm, runlog.TargetGroup{}, runlog.AutoScalingGroup{}, nil, "")
			if len(all) != 7 {
				t.Fatalf("Deadlines(period %d, %d periods) has %d links, want 7", period, n, len(all))
			}
			for _, d := range all {
				for _, term := range d.Terms {
					if term.Name == "" || term.Seconds < 0 {
						t.Errorf("Deadlines(period %d, %d periods): %s has term %+v, want a name and at least 0 s", period, n, d.Link, term)
					}
				}
			}
		}
	}
}

// TestADeadlineSaysWhetherAPolicyDecides also holds that its seconds do not depend
// on it: a run without a policy waits as long.
func TestADeadlineSaysWhetherAPolicyDecides(t *testing.T) {
	alarm := runlog.MetricAlarm{Period: 60, EvaluationPeriods: 1}
	term := func(policy *runlog.ScalingPolicy) runlog.Term {
		all := hypothesis.Deadlines(alarm, runlog.TargetGroup{}, runlog.AutoScalingGroup{}, policy, "")
		return all[runlog.LinkScalingActivity-1].Terms[0]
	}
	with, without := term(&runlog.ScalingPolicy{}), term(nil)
	if with.Name != "decision of the scaling policy" || without.Name != with.Name+", if one were attached" || with.Seconds != without.Seconds {
		t.Errorf("the terms are %+v and %+v without a policy, want the same seconds, and that none is attached", with, without)
	}
}

func TestEveryDeadlineWaitsForThePublicationThatTheHypothesisDeclares(t *testing.T) {
	for _, period := range []int{10, 59, 60, 300} {
		h := runlog.Hypothesis{PeriodSeconds: period}
		h.SetLimits()
		for _, d := range hypothesis.Deadlines(runlog.MetricAlarm{Period: period}, runlog.TargetGroup{}, runlog.AutoScalingGroup{}, nil, "") {
			for _, term := range d.Terms {
				if term.Name == "publication of the datapoint" && term.Seconds != h.PublishLagSeconds {
					t.Errorf("period %d: %s waits %g s for a datapoint, the hypothesis declares %g s", period, d.Link, term.Seconds, h.PublishLagSeconds)
				}
			}
		}
	}
}

func TestScalingInWaitsForTheCooldownOrTheWarmUpOfItsPolicy(t *testing.T) {
	alarm, group := runlog.MetricAlarm{Period: 10, EvaluationPeriods: 2}, runlog.AutoScalingGroup{DefaultCooldown: 300}
	// Two periods in part, two below, publication, grid, a repeated action, a decision.
	const besides = 20 + 20 + 2 + 10 + 60 + 3
	for name, c := range map[string]struct {
		policy *runlog.ScalingPolicy
		want   float64
	}{
		"no policy is known":       {nil, 300},
		"neither":                  {&runlog.ScalingPolicy{}, 0},
		"a cooldown":               {&runlog.ScalingPolicy{Cooldown: 40}, 40},
		"a warm-up":                {&runlog.ScalingPolicy{EstimatedInstanceWarmup: 50}, 50},
		"the longer one: cooldown": {&runlog.ScalingPolicy{Cooldown: 40, EstimatedInstanceWarmup: 30}, 40},
		"the longer one: warm-up":  {&runlog.ScalingPolicy{Cooldown: 40, EstimatedInstanceWarmup: 90}, 90},
	} {
		if got := hypothesis.ScaleIn(alarm, group, c.policy, 1).Seconds(); got != c.want+besides {
			t.Errorf("%s: ScaleIn = %g s, want %g and %d besides", name, got, c.want, besides)
		}
	}
}

func TestEachStepOfScalingInHasItsWait(t *testing.T) {
	removing := func(kind, adjustment string, by int) *runlog.ScalingPolicy {
		return &runlog.ScalingPolicy{PolicyType: kind, AdjustmentType: adjustment, ScalingAdjustment: by, Cooldown: 30}
	}
	const simple, in = "SimpleScaling", "ChangeInCapacity"
	for name, c := range map[string]struct {
		policy   *runlog.ScalingPolicy
		from, to int
		want     int
	}{
		"one by one":                    {removing(simple, in, -1), 5, 3, 2},
		"two at a time":                 {removing(simple, in, -2), 5, 3, 1},
		"two at a time, of three":       {removing(simple, in, -2), 6, 3, 2},
		"to a capacity":                 {removing(simple, "ExactCapacity", 3), 9, 3, 1},
		"target tracking":               {removing("TargetTrackingScaling", "", 0), 6, 3, 3},
		"one that removes nothing":      {removing(simple, in, 1), 9, 3, 1},
		"nothing is known":              {nil, 5, 3, 2},
		"one more than at rest":         {removing(simple, in, -1), 2, 1, 1},
		"a capacity that was not given": {removing(simple, in, -1), 0, 1, 1},
	} {
		if got := hypothesis.ScaleInSteps(c.policy, c.from, c.to); got != c.want {
			t.Errorf("%s: ScaleInSteps = %d, want %d", name, got, c.want)
		}
		group := runlog.AutoScalingGroup{MinSize: c.to, DefaultCooldown: 30}
		once := hypothesis.ScaleIn(runlog.MetricAlarm{Period: 10}, group, c.policy, c.to)
		all := hypothesis.ScaleIn(runlog.MetricAlarm{Period: 10}, group, c.policy, c.from)
		if more := all.Seconds() - once.Seconds(); more != float64(c.want-1)*(30+60) {
			t.Errorf("%s: ScaleIn is %g s longer, want %d times a cooldown and a minute", name, more, c.want-1)
		}
	}
}

// TestAPolicyOfMOfNDatapointsMayActLater has policies whose aggregate holds datapoints from before the load.
func TestAPolicyOfMOfNDatapointsMayActLater(t *testing.T) {
	for name, c := range map[string]struct {
		period, points, of int
		policy             *runlog.ScalingPolicy
		more               float64
	}{
		"a step policy, 1 of 2":      {10, 1, 2, &runlog.ScalingPolicy{PolicyType: "StepScaling"}, 60},
		"target tracking, 1 of 3":    {60, 1, 3, &runlog.ScalingPolicy{PolicyType: "TargetTrackingScaling"}, 120},
		"a step policy, 2 of 3":      {300, 2, 3, &runlog.ScalingPolicy{PolicyType: "StepScaling"}, 300},
		"a step policy, 3 of 3":      {60, 3, 3, &runlog.ScalingPolicy{PolicyType: "StepScaling"}, 0},
		"a step policy, all":         {60, 0, 3, &runlog.ScalingPolicy{PolicyType: "StepScaling"}, 0},
		"a simple policy, 1 of 2":    {10, 1, 2, &runlog.ScalingPolicy{PolicyType: "SimpleScaling"}, 0},
		"nothing is invoked, 1 of 2": {10, 1, 2, nil, 0},
	} {
		alarm := runlog.MetricAlarm{Period: c.period, EvaluationPeriods: c.of, DatapointsToAlarm: c.points}
		all := hypothesis.Deadlines(alarm, runlog.TargetGroup{}, runlog.AutoScalingGroup{}, c.policy, "")
		terms := all[runlog.LinkScalingActivity-1].Terms
		if more := terms.Seconds() - terms[0].Seconds; more != c.more {
			t.Errorf("%s: %g s more than a decision, want %g: %+v", name, more, c.more, terms)
		}
	}
}

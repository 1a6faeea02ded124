package virtual_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"

	"secondwind/account/stack"
	"secondwind/loadgen/scenario"
	"secondwind/runlog"
	"secondwind/verify/judge"
	"secondwind/virtual"
)

// soak is a world, and the verdict that is true of it.
type soak struct {
	name   string
	change func(*virtual.Config)
	want   judge.Outcome
	reason string // of the verdict; "" of PROVED
}

func TestSoaks(t *testing.T) {
	kinds := [][]soak{
		causes(), machines(), latencies(), idles(), steps(), requestsPerTarget(), policies(), interruptions(), periods(),
	}
	if raceDetector {
		kinds = [][]soak{causes()[:1], interruptions()[:3]}
	}
	runSoaks(t, slices.Concat(kinds...))
}

// withoutRace leaves a test to the run that is made without the race detector.
func withoutRace(t *testing.T) {
	t.Helper()
	if raceDetector {
		t.Skip("make test and make race run it without the race detector")
	}
}

// runSoaks runs soaks, each in a world of its own.
func runSoaks(t *testing.T, all []soak) {
	for _, s := range all {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			cfg := virtual.Default(t)
			s.change(&cfg)
			r := virtual.Soak(t, cfg)
			if r.Verdict.Outcome != s.want || r.Verdict.Reason != s.reason {
				t.Errorf("verdict = %s %q (%v), want %s %q\n%s\n%s",
					r.Verdict.Outcome, r.Verdict.Reason, r.Err, s.want, s.reason, r.Verdict.Summary, strings.Join(r.Events, "\n"))
			}
		})
	}
}

// second changes what becomes of every launch but the first.
func second(change func(*virtual.Launch)) func(*virtual.Config) {
	return func(c *virtual.Config) {
		c.Launching = func(number int) virtual.Launch {
			l := virtual.Launch{Service: c.Service}
			if number > 1 {
				change(&l)
			}
			return l
		}
	}
}

// during lets somebody act once a phase has begun.
func during(phase runlog.Phase, act func(context.Context, *virtual.Acting)) func(*virtual.Config) {
	return func(c *virtual.Config) {
		c.During = map[runlog.Phase]func(context.Context, *virtual.Acting){phase: act}
	}
}

// setDesired sets the group's desired capacity by hand.
func setDesired(n int32) func(context.Context, *virtual.Acting) {
	return func(ctx context.Context, a *virtual.Acting) {
		_, err := autoscaling.NewFromConfig(a.AWS).SetDesiredCapacity(ctx, &autoscaling.SetDesiredCapacityInput{
			AutoScalingGroupName: &a.Stack.AutoScalingGroupName, DesiredCapacity: aws.Int32(n),
		})
		if err != nil {
			panic(err) // the call is right, and nothing in a world fails by itself
		}
	}
}

// halfAsMuch sends half the rate that the default world's load has.
func halfAsMuch(ctx context.Context, a *virtual.Acting) {
	a.After(ctx, 0, func() { a.Send(ctx, 16, time.Hour) })
}

func causes() []soak {
	return []soak{
		{"nothing is amiss", func(*virtual.Config) {}, judge.Proved, ""},
		{"the alarm invokes no policy", func(c *virtual.Config) { c.Scenario.Local.Policy = scenario.PolicyNone }, judge.Refuted,
			"link.scaling-activity"},
		{"the alarm's actions are disabled", func(c *virtual.Config) { c.Scenario.Local.AlarmActions = false }, judge.Refuted,
			"link.scaling-activity"},
		{"the second instance cannot be launched", second(func(l *virtual.Launch) { l.Fails = errors.New("no capacity") }), judge.Inconclusive,
			"confounder.launch-failure"},
		{"the second instance boots too late", second(func(l *virtual.Launch) { l.Boot = 15 * time.Second }), judge.Refuted, "link.in-service"},
		{"the second instance starts too late", second(func(l *virtual.Launch) { l.Start = 20 * time.Second }), judge.Refuted,
			"link.target-healthy"},
		{"the second instance is unhealthy", second(func(l *virtual.Launch) { l.Unhealthy = true }), judge.Refuted, "link.target-healthy"},
		{"the second instance comes unasked in the control", during(runlog.PhaseControl, setDesired(2)), judge.Inconclusive,
			"confounder.manual-capacity"},
		{"the second instance comes unasked under load", during(runlog.PhaseLoad, setDesired(2)), judge.Inconclusive,
			"confounder.manual-capacity"},
		{"the load never crosses", func(c *virtual.Config) { c.Scenario.Load.Rate = 12 }, judge.Inconclusive, "premise.crossed"},
		{"another client sends half the declared rate from the load on", during(runlog.PhaseLoad, halfAsMuch), judge.Inconclusive,
			"confounder.other-requests"},
		{"the cloud's clock is 3 s ahead", func(c *virtual.Config) { c.ClockOffset = 3 * time.Second }, judge.Proved, ""},
		{"the cloud's clock is 3 s behind", func(c *virtual.Config) { c.ClockOffset = -3 * time.Second }, judge.Proved, ""},
		{"a request costs no CPU", func(c *virtual.Config) { c.Service.CPU = 0 }, judge.Inconclusive, "premise.instrument"},
	}
}

// machines are instances on a machine with neighbours: what a request costs changes from second to
// second, for all of them.
func machines() (all []soak) {
	for _, noise := range []float64{0.1, 0.2, 0.3} {
		all = append(all, soak{fmt.Sprintf("a request costs %g %% more or less each second", 100*noise), func(c *virtual.Config) {
			c.Service.Noise = noise
		}, judge.Proved, ""})
	}
	return all
}

func latencies() (all []soak) {
	for _, most := range []time.Duration{0, 60, 150, 300, 500} {
		all = append(all, soak{fmt.Sprintf("an answer of the API takes up to %d ms", most), func(c *virtual.Config) {
			c.Latency = [2]time.Duration{most * time.Millisecond / 2, most * time.Millisecond}
		}, judge.Proved, ""})
	}
	return all
}

func idles() (all []soak) {
	for idle := range 20 {
		s := soak{fmt.Sprintf("an idle instance uses %d %% CPU", idle), func(c *virtual.Config) {
			c.Service.IdleCPUPercent, c.Interval = float64(idle), 5*time.Second
		}, judge.Proved, ""}
		if idle >= 15 {
			s.want, s.reason = judge.Inconclusive, "premise.baseline"
		}
		all = append(all, s)
	}
	return all
}

func policies() (all []soak) {
	for _, policy := range []string{stack.PolicyStep, stack.PolicySimple, stack.PolicyTargetTracking} {
		all = append(all, soak{"a policy of type " + policy, func(c *virtual.Config) { c.Variables.Policy = policy }, judge.Proved, ""})
	}
	return all
}

func interruptions() (all []soak) {
	for _, phase := range []runlog.Phase{
		runlog.PhasePremises, runlog.PhaseCalibration, runlog.PhaseControl, runlog.PhaseLoad, runlog.PhaseHold, runlog.PhaseRelease,
	} {
		interrupt := during(phase, func(_ context.Context, a *virtual.Acting) { a.Interrupt() })
		all = append(all, soak{fmt.Sprintf("the user interrupts %s", phase), interrupt, judge.Inconclusive, "interrupted"})
	}
	return append(all, soak{"the user ends an hour's hold", func(c *virtual.Config) {
		c.Scenario.Hold = time.Hour
		during(runlog.PhaseHold, func(_ context.Context, a *virtual.Acting) { a.EndHold() })(c)
	}, judge.Proved, ""})
}

func periods() (all []soak) {
	for _, period := range []time.Duration{10 * time.Second, 20 * time.Second, 30 * time.Second, time.Minute} {
		all = append(all, soak{fmt.Sprintf("metrics every %s", period), func(c *virtual.Config) {
			c.MetricsPeriod = period
			c.Scenario.Local.MetricsPeriod = period
		}, judge.Proved, ""})
	}
	// Whose windows slide by a minute, so that the alarm sees the crossing before the metric's grid does.
	fiveMinutes := func(c *virtual.Config) {
		c.MetricsPeriod, c.Scenario.Local.MetricsPeriod, c.Variables.AlarmPeriod = time.Minute, time.Minute, 300
		c.Service.CPU, c.Scenario.Calibration.StartRate = 80*time.Millisecond, 0.5 // fewer requests in three quarters of an hour
	}
	return append(all, soak{"an alarm of five minutes", fiveMinutes, judge.Proved, ""})
}

// TestAnInterruptedRunSaysWhatWasNotJudged: what a run never came to must not look
// as if it had been looked for and not been there.
func TestAnInterruptedRunSaysWhatWasNotJudged(t *testing.T) {
	for _, phase := range []runlog.Phase{runlog.PhasePremises, runlog.PhaseControl} {
		cfg := virtual.Default(t)
		during(phase, func(_ context.Context, a *virtual.Acting) { a.Interrupt() })(&cfg)
		v := virtual.Soak(t, cfg).Verdict
		for _, f := range append(v.Confounders, v.Controls[1]) {
			if f.Status != judge.NotJudged {
				t.Errorf("interrupted in %s: %s is %s (%s), want not judged", phase, f.ID, f.Status, f.Seen)
			}
		}
		for _, l := range v.Chain {
			if l.Status != judge.NotJudged {
				t.Errorf("interrupted in %s: link %s is %s, want not judged", phase, l.ID, l.Status)
			}
		}
	}
}

// TestQuestionsAreAskedOneAfterTheOther: rounds that interleave tell of a group
// that never was, and the judge takes them for missed polls.
func TestQuestionsAreAskedOneAfterTheOther(t *testing.T) {
	cfg := virtual.Default(t)
	cfg.Latency = [2]time.Duration{100 * time.Millisecond, 300 * time.Millisecond}
	r := virtual.Soak(t, cfg)
	snapshots := 0
	for i, o := range r.Record.Cloud {
		if i > 0 && o.Snapshot == nil && o.Sent.Before(r.Record.Cloud[i-1].Received) {
			t.Fatalf("%s was asked at %s, before %s was answered", o.Operation, o.Sent, r.Record.Cloud[i-1].Operation)
		}
		if o.Snapshot != nil {
			snapshots++
		}
	}
	if took := r.Took.Seconds(); float64(snapshots) < took/15 {
		t.Errorf("%d configuration snapshots were taken in %.0f s, want one every few seconds", snapshots, took)
	}
}

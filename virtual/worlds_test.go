package virtual_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"secondwind/account/stack"
	"secondwind/loadgen/scenario"
	"secondwind/runlog"
	"secondwind/virtual"
)

// usualWorlds are as many as make test has the time for.
const usualWorlds = 300

// Worlds are drawn, each from its number: what the group is like, and what up to three others
// do while it is proved. The same number always gives the same world.
var (
	worldsAsked = flag.Int("worlds", usualWorlds, "how many random worlds are judged")
	firstWorld  = flag.Int("from", 0, "the number of the first of them")
	worldSeed   = flag.Int("world", -1, "the number of the one random world to judge")
)

// drawn is a random world.
type drawn struct {
	number    int
	says      string // what it is like
	change    func(*virtual.Config)
	threshold float64 // percent
	by        int     // instances that the policy adds
	faulty    string  // what the system itself has wrong, so that it need not scale; "": nothing
	acts      []move
}

// move is what somebody else does.
type move struct {
	name  string // its kind
	says  string
	phase runlog.Phase
	after time.Duration // the phase's begin
	do    func(context.Context, *virtual.Acting)
}

func (a move) String() string { return fmt.Sprintf("%s + %s: %s", a.phase, a.after, a.says) }

// configure is the world's configuration.
func (d drawn) configure(cfg virtual.Config) virtual.Config {
	d.change(&cfg)
	cfg.During = map[runlog.Phase]func(context.Context, *virtual.Acting){}
	for _, a := range d.acts {
		also := cfg.During[a.phase]
		cfg.During[a.phase] = func(ctx context.Context, by *virtual.Acting) {
			by.After(ctx, a.after, func() { a.do(ctx, by) })
			if also != nil {
				also(ctx, by)
			}
		}
	}
	return cfg
}

// cheap makes a world cost less to run: few requests, each of more CPU, and as few polls as a
// period of ten seconds allows.
func cheap(c *virtual.Config) {
	c.Service.CPU = 32 * time.Millisecond
	c.Scenario.Calibration.StartRate, c.Scenario.Users, c.Interval = 2.5, 4, 5*time.Second
}

func world(number int) drawn {
	d := rapid.Custom(func(t *rapid.T) drawn { return draw(t) }).Example(number)
	d.number = number
	return d
}

func draw(t *rapid.T) drawn {
	offset := time.Duration(weighted(t, "offset", []int{6, 1}, 0, rapid.IntRange(-50, 50).Draw(t, "by"))) * 100 * time.Millisecond
	seed := rapid.Uint64().Draw(t, "seed")
	threshold := float64(rapid.IntRange(15, 40).Draw(t, "threshold"))
	period := weighted(t, "period", []int{40, 2, 1}, 10*time.Second, 20*time.Second, 30*time.Second)
	longer := 1 // the alarm's period, in metrics periods
	if period == 10*time.Second {
		longer = weighted(t, "longer", []int{16, 1, 1}, 1, 2, 3)
	}
	poll := weighted(t, "poll", []int{1, 7}, 2*time.Second, 5*time.Second)
	policy := weighted(t, "policy", []int{20, 20, 1}, stack.PolicyStep, stack.PolicySimple, stack.PolicyTargetTracking)
	periods := weighted(t, "periods", []int{8, 2, 1}, 1, 2, 3)
	points := rapid.IntRange(1, periods).Draw(t, "points")
	latency := time.Duration(rapid.IntRange(0, 200).Draw(t, "latency")) * time.Millisecond
	noise := float64(rapid.IntRange(0, 6).Draw(t, "noise")) / 100
	idle := float64(rapid.IntRange(0, 30).Draw(t, "idle")) / 10
	audited := rapid.Bool().Draw(t, "audited")
	boot := time.Duration(rapid.IntRange(0, 30).Draw(t, "boot")) * 100 * time.Millisecond
	step := weighted(t, "step", []int{20, 3, 2, 1}, [2]int{1, 1}, [2]int{1, 2}, [2]int{2, 1}, [2]int{3, 1})
	if step != [2]int{1, 1} && policy == stack.PolicyTargetTracking {
		policy = stack.PolicySimple // the stack's own policy is what such a step changes
	}
	change := func(c *virtual.Config) {
		cheap(c)
		if step[1] > 1 || step[0] > 1 {
			by := change{from: step[0], to: step[0] + step[1], policy: simple("ChangeInCapacity", int32(step[1]))}
			by.configured(false)(c)
		}
		c.Seed, c.MetricsPeriod, c.Scenario.Local.MetricsPeriod = seed, period, period
		c.Variables.Policy, c.Variables.CPUThreshold, c.Variables.ScaleInCPUThreshold = policy, threshold, threshold*0.3
		c.Variables.EvaluationPeriods, c.Variables.DatapointsToAlarm = periods, points
		c.Variables.AlarmPeriod, c.Interval, c.ClockOffset = 60*longer, poll, offset
		c.Latency = [2]time.Duration{latency / 2, latency}
		c.Service.Noise, c.Service.IdleCPUPercent, c.Service.Boot = noise, idle, boot
		c.Scenario.Calibration.CPUPercent, c.Audit = threshold*0.55, audited
	}
	d := drawn{change: change, threshold: threshold, by: step[1], says: fmt.Sprintf(
		"from %d by %d, threshold %v %%, periods of %s times %d, polls every %s, %d of %d, policy %s, "+
			"idle %v %%, noise %v, latency %s, boot %s, clock %s, audited %t",
		step[0], step[1], threshold, period, longer, poll, points, periods, policy, idle, noise, latency, boot, offset, audited)}
	d.fault(t)
	for range weighted(t, "acts", []int{2, 10, 3, 1}, 0, 1, 2, 3) {
		d.acts = append(d.acts, drawAct(t))
	}
	return d
}

// fault has something be wrong with the system itself, now and then.
func (d *drawn) fault(t *rapid.T) {
	faults := map[string]func(*virtual.Config){
		"no policy":        func(c *virtual.Config) { c.Scenario.Local.Policy = scenario.PolicyNone },
		"actions disabled": func(c *virtual.Config) { c.Scenario.Local.AlarmActions = false },
		"boots late":       second(func(l *virtual.Launch) { l.Boot = 30 * time.Second }),
		"starts late":      second(func(l *virtual.Launch) { l.Start = 30 * time.Second }),
		"unhealthy":        second(func(l *virtual.Launch) { l.Unhealthy = true }),
		"cannot launch":    second(func(l *virtual.Launch) { l.Fails = fmt.Errorf("no capacity") }),
		"rate too low":     func(c *virtual.Config) { c.Scenario.Load.Rate = 6 },
	}
	if rapid.IntRange(0, 19).Draw(t, "faulty") > 0 {
		return
	}
	d.faulty = rapid.SampledFrom(slices.Sorted(maps.Keys(faults))).Draw(t, "fault")
	was := d.change
	d.says += ", " + d.faulty
	d.change = func(c *virtual.Config) { was(c); faults[d.faulty](c) }
}

// weighted draws one of the values, each as often as its weight says.
func weighted[T any](t *rapid.T, label string, weights []int, values ...T) T {
	var all []T
	for i, v := range values {
		all = append(all, slices.Repeat([]T{v}, weights[i])...)
	}
	return rapid.SampledFrom(all).Draw(t, label)
}

func drawAct(t *rapid.T) move {
	a := weighted(t, "act", []int{10, 5, 3, 1, 1, 1, 1, 1, 1}, drawCall, drawSeveral, drawClient, drawBusy, drawSlow, drawSick, drawCrash,
		drawLost, drawLate)(t)
	a.phase = weighted(t, "phase", []int{1, 2, 6, 6, 4, 2}, runlog.PhasePremises, runlog.PhaseCalibration, runlog.PhaseControl,
		runlog.PhaseLoad, runlog.PhaseHold, runlog.PhaseRelease)
	a.after = time.Duration(rapid.IntRange(0, 300).Draw(t, "after")) * 100 * time.Millisecond
	return a
}

func drawCall(t *rapid.T) move {
	operation := rapid.SampledFrom(slices.Sorted(maps.Keys(calls))).Draw(t, "operation")
	input := rapid.SampledFrom(calls[operation]).Draw(t, "input")
	return move{name: operation, says: operation + " " + input, do: func(ctx context.Context, a *virtual.Acting) {
		a.Call(ctx, operation, input)
	}}
}

func drawSeveral(t *rapid.T) move {
	name := rapid.SampledFrom(slices.Sorted(maps.Keys(several))).Draw(t, "several")
	return move{name: name, says: name, do: func(ctx context.Context, a *virtual.Acting) { carryOut(ctx, a, several[name]) }}
}

func carryOut(ctx context.Context, a *virtual.Acting, steps []then) {
	for i, s := range steps {
		if s.breach {
			a.Breaching(ctx)
		}
		if s.after > 0 {
			a.After(ctx, runlog.Seconds(s.after), func() {
				a.Call(ctx, s.call, s.in)
				carryOut(ctx, a, steps[i+1:])
			})
			return
		}
		if ctx.Err() != nil {
			return
		}
		a.Call(ctx, s.call, s.in)
	}
}

// lasting is how long something goes on.
func lasting(t *rapid.T) time.Duration {
	return weighted(t, "lasting", []int{1, 1, 1, 1, 3}, 5*time.Second, 15*time.Second, 30*time.Second, time.Minute, time.Hour)
}

func drawClient(t *rapid.T) move {
	rate, until := float64(rapid.IntRange(1, 16).Draw(t, "rate"))/2, lasting(t)
	return move{name: "client", says: fmt.Sprintf("another client sends %v/s for %s", rate, until),
		do: func(ctx context.Context, a *virtual.Acting) { a.Send(ctx, rate, until) }}
}

func drawBusy(t *rapid.T) move {
	percent, until := float64(rapid.IntRange(1, 30).Draw(t, "percent")), lasting(t)
	return move{name: "busy", says: fmt.Sprintf("another program uses %v %% for %s", percent, until),
		do: func(ctx context.Context, a *virtual.Acting) { a.Busy(ctx, percent, until) }}
}

func drawSlow(t *rapid.T) move {
	factor, until := 1+float64(rapid.IntRange(1, 15).Draw(t, "factor"))/10, lasting(t)
	return move{name: "slow", says: fmt.Sprintf("a request costs %v times its CPU for %s", factor, until),
		do: func(ctx context.Context, a *virtual.Acting) { a.Slow(ctx, factor, until) }}
}

func drawSick(t *rapid.T) move {
	until := lasting(t)
	return move{name: "unhealthy", says: fmt.Sprintf("health checks fail for %s", until),
		do: func(ctx context.Context, a *virtual.Acting) { a.Sicken(ctx, until) }}
}

func drawCrash(t *rapid.T) move {
	newest := rapid.Bool().Draw(t, "newest")
	return move{name: "crash", says: fmt.Sprintf("an instance crashes (newest: %t)", newest),
		do: func(ctx context.Context, a *virtual.Acting) { a.Crash(ctx, newest) }}
}

func drawLost(t *rapid.T) move {
	n := rapid.IntRange(1, 30).Draw(t, "answers")
	return move{name: "answers lost", says: fmt.Sprintf("%d answers are lost", n),
		do: func(_ context.Context, a *virtual.Acting) { a.Lose(n) }}
}

func drawLate(t *rapid.T) move {
	by, until := time.Duration(rapid.IntRange(1, 40).Draw(t, "by"))*100*time.Millisecond, lasting(t)
	return move{name: "answers late", says: fmt.Sprintf("answers are %s later for %s", by, until),
		do: func(ctx context.Context, a *virtual.Acting) { a.Delay(ctx, by, until) }}
}

func (d drawn) String() string {
	var acts []string
	for _, a := range d.acts {
		acts = append(acts, a.String())
	}
	return fmt.Sprintf("world %d: %s\n  %s", d.number, d.says, strings.Join(acts, "\n  "))
}

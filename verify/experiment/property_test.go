package experiment_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"secondwind/runlog"
)

// drawn is a world with whatever can be amiss, drawn from a seed.
func drawn(seed uint64) *world {
	random := rand.New(rand.NewPCG(seed, 0))
	odds := func(percent int) bool { return random.IntN(100) < percent }
	w := newWorld()
	w.idle, w.cost = 20*random.Float64(), 3*random.Float64()
	w.offset = time.Duration(random.IntN(20)-10) * time.Second
	w.plan.CalibrationRate = 1 + 8*random.Float64()
	w.plan.Hypothesis.Band = 1.05 + 0.9*random.Float64()
	w.plan.Hypothesis.ControlCPUPercent = 2 + 16*random.Float64()
	w.plan.Hold = time.Duration(random.IntN(900)) * time.Second
	w.from = 1
	if odds(5) {
		w.from = random.IntN(4)
	}
	w.unhealthy, w.watchless, w.unpolled = odds(3), odds(3), odds(3)
	w.deaf, w.mute, w.stays, w.blind, w.hog, w.early = odds(5), odds(5), odds(20), odds(20), odds(10), odds(50)
	w.beginning(time.Duration(random.IntN(10)) * time.Second)
	w.snapshotTakes, w.drains = time.Duration(random.IntN(20))*time.Second, time.Duration(random.IntN(20))*time.Second
	w.clings = time.Duration(random.IntN(50)) * time.Second
	if odds(5) {
		w.silentFrom = runlog.Phases()[random.IntN(len(runlog.Phases())-1)]
	}
	if odds(20) {
		w.byHand = time.Duration(random.IntN(200)) * time.Second
	}
	if odds(20) {
		w.endHoldAt = time.Duration(1+random.IntN(300)) * time.Second
	}
	if odds(20) {
		w.expensive = 0.3 + 2*random.Float64()
	}
	return w
}

// TestWhateverIsAmiss holds an experiment to what must be true of every one: it
// ends, its phases come in order and last but one load, it offers no negative
// rate, and it leaves nothing offered behind.
func TestWhateverIsAmiss(t *testing.T) {
	ended := map[bool]int{}
	for seed := range uint64(2000) {
		w := drawn(seed).run()
		if !w.stopped {
			t.Fatalf("seed %d: it has not ended after a day, in %v", seed, w.phases)
		}
		ended[w.reason == ""]++
		reported := func(line string) bool { return strings.TrimLeft(line, " 0123456789") == w.reason }
		if w.reason != "" && !slices.ContainsFunc(w.commands, reported) {
			t.Errorf("seed %d: that it ends early since %q is not reported", seed, w.reason)
		}
		order := runlog.Phases()
		if !slices.IsSortedFunc(w.phases, func(a, b runlog.Phase) int { return slices.Index(order, a) - slices.Index(order, b) }) {
			t.Errorf("seed %d: phases %v are out of order", seed, w.phases)
		}
		if last := w.rates[len(w.rates)-1].rate; last != 0 || w.phases[len(w.phases)-1] != runlog.PhaseDone {
			t.Errorf("seed %d: it ends in %s with %g requests/s, want done with none", seed, w.phases[len(w.phases)-1], last)
		}
		for _, c := range w.rates {
			if !(c.rate >= 0) || c.rate > 1e6 {
				t.Errorf("seed %d: %g requests/s are offered", seed, c.rate)
			}
		}
		if slices.Contains(w.phases, runlog.PhaseLoad) != (w.calibration != nil) {
			t.Errorf("seed %d: phases %v with the calibration %v", seed, w.phases, w.calibration)
		}
		for _, poll := range w.polls {
			if poll < w.plan.PollInterval {
				t.Errorf("seed %d: it polls every %s, the plan says %s", seed, poll, w.plan.PollInterval)
			}
		}
	}
	if ended[true] < 500 || ended[false] < 500 {
		t.Errorf("%d experiments came to their end and %d ended early, want many of both", ended[true], ended[false])
	}
}

func TestTheSameWorldGivesTheSameExperiment(t *testing.T) {
	for seed := range uint64(100) {
		first, again := drawn(seed).run(), drawn(seed).run()
		if !slices.Equal(first.commands, again.commands) {
			t.Errorf("seed %d: commands differ:\n%v\n%v", seed, first.commands, again.commands)
		}
	}
}

// TestSteppingLateLosesNothing: a driver that was held up steps once for many
// seconds; the experiment then is where it would have been.
func TestSteppingLateLosesNothing(t *testing.T) {
	w := newWorld()
	w.every = 7
	w.run()
	if w.reason != "" || !slices.Contains(w.phases, runlog.PhaseRelease) {
		t.Errorf("stepped every 7 s it ended with %q after %v, want it to come to its end", w.reason, w.phases)
	}
}

package experiment_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"secondwind/runlog"
	"secondwind/verify/experiment"
)

// TestHowLongAStageLasts has what each stage waits for come early, late and never.
func TestHowLongAStageLasts(t *testing.T) {
	const s = time.Second
	cases := []struct {
		name     string
		from, to runlog.Phase
		want     time.Duration
		change   func(*world)
	}{
		{"the premises watch one evaluation range", runlog.PhasePremises, runlog.PhaseCalibration, 11 * s, func(*world) {}},
		{"of an alarm of three periods", runlog.PhasePremises, runlog.PhaseCalibration, 31 * s, func(w *world) { w.periods = 3 }},
		{"or the plan's window", runlog.PhasePremises, runlog.PhaseCalibration, 25 * s, func(w *world) { w.plan.Window = 25 * s }},
		{"from the last disturbance on", runlog.PhasePremises, runlog.PhaseCalibration, 30 * s, func(w *world) { w.leaving = 20 * s }},
		{"the alarm going off is one", runlog.PhasePremises, runlog.PhaseCalibration, 30 * s, func(w *world) {
			w.alarmAt, w.alarmEnds = "ALARM", 20*s
		}},
		{"an idle over the limit is one", runlog.PhasePremises, runlog.PhaseCalibration, 51 * s, func(w *world) { w.idle, w.rests = 16, 10 }},
		{"an alarm that has judged nothing yet is none", runlog.PhasePremises, runlog.PhaseCalibration, 20 * s, func(w *world) {
			w.alarmAt, w.alarmEnds = "INSUFFICIENT_DATA", 20*s
		}},
		{"they wait four periods, a start and a window", runlog.PhasePremises, runlog.PhaseDone, 83 * s, func(w *world) { w.unhealthy = true }},
		{"which the alarm makes longer", runlog.PhasePremises, runlog.PhaseDone, 103 * s, func(w *world) { w.unhealthy, w.periods = true, 3 }},

		{"the calibration waits four periods", runlog.PhaseCalibration, runlog.PhaseDone, 42 * s, func(w *world) {
			w.silentFrom = runlog.PhaseCalibration
		}},

		{"the load waits for a snapshot", runlog.PhaseControl, runlog.PhaseLoad, 53*s + 1*s, func(*world) {}},
		{"of its own", runlog.PhaseControl, runlog.PhaseLoad, 53*s + 17*s, func(w *world) { w.snapshotTakes = 17 * s }},
		{"but not for long", runlog.PhaseControl, runlog.PhaseLoad, 53*s + 30*s, func(w *world) { w.blind = true }},
		{"the chain may take its deadlines and a period", runlog.PhaseLoad, runlog.PhaseDone, 70 * s, func(w *world) { w.deaf = true }},

		{"a hold lasts as planned", runlog.PhaseHold, runlog.PhaseRelease, 70 * s, func(w *world) { w.plan.Hold = 70 * s }},
		{"or until CPU is seen to fall in two periods", runlog.PhaseHold, runlog.PhaseRelease, 31 * s, func(w *world) { w.plan.Hold = 0 }},
		{"by datapoints that are whole", runlog.PhaseHold, runlog.PhaseRelease, 31 * s, func(w *world) { w.plan.Hold, w.early = 0, true }},
		{"and by the alarm", runlog.PhaseHold, runlog.PhaseRelease, 35 * s, func(w *world) { w.plan.Hold, w.clings = 0, 25*s }},
		{"which is waited for as long as it may take", runlog.PhaseHold, runlog.PhaseRelease, 42 * s, func(w *world) {
			w.plan.Hold, w.clings = 0, time.Hour
		}},
		{"as is CPU", runlog.PhaseHold, runlog.PhaseRelease, 42 * s, func(w *world) { w.plan.Hold, w.hog = 0, true }},
		{"as is CPU, whatever the alarm says", runlog.PhaseHold, runlog.PhaseRelease, 42 * s, func(w *world) {
			w.plan.Hold, w.hog, w.forgives = 0, true, true
		}},
		{"as is a datapoint", runlog.PhaseHold, runlog.PhaseRelease, 42 * s, func(w *world) {
			w.plan.Hold, w.silentFrom = 0, runlog.PhaseHold
		}},
		{"within the hold", runlog.PhaseHold, runlog.PhaseRelease, 50 * s, func(w *world) { w.plan.Hold, w.hog = 50*s, true }},

		{"the release waits until the target is gone", runlog.PhaseRelease, runlog.PhaseDone, 9*s + 12*s + 1*s, func(w *world) {
			w.drains = 6 * s
		}},
		{"and the instance", runlog.PhaseRelease, runlog.PhaseDone, 9*s + 12*s + 1*s, func(w *world) { w.drains, w.untargeted = 12*s, true }},
		{"but not for ever", runlog.PhaseRelease, runlog.PhaseDone, 60*s + 1*s, func(w *world) { w.drains = 40 * s }},
		{"the end waits for a snapshot", runlog.PhaseRelease, runlog.PhaseDone, 9*s + 17*s, func(w *world) { w.snapshotTakes = 17 * s }},
		{"but not for long", runlog.PhaseRelease, runlog.PhaseDone, 9*s + 30*s, func(w *world) { w.blind = true }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			c.change(w)
			w.run()
			if got := w.entered(c.to).Sub(w.entered(c.from)); got != c.want {
				t.Errorf("from %s to %s = %s, want %s", c.from, c.to, got, c.want)
			}
		})
	}
}

// everywhere runs a world on every second of a period, by either clock.
func everywhere(t *testing.T, change func(*world), check func(t *testing.T, w *world)) {
	for start := range 10 {
		for offset := -12; offset <= 12; offset++ {
			t.Run(fmt.Sprintf("%d s into a period, AWS %d s ahead", start, offset), func(t *testing.T) {
				w := newWorld().beginning(time.Duration(start) * time.Second)
				w.offset = time.Duration(offset) * time.Second
				change(w)
				check(t, w.run())
			})
		}
	}
}

// published is when the datapoint of the first period that began after a time,
// by AWS's clock, is seen, by ours.
func (w *world) published(after time.Time, lag time.Duration) time.Time {
	start := after.Truncate(period)
	if !start.After(after) {
		start = start.Add(period)
	}
	return start.Add(period + lag - w.offset)
}

// TestADatapointCountsOfWhichHalfWasWatched: by AWS's clock, of which the periods are.
func TestADatapointCountsOfWhichHalfWasWatched(t *testing.T) {
	everywhere(t, func(*world) {}, func(t *testing.T, w *world) {
		premises, calibration := w.entered(runlog.PhasePremises), w.entered(runlog.PhaseCalibration)
		seen := w.published(premises.Add(w.offset-period/2), time.Second)
		if atRest := premises.Add(11 * time.Second); seen.Before(atRest) {
			seen = atRest
		}
		if !calibration.Equal(seen) {
			t.Errorf("the calibration began %s into the premises, want %s", calibration.Sub(premises), seen.Sub(premises))
		}
		control, whole := w.entered(runlog.PhaseControl), w.published(calibration.Add(w.offset-period/2), 2*time.Second).Add(period)
		if !control.Equal(whole) {
			t.Errorf("the control began %s into the calibration, want %s", control.Sub(calibration), whole.Sub(calibration))
		}
	})
}

// TestTheCalibrationPairsEachDatapointWithItsOwnRequests is exact where CPU is.
func TestTheCalibrationPairsEachDatapointWithItsOwnRequests(t *testing.T) {
	everywhere(t, func(w *world) { w.idle, w.cost = 3, 0.7 }, func(t *testing.T, w *world) {
		if w.calibration == nil {
			t.Fatalf("no calibration: %s", w.reason)
		}
		if got := w.calibration.CPUPercentPerRate; math.Abs(got-0.7) > 1e-9 {
			t.Errorf("a request costs %g %%, want 0.7", got)
		}
		first := w.calibration.Points[0].Timestamp
		if begun := w.entered(runlog.PhaseCalibration).Add(w.offset); begun.Sub(first) >= period {
			t.Errorf("the first datapoint is of %s, before the light load of %s", first, begun)
		}
	})
}

// TestTheHoldSeesTheFallInItsFirstTwoWholePeriods: one that began before is partly of
// one instance.
func TestTheHoldSeesTheFallInItsFirstTwoWholePeriods(t *testing.T) {
	everywhere(t, func(w *world) { w.plan.Hold = 0 }, func(t *testing.T, w *world) {
		want := w.published(w.held.Add(w.offset), 2*time.Second).Add(period)
		if got := w.entered(runlog.PhaseRelease); !got.Equal(want) {
			t.Errorf("the hold lasted %s, want %s", got.Sub(w.held), want.Sub(w.held))
		}
	})
}

func TestPollsOfTheLongestHoldAreFivePeriodsApart(t *testing.T) {
	for hold, want := range map[time.Duration]time.Duration{
		30 * time.Minute: 0, 40 * time.Minute: 0, time.Hour: 2 * time.Second, 2 * time.Hour: 4 * time.Second,
		24 * time.Hour: 43 * time.Second, 720 * time.Hour: 50 * time.Second,
	} {
		w := newWorld()
		w.plan.Hold, w.endHoldAt = hold, time.Minute
		w.run()
		if sparsely := len(w.records) > 1; sparsely != (hold > 3*time.Hour) {
			t.Errorf("a hold of %s is recorded every %v", hold, w.records)
		}
		between := w.polls[1 : len(w.polls)-1]
		if want == 0 && len(between) > 0 || want > 0 && !slices.Equal(between, []time.Duration{want}) {
			t.Errorf("a hold of %s is polled every %v, want %s", hold, between, want)
		}
	}
}

func TestExpectedIsOnFourPeriodsHalfTheDeadlinesAndTheHold(t *testing.T) {
	w := newWorld()
	for _, c := range []struct{ hold, release, want time.Duration }{
		{30 * time.Second, time.Minute, (40 + 53 + 30 + 30 + 30) * time.Second},
		{0, time.Minute, (40 + 53 + 30 + 21 + 30) * time.Second},
		{0, 0, (40 + 53 + 30 + 21) * time.Second},
	} {
		w.plan.Hold, w.plan.ReleaseDeadline = c.hold, c.release
		if got := experiment.New(w.plan).Expected(); got != c.want {
			t.Errorf("Expected = %s with a hold of %s and a release of %s, want %s", got, c.hold, c.release, c.want)
		}
	}
}

func TestNothingIsReportedTwice(t *testing.T) {
	for name, change := range map[string]func(*world){
		"the second instance never answers": func(w *world) { w.mute = true },
		"the hold ends on request":          func(w *world) { w.endHoldAt = time.Second },
	} {
		w := newWorld()
		change(w)
		w.run()
		seen := map[string]bool{}
		for _, c := range w.commands {
			_, text, _ := strings.Cut(strings.TrimSpace(c), " ")
			if strings.HasPrefix(text, "poll every") || strings.HasPrefix(text, "take a") {
				continue
			}
			if seen[text] {
				t.Errorf("%s: %q is commanded twice", name, text)
			}
			seen[text] = true
		}
	}
}

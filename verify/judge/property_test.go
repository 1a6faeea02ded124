package judge_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"secondwind/runlog"
	"secondwind/verify/judge"
)

// without returns the record less the lines that keep refuses.
func without(r *runlog.Record, keep func() bool) *runlog.Record {
	less := *r
	less.Load = slices.DeleteFunc(slices.Clone(r.Load), func(runlog.LoadLine) bool { return !keep() })
	less.Cloud = slices.DeleteFunc(slices.Clone(r.Cloud), func(runlog.Observation) bool { return !keep() })
	return &less
}

func TestLosingLinesNeverProvesARunThatWasNotProved(t *testing.T) {
	draw := rand.New(rand.NewPCG(7, 0))
	for i, m := range append(append(premiseMutants(), chainMutants()...), otherMutants()...) {
		if i%5 != 0 { // a fifth of them is enough, and five times as fast
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			r := m.made(t)
			for range 3 {
				lost := draw.Float64() * draw.Float64() * 0.2
				less := without(r, func() bool { return draw.Float64() >= lost })
				if v := judge.Judge(less); v.Outcome == judge.Proved {
					t.Fatalf("Judge(%d of %d load and %d of %d cloud lines) = PROVED, want anything else, as it was %s %s",
						len(less.Load), len(r.Load), len(less.Cloud), len(r.Cloud), m.outcome, m.reason)
				}
			}
		})
	}
}

func TestLosingAnyLineOfACutRunIsNeverProved(t *testing.T) {
	r := perfect().record(t)
	for n := 0; n < len(r.Load); n += 9 {
		less := *r
		less.Load = r.Load[:n]
		if v := judge.Judge(&less); v.Outcome == judge.Proved {
			t.Fatalf("Judge(first %d of %d load lines) = PROVED, want INCONCLUSIVE", n, len(r.Load))
		}
	}
	for n := 0; n < len(r.Cloud)-20; n += 31 { // the last few polls add nothing
		less := *r
		less.Cloud = r.Cloud[:n]
		if v := judge.Judge(&less); v.Outcome != judge.Inconclusive {
			t.Fatalf("Judge(first %d of %d observations) = %s %s, want INCONCLUSIVE", n, len(r.Cloud), v.Outcome, v.Reason)
		}
	}
}

func TestTheClocksOffsetChangesNothing(t *testing.T) {
	for _, offset := range []float64{-86400, -61.7, 0, 3, 3600} {
		w := perfect()
		w.offset = offset
		if v := judge.Judge(w.record(t)); v.Outcome != judge.Proved {
			t.Errorf("Judge(clock %v s apart) = %s %s, want PROVED\n%s", offset, v.Outcome, v.Reason, v.Summary)
		}
	}
}

func TestAnEmptyRecordIsInconclusive(t *testing.T) {
	if v := judge.Judge(&runlog.Record{}); v.Outcome != judge.Inconclusive || v.Reason != "interrupted" {
		t.Errorf("Judge(empty record) = %s %q, want INCONCLUSIVE interrupted", v.Outcome, v.Reason)
	}
}

func TestRunsThatDifferInNothingThatMattersAreProved(t *testing.T) {
	variants := map[string]func(*world){
		"there is no scale-in alarm": func(w *world) { w.scaleIn = nil },
		"alarm actions repeat": func(w *world) {
			w.transitions = append(w.transitions, change{alarmName, 112.6, ok(), ok(),
				"Action"})
		},
		"the load is fixed, without a calibration, by an older program": func(w *world) {
			w.calibration, w.hypothesis = nil, func(h *runlog.Hypothesis) { h.Version = 2 }
		},
		"one datapoint in the hold is noisy": func(w *world) { w.cpu[oldID][140], w.cpu["group"][140] = 21, 18 },
		"an earlier activity failed long ago": func(w *world) {
			w.activities = append([]runlog.Activity{{ActivityId: "old", Description: "Launching a new EC2 instance", StartTime: aws(-900),
				EndTime: aws(-899), StatusCode: "Failed"}}, w.activities...)
		},
		"the activity waits for a warm-up": func(w *world) { w.activities[1].EndTime = aws(140) },
		"the alarm is in INSUFFICIENT_DATA first": func(w *world) {
			w.transitions = append([]change{{alarmName, -7.5, ok(), noData(), "StateUpdate"},
				{alarmName, 12.5, noData(), okState(0, 0.3), "StateUpdate"}}, w.transitions...)
		},
		"the generator writes before the first phase": func(w *world) { w.phases[0].x = 2 },
		"the control's rate is corrected": func(w *world) {
			w.phases = slices.Insert(w.phases, 4, phase{runlog.PhaseControl, 46, 34})
		},
		"the machine was busy as the load began": func(w *world) {
			for x, v := range map[int]float64{100: 44, 110: 31} {
				w.cpu["group"][x], w.cpu[oldID][x] = v, v
			}
			delete(w.cpu[newID], 110)
			w.evaluate()
		},
		"the group's answers lag by a second": func(w *world) { w.lag = 1 },
		"one poll failed":                     func(w *world) { w.skip = failing(runlog.OpDescribeAutoScalingGroups, 106, 108) },
	}
	for name, edit := range variants {
		t.Run(name, func(t *testing.T) {
			w := perfect()
			edit(w)
			if v := judge.Judge(w.record(t)); v.Outcome != judge.Proved {
				t.Errorf("Judge = %s %s, want PROVED\n%s", v.Outcome, v.Reason, v.Summary)
			}
		})
	}
}

func BenchmarkJudge(b *testing.B) {
	r := perfect().record(b)
	for b.Loop() {
		judge.Judge(r)
	}
}

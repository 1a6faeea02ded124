package attack

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"secondwind/loadgen/profile"
	"secondwind/runlog"
)

// TestEachPhaseOffersRateTimesTime has phases of any length and shape, and holds each against
// the integral of its rate, up to the request that two of them share; all together it is exact.
func TestEachPhaseOffersRateTimesTime(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var parts []profile.Profile
		var phases []Phase
		var whole time.Duration
		for n := range rapid.IntRange(1, 5).Draw(r, "phases") {
			length := time.Duration(rapid.IntRange(1, 4000).Draw(r, "ms")) * time.Millisecond
			from := float64(rapid.IntRange(0, 60).Draw(r, "from"))
			to := rapid.SampledFrom([]float64{from, 0, 40}).Draw(r, "to")
			phases = append(phases, Phase{Name: runlog.Phase(fmt.Sprint("phase ", n)), From: whole})
			parts = append(parts, profile.Linear{{From: from, To: to, For: length}})
			whole += length
		}
		resumed := time.Duration(rapid.IntRange(0, 1).Draw(r, "resumed")) * whole / 3
		synctest.Test(t, func(t *testing.T) { inPhases(t, profile.NewSequence(parts...), phases, resumed) })
	})
}

func inPhases(t *testing.T, offered profile.Sequence, phases []Phase, resumed time.Duration) {
	var r lines
	var s profile.Schedule
	s.Follow(0, offered)
	before := func(at time.Duration) int64 { return int64(s.Before(at)) }
	a := newAttack(t, Config{
		Sink: r.add, Connections: calculator(t, idle), Phases: phases, Duration: offered.Duration(),
		Start: Position{At: resumed, Offered: before(resumed), Sent: before(resumed)},
	})
	a.SetPhase(runlog.PhaseLoad, offered)
	if err := a.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := map[runlog.Phase]*runlog.LoadSecond{}
	for _, l := range r.kept {
		if got[l.Second.Phase] == nil {
			got[l.Second.Phase] = new(runlog.LoadSecond)
		}
		got[l.Second.Phase].Add(*l.Second)
	}
	for i, p := range phases {
		end := offered.Duration()
		if i+1 < len(phases) {
			end = phases[i+1].From
		}
		from := max(p.From, resumed)
		if end <= from {
			continue
		}
		want := before(end) - before(from)
		if hits := offered.Hits(end) - offered.Hits(from); float64(want) < hits-1 || float64(want) > hits+1 {
			t.Fatalf("%s: %d are due, and the integral of its rate is %v", p.Name, want, hits)
		}
		if sum := got[p.Name]; sum == nil || sum.Offered != want || sum.Dropped != 0 {
			t.Fatalf("%s = %+v, want %d offered, none dropped", p.Name, sum, want)
		}
	}
	sum := r.total()
	all := before(offered.Duration()) - before(resumed)
	if sum.Offered != all || sum.Sent != all || sum.Completed != all || sum.Dropped != 0 {
		t.Fatalf("in all %+v, want %d offered, sent and completed", sum, all)
	}
}

func TestConnectionsStayOpenFromPhaseToPhase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r lines
		part := profile.Linear{{From: 20, To: 20, For: 1500 * time.Millisecond}}
		offered := profile.NewSequence(part, part)
		connections := calculator(t, idle)
		connections.MaxAge = time.Hour
		a := newAttack(t, Config{
			Sink: r.add, Connections: connections, Duration: offered.Duration(),
			Phases: []Phase{{Name: "warm-up"}, {Name: "peak", From: 1500 * time.Millisecond}},
		})
		a.SetPhase(runlog.PhaseLoad, offered)
		if err := a.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, l := range r.kept {
			if l.Second.Phase == "peak" && len(l.Second.Opened) > 0 {
				t.Errorf("the second phase opened connections: %+v", l.Second)
			}
		}
	})
}

func TestAnInterruptionEndsTheOtherPhases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r lines
		part := profile.Linear{{From: 20, To: 20, For: time.Minute}}
		offered := profile.NewSequence(part, part)
		a := newAttack(t, Config{
			Sink: r.add, Connections: calculator(t, idle), Duration: offered.Duration(), Grace: time.Second,
			Phases: []Phase{{Name: "warm-up"}, {Name: "peak", From: time.Minute}},
		})
		a.SetPhase(runlog.PhaseLoad, offered)
		run(t, a, func() { time.Sleep(5*time.Second + 1) })
		for _, l := range r.kept {
			if l.Second.Phase != "warm-up" {
				t.Errorf("a line of %s after an interruption in warm-up", l.Second.Phase)
			}
		}
		if sum := r.total(); sum.Offered != 101 || sum.Completed+sum.Dropped != 101 || sum.IntervalSeconds > 6 {
			t.Errorf("%+v, want 101 offered within 5 s, and no more", sum)
		}
	})
}

package attack

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"secondwind/loadgen/profile"
)

// TestAHeldCPUOffersEachRateForItsTime has the CPU of one phase of three held by rates that rise by
// 7 requests/s every five seconds, also where an earlier part of the attack was killed.
func TestAHeldCPUOffersEachRateForItsTime(t *testing.T) {
	before := profile.Linear{{From: 20, To: 40, For: 5 * time.Second}}
	held, err := profile.Parse("cpu:50/20s")
	if err != nil {
		t.Fatal(err)
	}
	after := profile.Linear{{From: 30, To: 10, For: 5 * time.Second}}
	phases := []Phase{{"before", 0, before}, {"held", 5 * time.Second, held}, {"after", 25 * time.Second, after}}
	for name, c := range map[string]struct {
		start Position
		want  int64
	}{
		// The first observation in the held phase is of another rate as well.
		"from the start": {want: 150 + 5*(10+17+24+31) + 100},
		"on in the ramp": {Position{At: 2 * time.Second, Offered: 48, Sent: 48, Rate: 28}, 102 + 7*10 + 5*17 + 5*24 + 3*31 + 100},
		"on in the hold": {Position{At: 15 * time.Second, Offered: 300, Sent: 300, Rate: 17}, 5*17 + 5*24 + 100},
		"on in the end":  {Position{At: 27 * time.Second, Offered: 500, Sent: 500, Rate: 22}, 48},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var r lines
				a := newAttack(t, Config{Sink: r.add, Connections: calculator(t, idle), Phases: phases, Duration: 30 * time.Second, Start: c.start})
				a.SetPhase("before", before)
				done := make(chan error, 1)
				go func() { done <- a.Run(t.Context()) }()
				for at := c.start.At + 5*time.Second; at < 30*time.Second; at += 5 * time.Second {
					time.Sleep(5 * time.Second)
					a.Observe(at.Seconds(), func(target, rate float64) float64 {
						if target != 50 {
							t.Errorf("Observe() wants %v %%", target)
						}
						return rate + 7
					})
				}
				if err := <-done; err != nil {
					t.Fatal(err)
				}
				sum := r.total()
				if sum.Offered != c.want || sum.Sent != c.want || sum.Completed != c.want {
					t.Errorf("%+v, want %d offered, sent and completed", sum, c.want)
				}
				for _, l := range r.kept {
					s := l.Second
					if s.Phase == "held" && math.Abs(float64(s.Offered)-s.OfferedRate*s.IntervalSeconds) > 1 {
						t.Errorf("%s: %d offered in %v s at %v/s", l.Time, s.Offered, s.IntervalSeconds, s.OfferedRate)
					}
				}
			})
		})
	}
}

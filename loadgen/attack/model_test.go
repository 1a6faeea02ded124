package attack

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"secondwind/loadgen/executor"
	"secondwind/loadgen/profile"
	"secondwind/runlog"
)

func TestPoissonArrivalsAreAllSentAndOfferedAsTheyAreDue(t *testing.T) {
	for seed := range uint64(5) {
		synctest.Test(t, func(t *testing.T) {
			var r lines
			a := newAttack(t, Config{
				Sink: r.add, Connections: calculator(t, idle), Arrivals: profile.Arrivals{Poisson: true, Seed: seed},
			})
			run(t, a, func() {
				a.SetPhase(runlog.PhaseLoad, profile.Constant(100))
				time.Sleep(5*time.Second + 1)
			})
			var s profile.Schedule
			s.Follow(0, profile.Constant(100))
			want := int64(s.Timetable(profile.Arrivals{Poisson: true, Seed: seed}).Before(5*time.Second + 1))
			if sum := r.total(); sum.Offered != want || sum.Sent != want || sum.Completed != want || sum.Dropped != 0 {
				t.Errorf("offered %d, sent %d, completed %d, dropped %d; want %d, none dropped",
					sum.Offered, sum.Sent, sum.Completed, sum.Dropped, want)
			}
		})
	}
}

// TestUsersSendAfterTheirAnswers has three users, then one, who each send once a second.
func TestUsersSendAfterTheirAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r lines
		think, err := executor.ParseThink("900ms")
		if err != nil {
			t.Fatal(err)
		}
		a := newAttack(t, Config{
			Sink: r.add, Connections: calculator(t, func() { time.Sleep(100 * time.Millisecond) }), Users: &executor.Behavior{Think: think},
		})
		run(t, a, func() {
			a.SetPhase(runlog.PhaseControl, profile.Constant(3))
			time.Sleep(10*time.Second - 1)
			a.SetPhase(runlog.PhaseLoad, profile.Constant(1))
			time.Sleep(10 * time.Second)
		})
		sum := r.total()
		if sum.Sent != 40 || sum.Offered != 40 || sum.Completed != 40 || sum.Dropped != 0 || sum.Failed != 0 {
			t.Errorf("offered %d, sent %d, completed %d, dropped %d; want 40 of each and none dropped",
				sum.Offered, sum.Sent, sum.Completed, sum.Dropped)
		}
		for i, l := range r.kept {
			if s := l.Second; s != nil && math.Abs(s.OfferedRate*s.IntervalSeconds-float64(s.Offered)) > 1e-6 {
				t.Errorf("line %d: a rate of %v/s, want what the users sent: %d in %v s", i, s.OfferedRate, s.Offered, s.IntervalSeconds)
			}
		}
	})
}

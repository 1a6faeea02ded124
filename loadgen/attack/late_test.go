package attack

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"secondwind/loadgen/profile"
	"secondwind/runlog"
)

// TestAStallOverFewConnectionsIsMeasuredWhole has a server that answers nothing for two
// seconds, and ten connections. By hand: of 2,000 requests 20 take longer than the 99th
// percentile, those that were due first in the stall, which begins between two requests.
func TestAStallOverFewConnectionsIsMeasuredWhole(t *testing.T) {
	const stall, gap = 2 * time.Second, 5 * time.Millisecond
	hand := (stall - 20*gap - gap/2).Seconds()
	for _, c := range []struct {
		maxLate time.Duration
		dropped int64 // 0: none, and the percentile is right
	}{
		{0, 0}, {stall, 0}, {time.Second, 190},
	} {
		synctest.Test(t, func(t *testing.T) {
			var r lines
			began := time.Now().Add(3*time.Second + gap/2)
			a := newAttack(t, Config{MaxInFlight: 10, MaxLate: c.maxLate, Sink: r.add, Connections: calculator(t, func() {
				if time.Now().After(began) {
					time.Sleep(time.Until(began.Add(stall)))
				}
			})})
			run(t, a, func() {
				a.SetPhase(runlog.PhaseLoad, profile.Until(profile.Constant(200), 10*time.Second))
				time.Sleep(10 * time.Second)
			})
			p99 := r.p99(t, func(i *runlog.InstanceSecond) string { return i.FromSchedule }).Seconds()
			sum := r.total()
			if sum.Offered != 2000 || sum.Completed+sum.Dropped != 2000 {
				t.Errorf("at most %v late: offered %d, completed %d, dropped %d, want 2000 in all", c.maxLate, sum.Offered, sum.Completed, sum.Dropped)
			}
			for _, l := range r.kept {
				if limit := l.Second.Generator.Limit; limit != "" || sum.Starved != sum.Dropped || sum.Waited+sum.Starved < 380 {
					t.Errorf("at most %v late: %d waited, %d of %d dropped for want of a slot: %s",
						c.maxLate, sum.Waited, sum.Starved, sum.Dropped, limit)
				}
			}
			if c.dropped == 0 && (sum.Dropped != 0 || math.Abs(p99/hand-1) > 0.01) {
				t.Errorf("at most %v late: p99 from schedule %.3f s, by hand %.3f s; dropped %d, want none", c.maxLate, p99, hand, sum.Dropped)
			}
			if c.dropped != 0 && (sum.Dropped < c.dropped-1 || sum.Dropped > c.dropped+1) {
				t.Errorf("at most %v late: dropped %d, want %d", c.maxLate, sum.Dropped, c.dropped)
			}
		})
	}
}

// TestAnEndlessOverloadDropsWhatIsLaterThanATimeout has one connection for twice what it can send.
func TestAnEndlessOverloadDropsWhatIsLaterThanATimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r lines
		a := newAttack(t, Config{MaxInFlight: 1, Sink: r.add, Connections: calculator(t, func() { time.Sleep(100 * time.Millisecond) })})
		run(t, a, func() {
			a.SetPhase(runlog.PhaseLoad, profile.Until(profile.Constant(20), time.Minute))
			time.Sleep(time.Minute)
		})
		sum := r.total()
		if sum.Offered != 1200 || sum.Completed < 600 || sum.Dropped < 500 || sum.Completed+sum.Dropped != 1200 {
			t.Errorf("offered %d, completed %d, dropped %d; want 1200, a half, and the other but for 5 s", sum.Offered, sum.Completed, sum.Dropped)
		}
		if sum.LagMaxSeconds < 4.8 || sum.LagMaxSeconds > 5.2 {
			t.Errorf("%v s late at most, want the 5 s that a request may take", sum.LagMaxSeconds)
		}
	})
}

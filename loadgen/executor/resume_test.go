package executor

import (
	"testing"
	"testing/synctest"
	"time"

	"secondwind/loadgen/profile"
)

// TestTwoPartsOfAScheduleAreTheWhole runs a schedule for three seconds, and what is left of it
// an hour later.
func TestTwoPartsOfAScheduleAreTheWhole(t *testing.T) {
	for _, arrivals := range []profile.Arrivals{{}, {Poisson: true, Seed: 7}} {
		for _, shards := range []int{1, 2, 3, 7} {
			synctest.Test(t, func(t *testing.T) {
				ramp := func() *profile.Schedule {
					s := new(profile.Schedule)
					s.Follow(0, profile.Linear{{From: 7, To: 90, For: 8 * time.Second}})
					return s
				}
				const stop = 3*time.Second + 123456789
				first, second := &server{serve: quick}, &server{serve: quick}
				origins := []time.Time{time.Now()}
				cfg := Config{Schedule: ramp(), Arrivals: arrivals, MaxInFlight: 64, Shards: shards}
				before := first.run(t, cfg, stop, nil)
				time.Sleep(time.Hour)
				origins = append(origins, time.Now().Add(-stop))
				cfg.Schedule, cfg.Shards, cfg.Began, cfg.Sent = ramp(), 3, origins[1], before.Sent()-1
				cfg.Dropped = 1
				after := second.run(t, cfg, 6*time.Second, nil)
				table := ramp().Timetable(arrivals)
				all := append(first.outcomes, second.outcomes...)
				for seq, o := range all {
					due, _ := table.Due(uint64(seq))
					origin := origins[0]
					if seq >= len(first.outcomes) {
						origin = origins[1]
					}
					if o.Seq != uint64(seq) || o.Due.Sub(origin) != due {
						t.Fatalf("%d shards: outcome %d is request %d, due %v; want %v", shards, seq, o.Seq, o.Due.Sub(origin), due)
					}
				}
				want, offered := int(ramp().Timetable(arrivals).Before(9*time.Second)), after.Offered(time.Now())
				if len(all) != want || offered != after.Sent()+1 || after.Dropped() != 1 {
					t.Errorf("%d shards: %d requests in all, want %d; %d offered, %d sent, %d dropped",
						shards, len(all), want, offered, after.Sent(), after.Dropped())
				}
			})
		}
	}
}

func TestWhatIsDueIsNotSentAfterAHalt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{serve: func(uint64) time.Duration { return 3 * time.Second }}
		began := time.Now()
		e := s.run(t, Config{Schedule: steady(100), MaxInFlight: 2}, 5*time.Second, func(e *Executor) {
			time.Sleep(3500 * time.Millisecond)
			e.Halt()
			e.End()
		})
		if e.Sent() != 4 || time.Since(began) != 6010*time.Millisecond {
			t.Errorf("%d sent in %v; want the 4 that were in flight or answered by 3.5s, and 6.01s until the last answer",
				e.Sent(), time.Since(began))
		}
	})
}

// TestWhatBecameDueAsItWasHaltedIsSent has one request that is due for 5 ms when it can be sent,
// and one that would be late.
func TestWhatBecameDueAsItWasHaltedIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{serve: func(uint64) time.Duration { return 16 * time.Millisecond }}
		e := s.run(t, Config{Schedule: steady(100), MaxInFlight: 1}, 30*time.Millisecond, func(e *Executor) {
			time.Sleep(12 * time.Millisecond)
			e.Halt()
			e.End()
		})
		if e.Sent() != 2 {
			t.Errorf("%d sent; want that of 0 ms, and at 16 ms that of 10 ms, but not that of 20 ms at 32 ms", e.Sent())
		}
	})
}

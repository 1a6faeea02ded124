package attack

import (
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"secondwind/loadgen/executor"
	"secondwind/loadgen/profile"
	"secondwind/runlog"
)

// asWritten is a line as it is read from a record.
func asWritten(t *testing.T, l runlog.LoadLine) (read runlog.LoadLine) {
	t.Helper()
	text, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

// TestAKilledAttackGoesOnWhereItsRecordEnds forgets what came after the last line of an attack,
// and has another one go on.
func TestAKilledAttackGoesOnWhereItsRecordEnds(t *testing.T) {
	const lasts = 10 * time.Second
	for name, offered := range map[string]profile.Profile{
		"constant": profile.Constant(37.5), "ramp": profile.Linear{{From: 3, To: 90, For: lasts}},
		"sine": profile.Sine{Low: 5, High: 60, Period: 3 * time.Second, For: lasts},
	} {
		for _, arrivals := range []profile.Arrivals{{}, {Poisson: true, Seed: 3}} {
			synctest.Test(t, func(t *testing.T) {
				offered := profile.Until(offered, lasts)
				cfg := Config{
					Connections: calculator(t, func() { time.Sleep(70 * time.Millisecond) }), Arrivals: arrivals, Duration: lasts, Grace: time.Minute,
				}
				record := &runlog.Record{Manifest: runlog.Manifest{Started: time.Now()}}
				whole := make(map[int64]bool)
				for part := 0; ; part++ {
					var r lines
					cfg.Sink = r.add
					p, gap := PositionAfter(record)
					if err := p.Fits(offered, arrivals); err != nil {
						t.Fatal(err)
					}
					if part > 0 {
						record.Load = append(record.Load, asWritten(t, runlog.LoadLine{Time: time.Now(), Gap: &gap}))
					}
					cfg.Start = p
					a := newAttack(t, cfg)
					a.SetPhase(runlog.PhaseLoad, offered)
					ctx, cancel := context.WithTimeout(t.Context(), 2700*time.Millisecond)
					err := a.Run(ctx)
					if cancel(); err != nil {
						t.Fatal(err)
					}
					whole[p.Offered] = true
					if p.At+2700*time.Millisecond >= lasts {
						for _, l := range r.kept {
							record.Load = append(record.Load, asWritten(t, l))
						}
						break
					}
					for _, l := range r.kept[:2] { // the kill comes before the third
						record.Load = append(record.Load, asWritten(t, l))
					}
					time.Sleep(time.Minute)
				}
				var sum runlog.LoadSecond
				var unanswered int64
				for _, l := range record.Load {
					if l.Gap != nil {
						unanswered += l.Gap.Unanswered
					} else {
						sum.Add(*l.Second)
					}
				}
				var s profile.Schedule
				s.Follow(0, offered)
				want := int64(s.Timetable(arrivals).Before(lasts))
				if sum.Offered != want || sum.Sent != want || sum.Completed+unanswered != want || sum.Failed+sum.Dropped > 0 || len(whole) < 4 {
					t.Errorf("%s, %+v: offered %d, sent %d, completed %d and %d unanswered, failed %d, dropped %d in %d parts; want %d",
						name, arrivals, sum.Offered, sum.Sent, sum.Completed, unanswered, sum.Failed, sum.Dropped, len(whole), want)
				}
			})
		}
	}
}

func TestARecordThatIsNotOfItsScenarioIsRefused(t *testing.T) {
	offered := profile.Until(profile.Constant(10), time.Minute)
	for p, fits := range map[Position]bool{
		{}: true, {At: time.Second, Offered: 10}: true, {At: time.Second, Offered: 11}: false, {At: 2 * time.Second, Offered: 10}: false,
		{At: time.Hour, Offered: 600}: true,
	} {
		if err := p.Fits(offered, profile.Arrivals{}); (err == nil) != fits {
			t.Errorf("Fits(%+v) = %v, want it to fit: %v", p, err, fits)
		}
	}
}

// TestAnInterruptionSendsNothingMoreAndWaitsForItsGrace has a server that needs ten seconds.
func TestAnInterruptionSendsNothingMoreAndWaitsForItsGrace(t *testing.T) {
	for _, users := range []*executor.Behavior{nil, {}} {
		for grace, failed := range map[time.Duration]int64{3 * time.Second: 2, 30 * time.Second: 0, 0: 2} {
			synctest.Test(t, func(t *testing.T) {
				var r lines
				ending := make(chan struct{})
				defer close(ending)
				slow := func() {
					select {
					case <-time.After(10 * time.Second):
					case <-ending:
					}
				}
				a := newAttack(t, Config{
					Sink: r.add, Connections: calculator(t, slow), Users: users, MaxInFlight: 2, Duration: time.Hour, Grace: grace,
				})
				a.cfg.Timeout = time.Minute
				a.SetPhase(runlog.PhaseLoad, profile.Constant(2))
				ctx, cancel := context.WithTimeout(t.Context(), 4500*time.Millisecond)
				defer cancel()
				began := time.Now()
				if err := a.Run(ctx); err != nil {
					t.Fatal(err)
				}
				sum := r.total()
				took, atMost := time.Since(began), min(4500*time.Millisecond+grace, 10*time.Second+510*time.Millisecond)
				if sum.Sent != 2 || sum.Failed != failed || sum.Completed != 2-failed || took > atMost || sum.Dropped != sum.Offered-2 {
					t.Errorf("grace %v: sent %d, failed %d, completed %d, offered %d, dropped %d in %v; want 2 sent, %d failed, by %v",
						grace, sum.Sent, sum.Failed, sum.Completed, sum.Offered, sum.Dropped, took, failed, atMost)
				}
				if failed > 0 && sum.Errors["ended before it was answered"] != failed {
					t.Errorf("grace %v: failures %v", grace, sum.Errors)
				}
			})
		}
	}
}

package executor

import (
	"sync"
	"testing"
	"time"

	"secondwind/loadgen/client"
	"secondwind/loadgen/profile"
)

// TestAnAlarmRingsWhoeverWaitsAndWheneverThatBegan lets rings and long waits meet in every
// order: one that was lost would leave the test waiting.
func TestAnAlarmRingsWhoeverWaitsAndWheneverThatBegan(t *testing.T) {
	for _, precise := range []bool{false, true} {
		a := newAlarm(precise)
		a.ring()
		a.wait(time.Hour)
		for range 2000 {
			var rung sync.WaitGroup
			rung.Go(a.ring)
			a.wait(time.Hour)
			rung.Wait()
		}
		for range 20 {
			a.wait(50 * time.Microsecond) // nobody rings
		}
		a.stop()
		a.ring() // as a schedule may be changed at the very end
	}
}

// immediate is a Client that has every answer at once.
type immediate struct{}

func (immediate) Exchange(*client.Request, time.Time) (*client.Answer, error) {
	return &client.Answer{Status: 200}, nil
}
func (immediate) Close() {}

func TestAPreciseExecutorSendsEveryRequestOnceAndNoneEarly(t *testing.T) {
	const want = 200
	var mu sync.Mutex
	seen, missing := map[uint64]bool{}, want
	schedule, began := steady(2000), time.Now()
	var e *Executor
	e = New(Config{
		Schedule: schedule, Began: began, Shards: 2, MaxInFlight: 8, MaxLate: time.Hour, Timeout: time.Hour, Precise: true,
		Source: func(uint64, *client.Request) {}, NewClient: func() client.Client { return immediate{} },
		Done: func(_ int, o *Outcome) {
			mu.Lock()
			defer mu.Unlock()
			if early := o.Due.Sub(o.Timestamp); seen[o.Seq] || early > 0 {
				t.Errorf("request %d was sent %v early, or twice: %v", o.Seq, early, seen[o.Seq])
			}
			seen[o.Seq] = true
			if o.Seq < want {
				if missing--; missing == 0 {
					schedule.Follow(time.Since(began), profile.Linear{})
					e.End()
				}
			}
		},
	})
	e.Run() // until each of the first requests was sent
}

func TestOneCoreSendsUpToItsBound(t *testing.T) {
	for rate, want := range map[float64]int{0: 1, 5000: 1, 20_000: 1, 20_001: 8, 1e6: 8} {
		if got := Procs(rate, 8); got != want {
			t.Errorf("Procs(%v, 8) = %d, want %d", rate, got, want)
		}
	}
}

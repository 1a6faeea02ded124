package attack

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"secondwind/loadgen/profile"
	"secondwind/runlog"
)

func TestEveryRequestOfferedIsSentOrDroppedAndEveryOneSentEnds(t *testing.T) {
	tests := []struct {
		name        string
		maxInFlight int
		serve       time.Duration
		dropped     bool
	}{
		{"a quick server drops nothing", 64, 2 * time.Millisecond, false},
		{"a slow server with workers to spare drops nothing", 512, 700 * time.Millisecond, false},
		{"a server that cannot keep up makes requests drop", 4, 300 * time.Millisecond, true},
		{"a server slower than the drain still leaves no request uncounted", 2, 4 * time.Second, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var r lines
				a := newAttack(t, Config{MaxInFlight: tt.maxInFlight, Sink: r.add, Connections: calculator(t, func() { time.Sleep(tt.serve) })})
				run(t, a, func() {
					a.SetPhase(runlog.PhaseControl, profile.Constant(20))
					time.Sleep(3 * time.Second)
					a.SetPhase(runlog.PhaseLoad, profile.Constant(100))
					time.Sleep(4500 * time.Millisecond)
				})
				sum := r.total()
				// 3 s at 20/s and 4.5 s at 100/s; nothing is due after the end.
				if sum.Offered < 510 || sum.Offered > 511 { // one may be sent in the very instant of stopping
					t.Errorf("offered = %d, want 510", sum.Offered)
				}
				if sum.Sent+sum.Dropped != sum.Offered {
					t.Errorf("sent %d + dropped %d = %d, want offered %d", sum.Sent, sum.Dropped, sum.Sent+sum.Dropped, sum.Offered)
				}
				if sum.Completed != sum.Sent || sum.Failed != 0 {
					t.Errorf("completed %d, failed %d, want all %d completed", sum.Completed, sum.Failed, sum.Sent)
				}
				if got := sum.Dropped > 0; got != tt.dropped {
					t.Errorf("dropped = %d, want some: %v", sum.Dropped, tt.dropped)
				}
			})
		})
	}
}

func TestAProfileIsSentRequestByRequest(t *testing.T) {
	for _, text := range []string{"ramp:10..200/5s", "ramp:100..0/5s", "steps:50,0,100/1s", "sine:0..100@2s/4s", "constant:50/3s"} {
		offered, err := profile.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			var r lines
			a := newAttack(t, Config{Sink: r.add, Connections: calculator(t, idle)})
			run(t, a, func() {
				a.SetPhase(runlog.PhaseLoad, offered)
				time.Sleep(6 * time.Second) // longer than any lasts: nothing is due after its end
			})
			sum, want := r.total(), math.Ceil(offered.Hits(offered.Duration()))
			if float64(sum.Offered) != want || sum.Sent != sum.Offered || sum.LagMaxSeconds > 0.01 {
				t.Errorf("%s: offered %d, sent %d, at most %v s late; want %v of both, on time", text, sum.Offered, sum.Sent, sum.LagMaxSeconds, want)
			}
			var sent float64
			for _, l := range r.kept {
				sent += l.Second.OfferedRate * l.Second.IntervalSeconds
			}
			if math.Abs(sent-want) > 0.05*want {
				t.Errorf("%s: the lines' rates come to %v requests, want about %v", text, sent, want)
			}
		})
	}
}

// TestALoadOffersRateTimesTime ends loads with their profile, as the load command
// does, in the very instant, and as late as a busy machine may.
func TestALoadOffersRateTimesTime(t *testing.T) {
	for text, want := range map[string]int64{
		"constant:3": 6, "1.1": 3, "ramp:0..7/2s": 7, "steps:5,0,40/500ms": 23, "sine:1..9@1s/2s": 10, "constant:1000": 2000, "0": 0,
	} {
		for _, late := range []time.Duration{0, 1, 300 * time.Microsecond, 40 * time.Millisecond} {
			offered, err := profile.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				var r lines
				a := newAttack(t, Config{Sink: r.add, Connections: calculator(t, idle)})
				run(t, a, func() {
					a.SetPhase(runlog.PhaseLoad, profile.Until(offered, 2*time.Second))
					time.Sleep(2*time.Second + late)
				})
				sum := r.total()
				if sum.Offered != want || sum.Sent != want || sum.Completed != want || sum.Dropped != 0 {
					t.Errorf("%s, ended %v late: offered %d, sent %d, answered %d, dropped %d; want %d of each, and none dropped",
						text, late, sum.Offered, sum.Sent, sum.Completed, sum.Dropped, want)
				}
			})
		}
	}
}

// TestWhatIsDueWhenTheLoadEndsIsStillSent has requests due that no worker was free
// for: they are sent within MaxLate, and whatever is not is dropped.
func TestWhatIsDueWhenTheLoadEndsIsStillSent(t *testing.T) {
	for _, c := range []struct {
		name          string
		serve         time.Duration
		sent, dropped int64
	}{
		{"a worker is free soon", 600 * time.Millisecond, 2, 0},
		{"no worker is free in time", 3 * time.Second, 1, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			var r lines
			a := newAttack(t, Config{
				MaxInFlight: 1, MaxLate: time.Second, Sink: r.add, Connections: calculator(t, func() { time.Sleep(c.serve) }),
			})
			run(t, a, func() {
				a.SetPhase(runlog.PhaseLoad, profile.Until(profile.Constant(10), 200*time.Millisecond))
				time.Sleep(200 * time.Millisecond)
			})
			if sum := r.total(); sum.Offered != 2 || sum.Sent != c.sent || sum.Completed != c.sent || sum.Dropped != c.dropped {
				t.Errorf("%s: offered %d, sent %d, answered %d, dropped %d; want 2, %d, %d, %d",
					c.name, sum.Offered, sum.Sent, sum.Completed, sum.Dropped, c.sent, c.sent, c.dropped)
			}
		})
	}
}

func TestAStallShowsFromTheScheduleAndHidesFromSending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			r     lines
			once  sync.Once
			until time.Time
		)
		began := time.Now()
		a := newAttack(t, Config{MaxInFlight: 4, Sink: r.add, Connections: calculator(t, func() {
			if time.Since(began) > 2*time.Second {
				once.Do(func() { until = time.Now().Add(900 * time.Millisecond) })
				time.Sleep(time.Until(until))
			}
			time.Sleep(time.Millisecond)
		})})
		run(t, a, func() {
			a.SetPhase(runlog.PhaseLoad, profile.Constant(100))
			time.Sleep(6 * time.Second)
		})
		schedule := r.p99(t, func(i *runlog.InstanceSecond) string { return i.FromSchedule })
		sending := r.p99(t, func(i *runlog.InstanceSecond) string { return i.FromSending })
		if schedule < 500*time.Millisecond || sending > 50*time.Millisecond {
			t.Errorf("P99 from schedule = %v, from sending = %v, want the 900 ms stall in the first and not in the second", schedule, sending)
		}
		if lag := r.total().LagMaxSeconds; lag < 0.5 {
			t.Errorf("LagMaxSeconds = %v, want more than 0.5", lag)
		}
	})
}

func TestALineIsOfOnePhaseAndTheIntervalIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r lines
		a := newAttack(t, Config{Sink: r.add, Connections: calculator(t, idle)})
		run(t, a, func() {
			a.SetPhase(runlog.PhaseLoad, profile.Constant(50))
			time.Sleep(2400 * time.Millisecond)
			a.SetPhase(runlog.PhaseHold, profile.Constant(50))
			a.SetInterval(3 * time.Second)
			time.Sleep(6600 * time.Millisecond)
		})
		seconds := map[runlog.Phase]float64{}
		longest := 0.0
		for _, l := range r.kept {
			seconds[l.Second.Phase] += l.Second.IntervalSeconds
			longest = max(longest, l.Second.IntervalSeconds)
		}
		for phase, want := range map[runlog.Phase]float64{runlog.PhaseLoad: 2.4, runlog.PhaseHold: 6.6} {
			if got := seconds[phase]; got < want-0.01 || got > want+0.01 {
				t.Errorf("lines of phase %s cover %v s, want %v", phase, got, want)
			}
		}
		if longest < 2.9 {
			t.Errorf("longest interval = %v s, want 3", longest)
		}
	})
}

func TestAWrongAnswerIsAFailureOfItsInstance(t *testing.T) {
	tests := []struct {
		name    string
		serve   http.HandlerFunc
		failure string
	}{
		{"wrong result", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"result":"1"}`) }, "wrong result"},
		{"status 503", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, "status 503"},
		{"a redirect is not followed", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) },
			"status 302 (a redirect, which is not followed)"},
		{
			"a connection closed", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			"connection closed without an answer",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			enough := make(chan struct{})
			var once sync.Once
			var served sync.Map
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("X-Instance-Id", "i-0002")
				served.Store(r.Header.Get("Cookie"), true)
				once.Do(func() { close(enough) })
				tt.serve(w, r)
			}))
			defer server.Close()
			var r lines
			address, err := ParseServer(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			a := newAttack(t, Config{Server: address, Sink: r.add})
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			go func() {
				<-enough
				cancel()
			}()
			a.SetPhase(runlog.PhaseLoad, profile.Constant(50))
			if err := a.Run(ctx); err != nil {
				t.Fatalf("Run() = %v", err)
			}
			sum := r.total()
			if sum.Failed == 0 || sum.Completed != 0 || sum.Failed != sum.Sent {
				t.Errorf("failed %d, completed %d of %d, want all failed", sum.Failed, sum.Completed, sum.Sent)
			}
			for _, l := range r.kept {
				for text := range l.Second.Errors {
					if text != tt.failure {
						t.Errorf("failure = %q, want %q", text, tt.failure)
					}
				}
			}
			served.Range(func(cookie, _ any) bool {
				if !strings.HasPrefix(cookie.(string), "user=u") {
					t.Errorf("Cookie = %q, want user=u…", cookie)
				}
				return true
			})
		})
	}
}

func TestAnErrorOfTheSinkEndsTheAttack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := errors.New("no space left on device")
		a := newAttack(t, Config{Sink: func(runlog.LoadLine) error { return full }, Connections: calculator(t, idle)})
		if err := a.Run(t.Context()); !errors.Is(err, full) {
			t.Errorf("Run() = %v, want %v", err, full)
		}
	})
}

func TestParseServerRefusesWhatCannotBeSentTo(t *testing.T) {
	for _, bad := range []string{
		"", "calculator", "ftp://a/", "http://", "127.0.0.1:80", "http://[::1", "http://:80", "http://a:99999", "http://a:0", "http://a:x",
		"http://a/b#c", "http://me:secret@a:99999", "http://me:se/secret@a", "ftp://me:secret@a", "http://me:%secret@a", "http://a/5%",
	} {
		u, err := ParseServer(bad)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("ParseServer(%q) = %v, %v, want an error without the secret", bad, u, err)
		} else if strings.Contains(bad, "/5%") && !strings.Contains(err.Error(), "write %25 for it") {
			t.Errorf("ParseServer(%q) = %v, which says nothing of the %%", bad, err)
		}
	}
	for _, good := range []string{"http://a", "https://a:8443/b", "http://[::1]:80"} {
		if u, err := ParseServer(good); err != nil || u.String() != good {
			t.Errorf("ParseServer(%q) = %v, %v", good, u, err)
		}
	}
}

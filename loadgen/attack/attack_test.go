package attack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"secondwind/loadgen/payload"
	"secondwind/loadgen/profile"
	"secondwind/runlog"
)

// lines is a sink that keeps every line.
type lines struct {
	mu   sync.Mutex
	kept []runlog.LoadLine
}

func (r *lines) add(l runlog.LoadLine) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept = append(r.kept, l)
	return nil
}

// total sums the seconds up; histograms are left out.
func (r *lines) total() runlog.LoadSecond {
	r.mu.Lock()
	defer r.mu.Unlock()
	var sum runlog.LoadSecond
	for _, l := range r.kept {
		sum.Add(*l.Second)
	}
	return sum
}

// p99 is the 99th percentile over all lines and instances.
func (r *lines) p99(t *testing.T, which func(*runlog.InstanceSecond) string) time.Duration {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	all := hdrhistogram.New(lowest, highest, significant)
	for _, l := range r.kept {
		for _, i := range l.Second.Instances {
			h, err := hdrhistogram.Decode([]byte(which(i)))
			if err != nil {
				t.Fatalf("Decode(%q) = %v", which(i), err)
			}
			if dropped := all.Merge(h); dropped > 0 {
				t.Fatalf("Merge dropped %d values", dropped)
			}
		}
	}
	return time.Duration(all.ValueAtQuantile(99)) * time.Microsecond
}

// calculator answers in process, after serve has run for the request.
type calculator struct{ serve func(*http.Request) }

func (c calculator) RoundTrip(r *http.Request) (*http.Response, error) {
	var in struct{ Operands []string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, err
	}
	if c.serve != nil {
		c.serve(r)
	}
	w := httptest.NewRecorder()
	w.Header().Set(instanceHeader, "i-0001")
	_, _ = io.WriteString(w, answer(in.Operands))
	return w.Result(), nil
}

func answer(operands []string) string {
	x, _ := new(big.Int).SetString(operands[0], 10)
	y, _ := new(big.Int).SetString(operands[1], 10)
	return `{"result":"` + x.Mul(x, y).String() + `"}`
}

func newAttack(t testing.TB, cfg Config) *Attack {
	t.Helper()
	set, err := payload.Make(payload.Spec{Operation: "*", Digits: payload.Range{Min: 20, Max: 40}, Bodies: 8, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Payload, cfg.Timeout = set, 5*time.Second
	if cfg.URL == "" {
		cfg.URL = "http://calculator.test"
	}
	a, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// run drives an attack in the bubble: steps happens while it runs.
func run(t *testing.T, a *Attack, steps func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	synctest.Wait()
	steps()
	cancel()
	if err := <-ended; err != nil {
		t.Fatalf("Run() = %v, want nil", err)
	}
}

func TestEveryRequestOfferedIsSentOrDroppedAndEveryOneSentEnds(t *testing.T) {
	tests := []struct {
		name       string
		maxWorkers int
		serve      time.Duration
		dropped    bool
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
				a := newAttack(t, Config{MaxWorkers: tt.maxWorkers, Sink: r.add, Transport: calculator{func(*http.Request) { time.Sleep(tt.serve) }}})
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
			a := newAttack(t, Config{Sink: r.add, Transport: calculator{}})
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
				a := newAttack(t, Config{Sink: r.add, Transport: calculator{}})
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
// for: they are sent within a second, and whatever is not is dropped.
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
			a := newAttack(t, Config{MaxWorkers: 1, Sink: r.add, Transport: calculator{func(*http.Request) { time.Sleep(c.serve) }}})
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
		a := newAttack(t, Config{MaxWorkers: 4, Sink: r.add, Transport: calculator{func(*http.Request) {
			if time.Since(began) > 2*time.Second {
				once.Do(func() { until = time.Now().Add(900 * time.Millisecond) })
				time.Sleep(time.Until(until))
			}
			time.Sleep(time.Millisecond)
		}}})
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
		a := newAttack(t, Config{Sink: r.add, Transport: calculator{}})
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
		{"a redirect is not followed", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) }, "status 302"},
		{"a connection closed without answer", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			enough := make(chan struct{})
			var once sync.Once
			var served sync.Map
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set(instanceHeader, "i-0002")
				served.Store(r.Header.Get("Cookie"), true)
				once.Do(func() { close(enough) })
				tt.serve(w, r)
			}))
			defer server.Close()
			var r lines
			a := newAttack(t, Config{URL: server.URL, Users: 5, Sink: r.add})
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
		a := newAttack(t, Config{Sink: func(runlog.LoadLine) error { return full }, Transport: calculator{}})
		if err := a.Run(t.Context()); !errors.Is(err, full) {
			t.Errorf("Run() = %v, want %v", err, full)
		}
	})
}

func TestATallyBoundsInstancesAndErrorTexts(t *testing.T) {
	tally := newTally()
	for i := range 200 {
		tally.add(outcome{instance: strings.Repeat("x", i+1), failure: strings.Repeat("y", i+1)})
	}
	s := tally.take()
	if len(s.Instances) > maxInstances+1 || s.Instances[other] == nil {
		t.Errorf("%d instances, want at most %d and %q among them", len(s.Instances), maxInstances+1, other)
	}
	if len(s.Errors) > maxErrors+1 || s.Errors[other] != 200-maxErrors {
		t.Errorf("errors = %d texts, %d other, want %d and %d", len(s.Errors), s.Errors[other], maxErrors+1, 200-maxErrors)
	}
	if again := tally.take(); again.Failed != 0 || len(again.Instances) != 0 || len(again.Errors) != 0 {
		t.Errorf("take() a second time = %+v, want nothing", again)
	}
}

func TestNewRefusesWhatCannotBeSentTo(t *testing.T) {
	for _, bad := range []string{"", "calculator", "ftp://a/", "http://", "127.0.0.1:80", "http://[::1"} {
		if _, err := New(Config{URL: bad, Sink: func(runlog.LoadLine) error { return nil }}); err == nil {
			t.Errorf("New(URL %q) = nil error, want one", bad)
		}
	}
}

// BenchmarkRequest is what a request costs the generator and an httptest server
// in one process, without pacing.
func BenchmarkRequest(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Operands []string }
		body, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(body, &in)
		_, _ = io.WriteString(w, answer(in.Operands))
	}))
	defer server.Close()
	a := newAttack(b, Config{URL: server.URL, Sink: func(runlog.LoadLine) error { return nil }})
	client := &http.Client{Transport: a.checker}
	body := a.cfg.Payload.Body(0)
	b.ReportAllocs()
	for b.Loop() {
		request, _ := http.NewRequest(http.MethodPost, server.URL, bytes.NewReader(body))
		request.Header.Set(payloadHeader, "0")
		response, err := client.Do(request)
		if err != nil || response.Header.Get(answeredHeader) != "" {
			b.Fatal(err, response)
		}
	}
}

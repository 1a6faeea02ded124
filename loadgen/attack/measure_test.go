package attack

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"secondwind/loadgen/client"
	"secondwind/loadgen/executor"
	"secondwind/loadgen/mix"
	"secondwind/loadgen/profile"
	"secondwind/loadgen/summary"
	"secondwind/runlog"
)

// serve has a handler answer in this process, on pipes; connecting takes a while.
func serve(t *testing.T, connect time.Duration, handler http.HandlerFunc) client.Options {
	listener := &pipes{arrived: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: handler}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return client.Options{Dial: func(context.Context, string, string) (net.Conn, error) {
		time.Sleep(connect)
		ours, theirs := net.Pipe()
		listener.arrived <- theirs
		return ours, nil
	}}
}

func about(got float64, want time.Duration) bool {
	return got > 0.99*want.Seconds() && got < 1.01*want.Seconds()
}

func TestKindsOfRequestsAreMeasuredByThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := getting(t, "http://a.test", mix.Request{Name: "search", Path: "/search"}, mix.Request{Name: "buy", Path: "/buy"})
		cfg.Connections = serve(t, 0, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/buy" {
				time.Sleep(30 * time.Millisecond)
				w.WriteHeader(http.StatusConflict)
				return
			}
			time.Sleep(20 * time.Millisecond)
		})
		s, kept := load(t, cfg)
		search, buy := s.Requests["search"], s.Requests["buy"]
		if search == nil || buy == nil || search.Completed != 5 || search.Failed != 0 || buy.Completed != 0 || buy.Failed != 5 {
			t.Fatalf("requests = %+v, %+v; want 5 that completed and 5 that failed", search, buy)
		}
		if !about(search.FromSchedule.P99, 20*time.Millisecond) || !about(search.FromSending.P50, 20*time.Millisecond) {
			t.Errorf("search took %s and %s, want 20 ms", search.FromSchedule, search.FromSending)
		}
		for text, met := range map[string]bool{"p99(search) < 25ms": true, "errors(buy) < 99%": false, "errors(search) <= 0%": true} {
			th, err := summary.Measures.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			if value, ok := s.Value(th); !ok || th.Met(value) != met {
				t.Errorf("%s: %v, %v; want met: %v", text, value, ok, met)
			}
		}
		if len(kept[0].Second.Instances) == 0 {
			t.Error("no instances beside the kinds")
		}
	})
}

func TestTheTimesOfConnectionsAreThoseOfNewOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := getting(t, "http://a.test", mix.Request{})
		cfg.Connections = serve(t, 40*time.Millisecond, func(http.ResponseWriter, *http.Request) { time.Sleep(25 * time.Millisecond) })
		s, kept := load(t, cfg)
		if opened := s.Opened["a.test:80"]; opened < 1 || opened > 5 || s.Reused != 10-opened || len(s.Opened) != 1 {
			t.Errorf("opened %v, reused %d of 10", s.Opened, s.Reused)
		}
		if !about(s.Connect.P50, 40*time.Millisecond) || !about(s.Connect.Max, 40*time.Millisecond) || s.TLS != (summary.Latency{}) {
			t.Errorf("connect %s, TLS %s; want 40 ms and none", s.Connect, s.TLS)
		}
		if !about(s.FirstByte.P50, 25*time.Millisecond) || !about(s.FirstByte.Max, 25*time.Millisecond) {
			t.Errorf("first byte %s, want 25 ms without connecting", s.FirstByte)
		}
		if !about(s.FromSending.Max, 65*time.Millisecond) || !about(s.FromSending.P50, 25*time.Millisecond) {
			t.Errorf("from sending %s; want 25 ms, and 65 ms with connecting", s.FromSending)
		}
		var opened, reused int64
		for _, l := range kept {
			opened, reused = opened+l.Second.Opened["a.test:80"], reused+l.Second.Reused
			if l.Second.Requests != nil {
				t.Errorf("a line tells kinds apart where there is one: %v", l.Second.Requests)
			}
		}
		if opened+reused != 10 {
			t.Errorf("the lines have %d connections opened and %d reused, want 10", opened, reused)
		}
	})
}

func TestHandshakesAreMeasured(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("skipped: only Linux lets a test name the certificates that are trusted, so that no handshake is measured")
	}
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	s, _ := load(t, getting(t, server.URL, mix.Request{}))
	if s.Completed != s.Sent || s.Completed == 0 || s.TLS.P50 <= 0 || s.Connect.P50 <= 0 || s.FirstByte.P50 <= 0 {
		t.Errorf("completed %d of %d, %v; TLS %s, connect %s, first byte %s", s.Completed, s.Sent, s.Examples, s.TLS, s.Connect, s.FirstByte)
	}
}

// TestAStallIsTheServicesAlsoWhereSlotsAreFew has a service that answers nothing from the second
// second on: it can take rate × time-out slots. Where there are fewer, that is noted.
func TestAStallIsTheServicesAlsoWhereSlotsAreFew(t *testing.T) {
	for slots, note := range map[int]string{100: "", 512: "", 20: "waited while all 20 in flight were unanswered"} { // 50/s × 2 s
		synctest.Test(t, func(t *testing.T) {
			var s summary.Summary
			var r lines
			began := time.Now()
			cfg := getting(t, "http://a.test", mix.Request{})
			cfg.MaxInFlight, cfg.Sink = slots, func(l runlog.LoadLine) error { _ = r.add(l); return s.Add(l.Second) }
			cfg.Connections = serve(t, 0, func(_ http.ResponseWriter, r *http.Request) {
				if time.Since(began) > time.Second {
					<-r.Context().Done()
				}
			})
			a := New(cfg)
			run(t, a, func() {
				a.SetPhase(runlog.PhaseLoad, profile.Constant(50))
				time.Sleep(10 * time.Second)
			})
			if s.Generator.Invalid || !strings.Contains(s.Generator.Note, note) || note == "" && s.Generator.Note != "" || s.Failed == 0 {
				t.Errorf("%d slots: dropped %d, failed %d, lag %s: %s", slots, s.Dropped, s.Failed, s.Lag, s.Generator)
			}
			if s.Starved != s.Dropped || s.Dropped > 0 != (slots == 20) || s.Waited > 0 != (slots == 20) {
				t.Errorf("%d slots: %d waited, %d starved, %d dropped", slots, s.Waited, s.Starved, s.Dropped)
			}
			for _, l := range r.kept {
				if g := l.Second.Generator; g.Slots != slots || g.SlotsNeeded != 100 || g.Limit != "" {
					t.Errorf("%d slots: a line has %+v", slots, g)
				}
			}
		})
	}
}

func TestUsersTakeNoSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := getting(t, "http://a.test", mix.Request{})
		cfg.Users = &executor.Behavior{Think: executor.Think{Low: time.Second, High: time.Second}}
		cfg.Connections = serve(t, 0, func(http.ResponseWriter, *http.Request) {})
		_, kept := load(t, cfg)
		for _, l := range kept {
			if g := l.Second.Generator; g.Slots != 0 || g.SlotsNeeded != 0 {
				t.Errorf("a line of users has slots: %+v", g)
			}
		}
	})
}

// TestARecordStaysBounded loads for an hour with a small budget: lines come each second at
// first, then less often, and all requests stand in one of them.
func TestARecordStaysBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const daily = 800_000
		var s summary.Summary
		var lengths []float64
		size, early, began := 0, 0, time.Now()
		cfg := getting(t, "http://a.test", mix.Request{})
		cfg.Connections = serve(t, 0, func(http.ResponseWriter, *http.Request) {})
		cfg.Sink = func(l runlog.LoadLine) error {
			text, err := json.Marshal(l)
			size += len(text) + 1
			lengths = append(lengths, l.Second.IntervalSeconds)
			if time.Since(began) < 10*time.Second+1 {
				early++
			}
			if err != nil {
				return err
			}
			return s.Add(l.Second)
		}
		a := New(cfg)
		a.budget = newBudget(daily)
		run(t, a, func() {
			a.SetPhase(runlog.PhaseLoad, profile.Until(profile.Constant(2), time.Hour))
			time.Sleep(time.Hour)
		})
		if most := daily/4 + daily*3/4/24 + 2000; size > most || size < daily/4 {
			t.Errorf("the lines of an hour have %d bytes, want at most %d", size, most)
		}
		if last := lengths[len(lengths)-2]; early < 9 || last < 2 || last > 600 {
			t.Errorf("%d lines in the first 10 s, the last one is of %v s", early, last)
		}
		if s.Offered != 7200 || s.Completed != 7200 || s.Seconds < 3599 || s.Seconds > 3602 {
			t.Errorf("the lines have %d requests in %v s, want 7200 in 3600", s.Completed, s.Seconds)
		}
	})
}

// TestADayStaysBelow95MBWhateverALineTakes has lines that grow with the root of their interval,
// as those of histograms do.
func TestADayStaysBelow95MBWhateverALineTakes(t *testing.T) {
	for _, second := range []float64{500, 760, 1400, 5500, 18_500, 400_000} {
		b := newBudget(daily)
		total, since, lines := 0.0, 0, 0
		for range 24 * 3600 {
			since++
			if length := time.Duration(since) * time.Second; b.allows(length) {
				size := second * math.Sqrt(float64(since))
				b.spend(int(size), length)
				total, since, lines = total+size, 0, lines+1
			}
		}
		if total > daily+20*second || second < 1000 && lines < 24*3600 {
			t.Errorf("%v bytes a second: %.1f MB in %d lines", second, total/1e6, lines)
		}
	}
}

func ExampleNew() {
	fmt.Println(New(Config{Requests: fixed{}}).cfg.MaxInFlight)
	// Output: 512
}

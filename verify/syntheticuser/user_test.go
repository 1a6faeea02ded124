package syntheticuser_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"secondwind/server"
	"secondwind/server/history"
	"secondwind/server/history/audit"
	"secondwind/verify/syntheticuser"
)

// calculator serves the real calculator under a name, with its history in store;
// "" means without one. It returns its URL.
func calculator(t *testing.T, name, store string) *url.URL {
	t.Helper()
	cfg := server.Config{InstanceID: func(context.Context) (string, error) { return name, nil }, InstanceIDWait: 10 * time.Second}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	t.Cleanup(func() { cancel(); running.Wait() })
	if store != "" {
		h, err := history.New(history.Config{Store: store})
		if err != nil {
			t.Fatal(err)
		}
		running.Go(func() {
			if err := h.Run(ctx); err != nil {
				t.Errorf("the history of %s ended with %v", name, err)
			}
		})
		awaitReady(t, h)
		cfg.History = h
	}
	s, err := server.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	running.Go(func() {
		if err := s.Serve(ctx, listener); err != nil {
			t.Errorf("%s ended with %v", name, err)
		}
	})
	return &url.URL{Scheme: "http", Host: listener.Addr().String()}
}

func awaitReady(t *testing.T, h *history.History) {
	t.Helper()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for h.Ready(t.Context()) != nil {
		select {
		case <-again.C:
		case <-t.Context().Done():
			t.Fatalf("never ready: %v", h.Ready(context.Background()))
		}
	}
}

func storeIn(dir string) string { return "sqlite:" + filepath.Join(dir, "history.db") }

// balancer sends each request to the next instance. A calculation is in the
// store before its answer goes back: sessions are milliseconds apart here.
type balancer struct {
	all          []*url.URL
	next         atomic.Int64
	calculations atomic.Int64
	enough       func(calculations int64) // told of every calculation
	refuse       func(r *http.Request, calculations int64) bool
}

func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if b.refuse != nil && b.refuse(r, b.calculations.Load()) {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	to := b.all[int(b.next.Add(1))%len(b.all)]
	httputil.NewSingleHostReverseProxy(to).ServeHTTP(w, r)
	if r.Method != http.MethodPost {
		return
	}
	list := httptest.NewRequest(http.MethodGet, "/v1/history", nil)
	list.Header["Cookie"] = r.Header["Cookie"]
	httputil.NewSingleHostReverseProxy(to).ServeHTTP(httptest.NewRecorder(), list) // waits for the store
	b.enough(b.calculations.Add(1))
}

// run runs a synthetic user until most calculations, or enough, were answered.
func run(t *testing.T, b *balancer, most, enough int) *syntheticuser.User {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	b.enough = func(n int64) {
		if n >= int64(enough) {
			cancel()
		}
	}
	front := httptest.NewServer(b)
	defer front.Close()
	u, err := syntheticuser.New(syntheticuser.Config{URL: front.URL, Every: time.Millisecond, Most: most, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	if err := u.Run(ctx); err != nil {
		t.Fatalf("Run: %v", err)
	}
	return u
}

func TestTheHistoryIsTheSameFromEachInstanceAndEncrypted(t *testing.T) {
	t.Parallel()
	store := storeIn(t.TempDir())
	u := run(t, &balancer{all: []*url.URL{calculator(t, "i-a", store), calculator(t, "i-b", store), calculator(t, "i-c", store)}}, 9, 9)
	h := u.History()
	s := h.Summary()
	if !h.Kept || s.Calculations != 9 || s.Lists != 14 || !s.Same() || s.Failed != 0 || strings.Join(s.Instances(), " ") != "i-a i-b i-c" {
		t.Errorf("the sessions show %+v, want 9 calculations and 14 lists of i-a i-b i-c, all whole:\n%+v", s, h.Sessions)
	}
	if said := h.Programs["i-b"]; len(h.Programs) != 3 || said.Version != "dev" || said.GoVersion != runtime.Version() {
		t.Errorf("the instances say that they run %+v, want each one's version and Go's", h.Programs)
	}
	if last := h.Sessions[len(h.Sessions)-1]; last.Made != 9 || last.Listed != 9 || last.CalculatedBy != "" {
		t.Errorf("the last session is %+v, want a list of all 9", last)
	}
	known := u.Known()
	if len(known) != 1+3*9 || len(known[0]) != 32 || len(known[1]) != 40 || len(known[3]) < 79 {
		t.Errorf("known are %q, want a cookie and three long numbers of each calculation", known)
	}
	report, err := audit.Run(t.Context(), history.Config{Store: store}, audit.Options{Known: known})
	if err != nil || !report.Passed || report.Records != 9+2 {
		t.Errorf("audit = %+v, %v, want it passed with the synthetic user's 9 records and its own 2", report, err)
	}
}

func TestInstancesThatDoNotShareTheirHistoryAreSeen(t *testing.T) {
	t.Parallel()
	u := run(t, &balancer{all: []*url.URL{calculator(t, "i-a", storeIn(t.TempDir())), calculator(t, "i-b", storeIn(t.TempDir()))}}, 6, 6)
	if s := u.History().Summary(); s.Same() || s.Whole == s.Lists || len(s.ListedBy) < 2 {
		t.Errorf("the sessions show %+v, want lists of two instances that lack entries", s)
	}
}

func TestWhileOneInstanceAnswersHalfOfTheCalculationsAreKept(t *testing.T) {
	t.Parallel()
	store := storeIn(t.TempDir())
	a, other := calculator(t, "i-a", store), calculator(t, "i-b", store)
	requests := 0
	b := &balancer{all: []*url.URL{a}}
	b.refuse = func(r *http.Request, calculations int64) bool { // one request at a time comes here
		if requests++; calculations == 4 && requests > 20 {
			b.all = []*url.URL{a, other}
		}
		return false
	}
	u := run(t, b, 8, 8)
	s := u.History().Summary()
	if s.Calculations != 8 || !s.Same() || s.CalculatedBy["i-b"] == 0 || len(u.History().Sessions) <= 9 {
		t.Errorf("the sessions show %+v, want 8 calculations of i-a and i-b, of which the first four by i-a, and lists between", s)
	}
	for i, session := range u.History().Sessions[:8] {
		if (session.CalculatedBy == "i-a") != (i < 5 && i != 2) {
			t.Errorf("session %d is %+v, want calculations in the first five but the third, and none after them", i+1, session)
		}
	}
}

func TestWhatFailsIsRecordedAndEndsNothing(t *testing.T) {
	t.Parallel()
	store := storeIn(t.TempDir())
	refused := map[string]int{}
	b := &balancer{all: []*url.URL{calculator(t, "i-a", store), calculator(t, "i-b", store)}}
	b.refuse = func(r *http.Request, _ int64) bool {
		what := r.Method + " " + r.URL.Path
		refused[what]++
		return refused[what] == 2 || what == "GET /" && refused[what] == 1
	}
	u := run(t, b, 6, 5)
	h := u.History()
	s := h.Summary()
	if !h.Kept || s.Failed != 3 || !s.Same() || s.Calculations < 5 {
		t.Errorf("the sessions show %+v, want three failures, and every list whole:\n%+v", s, h.Sessions)
	}
	for i, says := range []string{"no cookie", "GET /v1/history"} {
		if !strings.Contains(h.Sessions[i].Error, says) {
			t.Errorf("session %d failed with %q, want %q", i+1, h.Sessions[i].Error, says)
		}
	}
}

func TestWithoutAHistoryTheSyntheticUserGoesAway(t *testing.T) {
	t.Parallel()
	for name, front := range map[string]http.Handler{
		"a calculator that keeps none": httputil.NewSingleHostReverseProxy(calculator(t, "i-a", "")),
		"another program":              http.NotFoundHandler(),
		"one that answers anything":    http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) }),
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(front)
			defer s.Close()
			u, err := syntheticuser.New(syntheticuser.Config{URL: s.URL, Every: time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			if err := u.Run(t.Context()); err != nil { // which nobody ends
				t.Fatal(err)
			}
			if h := u.History(); h.Kept || len(h.Sessions) != 0 || len(u.Known()) != 0 || !u.Came() {
				t.Errorf("History = %+v, came %t, want none kept, no session, and that it came", h, u.Came())
			}
		})
	}
}

func TestNobodyThereIsRecorded(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	u, err := syntheticuser.New(syntheticuser.Config{URL: s.URL, Every: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if u.Came() {
		t.Error("the synthetic user came before it ran")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := u.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if h := u.History(); h.Kept || len(h.Sessions) != 1 || !strings.Contains(h.Sessions[0].Error, "refused") {
		t.Errorf("History = %+v, want one session that was refused", h)
	}
	if _, err := syntheticuser.New(syntheticuser.Config{URL: "nonsense"}); err == nil {
		t.Error("New takes nonsense as a URL")
	}
}

package visitor

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"secondwind/server"
	"secondwind/server/history"
	"secondwind/server/history/audit"
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
// store before its answer goes back: visits are milliseconds apart here.
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

// visit lets a visitor come until most calculations, or enough, were answered.
func visit(t *testing.T, b *balancer, most, enough int) *Visitor {
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
	v, err := New(Config{URL: front.URL, Every: time.Millisecond, Most: most, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Run(ctx); err != nil {
		t.Fatalf("Run: %v", err)
	}
	return v
}

func TestTheHistoryIsTheSameFromEachInstanceAndEncrypted(t *testing.T) {
	t.Parallel()
	store := storeIn(t.TempDir())
	v := visit(t, &balancer{all: []*url.URL{calculator(t, "i-a", store), calculator(t, "i-b", store), calculator(t, "i-c", store)}}, 9, 9)
	h := v.History()
	s := h.Summary()
	if !h.Kept || s.Calculations != 9 || s.Lists != 14 || !s.Same() || s.Failed != 0 || strings.Join(s.Instances(), " ") != "i-a i-b i-c" {
		t.Errorf("the visits show %+v, want 9 calculations and 14 lists of i-a i-b i-c, all whole:\n%+v", s, h.Visits)
	}
	if last := h.Visits[len(h.Visits)-1]; last.Made != 9 || last.Listed != 9 || last.CalculatedBy != "" {
		t.Errorf("the last visit is %+v, want a look at all 9", last)
	}
	known := v.Known()
	if len(known) != 1+3*9 || len(known[0]) != 32 || len(known[1]) != 40 || len(known[3]) < 79 {
		t.Errorf("known are %q, want a cookie and three long numbers of each calculation", known)
	}
	report, err := audit.Run(t.Context(), history.Config{Store: store}, audit.Options{Known: known})
	if err != nil || !report.Passed || report.Records != 9+2 {
		t.Errorf("audit = %+v, %v, want it passed with the visitor's 9 records and its own 2", report, err)
	}
}

func TestInstancesThatDoNotShareTheirHistoryAreSeen(t *testing.T) {
	t.Parallel()
	v := visit(t, &balancer{all: []*url.URL{calculator(t, "i-a", storeIn(t.TempDir())), calculator(t, "i-b", storeIn(t.TempDir()))}}, 6, 6)
	if s := v.History().Summary(); s.Same() || s.Whole == s.Lists || len(s.ListedBy) < 2 {
		t.Errorf("the visits show %+v, want lists of two instances that lack entries", s)
	}
}

func TestWhileOneInstanceAnswersHalfOfTheCalculationsAreKept(t *testing.T) {
	t.Parallel()
	store := storeIn(t.TempDir())
	a, other := calculator(t, "i-a", store), calculator(t, "i-b", store)
	looks := 0
	b := &balancer{all: []*url.URL{a}}
	b.refuse = func(r *http.Request, calculations int64) bool { // one request at a time comes here
		if looks++; calculations == 4 && looks > 20 {
			b.all = []*url.URL{a, other}
		}
		return false
	}
	v := visit(t, b, 8, 8)
	s := v.History().Summary()
	if s.Calculations != 8 || !s.Same() || s.CalculatedBy["i-b"] == 0 || len(v.visits) <= 9 {
		t.Errorf("the visits show %+v, want 8 calculations of i-a and i-b, of which the first four by i-a, and looks between", s)
	}
	for i, visit := range v.visits[:8] {
		if (visit.CalculatedBy == "i-a") != (i < 5 && i != 2) {
			t.Errorf("visit %d is %+v, want calculations in the first five but the third, and none after them", i+1, visit)
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
	v := visit(t, b, 6, 5)
	h := v.History()
	s := h.Summary()
	if !h.Kept || s.Failed != 3 || !s.Same() || s.Calculations < 5 {
		t.Errorf("the visits show %+v, want three failures, and every list whole:\n%+v", s, h.Visits)
	}
	for i, says := range []string{"no cookie", "GET /v1/history"} {
		if !strings.Contains(h.Visits[i].Error, says) {
			t.Errorf("visit %d failed with %q, want %q", i+1, h.Visits[i].Error, says)
		}
	}
}

func TestWithoutAHistoryTheVisitorGoesAway(t *testing.T) {
	t.Parallel()
	for name, front := range map[string]http.Handler{
		"a calculator that keeps none": httputil.NewSingleHostReverseProxy(calculator(t, "i-a", "")),
		"another program":              http.NotFoundHandler(),
		"one that answers anything":    http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) }),
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(front)
			defer s.Close()
			v, err := New(Config{URL: s.URL, Every: time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			if err := v.Run(t.Context()); err != nil { // which nobody ends
				t.Fatal(err)
			}
			if h := v.History(); h.Kept || len(h.Visits) != 0 || len(v.Known()) != 0 || !v.Came() {
				t.Errorf("History = %+v, came %t, want none kept, no visit, and that it came", h, v.Came())
			}
		})
	}
}

func TestNobodyThereIsRecorded(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	v, err := New(Config{URL: s.URL, Every: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if v.Came() {
		t.Error("the visitor came before it ran")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := v.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if h := v.History(); h.Kept || len(h.Visits) != 1 || !strings.Contains(h.Visits[0].Error, "refused") {
		t.Errorf("History = %+v, want one visit that was refused", h)
	}
	if _, err := New(Config{URL: "nonsense"}); err == nil {
		t.Error("New takes nonsense as a URL")
	}
}

// A list is held against what was made, entry by entry.
func TestAListIsWholeOnlyIfItHoldsWhatWasMade(t *testing.T) {
	t.Parallel()
	made := func(operand, instance string) calculation {
		return calculation{operands: []string{operand, "2"}, result: operand + "0", instance: instance}
	}
	v := &Visitor{made: []calculation{made("1", "i-a"), made("2", ""), made("3", "i-b")}}
	of := func(operand, instance string) entry {
		return entry{instance, "*", []string{operand, "2"}, operand + "0"}
	}
	for name, test := range map[string]struct {
		list            []entry
		listed, foreign int
	}{
		"all, the newest first":           {[]entry{of("3", "i-b"), of("2", "i-b"), of("1", "i-a")}, 2, 0},
		"without the unanswered one":      {[]entry{of("3", "i-b"), of("1", "i-a")}, 2, 0},
		"without the oldest":              {[]entry{of("3", "i-b")}, 1, 0},
		"the oldest first":                {[]entry{of("1", "i-a"), of("3", "i-b")}, 1, 1},
		"one twice":                       {[]entry{of("3", "i-b"), of("1", "i-a"), of("1", "i-a")}, 2, 1},
		"one of another instance":         {[]entry{of("3", "i-a"), of("1", "i-a")}, 1, 1},
		"one that was never made":         {[]entry{of("4", "i-a"), of("3", "i-b"), of("1", "i-a")}, 2, 1},
		"one with another result":         {[]entry{{"i-b", "*", []string{"3", "2"}, "5"}, of("1", "i-a")}, 1, 1},
		"nothing":                         {nil, 0, 0},
		"an unanswered one, anyone's":     {[]entry{of("2", "i-c")}, 0, 0},
		"an operation that was not asked": {[]entry{{"i-a", "+", []string{"1", "2"}, "10"}}, 0, 1},
	} {
		if listed, foreign := v.count(test.list); listed != test.listed || foreign != test.foreign {
			t.Errorf("%s: count = %d, %d, want %d, %d", name, listed, foreign, test.listed, test.foreign)
		}
	}
}

func TestAWrongResultIsToldWithoutShowingIt(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(instanceHeader, "i-a")
		_, _ = bytes.NewBufferString(`{"result":"31415926"}`).WriteTo(w)
	}))
	defer s.Close()
	v, err := New(Config{URL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	v.user = "known"
	v.visit(t.Context(), true)
	if e := v.visits[0].Error; !strings.Contains(e, "i-a gives a wrong result") || strings.Contains(e, "31415926") || v.answered() != 0 {
		t.Errorf("the visit failed with %q, want that i-a gives a wrong result, and not which", e)
	}
}

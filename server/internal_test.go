package server

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
)

func TestGateLetsSomeWaitAndRefusesTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newAdmissionLimiter(1, 1, time.Second)
		if err := g.enter(t.Context()); err != nil {
			t.Fatalf("enter an idle limiter = %v, want nil", err)
		}
		second := make(chan error, 1)
		go func() { second <- g.enter(t.Context()) }()
		synctest.Wait() // the second now waits
		if err := g.enter(t.Context()); !errors.Is(err, errBusy) {
			t.Errorf("enter with one inside and one waiting = %v, want errBusy", err)
		}
		g.leave()
		if err := <-second; err != nil {
			t.Errorf("enter after the first left = %v, want nil", err)
		}
		start := time.Now()
		if err := g.enter(t.Context()); !errors.Is(err, errBusy) || time.Since(start) != time.Second {
			t.Errorf("enter = %v after %v, want errBusy after 1s", err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := g.enter(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("enter with a context that ends = %v, want its error", err)
		}
		g.leave()
		if err := g.enter(t.Context()); err != nil {
			t.Errorf("enter after everybody left = %v, want nil", err)
		}
	})
}

func TestInstanceIDIsAskedForUntilItIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var asked []time.Duration
		ask := func(context.Context) (string, error) {
			asked = append(asked, time.Since(start))
			if len(asked) < 4 {
				return "", errors.New("not yet")
			}
			return "i-0000000000000000a", nil
		}
		i := newInstance()
		if !strings.HasPrefix(i.name(), "local-") {
			t.Errorf("name before it is known = %q, want local-…", i.name())
		}
		i.learn(t.Context(), ask, make(chan struct{}), slog.New(slog.DiscardHandler))
		if i.name() != "i-0000000000000000a" {
			t.Errorf("name = %q, want i-0000000000000000a", i.name())
		}
		want := []time.Duration{0, time.Second, 3 * time.Second, 7 * time.Second}
		for n := range want {
			if asked[n] != want[n] {
				t.Errorf("question %d came after %v, want %v", n, asked[n], want[n])
			}
		}
	})
}

func TestAskingForTheInstanceIDEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			// A service that never answers holds up one question for a second only.
			newInstance().learn(ctx, func(ctx context.Context) (string, error) {
				<-ctx.Done()
				return "", ctx.Err()
			}, make(chan struct{}), slog.New(slog.DiscardHandler))
		}()
		time.Sleep(time.Hour)
		cancel()
		<-ended
	})
}

func TestBusyServerSaysWhenToTryAgain(t *testing.T) {
	s, err := New(Config{MaxCalculations: 1, MaxQueued: 1, QueueTimeout: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.admission.enter(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer s.admission.leave()
	requests := []*http.Request{
		httptest.NewRequest(http.MethodPost, "/", strings.NewReader("expression=1%2B2")),
		httptest.NewRequest(http.MethodGet, "/_calculate", nil),
		httptest.NewRequest(http.MethodPost, "/v1/calculate", strings.NewReader(example)),
	}
	requests[0].Header.Set("Content-Type", "application/x-www-form-urlencoded")
	requests[2].Header.Set("Content-Type", "application/json")
	for _, r := range requests {
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "1" {
			t.Errorf("%s %s = %d, Retry-After %q, want 503 and 1", r.Method, r.URL, w.Code, w.Header().Get("Retry-After"))
		}
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/healthz", nil))
	if w.Code != http.StatusOK {
		t.Errorf("GET /healthz of a busy server = %d, want 200: it is busy, not ill", w.Code)
	}
}

func TestCalculationThatTakesTooLongIsGivenUp(t *testing.T) {
	s, err := New(Config{CalculationTimeout: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	nines := strings.Repeat("9", 100_000)
	_, err = s.evaluate(t.Context(), Calculation{Operation: "*", Operands: []string{nines, nines}}, nil)
	if p := s.asProblem(err); p.Status != http.StatusServiceUnavailable || !strings.Contains(p.Detail, "longer than 1ns") {
		t.Errorf("a calculation of more than 1 ns = %d %s, want 503 that says so", p.Status, p.Detail)
	}
}

func TestPanicIsAProblemAndIsLogged(t *testing.T) {
	var log strings.Builder
	s, err := New(Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	r := gin.New()
	r.Use(s.recovered)
	r.GET("/early", func(*gin.Context) { panic("broken at 31415926") })
	r.GET("/late", func(c *gin.Context) {
		io.WriteString(c.Writer, "half an answer")
		panic("broken")
	})
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/early", nil))
	if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), `"status":500`) {
		t.Errorf("GET /early = %d %s, want the problem 500", w.Code, w.Body)
	}
	if strings.Contains(log.String(), "31415926") {
		t.Errorf("the log says %q, want no number of the cause: it may be an operand", log.String())
	}
	if !strings.Contains(log.String(), "broken at #") || !strings.Contains(log.String(), "internal_test.go") {
		t.Errorf("the log says %q, want the cause and the stack", log.String())
	}
	defer func() {
		if cause, _ := recover().(error); !errors.Is(cause, http.ErrAbortHandler) {
			t.Errorf("a panic after half an answer ended in %v, want the connection cut", cause)
		}
	}()
	r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/late", nil))
}

// A batch calculates on goroutines of its own, where a panic that nobody catches
// ends the process.
func TestPanicInABatchIsAProblemOfItsLine(t *testing.T) {
	var log strings.Builder
	s, err := New(Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	s.admission = nil
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/v1/batch", strings.NewReader(example+"\n"+example))
	r.Header.Set("Content-Type", typeJSONLines)
	s.Handler().ServeHTTP(w, r)
	if strings.Count(w.Body.String(), `"status":500`) != 2 || strings.Count(log.String(), "nil pointer") != 2 {
		t.Errorf("POST /v1/batch = %d %s, log %q, want two problems 500 and two lines", w.Code, w.Body, log.String())
	}
}

func TestRoomIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newBudget(100, time.Second)
		first, second := &reservation{budget: r}, &reservation{budget: r}
		if err := first.grow(t.Context(), freeBytes+80); err != nil {
			t.Fatalf("grow in an unused budget = %v, want nil", err)
		}
		if err := second.grow(t.Context(), freeBytes); err != nil {
			t.Errorf("grow by what is free = %v, want nil", err)
		}
		start := time.Now()
		if err := second.grow(t.Context(), 30); !errors.Is(err, errBusy) || time.Since(start) != time.Second {
			t.Errorf("grow in a used-up budget = %v after %v, want errBusy after 1s", err, time.Since(start))
		}
		if second.tryGrow(30) {
			t.Error("tryGrow in a used-up budget = true, want false")
		}
		grown := make(chan error, 1)
		go func() { grown <- (&reservation{budget: r}).grow(t.Context(), freeBytes+90) }()
		synctest.Wait() // it now waits
		first.release()
		if err := <-grown; err != nil {
			t.Errorf("grow after another released its bytes = %v, want nil", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := first.grow(ctx, freeBytes+90); !errors.Is(err, context.Canceled) {
			t.Errorf("grow for a client that has gone = %v, want its error", err)
		}
	})
}

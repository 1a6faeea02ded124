package balancer

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// answers is a target in the same process: each health check takes the next
// answer, and the last one again and again. 0 hangs, -1 refuses.
type answers struct {
	mu    sync.Mutex
	codes []int
	times []time.Time
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	code := a.codes[min(len(a.times), len(a.codes)-1)]
	a.times = append(a.times, time.Now())
	a.mu.Unlock()
	switch code {
	case 0:
		<-r.Context().Done()
		return nil, r.Context().Err()
	case -1:
		return nil, errors.New("connection refused")
	}
	return &http.Response{StatusCode: code, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
}

// useForTest does what opening a listener does, without a socket.
func (b *Balancer) useForTest(arn string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.use(b.groups[arn])
}

// trail collects what OnHealth is told.
type trail struct {
	mu   sync.Mutex
	seen []TargetHealth
}

func (s *trail) add(h TargetHealth) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, h)
}

func (s *trail) states() []State {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []State
	for _, h := range s.seen {
		out = append(out, h.State)
	}
	return out
}

const arn = "arn:aws:elasticloadbalancing:local-1:000000000000:targetgroup/t/1"

func group5s() TargetGroup {
	return TargetGroup{
		ARN: arn, HealthCheckPath: "/healthz", HealthCheckInterval: 5 * time.Second, HealthCheckTimeout: 2 * time.Second,
		HealthyThreshold: 2, UnhealthyThreshold: 2, DeregistrationDelay: 10 * time.Second,
	}
}

func TestHealthOfATargetAfterSomeChecks(t *testing.T) {
	tests := []struct {
		name    string
		matcher string
		codes   []int
		after   time.Duration // of the registration; checks are at 0 s, 5 s, 10 s …
		want    TargetHealth
	}{
		{"one success makes a new target healthy", "", []int{200}, time.Second,
			TargetHealth{State: StateHealthy}},
		{"one failure leaves a new target initial", "", []int{404}, time.Second,
			TargetHealth{State: StateInitial, Reason: ReasonInitialHealthChecking, Description: "Initial health checks in progress"}},
		{"a new target that hangs is initial", "", []int{0}, time.Second,
			TargetHealth{State: StateInitial, Reason: ReasonInitialHealthChecking, Description: "Initial health checks in progress"}},
		{"failures up to the threshold make a new target unhealthy", "", []int{404}, 6 * time.Second,
			TargetHealth{State: StateUnhealthy, Reason: ReasonResponseCodeMismatch, Description: "Health checks failed with these codes: [404]"}},
		{"every code of the row is told, in order", "", []int{503, 404, 503}, 11 * time.Second,
			TargetHealth{
				State: StateUnhealthy, Reason: ReasonResponseCodeMismatch, Description: "Health checks failed with these codes: [404, 503]",
			}},
		{"a target that hangs timed out", "", []int{0}, 8 * time.Second,
			TargetHealth{State: StateUnhealthy, Reason: ReasonTimeout, Description: "Request timed out"}},
		{"a target that refuses failed", "", []int{-1}, 6 * time.Second,
			TargetHealth{State: StateUnhealthy, Reason: ReasonFailedHealthChecks, Description: "Health checks failed"}},
		{"the newest failure gives the reason", "", []int{404, 404, -1}, 11 * time.Second,
			TargetHealth{State: StateUnhealthy, Reason: ReasonFailedHealthChecks, Description: "Health checks failed"}},
		{"one failure does not harm a healthy target", "", []int{200, 500}, 6 * time.Second,
			TargetHealth{State: StateHealthy}},
		{"a success in between begins the row anew", "", []int{200, 500, 200, 500}, 16 * time.Second,
			TargetHealth{State: StateHealthy}},
		{"a healthy target becomes unhealthy at the threshold", "", []int{200, 500, 500}, 11 * time.Second,
			TargetHealth{State: StateUnhealthy, Reason: ReasonResponseCodeMismatch, Description: "Health checks failed with these codes: [500]"}},
		{"one success does not heal an unhealthy target", "", []int{500, 500, 200}, 11 * time.Second,
			TargetHealth{State: StateUnhealthy, Reason: ReasonResponseCodeMismatch, Description: "Health checks failed with these codes: [500]"}},
		{"successes up to the threshold heal it", "", []int{500, 500, 200, 200}, 16 * time.Second,
			TargetHealth{State: StateHealthy}},
		{"a code of the matcher's range is a success", "200,300-399", []int{302}, time.Second,
			TargetHealth{State: StateHealthy}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBalancer(Config{}, nil, &answers{codes: tt.codes})
				defer b.Close()
				cfg := group5s()
				cfg.Matcher = tt.matcher
				b.PutTargetGroup(cfg)
				b.useForTest(arn)
				if err := b.Register(arn, "i-1", "127.1.1.1:80"); err != nil {
					t.Fatal(err)
				}
				time.Sleep(tt.after)
				got := b.Health(arn)[0]
				if diff := cmp.Diff([]string{string(tt.want.State), tt.want.Reason, tt.want.Description},
					[]string{string(got.State), got.Reason, got.Description}); diff != "" {
					t.Errorf("Health() after %s of answers %v (-want +got):\n%s", tt.after, tt.codes, diff)
				}
			})
		})
	}
}

func TestChecksComeAtOnceAndThenEveryInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &answers{codes: []int{-1, -1, 0, 200}} // a slow one must not shift the rest
		b := newBalancer(Config{}, nil, a)
		defer b.Close()
		b.PutTargetGroup(group5s())
		b.useForTest(arn)
		start := time.Now()
		if err := b.Register(arn, "i-1", "127.1.1.1:80"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(16 * time.Second)
		synctest.Wait()
		var got []time.Duration
		for _, at := range a.times {
			got = append(got, at.Sub(start))
		}
		want := []time.Duration{0, 5 * time.Second, 10 * time.Second, 15 * time.Second}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("times of health checks (-want +got):\n%s", diff)
		}
	})
}

func TestOnHealthTellsALifeInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told trail
		b := newBalancer(Config{OnHealth: told.add}, nil, &answers{codes: []int{200, 500, 500, 200}})
		defer b.Close()
		b.PutTargetGroup(group5s())
		if err := b.Register(arn, "i-1", "127.1.1.1:80"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		b.useForTest(arn)
		time.Sleep(21 * time.Second)
		if err := b.Deregister(arn, "i-1"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		want := []State{StateUnused, StateInitial, StateHealthy, StateUnhealthy, StateHealthy, StateDraining, StateGone}
		if diff := cmp.Diff(want, told.states()); diff != "" {
			t.Errorf("OnHealth (-want +got):\n%s", diff)
		}
		if t.Failed() {
			return
		}
		since := told.seen[5].Since
		if got := told.seen[6].Since.Sub(since); got != 10*time.Second {
			t.Errorf("draining took %s, want the whole delay of 10s", got)
		}
	})
}

func TestDrainingWithoutDelayWaitsForWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBalancer(Config{}, nil, &answers{codes: []int{200}})
		defer b.Close()
		cfg := group5s()
		cfg.DeregistrationDelay = 0
		b.PutTargetGroup(cfg)
		b.useForTest(arn)
		for _, id := range []string{"i-1", "i-2"} {
			if err := b.Register(arn, id, "127.1.1.1:80"); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		g := b.groups[arn]
		busy := g.pick()
		for _, id := range []string{"i-1", "i-2"} {
			if err := b.Deregister(arn, id); err != nil {
				t.Fatal(err)
			}
		}
		if got := g.pick(); got != nil {
			t.Errorf("pick() while all drain = %s, want none", got.id)
		}
		time.Sleep(time.Hour)
		if got := b.Health(arn); len(got) != 1 || got[0].TargetID != busy.id || got[0].State != StateDraining {
			t.Errorf("Health() with a request under way = %+v, want %s draining", got, busy.id)
		}
		g.done(busy)
		synctest.Wait()
		if got := b.Health(arn); len(got) != 0 {
			t.Errorf("Health() after the request = %+v, want none", got)
		}
	})
}

func TestATargetRegisteredAgainWhileDrainingIsNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told trail
		b := newBalancer(Config{OnHealth: told.add}, nil, &answers{codes: []int{200}})
		defer b.Close()
		b.PutTargetGroup(group5s())
		b.useForTest(arn)
		for range 2 {
			if err := b.Register(arn, "i-1", "127.1.1.1:80"); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		for range 2 {
			if err := b.Deregister(arn, "i-1"); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(3 * time.Second)
		if err := b.Register(arn, "i-1", "127.1.1.2:80"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		want := []State{StateInitial, StateHealthy, StateDraining, StateInitial, StateHealthy}
		if diff := cmp.Diff(want, told.states()); diff != "" {
			t.Errorf("OnHealth (-want +got):\n%s", diff)
		}
	})
}

func TestATargetGroupThatIsChangedOrDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told trail
		a := &answers{codes: []int{204}}
		b := newBalancer(Config{OnHealth: told.add}, nil, a)
		defer b.Close()
		b.PutTargetGroup(group5s())
		b.useForTest(arn)
		if err := b.Register(arn, "i-1", "127.1.1.1:80"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(6 * time.Second)
		if got := b.Health(arn)[0].State; got != StateUnhealthy {
			t.Fatalf("State with matcher 200 and answer 204 = %q, want unhealthy", got)
		}
		cfg := group5s()
		cfg.Matcher, cfg.HealthyThreshold = "200-299", 1
		b.PutTargetGroup(cfg)
		time.Sleep(5 * time.Second)
		if got := b.Health(arn)[0].State; got != StateHealthy {
			t.Errorf("State with matcher 200-299 and answer 204 = %q, want healthy", got)
		}
		b.DeleteTargetGroup(arn)
		synctest.Wait()
		if got := told.states(); got[len(got)-1] != StateGone {
			t.Errorf("OnHealth after DeleteTargetGroup = %v, want the end to be gone", got)
		}
		if err := b.Register(arn, "i-2", "127.1.1.1:80"); !errors.Is(err, ErrNotFound) {
			t.Errorf("Register() with a deleted group = %v, want ErrNotFound", err)
		}
	})
}

func TestRegisterAndDeregisterRefuse(t *testing.T) {
	b := New(Config{})
	b.PutTargetGroup(group5s())
	if err := b.Register(arn, "i-1", "127.1.1.1:80"); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"an address without a port", b.Register(arn, "i-2", "127.1.1.1"), "not host:port"},
		{"another address for a registered target", b.Register(arn, "i-1", "127.1.1.1:81"), "registered at 127.1.1.1:80 already"},
		{"an unknown target group", b.Register("arn:x", "i-1", "127.1.1.1:80"), `target group "arn:x": not found`},
		{"to deregister from an unknown target group", b.Deregister("arn:x", "i-1"), "not found"},
		{"to deregister an unknown target", b.Deregister(arn, "i-9"), `"i-9": not registered`},
		{"to close an unknown listener", b.CloseListener("arn:l"), "not found"},
		{"to be used after Close", errors.Join(b.Close(), b.Close(), b.Register(arn, "i-3", "127.1.1.1:80")), ErrClosed.Error()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.err == nil || !strings.Contains(tt.err.Error(), tt.want) {
				t.Errorf("error = %v, want one with %q", tt.err, tt.want)
			}
		})
	}
}

func TestRoutingChoosesATarget(t *testing.T) {
	tests := []struct {
		name      string
		algorithm string
		states    []State
		held      []int // requests under way already
		want      map[string]int
	}{
		{"round robin takes turns", RoundRobin, []State{StateHealthy, StateHealthy, StateHealthy}, nil,
			map[string]int{"0": 4, "1": 4, "2": 4}},
		{"round robin does not look at what is under way", RoundRobin, []State{StateHealthy, StateHealthy}, []int{9, 0},
			map[string]int{"0": 6, "1": 6}},
		{"least outstanding evens out", LeastOutstandingRequests, []State{StateHealthy, StateHealthy}, []int{4, 0},
			map[string]int{"0": 4, "1": 8}},
		{"only healthy targets get requests", RoundRobin, []State{StateUnhealthy, StateHealthy, StateInitial, StateDraining}, nil,
			map[string]int{"1": 12}},
		{"without a healthy target all but draining ones do", RoundRobin, []State{StateUnhealthy, StateDraining, StateInitial}, nil,
			map[string]int{"0": 6, "2": 6}},
		{"unused and draining targets get none", RoundRobin, []State{StateUnused, StateDraining}, nil,
			map[string]int{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := &group{events: newEvents(nil), cfg: TargetGroup{Algorithm: tt.algorithm}}
			defer g.events.close()
			for i, s := range tt.states {
				g.targets = append(g.targets, &target{id: string(rune('0' + i)), health: TargetHealth{State: s}})
				if tt.held != nil {
					g.targets[i].outstanding = tt.held[i]
				}
			}
			g.changed(g.targets[0])
			got := map[string]int{}
			for range 12 {
				if picked := g.pick(); picked != nil {
					got[picked.id]++
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("12 × pick() (-want +got):\n%s", diff)
			}
		})
	}
}

func TestACheckEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		start := time.Now()
		check(ctx, &answers{codes: []int{0}}, "127.1.1.1:80", group5s().resolve(), nil)
		if took := time.Since(start); took != 0 {
			t.Errorf("check() with a cancelled context took %s, want 0s", took)
		}
	})
}

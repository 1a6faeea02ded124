package balancer

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"
)

// group is a target group at work.
type group struct {
	counters counters
	events   *events
	checks   http.RoundTripper // health checks go this way

	mu       sync.Mutex
	cfg      TargetGroup
	matcher  matcher
	targets  []*target // in the order of registration; draining ones too
	routable []*target // that get requests now
	turn     int       // of round robin
	uses     int       // listeners that forward here
}

// configure takes a configuration that has been validated.
func (g *group) configure(cfg TargetGroup, m matcher) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cfg, g.matcher = cfg, m
}

// pick chooses a target for one request and counts it as under way, until done;
// nil if there is none.
func (g *group) pick() *target {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := len(g.routable)
	if n == 0 {
		return nil
	}
	g.turn = (g.turn + 1) % n
	t := g.routable[g.turn]
	if g.cfg.Algorithm == LeastOutstandingRequests {
		// Beginning at whose turn it is spreads the requests among equals.
		for i := range n {
			if other := g.routable[(g.turn+i)%n]; other.outstanding < t.outstanding {
				t = other
			}
		}
	}
	t.outstanding++
	return t
}

// done ends what pick began.
func (g *group) done(t *target) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t.outstanding--
	if t.outstanding == 0 && t.idle != nil {
		close(t.idle)
		t.idle = nil
	}
}

// find returns the target by its id, nil if it is not there. The caller holds the lock.
func (g *group) find(id string) *target {
	i := slices.IndexFunc(g.targets, func(t *target) bool { return t.id == id })
	if i < 0 {
		return nil
	}
	return g.targets[i]
}

// changed tells of a target's new state and routes accordingly. The caller holds the lock.
func (g *group) changed(t *target) {
	g.events.push(t.health)
	g.routable = g.routable[:0]
	for _, t := range g.targets {
		if t.health.State == StateHealthy {
			g.routable = append(g.routable, t)
		}
	}
	if len(g.routable) > 0 {
		return
	}
	// Nobody is healthy: fail open, to all.
	for _, t := range g.targets {
		if t.listed() {
			g.routable = append(g.routable, t)
		}
	}
}

// watch checks a target's health at once and then every interval, until ctx ends.
func (g *group) watch(ctx context.Context, t *target) {
	cfg, m := g.settings()
	interval := cfg.HealthCheckInterval
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	g.checking(t)
	for {
		o := check(ctx, g.checks, t.address, cfg, m)
		if ctx.Err() != nil {
			return
		}
		g.observe(t, o)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if cfg, m = g.settings(); cfg.HealthCheckInterval != interval {
			interval = cfg.HealthCheckInterval
			ticker.Reset(interval)
		}
	}
}

func (g *group) settings() (TargetGroup, matcher) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.cfg, g.matcher
}

// checking notes that the first health check is under way.
func (g *group) checking(t *target) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t.health.State == StateInitial {
		t.set(StateInitial, ReasonInitialHealthChecking)
	}
}

// observe takes the outcome of a health check into account.
func (g *group) observe(t *target, o outcome) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t.observe(o, g.cfg) {
		g.changed(t)
	}
}

// drain waits until a target that gets no new requests may go: the whole delay,
// whether or not anything is under way, as ELBv2 shows it; without a delay,
// until nothing is under way.
func (g *group) drain(ctx context.Context, t *target, delay time.Duration, idle <-chan struct{}) {
	var over <-chan time.Time
	if delay > 0 {
		over, idle = time.After(delay), nil
	}
	select {
	case <-over:
	case <-idle:
	case <-ctx.Done():
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if ctx.Err() == nil { // else it has been registered again just now
		g.remove(t)
	}
}

// remove takes a target out of the list. The caller holds the lock.
func (g *group) remove(t *target) {
	g.targets = slices.DeleteFunc(g.targets, func(o *target) bool { return o == t })
	t.set(StateGone, "")
	g.changed(t)
}

// report returns every target's health, in the order of registration.
func (g *group) report() []TargetHealth {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := make([]TargetHealth, len(g.targets))
	for i, t := range g.targets {
		list[i] = t.health
	}
	return list
}

package balancer

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// ErrClosed is returned after Close.
var ErrClosed = errors.New("load balancer is closed")

// ErrNotFound is returned for a target group, target or listener that is not there.
var ErrNotFound = errors.New("not found")

// Balancer routes requests to targets. It is safe for concurrent use.
type Balancer struct {
	log    *slog.Logger
	events *events
	listen func(network, address string) (net.Listener, error)
	data   http.RoundTripper // requests go this way
	checks http.RoundTripper // health checks go this way

	buffers  buffers
	proxyLog *log.Logger // what ReverseProxy has to say

	task   func() (context.Context, context.CancelFunc) // a context that ends with Close at the latest
	cancel context.CancelFunc
	work   sync.WaitGroup // health checks and draining; grows under mu only while not closed

	mu        sync.Mutex // before a group's
	closed    bool
	groups    map[string]*group
	listeners map[string]*listener
	close     func() error // once
}

// New returns a load balancer without listeners. Close it.
func New(cfg Config) *Balancer {
	if cfg.Transport != nil {
		return newBalancer(cfg, cfg.Transport, cfg.Transport)
	}
	return newBalancer(cfg, newDataTransport(), newCheckTransport())
}

func newBalancer(cfg Config, data, checks http.RoundTripper) *Balancer {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Listen == nil {
		cfg.Listen = net.Listen
	}
	b := &Balancer{
		log: cfg.Log, data: data, checks: checks, listen: cfg.Listen,
		proxyLog:  slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug),
		events:    newEvents(cfg.OnHealth),
		groups:    make(map[string]*group),
		listeners: make(map[string]*listener),
	}
	ctx, cancel := context.WithCancel(context.Background())
	b.task, b.cancel = func() (context.Context, context.CancelFunc) { return context.WithCancel(ctx) }, cancel
	b.close = sync.OnceValue(b.shutdown)
	return b
}

// PutTargetGroup creates or changes a target group. Health checks under way are
// finished as they were begun. A configuration that Validate refuses is
// replaced by ELBv2's defaults, with an error in the log.
func (b *Balancer) PutTargetGroup(cfg TargetGroup) {
	if err := cfg.Validate(); err != nil {
		b.log.Error("target group is not valid; using the defaults", "targetGroup", cfg.ARN, "err", err)
		cfg = TargetGroup{ARN: cfg.ARN}
	}
	cfg = cfg.resolve()
	m, err := parseMatcher(cfg.Matcher)
	if err != nil {
		panic("balancer: a validated matcher does not parse: " + err.Error())
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	g, ok := b.groups[cfg.ARN]
	if !ok {
		g = &group{events: b.events, checks: b.checks}
		b.groups[cfg.ARN] = g
	}
	g.configure(cfg, m)
}

// DeleteTargetGroup deletes a target group; its targets are gone at once. It is
// no error if there is none.
func (b *Balancer) DeleteTargetGroup(arn string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	g, ok := b.groups[arn]
	if !ok {
		return
	}
	delete(b.groups, arn)
	g.mu.Lock()
	defer g.mu.Unlock()
	for len(g.targets) > 0 {
		t := g.targets[0]
		t.stop()
		g.remove(t)
	}
}

// Register adds a target at host:port to a target group. It is health-checked at
// once and then every interval; while no listener forwards to the group it is
// unused. A target that is draining becomes new again; registering what is
// registered already changes nothing.
func (b *Balancer) Register(targetGroupARN, targetID, address string) error {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return fmt.Errorf("register target %q: address %q is not host:port: %w", targetID, address, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	g, err := b.group(targetGroupARN)
	if err != nil {
		return fmt.Errorf("register target %q: %w", targetID, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if old := g.find(targetID); old != nil {
		if old.health.State != StateDraining {
			if old.address != address {
				return fmt.Errorf("register target %q: it is registered at %s already, not at %s", targetID, old.address, address)
			}
			return nil
		}
		old.stop()
		g.targets = slices.DeleteFunc(g.targets, func(t *target) bool { return t == old })
	}
	t := b.newTarget(g, targetID, address)
	g.targets = append(g.targets, t)
	b.put(g, t)
	return nil
}

// put sets a target to work, or to wait until its group is in use. The caller
// holds both locks.
func (b *Balancer) put(g *group, t *target) {
	ctx, stop := b.task()
	t.stop = stop
	if g.uses == 0 {
		t.set(StateUnused, ReasonNotInUse)
		g.changed(t)
		return
	}
	t.begin()
	g.changed(t)
	b.work.Go(func() { g.watch(ctx, t) })
}

// Deregister stops new requests to a target, lets those under way finish, and
// reports StateGone after the group's DeregistrationDelay; if that is 0, as soon
// as nothing is under way. A target that drains already goes on draining.
// ErrNotFound if it is not registered.
func (b *Balancer) Deregister(targetGroupARN, targetID string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	g, err := b.group(targetGroupARN)
	if err != nil {
		return fmt.Errorf("deregister target %q: %w", targetID, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.find(targetID)
	switch {
	case t == nil:
		return fmt.Errorf("deregister target %q: not registered with %q: %w", targetID, targetGroupARN, ErrNotFound)
	case t.health.State == StateDraining:
		return nil
	case t.health.State == StateUnused:
		t.stop()
		g.remove(t)
		return nil
	}
	t.stop()
	ctx, stop := b.task()
	t.stop = stop
	t.set(StateDraining, ReasonDeregistrationInProgress)
	g.changed(t)
	idle := make(chan struct{})
	if t.outstanding == 0 {
		close(idle)
	} else {
		t.idle = idle
	}
	delay := g.cfg.DeregistrationDelay
	b.work.Go(func() { g.drain(ctx, t, delay, idle) })
	return nil
}

// Health returns the targets of a group in the order of their registration,
// those that drain included; nil if there is no such group.
func (b *Balancer) Health(targetGroupARN string) []TargetHealth {
	if g := b.find(targetGroupARN); g != nil {
		return g.report()
	}
	return nil
}

// Counts returns what was counted for a target group; zero if there is none.
func (b *Balancer) Counts(targetGroupARN string) Counts {
	if g := b.find(targetGroupARN); g != nil {
		return g.counters.read()
	}
	return Counts{HTTPCodeTarget: map[int]int64{}}
}

// Close closes the listeners, giving requests under way a few seconds, and ends
// health checks and draining. It is safe to call twice, but not from OnHealth.
func (b *Balancer) Close() error { return b.close() }

func (b *Balancer) shutdown() error {
	b.mu.Lock()
	b.closed = true
	open := make([]*listener, 0, len(b.listeners))
	for _, l := range b.listeners {
		open = append(open, l)
	}
	clear(b.listeners)
	b.mu.Unlock()

	errs := make([]error, len(open))
	var ends sync.WaitGroup
	for i, l := range open {
		ends.Go(func() { errs[i] = l.close(shutdownGrace) })
	}
	ends.Wait()
	b.cancel()
	b.work.Wait()
	b.events.close()
	for _, rt := range []http.RoundTripper{b.data, b.checks} {
		if t, ok := rt.(*http.Transport); ok {
			t.CloseIdleConnections()
		}
	}
	return errors.Join(errs...)
}

// find returns a target group, nil if there is none.
func (b *Balancer) find(arn string) *group {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.groups[arn]
}

// group finds a target group. The caller holds the lock.
func (b *Balancer) group(arn string) (*group, error) {
	if b.closed {
		return nil, ErrClosed
	}
	g, ok := b.groups[arn]
	if !ok {
		return nil, fmt.Errorf("target group %q: %w", arn, ErrNotFound)
	}
	return g, nil
}

// shutdownGrace is how long requests under way may take when a listener closes.
const shutdownGrace = 5 * time.Second

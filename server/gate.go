package server

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// errBusy says that too many calculations run and wait already.
var errBusy = errors.New("too many calculations at once")

// gate admits so many calculations at once and lets some more wait a little.
// A server that took on all of them would answer none in time.
type gate struct {
	turns   chan struct{}
	queued  atomic.Int64
	longest int64
	timeout time.Duration
}

func newGate(atOnce, queued int, timeout time.Duration) *gate {
	return &gate{turns: make(chan struct{}, atOnce), longest: int64(queued), timeout: timeout}
}

// tryEnter is enter for who does not wait. After true the caller must leave.
func (g *gate) tryEnter() bool {
	select {
	case g.turns <- struct{}{}:
		return true
	default:
		return false
	}
}

// enter returns when it is the caller's turn, or errBusy, or the context's
// error. After nil the caller must leave.
func (g *gate) enter(ctx context.Context) error { return g.enterWithin(ctx, g.timeout) }

// enterWithin is enter for who can wait longer or less long.
func (g *gate) enterWithin(ctx context.Context, longest time.Duration) error {
	if g.tryEnter() {
		return nil
	}
	if g.queued.Add(1) > g.longest {
		g.queued.Add(-1)
		return errBusy
	}
	defer g.queued.Add(-1)
	timeout := time.NewTimer(longest)
	defer timeout.Stop()
	select {
	case g.turns <- struct{}{}:
		return nil
	case <-timeout.C:
		return errBusy
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *gate) leave() { <-g.turns }

package server

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// errBusy means that too many calculations run and wait already.
var errBusy = errors.New("too many calculations at once")

// admissionLimiter bounds how many calculations run at once and lets a few more
// wait for a short time. A server that took on all of them would answer none in
// time.
type admissionLimiter struct {
	turns   chan struct{}
	queued  atomic.Int64
	longest int64
	timeout time.Duration
}

func newAdmissionLimiter(atOnce, queued int, timeout time.Duration) *admissionLimiter {
	return &admissionLimiter{turns: make(chan struct{}, atOnce), longest: int64(queued), timeout: timeout}
}

// tryEnter is enter without waiting. After true the caller must leave.
func (l *admissionLimiter) tryEnter() bool {
	select {
	case l.turns <- struct{}{}:
		return true
	default:
		return false
	}
}

// enter returns when it is the caller's turn, or errBusy, or the context's
// error. After nil the caller must leave.
func (l *admissionLimiter) enter(ctx context.Context) error { return l.enterWithin(ctx, l.timeout) }

// enterWithin is enter with a longest wait of its own.
func (l *admissionLimiter) enterWithin(ctx context.Context, longest time.Duration) error {
	if l.tryEnter() {
		return nil
	}
	if l.queued.Add(1) > l.longest {
		l.queued.Add(-1)
		return errBusy
	}
	defer l.queued.Add(-1)
	timeout := time.NewTimer(longest)
	defer timeout.Stop()
	select {
	case l.turns <- struct{}{}:
		return nil
	case <-timeout.C:
		return errBusy
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *admissionLimiter) leave() { <-l.turns }

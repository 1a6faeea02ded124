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
	turns   *budget // one a calculation
	queued  atomic.Int64
	longest int64
}

func newAdmissionLimiter(atOnce, queued int, timeout time.Duration) *admissionLimiter {
	return &admissionLimiter{turns: newBudget(int64(atOnce), timeout), longest: int64(queued)}
}

// tryEnter is enter without waiting. After true the caller must leave.
func (l *admissionLimiter) tryEnter() bool { return l.turns.tryReserve(1) }

// enter returns when it is the caller's turn, or errBusy, or the context's
// error. After nil the caller must leave.
func (l *admissionLimiter) enter(ctx context.Context) error {
	return l.enterWithin(ctx, l.turns.timeout)
}

// enterWithin is enter with a longest wait of its own.
func (l *admissionLimiter) enterWithin(ctx context.Context, longest time.Duration) error {
	if l.tryEnter() {
		return nil
	}
	defer l.queued.Add(-1)
	if l.queued.Add(1) > l.longest {
		return errBusy
	}
	return l.turns.reserve(ctx, 1, longest)
}

func (l *admissionLimiter) leave() { l.turns.release(1) }

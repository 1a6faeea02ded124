package server

import (
	"cmp"
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// freeBytes of a request are not counted: a connection costs as much anyway, and
// a small request must not wait for the memory of large ones.
const freeBytes = 16 << 10

// budget bounds what all requests hold together: the memory of their bodies and
// answers, without which each of a thousand connections could hold a body of the
// largest size, or the turns to calculate.
type budget struct {
	weighted *semaphore.Weighted
	used     atomic.Int64
	timeout  time.Duration // longest wait, where the caller has none of its own
}

func newBudget(all int64, timeout time.Duration) *budget {
	return &budget{weighted: semaphore.NewWeighted(all), timeout: timeout}
}

// tryReserve takes n if there is as much now.
func (b *budget) tryReserve(n int64) bool {
	if !b.weighted.TryAcquire(n) {
		return false
	}
	b.used.Add(n)
	return true
}

// reserve waits for n, but no longer than longest, which also ends the deadlock of
// requests that hold some bytes and wait for more. It returns errBusy, or the
// context's error.
func (b *budget) reserve(ctx context.Context, n int64, longest time.Duration) error {
	if b.tryReserve(n) {
		return nil
	}
	waiting, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	if b.weighted.Acquire(waiting, n) != nil {
		return cmp.Or(ctx.Err(), errBusy)
	}
	b.used.Add(n)
	return nil
}

func (b *budget) release(n int64) {
	b.used.Add(-n)
	b.weighted.Release(n)
}

// reservation is the part of the budget that one request holds. One goroutine
// uses it.
type reservation struct {
	budget *budget
	bytes  int64 // counted
	taken  int64 // from the budget
}

// grow counts n more bytes. See budget.reserve for its errors.
func (r *reservation) grow(ctx context.Context, n int64) error {
	r.bytes += n
	missing := r.bytes - freeBytes - r.taken
	if missing <= 0 {
		return nil
	}
	if err := r.budget.reserve(ctx, missing, r.budget.timeout); err != nil {
		return err
	}
	r.taken += missing
	return nil
}

// tryGrow counts n more bytes if the budget has them now.
func (r *reservation) tryGrow(n int64) bool {
	missing := r.bytes + n - freeBytes - r.taken
	if missing > 0 {
		if !r.budget.tryReserve(missing) {
			return false
		}
		r.taken += missing
	}
	r.bytes += n
	return true
}

func (r *reservation) release() {
	if r.taken > 0 {
		r.budget.release(r.taken)
	}
	r.bytes, r.taken = 0, 0
}

package server

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// freeBytes of a request are not counted: a connection costs as much anyway, and
// a small request must not wait for the memory of large ones.
const freeBytes = 16 << 10

// memoryBudget bounds the memory of the bodies and answers of all requests
// together. Without it each of a thousand connections could hold a body of the
// largest size.
type memoryBudget struct {
	weighted *semaphore.Weighted
	used     atomic.Int64
	timeout  time.Duration
}

func newMemoryBudget(bytes int64, timeout time.Duration) *memoryBudget {
	return &memoryBudget{weighted: semaphore.NewWeighted(bytes), timeout: timeout}
}

// reserve waits for n bytes, but no longer than the timeout, which also ends the
// deadlock of requests that hold some bytes and wait for more. It returns
// errBusy, or the context's error.
func (b *memoryBudget) reserve(ctx context.Context, n int64) error {
	if !b.weighted.TryAcquire(n) {
		waiting, cancel := context.WithTimeout(ctx, b.timeout)
		defer cancel()
		if b.weighted.Acquire(waiting, n) != nil {
			if err := ctx.Err(); err != nil {
				return err
			}
			return errBusy
		}
	}
	b.used.Add(n)
	return nil
}

func (b *memoryBudget) release(n int64) {
	b.used.Add(-n)
	b.weighted.Release(n)
}

// reservation is the part of the budget that one request holds. One goroutine
// uses it.
type reservation struct {
	budget *memoryBudget
	bytes  int64 // counted
	taken  int64 // from the budget
}

// grow counts n more bytes. See memoryBudget.reserve for its errors.
func (r *reservation) grow(ctx context.Context, n int64) error {
	r.bytes += n
	missing := r.bytes - freeBytes - r.taken
	if missing <= 0 {
		return nil
	}
	if err := r.budget.reserve(ctx, missing); err != nil {
		return err
	}
	r.taken += missing
	return nil
}

// tryGrow counts n more bytes if the budget has them now.
func (r *reservation) tryGrow(n int64) bool {
	missing := r.bytes + n - freeBytes - r.taken
	if missing > 0 && !r.budget.weighted.TryAcquire(missing) {
		return false
	}
	if missing > 0 {
		r.budget.used.Add(missing)
		r.taken += missing
	}
	r.bytes += n
	return true
}

// release returns everything to the budget.
func (r *reservation) release() {
	if r.taken > 0 {
		r.budget.release(r.taken)
	}
	r.bytes, r.taken = 0, 0
}

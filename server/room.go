package server

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// freeBytes of a request are not counted: it is what a connection costs anyway,
// and a small question must not wait for the memory of large ones.
const freeBytes = 16 << 10

// room is the memory for the bodies and answers of all requests together.
// Without it each of a thousand connections could hold a body of the largest size.
type room struct {
	weighted *semaphore.Weighted
	size     int64
	used     atomic.Int64
	timeout  time.Duration
}

func newRoom(bytes int64, timeout time.Duration) *room {
	return &room{weighted: semaphore.NewWeighted(bytes), size: bytes, timeout: timeout}
}

// take waits for n bytes no longer than the timeout. Requests that hold some
// and wait for more could wait for each other; the timeout ends that. It
// returns errBusy, or the context's error.
func (r *room) take(ctx context.Context, n int64) error {
	if !r.weighted.TryAcquire(n) {
		waiting, cancel := context.WithTimeout(ctx, r.timeout)
		defer cancel()
		if r.weighted.Acquire(waiting, n) != nil {
			if err := ctx.Err(); err != nil {
				return err
			}
			return errBusy
		}
	}
	r.used.Add(n)
	return nil
}

func (r *room) give(n int64) {
	r.used.Add(-n)
	r.weighted.Release(n)
}

// share is what one request holds of the room. One goroutine uses it.
type share struct {
	room  *room
	bytes int64 // asked for
	taken int64 // of the room
}

// grow counts n more bytes. See room.take for its errors.
func (s *share) grow(ctx context.Context, n int64) error {
	s.bytes += n
	missing := s.bytes - freeBytes - s.taken
	if missing <= 0 {
		return nil
	}
	if err := s.room.take(ctx, missing); err != nil {
		return err
	}
	s.taken += missing
	return nil
}

// tryGrow counts n more bytes where there is room without waiting.
func (s *share) tryGrow(n int64) bool {
	missing := s.bytes + n - freeBytes - s.taken
	if missing > 0 && !s.room.weighted.TryAcquire(missing) {
		return false
	}
	if missing > 0 {
		s.room.used.Add(missing)
		s.taken += missing
	}
	s.bytes += n
	return true
}

// release gives everything back.
func (s *share) release() {
	if s.taken > 0 {
		s.room.give(s.taken)
	}
	s.bytes, s.taken = 0, 0
}

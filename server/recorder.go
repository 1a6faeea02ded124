package server

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"secondwind/server/history"
)

// store is what the server needs of a history.
type store interface {
	Add(ctx context.Context, user string, e history.Entry) (history.Entry, error)
	List(ctx context.Context, user string, q history.Query) ([]history.Entry, error)
	Delete(ctx context.Context, user, id string) error // history.ErrNotFound
	DeleteAll(ctx context.Context, user string) error
	Ready(ctx context.Context) error
}

const (
	maxWaiting   = 256             // entries that wait to be stored
	storeTimeout = 5 * time.Second // of one question to the store
)

// recorder adds entries to the store one by one, after the answers were sent. If
// the store is too slow it drops entries: the calculator must keep working without
// a history, not the other way round.
type recorder struct {
	store   store
	memory  *budget
	log     *slog.Logger
	metrics *metrics

	mu      sync.Mutex
	waiting []waitingEntry
	idle    chan struct{} // closed when nothing waits; nil when nothing ever did
	failing bool          // the log has it already
}

type waitingEntry struct {
	user     string
	entry    history.Entry
	reserved *reservation
}

// add takes the entry over. It never waits.
func (r *recorder) add(user string, e history.Entry) {
	held := &reservation{budget: r.memory}
	if !held.tryGrow(textBytes(e.Expression, e.Result, e.Operands)) {
		r.metrics.entries.WithLabelValues("dropped").Inc()
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) >= maxWaiting {
		held.release()
		r.metrics.entries.WithLabelValues("dropped").Inc()
		return
	}
	r.waiting = append(r.waiting, waitingEntry{user, e, held})
	if len(r.waiting) == 1 {
		r.idle = make(chan struct{})
		go r.work(r.idle)
	}
}

// work stores what waits until nothing does, then closes idle.
func (r *recorder) work(idle chan struct{}) {
	defer close(idle)
	for {
		r.mu.Lock()
		next := r.waiting[0]
		r.mu.Unlock()
		r.keep(next)
		next.reserved.release()
		r.mu.Lock()
		r.waiting[0] = waitingEntry{}
		r.waiting = r.waiting[1:]
		done := len(r.waiting) == 0
		r.mu.Unlock()
		if done {
			return
		}
	}
}

// keep stores one entry. An unavailable store is logged once, not for each entry.
func (r *recorder) keep(w waitingEntry) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	_, err := r.store.Add(ctx, w.user, w.entry)
	switch {
	case err != nil:
		r.metrics.entries.WithLabelValues("failed").Inc()
		if !r.failing {
			r.log.Warn("calculations are not added to the history", "error", err)
		}
	case r.failing:
		r.log.Info("calculations are added to the history again")
		fallthrough
	default:
		r.metrics.entries.WithLabelValues("stored").Inc()
	}
	r.failing = err != nil
}

// settle waits until what was added before is stored, or ctx ends.
func (r *recorder) settle(ctx context.Context) {
	r.mu.Lock()
	idle := r.idle
	r.mu.Unlock()
	if idle == nil {
		return
	}
	select {
	case <-idle:
	case <-ctx.Done():
	}
}

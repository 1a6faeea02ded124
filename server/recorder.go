package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"time"

	"secondwind/server/history"
)

// store is what the server needs of a history.
type store interface {
	Add(ctx context.Context, group ...*history.Addition) error // with one commit
	List(ctx context.Context, user string, q history.Query) ([]history.Entry, error)
	Delete(ctx context.Context, user, id string) error // history.ErrNotFound
	DeleteAll(ctx context.Context, user string) error
	Ready(ctx context.Context) error
	Losses() int64
}

const (
	maxWaiting   = 256             // entries that wait to be stored, or are being stored
	storeTimeout = 5 * time.Second // of one question to the store
	// commitTimeout is how long an answer waits for the store: a calculator without its
	// history must not become slow.
	commitTimeout = time.Second
)

// Durability says when an answer is given.
type Durability string

// The durabilities of a Config. An answer's header X-History has one of them, or dropped.
const (
	// Written is after the entry was committed. A store that fails or takes longer than a
	// second is not waited for: the header says so.
	Written Durability = "written"
	// Queued is before that: a killed process loses the entries that wait, at most 256.
	Queued Durability = "queued"

	dropped Durability = "dropped" // it is not, and will not be, in the history
)

// recorder adds entries to the store, all that wait with one commit.
type recorder struct {
	store   store
	memory  *budget
	places  *budget // one for each entry that waits
	log     *slog.Logger
	metrics *metrics

	mu      sync.Mutex
	waiting []*waitingEntry
	failing bool // nobody waits for the store, and the log has it already
	lost    int  // entries, since the log last had their number
}

type waitingEntry struct {
	history.Addition
	reserved *reservation
	tried    chan struct{} // closed when it is in the store, or will not be
	stored   bool          // when it was tried
}

func newRecorder(s store, memory *budget, log *slog.Logger) *recorder {
	return &recorder{store: s, memory: memory, places: newBudget(maxWaiting, commitTimeout), log: log}
}

// add takes the entry over, and returns what has become of it when that is as durable as
// it must be, or when there is no point in waiting for the store any longer.
func (r *recorder) add(ctx context.Context, user string, e history.Entry, as Durability) Durability {
	r.mu.Lock()
	longest := commitTimeout
	if r.failing {
		longest = 0
	}
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	w := &waitingEntry{history.Addition{User: user, Entry: e}, &reservation{budget: r.memory}, make(chan struct{}), false}
	if !w.reserved.tryGrow(textBytes(e.Expression, e.Result, e.Operands)) {
		r.lose("dropped", 1)
		return dropped
	}
	if err := r.places.reserve(ctx, 1, longest); err != nil {
		w.reserved.release()
		r.waited(err)
		r.lose("dropped", 1)
		return dropped
	}
	r.enqueue(w)
	if as == Queued {
		return Queued
	}
	select {
	case <-w.tried:
		if w.stored {
			return Written
		}
		return dropped
	case <-ctx.Done():
		r.waited(ctx.Err())
		return Queued
	}
}

// waited blames the store for a wait that has ended, unless the client has gone.
func (r *recorder) waited(err error) {
	if !errors.Is(err, context.Canceled) {
		r.trouble(errSlow)
	}
}

var errSlow = fmt.Errorf("the store took longer than %v: answers do not wait for it until it is faster", commitTimeout)

func (r *recorder) enqueue(w *waitingEntry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = append(r.waiting, w)
	if len(r.waiting) == 1 {
		go r.work()
	}
}

// work stores what waits until nothing does.
func (r *recorder) work() {
	for {
		// Whoever is about to add an entry does that first: else, on one core, each commit would be of one.
		runtime.Gosched()
		r.mu.Lock()
		group := slices.Clone(r.waiting)
		r.mu.Unlock()
		r.keep(group)
		r.mu.Lock()
		r.waiting = slices.Delete(r.waiting, 0, len(group))
		done := len(r.waiting) == 0
		r.mu.Unlock()
		r.places.release(int64(len(group)))
		if done {
			return
		}
	}
}

// keep stores a group. An unavailable store is logged once, not for each entry.
func (r *recorder) keep(group []*waitingEntry) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	additions := make([]*history.Addition, len(group))
	for i, w := range group {
		additions[i] = &w.Addition
	}
	err := r.store.Add(ctx, additions...)
	if err != nil {
		r.trouble(err)
		r.lose("failed", len(group))
	} else {
		r.kept(len(group))
	}
	for _, w := range group {
		w.stored = err == nil
		w.reserved.release()
		close(w.tried)
	}
}

// trouble has nobody wait for the store until it keeps something again.
func (r *recorder) trouble(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.failing {
		r.log.Warn("calculations are not added to the history", "error", err)
	}
	r.failing = true
}

func (r *recorder) lose(outcome string, entries int) {
	r.metrics.entries.WithLabelValues(outcome).Add(float64(entries))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost += entries
}

func (r *recorder) kept(entries int) {
	r.metrics.entries.WithLabelValues("stored").Add(float64(entries))
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failing {
		r.log.Info("calculations are added to the history again", "lost", r.lost)
		r.failing, r.lost = false, 0
	}
}

// losses is how often the store was lost.
func (r *recorder) losses() float64 {
	if r.store == nil {
		return 0
	}
	return float64(r.store.Losses())
}

// settle waits until what was added before is stored, or ctx ends.
func (r *recorder) settle(ctx context.Context) {
	r.mu.Lock()
	if len(r.waiting) == 0 {
		r.mu.Unlock()
		return
	}
	last := r.waiting[len(r.waiting)-1]
	r.mu.Unlock()
	select {
	case <-last.tried:
	case <-ctx.Done():
	}
}

// end settles, and logs what is lost when the process ends now.
func (r *recorder) end(ctx context.Context) {
	r.settle(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	waiting := 0
	for _, w := range r.waiting {
		select {
		case <-w.tried:
		default:
			waiting++
		}
	}
	if lost := r.lost + waiting; lost > 0 {
		r.log.Error("calculations were answered and are lost to the history", "lost", lost)
	}
}

package history

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"secondwind/server/history/store"
	"secondwind/server/history/vault"
)

// Errors that callers branch on.
var (
	// ErrUnavailable says that the store or the key is not available: continue without.
	ErrUnavailable = errors.New("the history is not available")
	// ErrNotFound says that the user has no entry with that id.
	ErrNotFound = errors.New("there is no such entry")
)

// History keeps entries. Make it with New and run it with Run; it is safe for
// concurrent use.
type History struct {
	config Config

	changing sync.Mutex // held while state is replaced
	state    atomic.Pointer[state]
	losses   atomic.Int64  // how often the store or the key was lost
	failed   chan struct{} // full after a failure that Run has not looked into

	// unscrubbed says that rows were deleted whose bytes may still be there.
	unscrubbed atomic.Bool
	scrubbing  chan struct{} // full while one scrubs
}

// state is what a History has of its store and its key. It never changes.
type state struct {
	store *store.Store // nil: not open
	keys  *vault.Keys  // nil: not unwrapped
	err   error        // the last that went wrong with the two; nil: nothing
}

// New returns a History that is ready to Run. It asks neither the store nor the
// key, and returns the errors of Config.Validate.
func New(cfg Config) (*History, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	h := &History{config: cfg.withDefaults(), failed: make(chan struct{}, 1), scrubbing: make(chan struct{}, 1)}
	h.state.Store(&state{err: errors.New("it is not connected yet")})
	return h, nil
}

// available returns a state with a store and keys, or ErrUnavailable with the
// reason.
func (h *History) available() (*state, error) {
	s := h.state.Load()
	if s.store == nil || s.keys == nil {
		return nil, unavailable(s.err)
	}
	return s, nil
}

// unavailable makes err one that is ErrUnavailable.
func unavailable(err error) error {
	if err == nil || errors.Is(err, ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// Ready returns nil if the store can be read and written now, and the key was there when
// it was tried last, at most Config.KeyCheck ago; otherwise ErrUnavailable with what to do.
func (h *History) Ready(ctx context.Context) error {
	s := h.state.Load()
	if s.err != nil {
		return unavailable(s.err)
	}
	ctx, cancel := context.WithTimeout(ctx, h.config.Timeout)
	defer cancel()
	_, err := h.probe(ctx, s)
	return h.noted(err)
}

// Losses is how often the store or the key was lost since they were first available.
func (h *History) Losses() int64 { return h.losses.Load() }

// noted makes an error of the store ErrUnavailable, and has Run look into it at once.
func (h *History) noted(err error) error {
	if err != nil {
		select {
		case h.failed <- struct{}{}:
		default:
		}
	}
	return unavailable(err)
}

// Addition is an entry that a user adds.
type Addition struct {
	User  string
	Entry Entry
}

// Add keeps all entries or none, with one commit: a group costs little more than one. It
// gives each an id and, where its time is zero, the time now, and leaves in the group what
// is kept: see Entry.Shortened. Once it returns nil, the entries outlive the process.
func (h *History) Add(ctx context.Context, group ...*Addition) error {
	s, err := h.available()
	if err != nil {
		return err
	}
	records := make([]store.Record, len(group))
	for i, a := range group {
		if records[i], a.Entry, err = seal(s.keys, a.User, a.Entry.fitted(h.config.MaxEntryBytes)); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, h.config.Timeout)
	defer cancel()
	removed, err := s.store.Insert(ctx, records, h.config.MaxEntries)
	if removed > 0 {
		h.unscrubbed.Store(true) // Run does it: no request waits for it
	}
	return h.noted(err)
}

// seal encrypts an entry with an id of its own. It returns the entry with that, and
// with the time now where it had none.
func seal(keys *vault.Keys, user string, e Entry) (store.Record, Entry, error) {
	// A UUID of version 7 begins with the time in milliseconds, and one made later in
	// this process is greater.
	id, err := uuid.NewV7()
	if err != nil {
		return store.Record{}, e, fmt.Errorf("make an id: %w", err)
	}
	owner, err := keys.Owner(user)
	if err != nil {
		return store.Record{}, e, err
	}
	e.ID, e.Time = id.String(), cmp.Or(e.Time, time.Now()).UTC()
	text, err := e.encode()
	if err != nil {
		return store.Record{}, e, err
	}
	record, err := keys.Seal(owner, id[:], text)
	return record, e, err
}

// Delete removes one entry of the user's for good: its bytes are gone from an
// SQLite store when it returns, unless another process reads the store for so
// long that Run has to erase them later. ErrNotFound: there is none with that id.
func (h *History) Delete(ctx context.Context, user, id string) error {
	row, err := parseID(id)
	if err != nil {
		return err
	}
	n, err := h.remove(ctx, user, func(ctx context.Context, s *store.Store, owner []byte) (int64, error) {
		return s.Delete(ctx, owner, row)
	})
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return err
}

// DeleteAll removes every entry of the user's for good, as Delete does.
func (h *History) DeleteAll(ctx context.Context, user string) error {
	_, err := h.remove(ctx, user, func(ctx context.Context, s *store.Store, owner []byte) (int64, error) {
		return s.DeleteOwner(ctx, owner)
	})
	return err
}

func (h *History) remove(ctx context.Context, user string, do func(context.Context, *store.Store, []byte) (int64, error)) (int64, error) {
	s, err := h.available()
	if err != nil {
		return 0, err
	}
	owner, err := s.keys.Owner(user)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, h.config.Timeout)
	defer cancel()
	n, err := do(ctx, s.store, owner)
	if err != nil {
		return 0, h.noted(err)
	}
	if n > 0 {
		h.unscrubbed.Store(true)
		h.scrub(ctx, s.store)
	}
	return n, nil
}

// scrub erases what deleted rows left, and returns when the rows that were
// deleted before it was called are erased. What one scrub erases, those that
// waited for it do not erase again. What fails, or takes longer than ctx, is
// tried again by Run.
func (h *History) scrub(ctx context.Context, s *store.Store) {
	select {
	case h.scrubbing <- struct{}{}:
	case <-ctx.Done():
		return
	}
	defer func() { <-h.scrubbing }()
	if !h.unscrubbed.Swap(false) {
		return
	}
	if err := s.Scrub(ctx); err != nil {
		h.unscrubbed.Store(true)
		h.config.Log.Warn("deleted history is still in the store's log", "error", err)
	}
}

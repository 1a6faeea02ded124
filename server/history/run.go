package history

import (
	"context"
	"errors"
	"fmt"
	"time"

	"secondwind/server/history/store"
	"secondwind/server/history/vault"
)

// firstRetry is how soon a store or a key that was not there is tried again; the
// wait doubles up to Config.Refresh.
const firstRetry = 250 * time.Millisecond

// pruneEvery is how often old entries are removed.
const pruneEvery = time.Hour

// Run connects to the store, migrates it, unwraps its keys, and maintains all
// of that until ctx ends: it retries what fails, adopts rotated keys,
// and removes entries that are too old. It returns nil, or the error of closing.
func (h *History) Run(ctx context.Context) error {
	var (
		checked, pruned time.Time // last
		wait            = time.NewTimer(0)
		retry           = firstRetry
	)
	defer wait.Stop()
	for {
		select {
		case <-ctx.Done():
			return h.stop()
		case <-h.failed:
			if h.state.Load().err == nil {
				wait.Reset(0)
			}
		case now := <-wait.C:
			err := h.tend(ctx, now.Sub(checked) >= h.config.KeyCheck)
			if err != nil {
				wait.Reset(min(retry, h.config.Refresh))
				retry = min(2*retry, h.config.Refresh)
				continue
			}
			if now.Sub(checked) >= h.config.KeyCheck {
				checked = now
			}
			if now.Sub(pruned) >= pruneEvery {
				pruned = now
				h.prune(ctx, now)
			}
			wait.Reset(h.config.Refresh)
			retry = firstRetry
		}
	}
}

// stop closes the store. Whoever still asks gets ErrUnavailable.
func (h *History) stop() error {
	h.changing.Lock()
	defer h.changing.Unlock()
	s := h.state.Swap(&state{err: errors.New("the calculator is stopping")})
	if s.store == nil {
		return nil
	}
	return s.store.Close()
}

// tend does what is due: open the store, unwrap its keys, try the key again.
func (h *History) tend(ctx context.Context, checkKey bool) error {
	h.changing.Lock()
	defer h.changing.Unlock()
	was := h.state.Load()
	now := h.tended(ctx, *was, checkKey)
	h.state.Store(&now)
	switch {
	case now.err == nil && was.err != nil:
		h.config.Log.Info("history is available", "store", now.store.Name(), "data_keys", now.keys.Len())
	case now.err != nil && ctx.Err() == nil && (was.err == nil || was.err.Error() != now.err.Error()):
		if was.err == nil {
			h.losses.Add(1)
		}
		h.config.Log.Error("history is not available", "error", now.err)
	}
	if now.err == nil && h.unscrubbed.Load() {
		h.scrub(ctx, now.store)
	}
	return now.err
}

func (h *History) tended(ctx context.Context, s state, checkKey bool) state {
	if s.store == nil {
		if s.store, s.err = h.open(ctx); s.err != nil {
			return s
		}
	}
	s.keys, s.err = h.keysOf(ctx, s, checkKey)
	return s
}

func (h *History) open(ctx context.Context) (*store.Store, error) {
	if h.config.Store == "" {
		return nil, errors.New("there is no folder for it: set CALCULATOR_HISTORY to sqlite:PATH, postgres://… or off, " +
			"or set STATE_DIRECTORY or HOME")
	}
	return store.Open(ctx, h.config.Store)
}

// refreshed adopts the keys that another instance may have added.
func (h *History) refreshed(ctx context.Context) (*state, error) {
	h.changing.Lock()
	defer h.changing.Unlock()
	s := *h.state.Load()
	if s.store == nil {
		return nil, unavailable(s.err)
	}
	keys, err := h.keysOf(ctx, s, false)
	if err != nil {
		return nil, unavailable(err)
	}
	next := &state{store: s.store, keys: keys, err: s.err}
	h.state.Store(next)
	return next, nil
}

// keysOf returns the store's newest keys. It asks the key only if the keyset has
// another revision than the keys that s has, or if the key is to be checked.
// Keys that s has stay in use while the key cannot be reached, and after the
// store was moved to another key; they end with the key that they came from.
func (h *History) keysOf(ctx context.Context, s state, check bool) (*vault.Keys, error) {
	asking, cancel := context.WithTimeout(ctx, h.config.Timeout)
	defer cancel()
	revision, err := h.probe(asking, &s)
	if err != nil {
		return s.keys, err
	}
	if s.keys != nil && s.keys.Revision == revision && !check {
		return s.keys, nil
	}
	u, err := unlocked(ctx, s.store, h.config.source(), true)
	if err == nil {
		return u.Keys, nil
	}
	moved := s.keys != nil && s.keys.Revision != revision && errors.Is(err, errMoved)
	if errors.Is(err, vault.ErrLost) && !moved {
		return nil, err
	}
	return s.keys, err
}

// errOther says that the store is another one than the keys in use are for.
var errOther = errors.New("its keys were removed, or replaced by another store's: restore it from a backup, or restart the calculator")

// probe uses a state's store, and returns the revision of its keys.
func (h *History) probe(ctx context.Context, s *state) (int64, error) {
	name, revision, err := s.store.Probe(ctx, padded(h.config.MaxEntryBytes)+vault.Overhead)
	if err == nil && s.keys != nil && name != s.keys.Store {
		err = fmt.Errorf("the store %s: %w", s.store.Name(), errOther)
	}
	return revision, err
}

// errMoved says that the store's keys were wrapped under another key than the
// one that was tried.
var errMoved = errors.New("the store's keys were wrapped under another key: start the calculator with that one")

// unwrap says of keys that do not open which key they were wrapped under.
func unwrap(ctx context.Context, kek *vault.KEK, wrapped store.Keyset) (*vault.Keys, error) {
	keys, err := vault.Unwrap(ctx, kek, wrapped)
	if err != nil && !vault.SameKey(wrapped.KEK, kek.Name()) {
		err = fmt.Errorf("%w: %s: %w", errMoved, wrapped.KEK, err)
	}
	return keys, err
}

// found gives a store its first keys. If another instance was faster, its keys
// stay and are returned.
func found(ctx context.Context, s *store.Store, kek *vault.KEK) (store.Keyset, error) {
	keys, err := vault.New()
	if err != nil {
		return store.Keyset{}, err
	}
	wrapped, err := keys.Wrap(ctx, kek)
	if err != nil {
		return store.Keyset{}, err
	}
	if err := s.CreateKeyset(ctx, wrapped); err != nil {
		return store.Keyset{}, err
	}
	return s.Keyset(ctx)
}

// prune removes what is older than Config.Retention at now, and the oldest of
// what is too much.
func (h *History) prune(ctx context.Context, now time.Time) {
	s, err := h.available()
	if err != nil {
		return
	}
	removed, err := s.store.Prune(ctx, firstID(now.Add(-h.config.Retention)), h.config.MaxTotal)
	if err != nil {
		h.config.Log.Warn("old history was not removed", "error", err)
		return
	}
	if removed > 0 {
		h.config.Log.Info("old history removed", "records", removed)
		h.unscrubbed.Store(true)
		h.scrub(ctx, s.store)
	}
}

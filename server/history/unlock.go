package history

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"secondwind/server/history/store"
	"secondwind/server/history/vault"
)

// Unlocked is a store with the keys that open it, for tools that work alongside a
// running calculator. Close it.
type Unlocked struct {
	Store   *store.Store
	Wrapped store.Keyset
	KEK     *vault.KEK
	Keys    *vault.Keys
}

// Unlock opens the store and unwraps its keys. Unlike a calculator it makes
// neither: what is not there is an error.
func Unlock(ctx context.Context, cfg Config) (*Unlocked, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	if path, ok := strings.CutPrefix(cfg.Store, sqlitePrefix); ok {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no store %s: name the calculator's own in CALCULATOR_HISTORY, or start the calculator first", path)
		}
	}
	s, err := (&History{config: cfg}).open(ctx)
	if err != nil {
		return nil, err
	}
	u, err := unlocked(ctx, s, cfg.source(), false)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return u, nil
}

// unlocked unwraps a store's keys with the named key. Where there are none yet, it
// makes the first ones if create is set.
func unlocked(ctx context.Context, s *store.Store, key vault.Source, create bool) (*Unlocked, error) {
	wrapped, err := s.Keyset(ctx)
	if err != nil {
		return nil, err
	}
	first := wrapped.Revision == 0
	if first && !create {
		return nil, fmt.Errorf("the store %s has no keys yet: start the calculator first", s.Name())
	}
	kek, err := vault.OpenKEK(ctx, key, first)
	if err == nil && first {
		wrapped, err = found(ctx, s, kek)
	}
	if err != nil {
		return nil, err
	}
	keys, err := unwrap(ctx, kek, wrapped)
	if err != nil {
		return nil, err
	}
	return &Unlocked{s, wrapped, kek, keys}, nil
}

// Close closes the store.
func (u *Unlocked) Close() error { return u.Store.Close() }

// Add keeps an entry as History.Add does, and returns it as the store has it.
func (u *Unlocked) Add(ctx context.Context, user string, e Entry) (store.Record, error) {
	record, _, err := seal(u.Keys, user, e)
	if err != nil {
		return store.Record{}, err
	}
	_, err = u.Store.Insert(ctx, []store.Record{record}, DefaultMaxEntries)
	return record, err
}

// Decode returns the entry that a plaintext is.
func (u *Unlocked) Decode(plaintext []byte) (Entry, error) { return decode(plaintext) }

package history

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

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
	u, err := unlocked(ctx, s, cfg.source())
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return u, nil
}

func unlocked(ctx context.Context, s *store.Store, key vault.Source) (*Unlocked, error) {
	wrapped, err := s.Keyset(ctx)
	if err != nil {
		return nil, err
	}
	if wrapped.Revision == 0 {
		return nil, fmt.Errorf("the store %s has no keys yet: start the calculator first", s.Name())
	}
	kek, err := vault.OpenKEK(ctx, key, false)
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
	id, err := newID()
	if err != nil {
		return store.Record{}, err
	}
	e.ID, e.Time = id.String(), time.Now().UTC()
	record, err := seal(u.Keys, user, id[:], e)
	if err != nil {
		return store.Record{}, err
	}
	_, err = u.Store.Insert(ctx, record, DefaultMaxEntries)
	return record, err
}

// Decode returns the entry that a plaintext is.
func (u *Unlocked) Decode(plaintext []byte) (Entry, error) { return decode(plaintext) }

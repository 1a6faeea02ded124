package history

import (
	"context"
	"errors"
	"fmt"

	"secondwind/server/history/store"
	"secondwind/server/history/vault"
)

// Rotation is what Rotate did.
type Rotation struct {
	Store    string `json:"store"`
	KEK      string `json:"key_encryption_key"`
	DataKey  uint32 `json:"data_key"`  // id of the new one
	DataKeys int    `json:"data_keys"` // with the old ones
	Revision int64  `json:"revision"`
}

// Rotate adds a new data key to the store's keys, which seals from now on, and
// wraps them all again, under the key named to, or cfg.Key if to is "". Records
// under the old data keys stay readable. Running instances need no
// restart: they adopt the new key at their next refresh, or when they read a record
// sealed with it.
func Rotate(ctx context.Context, cfg Config, to string) (Rotation, error) {
	u, err := Unlock(ctx, cfg)
	if err != nil {
		return Rotation{}, err
	}
	done, err := rotate(ctx, u.Store, cfg.withDefaults().source(), to)
	return done, errors.Join(err, u.Close())
}

// rotateTries is how often another rotation at the same time may be faster.
const rotateTries = 10

func rotate(ctx context.Context, s *store.Store, key vault.Source, to string) (Rotation, error) {
	next := key
	if to != "" {
		next.Name = to
	}
	for range rotateTries {
		u, err := unlocked(ctx, s, key, false)
		if err != nil {
			return Rotation{}, err
		}
		keys, err := u.Keys.Rotated()
		if err != nil {
			return Rotation{}, err
		}
		kek, err := vault.OpenKEK(ctx, next, to != "")
		if err != nil {
			return Rotation{}, err
		}
		wrapped, err := keys.Wrap(ctx, kek)
		if err != nil {
			return Rotation{}, err
		}
		replaced, err := s.ReplaceKeyset(ctx, wrapped)
		if err != nil {
			return Rotation{}, err
		}
		if replaced {
			if err = s.Scrub(ctx); err != nil {
				err = fmt.Errorf("the keys are rotated, but what they replaced may still be in the store's log: %w", err)
			}
			return Rotation{s.Name(), kek.Name(), keys.Primary(), keys.Len(), keys.Revision + 1}, err
		}
	}
	return Rotation{}, fmt.Errorf("rotate the keys of %s: others rotated them %d times meanwhile: try again", s.Name(), rotateTries)
}

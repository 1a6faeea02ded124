package store

import (
	"context"
	"database/sql"
	"errors"
)

// Keyset returns the store's keyset, or the zero Keyset where there is none yet.
func (s *Store) Keyset(ctx context.Context) (Keyset, error) {
	var k Keyset
	err := s.db.QueryRowContext(ctx, `SELECT store, revision, kek, data, lookup FROM history_keyset WHERE id = 1`).
		Scan(&k.Store, &k.Revision, &k.KEK, &k.Data, &k.Lookup)
	if errors.Is(err, sql.ErrNoRows) {
		return Keyset{}, nil
	}
	return k, s.explain("read the keys of", err)
}

// Revision returns the keyset's revision, 0 where there is none yet. It is a
// cheap way to learn that the keys were rotated, or that the store answers.
func (s *Store) Revision(ctx context.Context) (int64, error) {
	var revision int64
	err := s.db.QueryRowContext(ctx, `SELECT coalesce(max(revision), 0) FROM history_keyset`).Scan(&revision)
	return revision, s.explain("ask", err)
}

// CreateKeyset stores the first keyset, with revision 1. If another instance
// was faster it does nothing: read the keyset that is there.
func (s *Store) CreateKeyset(ctx context.Context, k Keyset) error {
	_, err := s.db.ExecContext(ctx, `INSERT INTO history_keyset (id, store, revision, kek, data, lookup)
		VALUES (1, $1, 1, $2, $3, $4) ON CONFLICT (id) DO NOTHING`, k.Store, k.KEK, k.Data, k.Lookup)
	return s.explain("write the keys of", err)
}

// ReplaceKeyset stores k as the revision that follows k.Revision. It returns
// false, and changes nothing, if that is no longer the newest.
func (s *Store) ReplaceKeyset(ctx context.Context, k Keyset) (bool, error) {
	result, err := s.db.ExecContext(ctx, `UPDATE history_keyset SET revision = revision + 1, kek = $1, data = $2, lookup = $3
		WHERE id = 1 AND store = $4 AND revision = $5`, k.KEK, k.Data, k.Lookup, k.Store, k.Revision)
	if err != nil {
		return false, s.explain("write the keys of", err)
	}
	n, err := result.RowsAffected()
	return n == 1, s.explain("write the keys of", err)
}

package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
)

// errNoKeys says that records are there, but the keys that they were sealed with are not.
var errNoKeys = errors.New("it has records but no keys to them: the row of its keys was removed or damaged: " +
	"restore it from a backup, or move it away to start afresh")

// Keyset returns the store's keyset, or the zero Keyset where there is none yet. A store
// that has records has one, or it is damaged.
func (s *Store) Keyset(ctx context.Context) (Keyset, error) {
	var k Keyset
	err := s.db.QueryRowContext(ctx, `SELECT store, revision, kek, data, lookup FROM history_keyset WHERE id = 1`).
		Scan(&k.Store, &k.Revision, &k.KEK, &k.Data, &k.Lookup)
	if errors.Is(err, sql.ErrNoRows) {
		var used bool
		if err = s.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM history_record)`).Scan(&used); err == nil && used {
			err = errNoKeys
		}
		k = Keyset{}
	}
	return k, s.explain("read the keys of", err)
}

// Probe does what a history needs of the store: it finds the database under its name,
// reads the keyset from it and not from a cache, and commits the writing of a record of so
// many bytes, which it removes in the same transaction. It returns the keyset's store and
// revision, "" and 0 where there is none yet. Where it fails, the next use of the store
// gets new connections.
func (s *Store) Probe(ctx context.Context, size int) (name string, revision int64, err error) {
	defer func() {
		if err != nil {
			s.dialect.renew()
			err = s.explain("use", err)
		}
	}()
	if err := s.dialect.touch(); err != nil {
		return "", 0, err
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return "", 0, err
	}
	defer conn.Close()
	if forget := s.dialect.uncached(); forget != "" {
		if _, err := conn.ExecContext(ctx, forget); err != nil {
			return "", 0, err
		}
	}
	err = transaction(ctx, conn, func(tx *sql.Tx) error {
		none := make([]byte, 16) // the id, and the owner, of no user's entry; of its own, so that none waits for another
		rand.Read(none)          // never fails
		if _, err := tx.ExecContext(ctx, `INSERT INTO history_record (owner, id, sealed) VALUES ($1, $1, $2)`, none,
			make([]byte, size)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM history_record WHERE owner = $1`, none); err != nil {
			return err
		}
		err := tx.QueryRowContext(ctx, `SELECT store, revision FROM history_keyset WHERE id = 1`).Scan(&name, &revision)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	return name, revision, err
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

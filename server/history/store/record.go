package store

import (
	"context"
	"database/sql"
)

// Insert stores r and removes its owner's oldest records beyond the newest keep.
func (s *Store) Insert(ctx context.Context, r Record, keep int) (removed int64, err error) {
	err = s.transaction(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO history_record (owner, id, sealed) VALUES ($1, $2, $3)`, r.Owner, r.ID,
			r.Sealed); err != nil {
			return err
		}
		removed, err = affected(tx.ExecContext(ctx, `DELETE FROM history_record WHERE owner = $1 AND id <= (
			SELECT id FROM history_record WHERE owner = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)`, r.Owner, keep))
		return err
	})
	return removed, s.explain("write to", err)
}

// Page returns an owner's records, newest first, at most limit of them: those
// before the id, or from the newest on if before is nil.
func (s *Store) Page(ctx context.Context, owner, before []byte, limit int) ([]Record, error) {
	query, args := `SELECT owner, id, sealed FROM history_record WHERE owner = $1 ORDER BY id DESC LIMIT $2`, []any{owner, limit}
	if before != nil {
		query, args = `SELECT owner, id, sealed FROM history_record WHERE owner = $1 AND id < $3 ORDER BY id DESC LIMIT $2`, append(args, before)
	}
	records, err := s.records(ctx, query, args...)
	return records, s.explain("read", err)
}

// After returns at most limit records of all owners in the order of their ids,
// those after the id, or from the first on if after is nil.
func (s *Store) After(ctx context.Context, after []byte, limit int) ([]Record, error) {
	if after == nil {
		after = []byte{}
	}
	records, err := s.records(ctx, `SELECT owner, id, sealed FROM history_record WHERE id > $1 ORDER BY id LIMIT $2`, after, limit)
	return records, s.explain("read", err)
}

func (s *Store) records(ctx context.Context, query string, args ...any) ([]Record, error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var records []Record
	for rows.Next() {
		var r Record
		if err := rows.Scan(&r.Owner, &r.ID, &r.Sealed); err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, rows.Err()
}

// Delete removes one record of an owner and returns how many there were, 0 or 1.
func (s *Store) Delete(ctx context.Context, owner, id []byte) (int64, error) {
	n, err := affected(s.db.ExecContext(ctx, `DELETE FROM history_record WHERE owner = $1 AND id = $2`, owner, id))
	return n, s.explain("delete from", err)
}

// DeleteOwner removes every record of an owner and returns how many there were.
func (s *Store) DeleteOwner(ctx context.Context, owner []byte) (int64, error) {
	n, err := affected(s.db.ExecContext(ctx, `DELETE FROM history_record WHERE owner = $1`, owner))
	return n, s.explain("delete from", err)
}

// Prune removes every record before the id, and the oldest beyond the newest
// keep of all owners together. It returns how many.
func (s *Store) Prune(ctx context.Context, before []byte, keep int) (int64, error) {
	old, err := affected(s.db.ExecContext(ctx, `DELETE FROM history_record WHERE id < $1`, before))
	if err != nil {
		return 0, s.explain("prune", err)
	}
	over, err := affected(s.db.ExecContext(ctx, `DELETE FROM history_record WHERE id <= (
		SELECT id FROM history_record ORDER BY id DESC LIMIT 1 OFFSET $1)`, keep))
	return old + over, s.explain("prune", err)
}

func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

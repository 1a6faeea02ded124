package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Insert stores all records in one transaction, or none of them, and removes the oldest
// records of their owners beyond the newest keep. Where it returns nil, the records are
// in the store under its name, and stay there if the process is killed.
func (s *Store) Insert(ctx context.Context, records []Record, keep int) (removed int64, err error) {
	var rows []string
	var values []any
	owners := map[string]bool{}
	for i, r := range records {
		rows = append(rows, fmt.Sprintf("($%d, $%d, $%d)", 3*i+1, 3*i+2, 3*i+3))
		values = append(values, r.Owner, r.ID, r.Sealed)
		owners[string(r.Owner)] = true
	}
	err = transaction(ctx, s.db, func(tx *sql.Tx) error {
		query := `INSERT INTO history_record (owner, id, sealed) VALUES ` + strings.Join(rows, ", ")
		if _, err := tx.ExecContext(ctx, query, values...); err != nil {
			return err
		}
		// In one order, so that two instances do not each wait for the other.
		for _, owner := range slices.Sorted(maps.Keys(owners)) {
			n, err := affected(tx.ExecContext(ctx, `DELETE FROM history_record WHERE owner = $1 AND id <= (
				SELECT id FROM history_record WHERE owner = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)`, []byte(owner), keep))
			if removed += n; err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = s.dialect.touch()
	}
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

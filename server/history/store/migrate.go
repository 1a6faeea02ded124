package store

import (
	"context"
	"database/sql"
	"fmt"
)

// migrate brings the tables to the newest version, a step at a time. Of several
// instances that start at once, one does it and the others wait.
func (s *Store) migrate(ctx context.Context) error {
	return transaction(ctx, s.db, func(tx *sql.Tx) error {
		if err := s.dialect.lock(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS history_migration (version INTEGER PRIMARY KEY)`); err != nil {
			return err
		}
		var version int
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM history_migration`).Scan(&version); err != nil {
			return err
		}
		steps := s.dialect.migrations()
		if version > len(steps) {
			return fmt.Errorf("its tables have version %d and this calculator knows up to %d: use the newer calculator", version, len(steps))
		}
		for ; version < len(steps); version++ {
			if _, err := tx.ExecContext(ctx, steps[version]); err != nil {
				return fmt.Errorf("migrate to version %d: %w", version+1, err)
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO history_migration (version) VALUES ($1)`, version+1); err != nil {
				return fmt.Errorf("migrate to version %d: %w", version+1, err)
			}
		}
		return nil
	})
}

// tables are those that the migrations make.
var tables = []string{"history_migration", "history_keyset", "history_record"}

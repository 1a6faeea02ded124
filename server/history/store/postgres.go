package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgresConnectTimeout is how long a server may take to accept a connection,
// where the URL has no connect_timeout.
const postgresConnectTimeout = 5 * time.Second

// migrationLock is the number of the advisory lock that a migration holds:
// "history" in ASCII.
const migrationLock = 0x68_69_73_74_6f_72_79

type postgresDialect struct{ pool *pgxpool.Pool }

func isPostgres(name string) bool {
	return strings.HasPrefix(name, "postgres://") || strings.HasPrefix(name, "postgresql://")
}

func checkPostgres(name string) error {
	// The library's error can hold the URL, and so a password.
	if _, err := pgxpool.ParseConfig(name); err != nil {
		return fmt.Errorf("the store %q is no valid PostgreSQL URL: give postgres://USER@HOST/DATABASE?sslmode=verify-full", beforePassword(name))
	}
	return nil
}

// beforePassword is the name of a store as it may be shown.
func beforePassword(name string) string {
	u, err := url.Parse(name)
	if err != nil || u.Host == "" {
		kind, _, _ := strings.Cut(name, ":")
		return kind + ":…"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

func openPostgres(ctx context.Context, name string) (*Store, error) {
	cfg, err := pgxpool.ParseConfig(name)
	if err != nil {
		return nil, checkPostgres(name)
	}
	if cfg.ConnConfig.ConnectTimeout == 0 {
		cfg.ConnConfig.ConnectTimeout = postgresConnectTimeout
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open the store %s: %w", beforePassword(name), err)
	}
	return &Store{name: beforePassword(name), db: stdlib.OpenDBFromPool(pool), dialect: postgresDialect{pool}}, nil
}

func (postgresDialect) lock(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(migrationLock))
	return err
}

func (postgresDialect) migrations() []string {
	return []string{`
		CREATE TABLE history_keyset (
			id       INTEGER PRIMARY KEY CHECK (id = 1),
			store    TEXT NOT NULL,
			revision BIGINT NOT NULL,
			kek      TEXT NOT NULL,
			data     BYTEA NOT NULL,
			lookup   BYTEA NOT NULL
		);
		CREATE TABLE history_record (
			owner  BYTEA NOT NULL,
			id     BYTEA NOT NULL,
			sealed BYTEA NOT NULL,
			PRIMARY KEY (owner, id)
		);
		CREATE INDEX history_record_by_time ON history_record (id);`}
}

// scrub removes the dead rows, which other transactions may still see for a
// while; autovacuum does the rest.
func (postgresDialect) scrub(ctx context.Context, db *sql.DB) error {
	_, err := db.ExecContext(ctx, `VACUUM history_record`)
	return err
}

// raw copies every column of every table in PostgreSQL's binary form, in which
// a bytea is its bytes and a text its UTF-8.
func (d postgresDialect) raw(ctx context.Context, _ *sql.DB, part func(string, io.Reader) error) error {
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	for _, table := range tables {
		if err := rawTable(ctx, conn.Conn().PgConn(), table, part); err != nil {
			return fmt.Errorf("copy table %s: %w", table, err)
		}
	}
	return nil
}

func rawTable(ctx context.Context, conn *pgconn.PgConn, table string, part func(string, io.Reader) error) error {
	r, w := io.Pipe()
	copied := make(chan error, 1)
	go func() {
		_, err := conn.CopyTo(ctx, w, "COPY "+table+" TO STDOUT (FORMAT binary)")
		w.CloseWithError(err) // nil is the end
		copied <- err
	}()
	err := part("table "+table, r)
	r.Close()
	return errors.Join(err, <-copied)
}

// touch does nothing: a connection is to whoever answered under the name.
func (postgresDialect) touch() error { return nil }

func (postgresDialect) uncached() string { return "" }

// renew leaves a server that became read-only or hangs: after a failover, another one
// answers under the same name.
func (d postgresDialect) renew() { d.pool.Reset() }

func (d postgresDialect) close() error {
	d.pool.Close()
	return nil
}

func (d postgresDialect) explain(err error) error {
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch {
		case strings.HasPrefix(refused.Code, "28"):
			return fmt.Errorf("%w: check the user and password of the URL", err)
		case refused.Code == "42501" || refused.Code == "25006":
			return fmt.Errorf("%w: the user may not do this: grant it CREATE on the schema, or make it the owner of the tables; "+
				"the server must not be a read-only standby", err)
		case refused.Code == "3D000":
			return fmt.Errorf("%w: create the database first", err)
		case strings.HasPrefix(refused.Code, "53"):
			return fmt.Errorf("%w: the server has no disk space, memory or connections left", err)
		}
		return err
	}
	if failed, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return fmt.Errorf("%w: check that the server runs, that its address is right and, with sslmode=verify-full, "+
			"that sslrootcert names its authority", failed)
	}
	return err
}

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Record is an entry as the database holds it.
type Record struct {
	Owner  []byte // keyed hash of the user
	ID     []byte // 16 bytes, ordered by time
	Sealed []byte
}

// Keyset are the wrapped keys that the records are sealed with.
type Keyset struct {
	Store    string // random name of this store, made with its first keyset
	Revision int64  // counts the replacements, from 1; 0: there is none yet
	KEK      string // name of the key-encryption key that wrapped it
	Data     []byte // wrapped keys of the records
	Lookup   []byte // wrapped key of the owners' hashes
}

// dialect is where a database differs from the other.
type dialect interface {
	// lock holds off everyone else who migrates, until the transaction ends.
	lock(context.Context, *sql.Tx) error
	migrations() []string
	// scrub erases what deleted rows left behind, as far as the database can.
	scrub(context.Context, *sql.DB) error
	// raw hands over every byte that is stored, a part at a time.
	raw(context.Context, *sql.DB, func(part string, bytes io.Reader) error) error
	// touch returns an error if the database is no longer where its name says, although
	// its connections may work.
	touch() error
	// uncached is run on a connection so that it reads from the database again, and not
	// what it remembers; "": it always does.
	uncached() string
	// renew gives up the connections that there are, for what is behind the name now.
	renew()
	// explain says what an error of the database means and what to do.
	explain(error) error
	close() error
}

// Store is one open database. Make it with Open; it is safe for concurrent use.
type Store struct {
	name    string
	db      *sql.DB
	dialect dialect
}

// Check reports what is wrong with the name of a store, without opening it.
func Check(name string) error {
	path, isFile := strings.CutPrefix(name, "sqlite:")
	switch {
	case isFile && path == "":
		return errors.New(`the store "sqlite:" names no file: give sqlite:PATH`)
	case isFile:
		return nil
	case isPostgres(name):
		return checkPostgres(name)
	}
	return fmt.Errorf("the store %q is of no known kind: give sqlite:PATH or postgres://USER@HOST/DATABASE", beforePassword(name))
}

// Open opens the store with that name, "sqlite:PATH" or "postgres://…", makes
// its tables where they are missing and brings old ones up to date.
func Open(ctx context.Context, name string) (*Store, error) {
	if err := Check(name); err != nil {
		return nil, err
	}
	open := openSQLite
	if isPostgres(name) {
		open = openPostgres
	}
	s, err := open(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(s.explain("open", err), s.Close())
	}
	return s, nil
}

// Name is the store's, without a password.
func (s *Store) Name() string { return s.name }

// Close closes the database.
func (s *Store) Close() error { return errors.Join(s.db.Close(), s.dialect.close()) }

// explain names the store and what was tried. It leaves alone what is not the
// store's fault.
func (s *Store) explain(tried string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%s the store %s: %w", tried, s.name, s.dialect.explain(err))
}

// beginner is a connection, or a pool of them.
type beginner interface {
	BeginTx(context.Context, *sql.TxOptions) (*sql.Tx, error)
}

// transaction runs do and commits what it did, or nothing.
func transaction(ctx context.Context, on beginner, do func(*sql.Tx) error) error {
	tx, err := on.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		// The first error says why; that of a roll-back says nothing more.
		_ = tx.Rollback()
		return err
	}
	return tx.Commit()
}

// Scrub erases what deleted records left behind. SQLite overwrites deleted rows
// at once, but its write-ahead log still holds them until Scrub empties it. In
// PostgreSQL it removes the dead rows; their bytes, which are still encrypted,
// can stay in free space and in PostgreSQL's own log until those are used again.
func (s *Store) Scrub(ctx context.Context) error {
	return s.explain("scrub", s.dialect.scrub(ctx, s.db))
}

// Raw hands over every byte that the store holds, part by part: the files of
// SQLite, or every column of PostgreSQL's tables.
func (s *Store) Raw(ctx context.Context, part func(name string, bytes io.Reader) error) error {
	return s.explain("read the raw bytes of", s.dialect.raw(ctx, s.db, part))
}

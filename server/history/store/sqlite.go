package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteOptions hold for every connection. secure_delete overwrites what is deleted
// with zeros. synchronous=normal loses the last entries when the machine loses power,
// never the file, and none when the process is killed; a delete is synced by the checkpoint
// that follows it.
const sqliteOptions = "?_pragma=busy_timeout(5000)&_pragma=secure_delete(on)" +
	"&_pragma=synchronous(normal)&_pragma=temp_store(memory)&_txlock=immediate"

// maxSQLiteConnections is for readers: there is one writer at a time.
const maxSQLiteConnections = 4

// errBusy says that another process kept a checkpoint from ending.
var errBusy = errors.New("another process is reading it, so what was deleted is still in its write-ahead log; it is tried again")

type sqliteDialect struct {
	path string
	file *os.File // that path named when it was opened

	mu   sync.Mutex
	read []*os.File // by touch and raw, which leave them open
}

func openSQLite(ctx context.Context, name string) (*Store, error) {
	path := strings.TrimPrefix(name, "sqlite:")
	file, err := createPrivate(path)
	dialect := &sqliteDialect{path: path, file: file, read: []*os.File{file}}
	s := &Store{name: "sqlite:" + path, dialect: dialect}
	if err != nil {
		return nil, fmt.Errorf("open the store %s: %w: give the calculator's user a folder that it may write to", s.name, err)
	}
	s.db, err = sql.Open("sqlite", "file:"+(&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()+sqliteOptions)
	if err != nil {
		return nil, errors.Join(s.explain("open", err), dialect.close())
	}
	s.db.SetMaxOpenConns(maxSQLiteConnections)
	if err := logAhead(ctx, s.db); err != nil {
		return nil, errors.Join(s.explain("open", err), s.Close())
	}
	return s, nil
}

// logAhead turns write-ahead logging on, which lets several processes share the file and
// stays on in it. Two that turn it on at once would each wait for the other: SQLite then
// waits for neither and says that the file is busy.
func logAhead(ctx context.Context, db *sql.DB) error {
	return whileBusy(ctx, func() (bool, error) {
		_, err := db.ExecContext(ctx, `PRAGMA journal_mode(wal)`)
		failed, ok := errors.AsType[*sqlite.Error](err)
		return ok && failed.Code()&0xff == sqlite3.SQLITE_BUSY, err
	})
}

// createPrivate makes the file, and its folder, for this user alone. SQLite
// gives the files that it adds the permissions of this one.
func createPrivate(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
}

// Errors of touch.
var (
	errMoved = errors.New("the file was removed, moved or replaced while it was in use, and what is written now would be lost: " +
		"put it back, or stop the calculator, remove what is left beside it (-wal, -shm), and start it again")
	errOverwritten = errors.New("the file was overwritten while it was in use: stop the calculator and restore the file from a backup, " +
		"without what is left beside it (-wal, -shm)")
)

// magic is how an SQLite file begins.
const magic = "SQLite format 3\x00"

// touch finds the file under its name, still an SQLite database. SQLite itself goes on with
// a file that has no name any more, and with what it remembers of one that was overwritten.
func (d *sqliteDialect) touch() error {
	opened, err := d.file.Stat()
	if err != nil {
		return err
	}
	named, err := os.Stat(d.path)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && !os.SameFile(opened, named):
		return errMoved
	case err != nil:
		return err
	}
	begins := make([]byte, len(magic))
	if _, err := d.file.ReadAt(begins, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if string(begins) != magic {
		return errOverwritten
	}
	return nil
}

// uncached gives up a connection's pages.
func (*sqliteDialect) uncached() string { return `PRAGMA shrink_memory` }

func (*sqliteDialect) renew() {}

// lock does nothing: every transaction begins IMMEDIATE, which is a lock.
func (*sqliteDialect) lock(context.Context, *sql.Tx) error { return nil }

func (*sqliteDialect) migrations() []string {
	return []string{`
		CREATE TABLE history_keyset (
			id       INTEGER PRIMARY KEY CHECK (id = 1),
			store    TEXT NOT NULL,
			revision INTEGER NOT NULL,
			kek      TEXT NOT NULL,
			data     BLOB NOT NULL,
			lookup   BLOB NOT NULL
		);
		CREATE TABLE history_record (
			owner  BLOB NOT NULL,
			id     BLOB NOT NULL,
			sealed BLOB NOT NULL
		);
		CREATE UNIQUE INDEX history_record_of_owner ON history_record (owner, id);
		CREATE INDEX history_record_by_time ON history_record (id);`}
}

// patience is how long to try while others hold the file or its log; tryAgain is how
// soon to try again.
const (
	patience = 2 * time.Second
	tryAgain = 20 * time.Millisecond
)

// whileBusy tries until the file is not busy, or patience has passed, and returns the last
// try's error.
func whileBusy(ctx context.Context, try func() (busy bool, err error)) error {
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	again := time.NewTicker(tryAgain)
	defer again.Stop()
	for {
		busy, err := try()
		if !busy {
			return err
		}
		select {
		case <-waiting.Done():
			return err
		case <-again.C:
		}
	}
}

// scrub copies the write-ahead log into the file and truncates it. SQLite waits
// for readers, but not for another checkpoint, which every writer makes now and
// then: those end soon, so scrub tries again.
func (*sqliteDialect) scrub(ctx context.Context, db *sql.DB) error {
	return whileBusy(ctx, func() (bool, error) {
		var busy, log, copied int
		if err := db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &log, &copied); err != nil {
			return false, err
		}
		if busy != 0 {
			return true, errBusy
		}
		return false, nil
	})
}

// raw reads the file and those next to it, as a thief would. Meanwhile a transaction keeps
// the log from being emptied into the file, which would then be in neither.
func (d *sqliteDialect) raw(ctx context.Context, db *sql.DB, part func(string, io.Reader) error) error {
	reader, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer reader.Close()
	if _, err := reader.ExecContext(ctx, `BEGIN`); err != nil { // no lock yet, as the pool's would take
		return err
	}
	defer reader.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`)
	var tables int
	if err := reader.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Scan(&tables); err != nil {
		return err
	}
	for _, path := range []string{d.path, d.path + "-wal", d.path + "-shm", d.path + "-journal"} {
		err := d.rawFile(path, part)
		if err != nil && (path == d.path || !errors.Is(err, fs.ErrNotExist)) {
			return err
		}
	}
	return nil
}

// rawFile leaves the file open: to close it would give up the locks that SQLite holds on it
// in this process. Source: SQLite, "How To Corrupt An SQLite Database File", 2.2.
func (d *sqliteDialect) rawFile(path string, part func(string, io.Reader) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.read = append(d.read, f)
	d.mu.Unlock()
	return part(path, f)
}

// close closes what was opened beside SQLite, once SQLite has closed the database.
func (d *sqliteDialect) close() error {
	var errs []error
	for _, f := range d.read {
		errs = append(errs, f.Close())
	}
	d.read = nil
	return errors.Join(errs...)
}

func (d *sqliteDialect) explain(err error) error {
	failed, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	switch failed.Code() & 0xff {
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return fmt.Errorf("%w: the file or its folder is not writable for the calculator's user: change its owner or permissions", err)
	case sqlite3.SQLITE_CANTOPEN:
		return fmt.Errorf("%w: the file cannot be opened: check that its folder is there and writable for the calculator's user", err)
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return fmt.Errorf("%w: the file is damaged, or no SQLite database: restore it from a backup, or move it away to start afresh", err)
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("%w: its disk is full: free some space", err)
	case sqlite3.SQLITE_IOERR:
		return fmt.Errorf("%w: its disk fails, or was made read-only: check the file system", err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("%w: another process has held it for too long", err)
	}
	return err
}

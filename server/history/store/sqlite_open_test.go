package store

import (
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestCalculatorsThatStartAtOnceAllOpenTheFile: each of them may be the one that makes it.
func TestCalculatorsThatStartAtOnceAllOpenTheFile(t *testing.T) {
	t.Parallel()
	for range 4 {
		name := "sqlite:" + filepath.Join(t.TempDir(), "history.db")
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				s, err := Open(t.Context(), name)
				if err != nil {
					t.Error(err)
					return
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
}

// TestNothingIsMissedWhileTheLogIsEmptied: a log that is copied into the file, and emptied, after
// the file was read and before the log is.
func TestNothingIsMissedWhileTheLogIsEmptied(t *testing.T) {
	t.Parallel()
	name := "sqlite:" + filepath.Join(t.TempDir(), "history.db")
	s, another := opened(t, name), opened(t, name)
	record := Record{Owner: make([]byte, 32), ID: make([]byte, 16), Sealed: []byte("a record in the log alone")}
	if _, err := s.Insert(t.Context(), []Record{record}, 10); err != nil {
		t.Fatal(err)
	}
	found := false
	err := s.Raw(t.Context(), func(part string, r io.Reader) error {
		text, err := io.ReadAll(r)
		found = found || bytes.Contains(text, record.Sealed)
		if !strings.HasSuffix(part, ".db") {
			return err
		}
		if found {
			t.Error("the record is in the file already")
		}
		_, err = another.db.ExecContext(t.Context(), `PRAGMA busy_timeout(1)`)
		if err == nil {
			_, err = another.db.ExecContext(t.Context(), `PRAGMA wal_checkpoint(TRUNCATE)`)
		}
		return err
	})
	if err != nil || !found {
		t.Errorf("Raw() = %v, the record found: %t; want it found", err, found)
	}
}

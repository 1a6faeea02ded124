package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"secondwind/server/history/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }

func opened(t *testing.T, name string) *Store {
	t.Helper()
	s, err := Open(t.Context(), name)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func onEveryStore(t *testing.T, test func(*testing.T, string)) {
	t.Run("SQLite", func(t *testing.T) { test(t, "sqlite:"+filepath.Join(t.TempDir(), "history.db")) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, storetest.Postgres(t)) })
}

func rawBytes(t interface {
	Fatal(...any)
}, s *Store) []byte {
	var all []byte
	err := s.Raw(context.Background(), func(_ string, r io.Reader) error {
		part, err := io.ReadAll(r)
		all = append(all, part...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// random are n bytes that are nowhere else.
func random(r *rand.ChaCha8, n int) []byte {
	b := make([]byte, n)
	_, _ = r.Read(b)
	return b
}

func TestDeletedRecordsLeaveNoBytes(t *testing.T) {
	onEveryStore(t, func(t *testing.T, name string) {
		s := opened(t, name)
		rapid.Check(t, func(t *rapid.T) {
			r := rand.NewChaCha8([32]byte(random(rand.NewChaCha8([32]byte{byte(rapid.Byte().Draw(t, "seed"))}), 32)))
			var kept, gone []Record
			ctx := context.Background()
			for i := range rapid.IntRange(2, 30).Draw(t, "steps") {
				if len(kept) > 0 && rapid.Bool().Draw(t, "delete") {
					at := rapid.IntRange(0, len(kept)-1).Draw(t, "which")
					if n, err := s.Delete(ctx, kept[at].Owner, kept[at].ID); err != nil || n != 1 {
						t.Fatalf("Delete = %d, %v, want 1", n, err)
					}
					gone = append(gone, kept[at])
					kept = append(kept[:at], kept[at+1:]...)
					continue
				}
				id := binary.BigEndian.AppendUint64(nil, uint64(i))
				record := Record{random(r, 32), append(id, random(r, 8)...),
					random(r, rapid.SampledFrom([]int{256, 1100, 3900, 4100, 20_000}).Draw(t, "size"))}
				if _, err := s.Insert(ctx, []Record{record}, 1000); err != nil {
					t.Fatalf("Insert: %v", err)
				}
				kept = append(kept, record)
			}
			if err := s.Scrub(ctx); err != nil {
				t.Fatalf("Scrub: %v", err)
			}
			raw := rawBytes(t, s)
			for _, record := range kept {
				if !bytes.Contains(raw, record.Sealed[:16]) {
					t.Fatal("a record that was kept is not in the raw bytes, so these are not all")
				}
				if _, err := s.Delete(ctx, record.Owner, record.ID); err != nil {
					t.Fatal(err)
				}
			}
			for _, record := range gone {
				whole := append(append(record.Owner, record.ID...), record.Sealed...)
				for at := 0; at+16 <= len(whole); at += 16 {
					if bytes.Contains(raw, whole[at:at+16]) {
						t.Fatalf("bytes %d to %d of a deleted record of %d are still there", at, at+16, len(whole))
					}
				}
			}
		})
	})
}

func TestManyMayMigrateAtOnce(t *testing.T) {
	onEveryStore(t, func(t *testing.T, name string) {
		var group sync.WaitGroup
		for range 6 {
			group.Go(func() {
				s, err := Open(t.Context(), name)
				if err != nil {
					t.Errorf("Open: %v", err)
					return
				}
				s.Close()
			})
		}
		group.Wait()
		s := opened(t, name)
		var versions int
		if err := s.db.QueryRow(`SELECT count(*) FROM history_migration`).Scan(&versions); err != nil || versions != len(s.dialect.migrations()) {
			t.Errorf("%d migrations are noted, %v, want %d", versions, err, len(s.dialect.migrations()))
		}
	})
}

func TestTablesOfANewerCalculatorAreLeftAlone(t *testing.T) {
	onEveryStore(t, func(t *testing.T, name string) {
		s := opened(t, name)
		if _, err := s.db.Exec(`INSERT INTO history_migration (version) VALUES (99)`); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), name); err == nil || !strings.Contains(err.Error(), "use the newer calculator") {
			t.Errorf("Open = %v, want that a newer calculator is needed", err)
		}
	})
}

func TestAMigrationThatFailsChangesNothing(t *testing.T) {
	onEveryStore(t, func(t *testing.T, name string) {
		s := opened(t, name)
		s.dialect = failing{s.dialect}
		if err := s.migrate(t.Context()); err == nil {
			t.Fatal("migrate = nil, want the error of the step")
		}
		if _, err := s.db.Exec(`SELECT * FROM half`); err == nil {
			t.Error("the table of the failed step is there")
		}
		var version int
		if err := s.db.QueryRow(`SELECT max(version) FROM history_migration`).Scan(&version); err != nil || version != 1 {
			t.Errorf("the version is %d, %v, want 1", version, err)
		}
	})
}

// failing is a dialect with a migration that fails half-way.
type failing struct{ dialect }

func (f failing) migrations() []string {
	return append(f.dialect.migrations(), `CREATE TABLE half (id INTEGER); INSERT INTO nowhere VALUES (1)`)
}

func TestKeysetsAreReplacedOneRevisionAtATime(t *testing.T) {
	onEveryStore(t, func(t *testing.T, name string) {
		s := opened(t, name)
		if k, err := s.Keyset(t.Context()); err != nil || k.Revision != 0 {
			t.Fatalf("Keyset of a new store = %+v, %v, want none", k, err)
		}
		first := Keyset{Store: "a", KEK: "k", Data: []byte("1"), Lookup: []byte("l")}
		for _, k := range []Keyset{first, {Store: "b", KEK: "k", Data: []byte("x"), Lookup: []byte("y")}} {
			if err := s.CreateKeyset(t.Context(), k); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.Keyset(t.Context())
		if err != nil || got.Store != "a" || got.Revision != 1 {
			t.Fatalf("Keyset = %+v, %v, want the first one with revision 1", got, err)
		}
		got.Data = []byte("2")
		for _, want := range []bool{true, false} {
			if replaced, err := s.ReplaceKeyset(t.Context(), got); err != nil || replaced != want {
				t.Errorf("ReplaceKeyset of revision 1 = %v, %v, want %v", replaced, err, want)
			}
		}
		if name, revision, err := s.Probe(t.Context(), 1000); err != nil || name != got.Store || revision != 2 {
			t.Errorf("Probe = %q, %d, %v, want %q and 2", name, revision, err, got.Store)
		}
	})
}

func TestPostgreSQLIsReachedOverTLS(t *testing.T) {
	s := opened(t, storetest.Postgres(t))
	var version string
	err := s.db.QueryRow(`SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl`).Scan(&version)
	if err != nil || !strings.HasPrefix(version, "TLSv1.") {
		t.Errorf("the connection's TLS = %q, %v, want a version", version, err)
	}
}

func TestStoresThatCanNotBeOpenedSayWhatToDo(t *testing.T) {
	damaged := filepath.Join(t.TempDir(), "history.db")
	if err := os.WriteFile(damaged, bytes.Repeat([]byte("no database "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, store, says string }{
		{"a damaged file", "sqlite:" + damaged, "move it away to start afresh"},
		{"a folder", "sqlite:" + t.TempDir(), "is a directory"},
		{"a folder that cannot be made", "sqlite:/dev/null/history.db", "a folder that it may write to"},
		{"a server that is not there", "postgres://calculator:hunter2@127.0.0.1:1/history?sslmode=disable", "check that the server runs"},
	} {
		t.Run(tt.name, func(t *testing.T) { refused(t, tt.store, tt.says) })
	}
	t.Run("another password", func(t *testing.T) {
		u := storetest.Postgres(t)
		refused(t, strings.Replace(u, "@", "hunter2@", 1), "check the user and password")
	})
	t.Run("a database that is not there", func(t *testing.T) {
		refused(t, strings.Replace(storetest.Postgres(t), "/test_", "/hunter2", 1), "create the database first")
	})
	t.Run("an authority that did not sign", func(t *testing.T) {
		name, _, _ := strings.Cut(storetest.Postgres(t), "&sslrootcert")
		refused(t, name, "sslrootcert names its authority")
	})
	t.Run("a user who may not write", func(t *testing.T) {
		name := storetest.Postgres(t)
		refused(t, name+"&default_transaction_read_only=on", "may not do this")
	})
}

func refused(t *testing.T, name, says string) {
	t.Helper()
	s, err := Open(t.Context(), name)
	if err == nil {
		s.Close()
	}
	if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter2@") {
		t.Errorf("Open = %v, want %q and no password", err, says)
	}
}

func TestACorruptPageIsAClearError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	s := opened(t, "sqlite:"+path)
	if _, err := s.Insert(t.Context(), []Record{{make([]byte, 32), make([]byte, 16), make([]byte, 500)}}, 10); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copy(text[4096:], bytes.Repeat([]byte{0xee}, len(text)-4096)) // all but the schema
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), "sqlite:"+path)
	if err == nil || !strings.Contains(err.Error(), "the file is damaged") {
		t.Errorf("Open = %v, want that the file is damaged", err)
	}
}

func TestAReaderDelaysTheScrubAndNothingElse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	s := opened(t, "sqlite:"+path)
	record := Record{make([]byte, 32), make([]byte, 16), bytes.Repeat([]byte("deleted record "), 20)}
	if _, err := s.Insert(t.Context(), []Record{record}, 10); err != nil {
		t.Fatal(err)
	}
	reader, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	rows, err := reader.Query(`SELECT sealed FROM history_record`)
	if err != nil || !rows.Next() {
		t.Fatalf("read: %v", err)
	}
	if _, err := s.Delete(t.Context(), record.Owner, record.ID); err != nil {
		t.Errorf("Delete during a read: %v", err)
	}
	if _, err := s.db.Exec(`PRAGMA busy_timeout(1)`); err != nil {
		t.Fatal(err)
	}
	if err := s.Scrub(t.Context()); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("Scrub during a read = %v, want that another process reads", err)
	}
	rows.Close()
	if err := s.Scrub(t.Context()); err != nil || bytes.Contains(rawBytes(t, s), []byte("deleted record")) {
		t.Errorf("Scrub after the reader = %v, want nil and the record gone", err)
	}
}

package audit

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"secondwind/server/history"
	"secondwind/server/history/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }

const (
	user    = "8a1f0c2b8a1f0c2b8a1f0c2b8a1f0c2b"
	operand = "31415926535897932384626433"
	result  = "the-result-of-a-calculation"
)

// kept is a store with a few entries of a user's, of which some were deleted.
func kept(t *testing.T, cfg history.Config) *history.History {
	t.Helper()
	h, err := history.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	awaitReady(t, h)
	for i := range 30 {
		added := &history.Addition{User: user, Entry: history.Entry{Operation: "*", Result: result,
			Operands: []string{operand, fmt.Sprint(i), strings.Repeat("5", 400*i)}}}
		if err := h.Add(t.Context(), added); err != nil {
			t.Fatal(err)
		}
		if i%3 == 0 {
			if err := h.Delete(t.Context(), user, added.Entry.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	return h
}

func awaitReady(t *testing.T, h *history.History) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for h.Ready(ctx) != nil {
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("never ready: %v", h.Ready(t.Context()))
		}
	}
}

func sqliteConfig(t *testing.T) history.Config {
	return history.Config{Store: "sqlite:" + filepath.Join(t.TempDir(), "history.db"), Log: slog.New(slog.DiscardHandler)}
}

// onEveryStore runs a test with a store of each kind, and a way to change it
// behind the calculator's back.
func onEveryStore(t *testing.T, test func(t *testing.T, cfg history.Config, db *sql.DB)) {
	open := func(t *testing.T, driver, name string) *sql.DB {
		db, err := sql.Open(driver, name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		return db
	}
	t.Run("SQLite", func(t *testing.T) {
		cfg := sqliteConfig(t)
		test(t, cfg, open(t, "sqlite", "file:"+strings.TrimPrefix(cfg.Store, "sqlite:")+"?_pragma=busy_timeout(5000)"))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		cfg := history.Config{Store: storetest.Postgres(t), Key: "file:" + filepath.Join(t.TempDir(), "key"), Log: slog.New(slog.DiscardHandler)}
		test(t, cfg, open(t, "pgx", cfg.Store))
	})
}

func run(t *testing.T, cfg history.Config, o Options) Report {
	t.Helper()
	report, err := Run(t.Context(), cfg, o)
	if err != nil {
		t.Fatalf("Run: %v", err)
	}
	return report
}

// failed are the names of the checks that did not pass.
func failed(r Report) (names []string) {
	for _, c := range r.Checks {
		if !c.Passed {
			names = append(names, c.Name)
		}
	}
	return names
}

func TestAStolenStoreTellsNothing(t *testing.T) {
	onEveryStore(t, func(t *testing.T, cfg history.Config, _ *sql.DB) {
		h := kept(t, cfg)
		if _, err := history.Rotate(t.Context(), cfg, ""); err != nil {
			t.Fatal(err)
		}
		if err := h.Add(t.Context(), &history.Addition{User: user, Entry: history.Entry{Expression: operand, Result: result}}); err != nil {
			t.Fatal(err)
		}
		report := run(t, cfg, Options{Known: []string{user, operand, result}})
		var text bytes.Buffer
		if err := report.Write(&text); err != nil {
			t.Fatal(err)
		}
		if !report.Passed || len(report.Checks) != 9 || report.Records != 23 || report.DataKeys != 2 {
			t.Errorf("the audit has %d checks, %d records, %d keys, passed %v, want 9, 23 (two of its own), 2 and passed:\n%s", len(report.Checks),
				report.Records, report.DataKeys, report.Passed, &text)
		}
		if again := run(t, cfg, Options{ReadOnly: true}); again.Records != 21 || !again.Passed {
			t.Errorf("after the audit there are %d records, passed %v, want the user's 21", again.Records, again.Passed)
		}
		for _, secret := range []string{user, operand, result, "password"} {
			if strings.Contains(text.String(), secret) {
				t.Errorf("the report shows %q:\n%s", secret, &text)
			}
		}
	})
}

// TestTheAuditSeesWhatIsWrong breaks a store in one way at a time. What is changed stays new:
// the history removes what is old, at any time.
func TestTheAuditSeesWhatIsWrong(t *testing.T) {
	const one = `(SELECT id FROM history_record ORDER BY id DESC LIMIT 1)`
	for _, tt := range []struct {
		name     string
		sqlite   string
		postgres string
		says     string // in the failed checks
	}{
		{"a plaintext column", `ALTER TABLE history_record ADD COLUMN note TEXT DEFAULT '` + operand + `'`, ``, "no known plaintext"},
		{"a plaintext record", `INSERT INTO history_record VALUES (zeroblob(32), ` + one + `, CAST('{"result":"` + result + `"}' AS BLOB))`,
			`INSERT INTO history_record VALUES ('\x00', ` + one + `, convert_to('{"result":"` + result + `"}', 'UTF8'))`,
			"no known plaintext,every record decrypts"},
		{"a user in clear", `UPDATE history_keyset SET kek = '` + user + `'`, ``, "no known plaintext"},
		{"a record of another user's", `UPDATE history_record SET owner = zeroblob(32) WHERE id = ` + one,
			`UPDATE history_record SET owner = '\x00' WHERE id = ` + one, "every record decrypts"},
		{"a record in another row", `UPDATE history_record SET id = CAST(substr(id, 1, 12) || zeroblob(4) AS BLOB) WHERE id = ` + one,
			`UPDATE history_record SET id = set_byte(id, 15, get_byte(id, 15) # 1) WHERE id = ` + one, "every record decrypts"},
		{"a changed record", `UPDATE history_record SET sealed = CAST(substr(sealed, 1, length(sealed) - 1) ||
			CASE substr(sealed, -1) WHEN x'00' THEN x'01' ELSE x'00' END AS BLOB) WHERE id = ` + one,
			`UPDATE history_record SET sealed = set_byte(sealed, length(sealed) - 1, get_byte(sealed, length(sealed) - 1) # 1) WHERE id = ` + one,
			"every record decrypts"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onEveryStore(t, func(t *testing.T, cfg history.Config, db *sql.DB) {
				kept(t, cfg)
				statement := tt.sqlite
				if tt.postgres != "" && strings.HasPrefix(cfg.Store, "postgres") {
					statement = tt.postgres
				}
				if _, err := db.ExecContext(t.Context(), statement); err != nil {
					t.Fatal(err)
				}
				report := run(t, cfg, Options{Known: []string{user, operand, result}})
				got := strings.Join(failed(report), ",")
				for _, says := range strings.Split(tt.says, ",") {
					if report.Passed || !strings.Contains(got, says) {
						t.Errorf("failed checks = %q, want %q", got, says)
					}
				}
			})
		})
	}
}

func TestAKeyInTheStoreIsFound(t *testing.T) {
	onEveryStore(t, func(t *testing.T, cfg history.Config, db *sql.DB) {
		kept(t, cfg)
		u, err := history.Unlock(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer u.Close()
		secrets, err := u.Keys.Secrets()
		if err != nil {
			t.Fatal(err)
		}
		for i, form := range []string{fmt.Sprintf("%x", secrets[0]), fmt.Sprintf("%X", secrets[1])} {
			if _, err := db.ExecContext(t.Context(), `UPDATE history_keyset SET kek = $1`, form); err != nil {
				t.Fatal(err)
			}
			if got := failed(run(t, cfg, Options{})); len(got) != 1 || got[0] != "no key is in the raw bytes" {
				t.Errorf("with key %d in clear the failed checks are %q, want the one of keys", i, got)
			}
		}
	})
}

func TestDeletedBytesThatStayAreFound(t *testing.T) {
	cfg := sqliteConfig(t)
	kept(t, cfg)
	u, err := history.Unlock(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	marks, err := newMarks(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	if err := u.Store.Scrub(t.Context()); err != nil { // out of the log, into the file
		t.Fatal(err)
	}
	path := strings.TrimPrefix(cfg.Store, "sqlite:")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+"-journal", text, 0o600); err != nil { // a copy that somebody left
		t.Fatal(err)
	}
	report := Report{Passed: true}
	if err := forget(t.Context(), u, marks, &report); err != nil {
		t.Fatal(err)
	}
	if report.Passed {
		t.Errorf("a copy of the deleted records next to the store was not found: %+v", report)
	}
}

func TestWhatCanNotBeAuditedIsAnError(t *testing.T) {
	missing := sqliteConfig(t)
	locked := sqliteConfig(t)
	kept(t, locked)
	locked.Key = "file:" + filepath.Join(t.TempDir(), "other")
	for _, tt := range []struct {
		name string
		cfg  history.Config
		o    Options
		says string
	}{
		{"a store that is not there", missing, Options{}, "there is no store"},
		{"a key that is not there", locked, Options{}, "is missing"},
		{"a known text that is too short", locked, Options{Known: []string{"12345"}}, "has 5 bytes"},
		{"no store at all", history.Config{Store: history.Off}, Options{}, "is off"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Run(t.Context(), tt.cfg, tt.o)
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Run = %v, want %q", err, tt.says)
			}
		})
	}
	if _, err := os.Stat(strings.TrimPrefix(missing.Store, "sqlite:")); err == nil {
		t.Error("the audit made a store")
	}
}

func TestTheReportIsForMachinesToo(t *testing.T) {
	cfg := sqliteConfig(t)
	kept(t, cfg)
	text, err := json.Marshal(run(t, cfg, Options{}))
	if err != nil {
		t.Fatal(err)
	}
	var got Report
	if err := json.Unmarshal(text, &got); err != nil || got.Version != Version || !got.Passed || len(got.Parts) < 2 {
		t.Errorf("the report as JSON = %s, %v, want it whole", text, err)
	}
}

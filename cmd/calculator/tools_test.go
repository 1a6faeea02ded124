package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"secondwind/cmd/internal/awsconfig"
	"secondwind/server/history"
	"secondwind/server/history/audit"
)

const cookie = "8a1f0c2b8a1f0c2b8a1f0c2b8a1f0c2b"

// keptHistory points the environment at a new store that a calculator has
// opened, with one entry, and returns its History and the store's path.
func keptHistory(t *testing.T) (*history.History, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "history.db")
	t.Setenv("CALCULATOR_HISTORY", "sqlite:"+path)
	cfg, err := historyConfig(os.LookupEnv, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	h, stop, err := keepHistory(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
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
	entry := history.Entry{Expression: "2^100", Result: "1267650600228229401496703205376"}
	if err := h.Add(t.Context(), &history.Addition{User: cookie, Entry: entry}); err != nil {
		t.Fatal(err)
	}
	return h, path
}

// tried runs the program with arguments.
func tried(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, log bytes.Buffer
	code = run(t.Context(), args, &out, &log)
	return code, out.String(), log.String()
}

func TestAuditPassesBesideARunningCalculator(t *testing.T) {
	keptHistory(t)
	known := filepath.Join(t.TempDir(), "known")
	if err := os.WriteFile(known, []byte("1267650600228229401496703205376\r\n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := tried(t, "audit", "--known", cookie, "--known-file", known)
	if code != exitDone || !strings.Contains(stdout, "PASSED") || !strings.Contains(stdout, "2 known texts") ||
		strings.Contains(stdout, cookie) {
		t.Errorf("audit = %d, want it passed with two known texts, not shown:\n%s%s", code, stdout, stderr)
	}
	code, stdout, stderr = tried(t, "audit", "--json", "--read-only")
	var report audit.Report
	if err := json.Unmarshal([]byte(stdout), &report); code != exitDone || err != nil || !report.Passed || report.Records != 1 {
		t.Errorf("audit --json = %d, %v, want it passed with one record:\n%s%s", code, err, stdout, stderr)
	}
}

func TestAuditFailsWhereAKnownTextStands(t *testing.T) {
	_, path := keptHistory(t)
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `CREATE TABLE log (line TEXT); INSERT INTO log VALUES ('GET / `+cookie+`')`); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := tried(t, "audit", "--known", cookie)
	if code != exitFailed || !strings.Contains(stdout, "FAIL     no known plaintext") ||
		!strings.Contains(stdout, "known text 1 is found as it is at byte ") {
		t.Errorf("audit = %d, want 1 and where the text stands:\n%s%s", code, stdout, stderr)
	}
}

func TestRotatingDisturbsNoRunningCalculator(t *testing.T) {
	h, path := keptHistory(t)
	code, stdout, stderr := tried(t, "rotate-key")
	if code != exitDone || !strings.Contains(stdout, "one of 2, wrapped under file:history.db.key") {
		t.Errorf("rotate-key = %d, want two data keys under the key file:\n%s%s", code, stdout, stderr)
	}
	code, stdout, stderr = tried(t, "rotate-key", "--json", "--new-key", "file:"+filepath.Join(filepath.Dir(path), "other.key"))
	var rotation history.Rotation
	if err := json.Unmarshal([]byte(stdout), &rotation); code != exitDone || err != nil || rotation.DataKeys != 3 ||
		!strings.Contains(rotation.KEK, "other.key") {
		t.Errorf("rotate-key --json = %d, %v, want three data keys under the new key file:\n%s%s", code, err, stdout, stderr)
	}
	if entries, err := h.List(t.Context(), cookie, history.Query{}); err != nil || len(entries) != 1 {
		t.Errorf("List during the rotations = %v, %v, want the one entry", entries, err)
	}
	t.Setenv("CALCULATOR_KEY", "file:"+filepath.Join(filepath.Dir(path), "other.key"))
	if code, stdout, stderr = tried(t, "audit"); code != exitDone {
		t.Errorf("audit under the new key = %d:\n%s%s", code, stdout, stderr)
	}
}

// TestKMSIsReachedWithTheCommandsOwnConfiguration has a history that is to go
// under a key of KMS in an environment without a Region, and without the profile
// that it names: both are reported as by any command, with what to do.
func TestKMSIsReachedWithTheCommandsOwnConfiguration(t *testing.T) {
	keptHistory(t)
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	const want = "the key aws-kms:alias/history: "
	code, _, stderr := tried(t, "rotate-key", "--new-key", "aws-kms:alias/history")
	if code != exitFailed || !strings.Contains(stderr, want+awsconfig.ErrNoRegion.Error()) {
		t.Errorf("rotate-key without a Region = %d, want the key and the variable named:\n%s", code, stderr)
	}
	t.Setenv("AWS_PROFILE", "nobody")
	code, _, stderr = tried(t, "rotate-key", "--new-key", "aws-kms:alias/history")
	if code != exitFailed || !strings.Contains(stderr, want+"load the AWS configuration") || !strings.Contains(stderr, "correct AWS_PROFILE") {
		t.Errorf("rotate-key under a profile that is not there = %d, want what to correct:\n%s", code, stderr)
	}
}

func TestToolsRefuseMisuse(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.db")
	for _, tt := range []struct {
		name  string
		store string
		args  []string
		code  int
		says  string
	}{
		{"an unknown flag", "", []string{"audit", "--nown"}, exitMisuse, "flag provided but not defined: -nown: see calculator audit --help"},
		{"an argument", "", []string{"audit", "secret"}, exitMisuse, "unexpected argument"},
		{"a known text that is too short", "", []string{"audit", "--known", "42"}, exitMisuse, "has 2 bytes"},
		{"a file that is not there", "", []string{"audit", "--known-file", missing}, exitMisuse, "no such file"},
		{"no history", "off", []string{"audit"}, exitFailed, "the history is off"},
		{"a store that is not there", "sqlite:" + missing, []string{"audit"}, exitFailed, "there is no store"},
		{"a store that is not there to rotate", "sqlite:" + missing, []string{"rotate-key"}, exitFailed, "there is no store"},
		{"a store of no kind", "mysql://x", []string{"rotate-key"}, exitMisuse, "of no known kind"},
		{"an argument of rotate-key", "", []string{"rotate-key", "now"}, exitMisuse, "unexpected argument"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.store != "" {
				t.Setenv("CALCULATOR_HISTORY", tt.store)
			}
			code, stdout, stderr := tried(t, tt.args...)
			if code != tt.code || stdout != "" || !strings.Contains(stderr, tt.says) || strings.Contains(stderr, "secret") {
				t.Errorf("run(%q) = %d, %q, want %d and %q", tt.args, code, stderr, tt.code, tt.says)
			}
		})
	}
	for _, name := range []string{"audit", "rotate-key"} {
		if code, _, stderr := tried(t, name, "--help"); code != exitDone || !strings.Contains(stderr, "CALCULATOR_KEY") {
			t.Errorf("%s --help = %d, %q, want 0 and the environment", name, code, stderr)
		}
	}
}

func TestHistorySettingsReportEverythingThatIsWrong(t *testing.T) {
	wrong := map[string]string{
		"CALCULATOR_HISTORY": "mysql://x", "CALCULATOR_KEY": "secret", "CALCULATOR_HISTORY_MAX_ENTRIES": "0",
		"CALCULATOR_HISTORY_MAX_TOTAL": "-1", "CALCULATOR_HISTORY_MAX_BYTES": "16k", "CALCULATOR_HISTORY_RETENTION": "90 days",
	}
	_, err := historyConfig(func(name string) (string, bool) { v, ok := wrong[name]; return v, ok }, nil)
	for name := range wrong {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("historyConfig = %v, want %s named", err, name)
		}
	}
}

func TestAServerWithAWrongHistoryDoesNotStart(t *testing.T) {
	t.Setenv("CALCULATOR_HISTORY", "postgres://calculator:secret@localhost/x")
	code, _, stderr := tried(t, "--address", "127.0.0.1:0")
	if code != exitMisuse || !strings.Contains(stderr, "needs a key") || strings.Contains(stderr, "secret") {
		t.Errorf("run = %d, %q, want misuse: a PostgreSQL store needs a key", code, stderr)
	}
}

func TestAStoreThatCanNotBeMadeStopsNoCalculator(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no /dev/null to stand in for a folder")
	}
	t.Setenv("CALCULATOR_HISTORY", "sqlite:/dev/null/history.db")
	log := make(lineWriter, 100)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"--address", "127.0.0.1:0"}, &bytes.Buffer{}, log)
		close(log)
	}()
	seen := map[string]bool{}
	for line := range log {
		seen["listening"] = seen["listening"] || strings.Contains(line, `"listening"`)
		seen["unavailable"] = seen["unavailable"] ||
			strings.Contains(line, "history is not available") && strings.Contains(line, "a folder that it may write to")
		if seen["listening"] && seen["unavailable"] {
			stop()
		}
	}
	if code := <-ended; code != exitDone {
		t.Errorf("run = %d, want 0: it served without a history", code)
	}
	stop()
}

// lineWriter hands over what is written to it.
type lineWriter chan string

func (w lineWriter) Write(line []byte) (int, error) {
	w <- string(line)
	return len(line), nil
}

package history

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// asWriter makes the test binary add entries to a store until it is killed.
const asWriter = "HISTORY_TEST_AS_WRITER"

// write adds entries for ever and says each one that is kept.
func write(storeName string) {
	h, err := New(Config{Store: storeName, Key: os.Getenv(asWriter + "_KEY"), Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		err = h.tend(context.Background(), true)
	}
	for i := 0; err == nil; i++ {
		if _, err = h.Add(context.Background(), alice, Entry{Result: fmt.Sprint(i), Expression: strings.Repeat("1", 900)}); err == nil {
			fmt.Println(i)
		}
	}
	fmt.Println(err)
	os.Exit(1)
}

func TestWhatWasKeptIsThereAfterAKill(t *testing.T) {
	onEveryStore(t, func(t *testing.T, cfg Config) {
		for round := range 3 {
			writer := exec.CommandContext(t.Context(), os.Args[0])
			writer.Env = append(os.Environ(), asWriter+"="+cfg.Store, asWriter+"_KEY="+cfg.Key)
			out, err := writer.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := writer.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(out)
			said := 0
			for said < 20 && lines.Scan() {
				if lines.Text() != fmt.Sprint(said) {
					t.Fatalf("the writer says %q, want %d", lines.Text(), said)
				}
				said++
			}
			if err := writer.Process.Kill(); err != nil { // in the middle of whatever it does
				t.Fatal(err)
			}
			for lines.Scan() {
				said++
			}
			if err := writer.Wait(); err == nil {
				t.Fatal("the writer ended by itself")
			}
			h := opened(t, cfg)
			got := list(t, h, alice, Query{Limit: MaxLimit})
			// One more may have been kept before it could say so.
			if n := len(got); n < said || n > said+1 {
				t.Errorf("round %d: %d entries are there after the kill, want the %d that were said", round, n, said)
			}
			if err := h.DeleteAll(t.Context(), alice); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// asUnprivileged says that the test binary already runs as another user.
const asUnprivileged = "HISTORY_TEST_AS_NOBODY"

func TestAStoreThatIsNotWritableSaysSo(t *testing.T) {
	if os.Getenv(asUnprivileged) == "" && os.Getuid() == 0 {
		againAsNobody(t)
		return
	}
	cfg := sqliteConfig(t)
	want := add(t, opened(t, cfg), alice, Entry{Result: "1"})
	path := strings.TrimPrefix(cfg.Store, sqlitePrefix)
	h := opened(t, cfg)
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if err := os.Chmod(name, 0o400); err != nil {
			t.Fatal(err)
		}
	}
	late, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := late.tend(t.Context(), true); err == nil || !strings.Contains(err.Error(), "permission denied") || !strings.Contains(err.Error(), "may write to") {
		t.Errorf("a store that is read-only opens with %v, want what to do", err)
	}
	if got := list(t, h, alice, Query{}); len(got) != 1 || got[0].ID != want.ID {
		t.Errorf("List of the store that was open = %v, want its entry", got)
	}
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o500); err != nil {
		t.Fatal(err)
	}
	cfg.Store, cfg.Key = sqlitePrefix+filepath.Join(folder, "history.db"), ""
	late, err = New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := late.tend(t.Context(), true); err == nil || !strings.Contains(err.Error(), "give the calculator's user a folder") {
		t.Errorf("a store in a read-only folder opens with %v, want what to do", err)
	}
	if _, err := late.Add(t.Context(), alice, Entry{Result: "1"}); !errors.Is(err, ErrUnavailable) {
		t.Errorf("Add = %v, want ErrUnavailable", err)
	}
}

package history

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

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
	if err := late.tend(t.Context(), true); err == nil || !strings.Contains(err.Error(), "permission denied") ||
		!strings.Contains(err.Error(), "may write to") {
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
	if err := late.Add(t.Context(), &Addition{alice, Entry{Result: "1"}}); !errors.Is(err, ErrUnavailable) {
		t.Errorf("Add = %v, want ErrUnavailable", err)
	}
}

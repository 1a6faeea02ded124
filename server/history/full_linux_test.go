package history

import (
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestAFullDiskLosesNothingThatWasAdded fills a small file system and then makes it larger.
func TestAFullDiskLosesNothingThatWasAdded(t *testing.T) {
	folder := t.TempDir()
	if err := syscall.Mount("none", folder, "tmpfs", 0, "size=512k"); err != nil {
		t.Skipf("no small file system can be made here, which only root may (%v): a full disk is not tested", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, 0); err != nil {
			t.Error(err)
		}
	})
	cfg := sqliteConfig(t)
	cfg.Store = sqlitePrefix + filepath.Join(folder, "history.db")
	h := opened(t, cfg)
	added := 0
	var err error
	for entry := (Entry{Result: strings.Repeat("7", DefaultMaxEntryBytes)}); err == nil; added++ {
		err = h.Add(t.Context(), &Addition{alice, entry})
	}
	added--
	if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "free some space") {
		t.Errorf("Add on a full disk = %v, want ErrUnavailable and what to do", err)
	}
	if err := h.Ready(t.Context()); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "free some space") {
		t.Errorf("Ready on a full disk = %v, want ErrUnavailable and what to do", err)
	}
	if err := syscall.Mount("none", folder, "tmpfs", syscall.MS_REMOUNT, "size=4m"); err != nil {
		t.Fatal(err)
	}
	if err := h.tend(t.Context(), false); err != nil {
		t.Errorf("tend with space again = %v, want nil", err)
	}
	add(t, h, alice, Entry{Result: "1"})
	if got := list(t, h, alice, Query{}); added < 5 || len(got) != added+1 {
		t.Errorf("List = %d entries, want the %d that were added", len(got), added+1)
	}
}

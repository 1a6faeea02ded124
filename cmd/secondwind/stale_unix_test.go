//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestOnlyWhatNobodyUsesIsRemoved(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	old := time.Now().Add(-time.Hour)
	folder := func(name string, modified time.Time) string {
		t.Helper()
		dir := filepath.Join(os.TempDir(), name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "history.db"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(dir, modified, modified); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	used := folder("secondwind-history-1", old)
	release, err := claim(used)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{
		used:                                true,
		folder("secondwind-history-2", old): false, // its process was killed
		folder("secondwind-history-3", time.Now()): true, // not claimed yet
		folder("somebody-else", old):               true,
	}
	check := func() {
		t.Helper()
		removeStaleDirectories(historyFolders)
		for dir, kept := range want {
			if _, err := os.Stat(dir); (err == nil) != kept {
				t.Errorf("%s is kept: %t, want %t", filepath.Base(dir), err == nil, kept)
			}
		}
	}
	check()
	if err := release(); err != nil {
		t.Fatal(err)
	}
	want[used] = false
	check()
}

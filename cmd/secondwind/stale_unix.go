//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// claim marks a folder as one in use, until release or until this process ends,
// however that comes.
func claim(dir string) (release func() error, err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("open the folder: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close() // was only read
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	return f.Close, nil
}

// newborn is how young a folder may be that is made and not claimed yet.
const newborn = time.Minute

// removeStaleDirectories removes folders that earlier processes made and could not remove,
// because they were killed. It does what it can: what stays is in nobody's way.
func removeStaleDirectories(pattern string) {
	found, _ := filepath.Glob(filepath.Join(os.TempDir(), pattern)) // the pattern is our own
	for _, dir := range found {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || time.Since(info.ModTime()) < newborn {
			continue
		}
		if release, err := claim(dir); err == nil {
			_ = os.RemoveAll(dir)
			_ = release()
		}
	}
}

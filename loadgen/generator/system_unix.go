//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package generator

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

func cpuTime() (time.Duration, bool) {
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		return 0, false
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()), true
}

// openFiles counts this process's descriptors; 0 means that the system does not list them.
func openFiles() int {
	dir, err := os.Open("/dev/fd")
	if err != nil {
		return 0
	}
	defer func() { _ = dir.Close() }() // was only read
	names, _ := dir.Readdirnames(-1)
	return max(0, len(names)-1) // without that of the list itself
}

func fileLimit() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	return int(min(uint64(limit.Cur), 1<<31-1)) // no limit is a large one
}

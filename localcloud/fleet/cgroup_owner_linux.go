package fleet

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ownerPrefix begins the name of every fleet's cgroup.
const ownerPrefix = "secondwind-"

// owner names a fleet's cgroup after the process that made it. The namespace
// and the start time are part of it because process ids are not unique: another
// container counts from 1 too, and ids come again.
type owner struct {
	namespace string // inode of the pid namespace
	pid       int
	started   uint64 // clock ticks after boot
	fleet     uint32 // one process may have several
}

// newOwner is a new fleet of this process.
func newOwner() (owner, error) {
	namespace, err := pidNamespace()
	if err != nil {
		return owner{}, err
	}
	started, err := startTicks(os.Getpid())
	if err != nil {
		return owner{}, err
	}
	return owner{namespace, os.Getpid(), started, rand.Uint32()}, nil
}

// String is the folder's name.
func (o owner) String() string {
	return fmt.Sprintf("%s%s-%d-%d-%08x", ownerPrefix, o.namespace, o.pid, o.started, o.fleet)
}

// parseOwner reads a folder's name; ok is false if no fleet made it.
func parseOwner(name string) (o owner, ok bool) {
	rest, ok := strings.CutPrefix(name, ownerPrefix)
	parts := strings.Split(rest, "-")
	if !ok || len(parts) != 4 {
		return owner{}, false
	}
	pid, err1 := strconv.Atoi(parts[1])
	started, err2 := strconv.ParseUint(parts[2], 10, 64)
	fleet, err3 := strconv.ParseUint(parts[3], 16, 32)
	if errors.Join(err1, err2, err3) != nil || pid <= 0 {
		return owner{}, false
	}
	return owner{parts[0], pid, started, uint32(fleet)}, true
}

// dead reports whether the process is certainly gone, as seen from namespace.
func (o owner) dead(namespace string) bool {
	if o.namespace != namespace {
		return false // cannot be seen from here
	}
	started, err := startTicks(o.pid)
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	return err == nil && started != o.started
}

// sweep removes the cgroups in dir of fleets whose process is gone, with whatever runs in them.
func sweep(dir string, log *slog.Logger) {
	namespace, err := pidNamespace()
	if err != nil {
		return
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		log.Warn("look for stale cgroups", "err", err)
		return
	}
	for _, e := range entries {
		o, ok := parseOwner(e.Name())
		if !ok || !o.dead(namespace) {
			continue
		}
		stale := filepath.Join(dir, e.Name())
		if err := removeTree(stale); err != nil {
			log.Warn("remove a stale cgroup", "path", stale, "err", err)
			continue
		}
		log.Info("removed a stale cgroup", "path", stale)
	}
}

// pidNamespace is the inode of this process's pid namespace.
func pidNamespace() (string, error) {
	link, err := os.Readlink("/proc/self/ns/pid") // pid:[4026531836]
	if err != nil {
		return "", fmt.Errorf("find the pid namespace: %w", err)
	}
	return strings.Trim(strings.TrimPrefix(link, "pid:"), "[]"), nil
}

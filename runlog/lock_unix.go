//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package runlog

import (
	"errors"
	"os"
	"syscall"
)

// lock locks a file until it is closed or this process ends, however that comes.
func lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

// locked tells whether an error of lock means that another process has the lock.
func locked(err error) bool { return errors.Is(err, syscall.EWOULDBLOCK) }

//go:build unix

package fleet

import (
	"os"
	"syscall"
	"time"
)

func terminationSignals() []os.Signal { return []os.Signal{syscall.SIGTERM} }

// ownCPU is what the system accounted to this process, by another way than the
// fleet measures it.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// alive reports whether the process still runs.
func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

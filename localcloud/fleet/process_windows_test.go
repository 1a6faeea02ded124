package fleet

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/windows"
)

func terminationSignals() []os.Signal { return []os.Signal{os.Interrupt} }

// ownCPU is what the system accounted to this process, by another way than the
// fleet measures it.
func ownCPU() time.Duration {
	var created, exited, kernel, user syscall.Filetime
	h, err := syscall.GetCurrentProcess()
	if err == nil {
		err = syscall.GetProcessTimes(h, &created, &exited, &kernel, &user)
	}
	if err != nil {
		panic(err)
	}
	// Not Nanoseconds, which counts from 1601.
	ticks := func(f syscall.Filetime) int64 { return int64(f.HighDateTime)<<32 | int64(f.LowDateTime) }
	return time.Duration(ticks(kernel)+ticks(user)) * 100
}

// alive reports whether the process still runs.
func alive(pid int) bool {
	h, err := windows.OpenProcess(windows.SYNCHRONIZE, false, uint32(pid))
	if err != nil {
		return false
	}
	defer windows.CloseHandle(h)
	event, err := windows.WaitForSingleObject(h, 0)
	return err == nil && event == uint32(windows.WAIT_TIMEOUT)
}

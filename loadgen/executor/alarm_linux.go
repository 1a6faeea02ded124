package executor

import (
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// newAlarm returns one that is exact to some ten microseconds, if it is to be precise.
func newAlarm(precise bool) alarm {
	if !precise {
		return newTimer()
	}
	t, err := newTimerFD()
	if err != nil {
		return newTimer() // without descriptors there is more that does not work
	}
	return t
}

// timerFD is an alarm of the kernel's, which ends the poller's sleep whenever it is due. A
// thread that sleeps by itself is as exact, but keeps one of Go's processors while it does,
// so that answers are read, and seem to come, milliseconds later.
type timerFD struct {
	file *os.File
	raw  syscall.RawConn
	rung atomic.Bool

	// What follows is that of who waits.
	spec  unix.ItimerSpec
	armed bool
	poll  func(fd uintptr) bool // arm, which so is made once
}

func newTimerFD() (*timerFD, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	t := &timerFD{file: os.NewFile(uintptr(fd), "timer")}
	t.poll = t.arm
	t.raw, err = t.file.SyscallConn()
	return t, err
}

func (t *timerFD) wait(d time.Duration) {
	t.spec.Value, t.armed = unix.NsecToTimespec(int64(d)), false
	_ = t.raw.Read(t.poll) // fails after stop only
}

// arm sets the timer and, as the poller calls it again when that has gone off, tells so. The
// poller forgets what happened before the first call, so that is where the timer is set;
// setting it takes back what nobody has read.
func (t *timerFD) arm(fd uintptr) (over bool) {
	if t.armed {
		return true
	}
	t.armed = true
	return unix.TimerfdSettime(int(fd), 0, &t.spec, nil) != nil || t.rung.Swap(false)
}

func (t *timerFD) ring() {
	t.rung.Store(true) // before the timer is set, or who arms it now would set it for later
	_ = t.raw.Control(func(fd uintptr) {
		_ = unix.TimerfdSettime(int(fd), 0, &unix.ItimerSpec{Value: unix.Timespec{Nsec: 1}}, nil)
	})
}

func (t *timerFD) stop() { _ = t.file.Close() }

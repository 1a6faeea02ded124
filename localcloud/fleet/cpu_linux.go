package fleet

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// tick is the unit of the times in /proc: USER_HZ, 100 on every architecture that Go runs on.
const tick = 10 * time.Millisecond

// maxDepth bounds how far down children of children are followed.
const maxDepth = 8

// treeCPU is the CPU time of a process, of its children that it has waited for,
// and of its living descendants.
func treeCPU(pid int) (time.Duration, error) { return treeCPUTo(pid, maxDepth) }

func treeCPUTo(pid, depth int) (time.Duration, error) {
	used, err := processCPU(pid)
	if err != nil {
		return 0, err
	}
	stat, err := readStat(pid)
	if err != nil {
		return 0, err
	}
	used += stat.waited
	if depth == 0 {
		return used, nil
	}
	for _, child := range children(pid) {
		// A child that has ended meanwhile is counted by who waited for it.
		if t, err := treeCPUTo(child, depth-1); err == nil {
			used += t
		}
	}
	return used, nil
}

// processCPU is the CPU time of all threads of a process, in nanoseconds: its
// CPU-time clock, which also counts threads that have ended.
// Source: clock_getcpuclockid(3); the id is built as the C library builds it.
func processCPU(pid int) (time.Duration, error) {
	const sched = 2 // CPUCLOCK_SCHED, of the whole process
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|sched), &ts); err != nil {
		return 0, fmt.Errorf("CPU clock of process %d: %w", pid, err)
	}
	return time.Duration(ts.Nano()), nil
}

// children lists the living children of a process; nothing where the kernel
// does not tell (CONFIG_PROC_CHILDREN).
func children(pid int) []int {
	// The pattern is well-formed, so there can be no error.
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	var pids []int
	for _, file := range files {
		list, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has ended
		}
		for _, field := range strings.Fields(string(list)) {
			if child, err := strconv.Atoi(field); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids
}

// stat is what is needed of /proc/PID/stat.
type stat struct {
	waited  time.Duration // CPU time of children that were waited for
	started uint64        // clock ticks after boot
}

func readStat(pid int) (stat, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, fmt.Errorf("process %d: %w", pid, err)
	}
	s, err := parseStat(string(text))
	if err != nil {
		return stat{}, fmt.Errorf("process %d: %w", pid, err)
	}
	return s, nil
}

// parseStat reads a line of /proc/PID/stat.
// Source: proc_pid_stat(5): fields cutime (16), cstime (17), starttime (22).
func parseStat(line string) (stat, error) {
	// The second field is a name in parentheses, which may itself hold any of ") (".
	end := strings.LastIndexByte(line, ')')
	if end < 0 {
		return stat{}, errors.New("stat has no process name")
	}
	const first = 3 // the number of the field after the name
	fields := strings.Fields(line[end+1:])
	if len(fields) <= 22-first {
		return stat{}, fmt.Errorf("stat has %d fields after the name, want at least %d", len(fields), 22-first+1)
	}
	cutime, err1 := strconv.ParseInt(fields[16-first], 10, 64)
	cstime, err2 := strconv.ParseInt(fields[17-first], 10, 64)
	started, err3 := strconv.ParseUint(fields[22-first], 10, 64)
	if err := errors.Join(err1, err2, err3); err != nil {
		return stat{}, fmt.Errorf("stat: %w", err)
	}
	return stat{waited: time.Duration(cutime+cstime) * tick, started: started}, nil
}

// startTicks is when a process started, in clock ticks after boot.
func startTicks(pid int) (uint64, error) {
	s, err := readStat(pid)
	return s.started, err
}

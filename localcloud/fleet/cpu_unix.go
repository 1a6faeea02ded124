//go:build unix && !linux

package fleet

import (
	"fmt"
	"time"

	psutil "github.com/shirou/gopsutil/v4/process"
)

// treeCPU is the CPU time of a process and of its living descendants.
func treeCPU(pid int) (time.Duration, error) {
	p, err := psutil.NewProcess(int32(pid))
	if err != nil {
		return 0, fmt.Errorf("process %d: %w", pid, err)
	}
	times, err := p.Times()
	if err != nil {
		return 0, fmt.Errorf("CPU time of process %d: %w", pid, err)
	}
	used := time.Duration((times.User + times.System) * float64(time.Second))
	children, err := p.Children()
	if err != nil {
		return used, nil // it has none
	}
	for _, c := range children {
		// A child that ended meanwhile has no time any more.
		if t, err := treeCPU(int(c.Pid)); err == nil {
			used += t
		}
	}
	return used, nil
}

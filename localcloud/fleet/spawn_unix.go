//go:build unix && !linux

package fleet

import (
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"syscall"
	"time"
)

// spawner starts processes that end with this one: its guard kills their
// process groups.
type spawner struct {
	log   *slog.Logger
	guard *guard
}

// newSpawner starts the guard.
func newSpawner(log *slog.Logger) (*spawner, error) {
	g, err := newGuard()
	if err != nil {
		return nil, err
	}
	return &spawner{log: log, guard: g}, nil
}

// start starts an instance; its CPU is measured, never limited.
func (s *spawner) start(command func() *exec.Cmd, id string, _ int) (*child, error) {
	cmd := command()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &child{cmd: cmd, pid: cmd.Process.Pid, guard: s.guard}
	if err := s.guard.watch(c.pid); err != nil {
		s.log.Warn("instance is not guarded", "id", id, "err", err)
	}
	return c, nil
}

// close ends the guard. Instances must have ended before.
func (s *spawner) close() error { return s.guard.close() }

// child is a started process, leader of its process group.
type child struct {
	cmd     *exec.Cmd
	pid     int
	guard   *guard
	limited bool // never
}

// interrupt asks the whole group to end.
func (c *child) interrupt() error { return signalGroup(c.pid, syscall.SIGTERM) }

// kill ends the whole group.
func (c *child) kill() error { return signalGroup(c.pid, syscall.SIGKILL) }

// cpu is the CPU time of the process and its children.
func (c *child) cpu() (time.Duration, error) { return treeCPU(c.pid) }

// release ends what the process left behind, once it has been waited for.
func (c *child) release() error {
	if err := errors.Join(c.kill(), c.guard.forget(c.pid)); err != nil {
		return fmt.Errorf("process %d: %w", c.pid, err)
	}
	return nil
}

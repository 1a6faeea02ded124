package fleet

import (
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// spawner starts processes that end with this one. Linux kills a process whose
// parent *thread* has ended (PR_SET_PDEATHSIG), so every instance is started
// from one thread that lives as long as the spawner; the guard kills what the
// instances started themselves.
type spawner struct {
	log    *slog.Logger
	groups *cgroups // nil: this user may not limit CPU here
	guard  *guard   // nil: no shell on this machine

	jobs chan func()
	done chan struct{}
}

// newSpawner starts the thread and the guard, and finds out whether CPU can be limited.
func newSpawner(log *slog.Logger) (*spawner, error) {
	s := &spawner{log: log, jobs: make(chan func()), done: make(chan struct{})}
	var err error
	if s.guard, err = newGuard(); err != nil {
		log.Warn("no guard: if this process is killed, what instances started may go on", "err", err)
	}
	if s.groups, err = newCgroups(log); err != nil {
		log.Info("CPU of instances is measured, not limited", "err", err)
	}
	go s.thread()
	return s, nil
}

// thread starts processes, all from one thread, until close.
func (s *spawner) thread() {
	defer close(s.done)
	runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
	for job := range s.jobs {
		job()
	}
}

// start starts an instance with vcpus vCPUs. It may call command twice, as a
// Cmd can only be started once.
func (s *spawner) start(command func() *exec.Cmd, id string, vcpus int) (*child, error) {
	group := s.limit(id, vcpus)
	cmd := command()
	err := s.launch(cmd, group)
	if err != nil && group != nil {
		s.log.Warn("instance does not start in a cgroup; its CPU is measured, not limited", "id", id, "err", errors.Join(err, group.remove()))
		group, cmd = nil, command()
		err = s.launch(cmd, nil)
	}
	if err != nil {
		return nil, err
	}
	c := &child{cmd: cmd, pid: cmd.Process.Pid, guard: s.guard, group: group, limited: group != nil}
	if s.guard != nil {
		if err := s.guard.watch(c.pid); err != nil {
			s.log.Warn("instance is not guarded", "id", id, "err", err)
		}
	}
	return c, nil
}

// limit makes a cgroup for an instance; nil if there can be none.
func (s *spawner) limit(id string, vcpus int) *cgroup {
	if s.groups == nil {
		return nil
	}
	group, err := s.groups.add(id, vcpus)
	if err != nil {
		s.log.Warn("CPU of the instance is measured, not limited", "id", id, "err", err)
		return nil
	}
	return group
}

// launch starts cmd from the spawner's thread, in a cgroup if there is one.
func (s *spawner) launch(cmd *exec.Cmd, group *cgroup) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	err := make(chan error, 1)
	s.jobs <- func() {
		if group == nil {
			err <- cmd.Start()
			return
		}
		err <- group.start(cmd)
	}
	return <-err
}

// close ends the thread and the guard. Instances must have ended before.
func (s *spawner) close() error {
	close(s.jobs)
	<-s.done
	var errs []error
	if s.guard != nil {
		errs = append(errs, s.guard.close())
	}
	if s.groups != nil {
		errs = append(errs, s.groups.close())
	}
	return errors.Join(errs...)
}

// child is a started process, leader of its process group.
type child struct {
	cmd     *exec.Cmd
	pid     int
	guard   *guard
	group   *cgroup // nil: measured only
	limited bool
}

// interrupt asks the whole group to end.
func (c *child) interrupt() error { return signalGroup(c.pid, syscall.SIGTERM) }

// kill ends the whole group.
func (c *child) kill() error {
	if c.group != nil {
		if err := c.group.kill(); err != nil {
			return err
		}
	}
	return signalGroup(c.pid, syscall.SIGKILL)
}

// cpu is the CPU time of the process and its children: the cgroup's own count
// where it is in one.
func (c *child) cpu() (time.Duration, error) {
	if c.group != nil {
		return c.group.cpu()
	}
	return treeCPU(c.pid)
}

// release ends what the process left behind, once it has been waited for.
func (c *child) release() error {
	errs := []error{c.kill()}
	if c.guard != nil {
		errs = append(errs, c.guard.forget(c.pid))
	}
	if c.group != nil {
		errs = append(errs, c.group.remove())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("process %d: %w", c.pid, err)
	}
	return nil
}

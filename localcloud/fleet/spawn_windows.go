package fleet

import (
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// spawner starts processes that end with this one: each is in a job object that
// Windows ends with its last handle, and only this process holds it.
type spawner struct{}

func newSpawner(*slog.Logger) (*spawner, error) { return &spawner{}, nil }

// start starts an instance; its CPU is measured, never limited.
func (s *spawner) start(command func() *exec.Cmd, _ string, _ int) (*child, error) {
	job, err := newJob()
	if err != nil {
		return nil, err
	}
	cmd := command()
	// A group of its own can be sent CTRL_BREAK, which is the nearest to SIGTERM.
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
	if err := cmd.Start(); err != nil {
		windows.CloseHandle(job)
		return nil, err
	}
	c := &child{cmd: cmd, pid: uint32(cmd.Process.Pid), job: job}
	if err := c.join(); err != nil {
		return nil, errors.Join(err, cmd.Process.Kill(), ignoreExit(cmd.Wait()), windows.CloseHandle(job))
	}
	return c, nil
}

func (s *spawner) close() error { return nil }

// ignoreExit drops how a process ended that was killed.
func ignoreExit(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil
	}
	return err
}

// newJob makes a job object that kills its processes when its last handle is closed.
func newJob() (windows.Handle, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return 0, fmt.Errorf("make a job object: %w", err)
	}
	var info windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
	info.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	if err != nil {
		return 0, errors.Join(fmt.Errorf("set up a job object: %w", err), windows.CloseHandle(job))
	}
	return job, nil
}

// child is a started process in its job object.
type child struct {
	cmd     *exec.Cmd
	pid     uint32
	job     windows.Handle
	limited bool // never
}

// join puts the process into its job.
func (c *child) join() error {
	h, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, c.pid)
	if err != nil {
		return fmt.Errorf("open process %d: %w", c.pid, err)
	}
	defer windows.CloseHandle(h)
	if err := windows.AssignProcessToJobObject(c.job, h); err != nil {
		return fmt.Errorf("put process %d into a job object: %w", c.pid, err)
	}
	return nil
}

// interrupt asks the process to end.
func (c *child) interrupt() error {
	return windows.GenerateConsoleCtrlEvent(windows.CTRL_BREAK_EVENT, c.pid)
}

// kill ends every process of the job.
func (c *child) kill() error { return windows.TerminateJobObject(c.job, 1) }

// accounting is JOBOBJECT_BASIC_ACCOUNTING_INFORMATION; times in 100 ns.
type accounting struct {
	TotalUserTime, TotalKernelTime                  int64
	ThisPeriodTotalUserTime, ThisPeriodTotalKernel  int64
	TotalPageFaultCount, TotalProcesses             uint32
	ActiveProcesses, TotalTerminatedProcessesByRule uint32
}

// cpu is the CPU time of every process that was ever in the job.
func (c *child) cpu() (time.Duration, error) {
	var a accounting
	err := windows.QueryInformationJobObject(c.job, windows.JobObjectBasicAccountingInformation,
		uintptr(unsafe.Pointer(&a)), uint32(unsafe.Sizeof(a)), nil)
	if err != nil {
		return 0, fmt.Errorf("accounting of the job object: %w", err)
	}
	return time.Duration(a.TotalUserTime+a.TotalKernelTime) * 100, nil
}

// release ends what the process left behind.
func (c *child) release() error {
	if err := windows.CloseHandle(c.job); err != nil {
		return fmt.Errorf("close the job object: %w", err)
	}
	return nil
}

//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	psutil "github.com/shirou/gopsutil/v4/process"
)

// process is a server that the bench started.
type process struct {
	command  *exec.Cmd
	measured *psutil.Process
	address  string // host:port
	started  time.Time
	healthy  time.Duration // from start to the first answer
	ended    chan struct{} // closed when it has ended, with its error in result
	result   error
}

// startTimeout bounds the wait for a first answer.
const startTimeout = 20 * time.Second

// start runs a server and waits until the path answers. In arguments, ADDRESS
// stands for the address it must listen on.
func start(ctx context.Context, path string, environment []string, program string, arguments ...string) (*process, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	for i := range arguments {
		arguments[i] = strings.ReplaceAll(arguments[i], "ADDRESS", address)
	}
	// It lasts until it is stopped, with its group.
	command := exec.CommandContext(context.WithoutCancel(ctx), program, arguments...)
	p := &process{command: command, address: address, ended: make(chan struct{})}
	p.command.Env = append(os.Environ(), environment...)
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.started = time.Now()
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	p.measured = &psutil.Process{Pid: int32(p.command.Process.Pid)}
	go func() {
		defer close(p.ended)
		p.result = p.command.Wait()
	}()
	if err := p.await(ctx, path); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return p, nil
}

// startWithHistory starts the calculator with its history in the section's folder.
func startWithHistory(ctx context.Context, o options) (*process, error) {
	environment := []string{"CALCULATOR_HISTORY=sqlite:" + filepath.Join(o.folder, "history.db")}
	return start(ctx, "/healthz", environment, o.calculator, "--address", "ADDRESS")
}

func freeAddress(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func (p *process) await(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url(path), nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(request)
		if err == nil {
			p.healthy = time.Since(p.started)
			return answer.Body.Close()
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s ended before it answered: %w", strings.Join(p.command.Args, " "), p.result)
		case <-ctx.Done():
			return fmt.Errorf("%s did not answer at %s within %v: %w", p.command.Path, p.url(path), startTimeout, err)
		case <-time.After(time.Millisecond):
		}
	}
}

func (p *process) url(path string) string { return "http://" + p.address + path }

// stop ends the process and its children.
func (p *process) stop() error {
	if err := syscall.Kill(-p.command.Process.Pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	<-p.ended
	if _, exited := errors.AsType[*exec.ExitError](p.result); !exited {
		return p.result
	}
	return nil
}

// resident is the process's resident memory in bytes.
func (p *process) resident(ctx context.Context) (uint64, error) {
	memory, err := p.measured.MemoryInfoWithContext(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the memory of %s: %w", p.command.Path, err)
	}
	return memory.RSS, nil
}

// cpu is the processor time that the process has used.
func (p *process) cpu(ctx context.Context) (time.Duration, error) {
	times, err := p.measured.TimesWithContext(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the CPU time of %s: %w", p.command.Path, err)
	}
	return time.Duration((times.User + times.System) * float64(time.Second)), nil
}

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
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a server that the bench started.
type process struct {
	command *exec.Cmd
	address string // host:port
	started time.Time
	healthy time.Duration // from start to the first answer
	ended   chan struct{} // closed when it has ended, with its error in result
	result  error
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
	p := &process{command: exec.Command(program, arguments...), address: address, ended: make(chan struct{})}
	p.command.Env = append(os.Environ(), environment...)
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.started = time.Now()
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.ended)
		p.result = p.command.Wait()
	}()
	if err := p.await(ctx, path); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return p, nil
}

// startWithHistory starts the calculator with its history in a folder.
func startWithHistory(ctx context.Context, o options, folder string) (*process, error) {
	environment := []string{"CALCULATOR_HISTORY=sqlite:" + filepath.Join(folder, "history.db")}
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

// status reads a field of /proc/PID/status in bytes, for instance VmRSS.
func (p *process) status(field string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, field+":"); found {
			kilobytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kilobytes << 10, err
		}
	}
	return 0, fmt.Errorf("/proc/%d/status has no %s", p.command.Process.Pid, field)
}

// cpu is the processor time that the process has used.
func (p *process) cpu() (time.Duration, error) {
	const ticksPerSecond = 100 // USER_HZ, on every Linux that Go runs on
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.command.Process.Pid))
	if err != nil {
		return 0, err
	}
	// The name in parentheses may hold spaces; utime and stime are fields 14 and 15.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * time.Second / ticksPerSecond, errors.Join(err1, err2)
}

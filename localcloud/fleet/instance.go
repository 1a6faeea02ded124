package fleet

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Instance is a started instance.
type Instance struct {
	ID         string
	Address    string // host:port it listens on; the host is its own loopback address where the system has one
	PrivateIP  string
	PID        int
	LaunchTime time.Time
	VCPUs      int
	CPULimited bool // held to VCPUs by a cgroup, not only measured
}

// Exit tells of an instance that ended without being terminated.
type Exit struct {
	ID  string
	Err error // how it ended; with the last line of its log
}

// process is an instance as the fleet keeps it: while it runs, and as a
// tombstone with its last CPU time afterwards.
type process struct {
	Instance
	done chan struct{} // closed when the process is gone and cleaned up after

	// Of a running process only; wait is the one that takes them down.
	child   *child // nil once ended
	log     *logFile
	imds    *http.Server
	serving chan struct{} // closed when imds has stopped

	ownPort bool // no other instance has its port, whatever the address

	mu       sync.Mutex
	stopping bool
	ended    bool
	exit     error         // how it ended, if nobody had asked for it
	used     time.Duration // CPU time, as last read
}

// stop notes that the process is meant to end.
func (p *process) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopping = true
}

// signal calls f with the child unless the process has ended: the lock keeps
// its id from being given to another process meanwhile.
func (p *process) signal(f func(*child) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return nil
	}
	return f(p.child)
}

// cpu returns the CPU time used until now, or until the end. It never goes back:
// the time of a grandchild that nobody waited for would otherwise vanish with it.
func (p *process) cpu() (time.Duration, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return p.used, nil
	}
	used, err := p.child.cpu()
	if err != nil && p.used == 0 {
		return 0, err
	}
	p.used = max(p.used, used)
	return p.used, nil
}

// end takes the last reading of the CPU and marks the process as ended, so that
// nobody signals its id any more. waited is what the system accounted to the process
// when it was waited for. The child that it returns is to be released.
func (p *process) end(waited time.Duration) *child {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.child
	p.child, p.ended = nil, true
	p.used = max(p.used, waited)
	if used, err := c.cpu(); err == nil {
		p.used = max(p.used, used)
	}
	return c
}

// meantToEnd reports whether the process was told to end.
func (p *process) meantToEnd() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stopping
}

// describeExit says how a process ended that nobody had terminated.
func describeExit(id string, err error, lastLine string) error {
	if err == nil {
		err = errors.New("exit status 0")
	}
	if lastLine == "" {
		return fmt.Errorf("instance %s ended by itself: %w; it wrote nothing to its log", id, err)
	}
	return fmt.Errorf("instance %s ended by itself: %w; last line of its log: %s%s", id, err, lastLine, hint(lastLine))
}

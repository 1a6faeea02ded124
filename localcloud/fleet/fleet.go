package fleet

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrClosed is returned by Launch after Close.
var ErrClosed = errors.New("fleet is closed")

// ErrNotFound is returned for an instance that the fleet never launched.
var ErrNotFound = errors.New("no such instance")

// Fleet launches, measures and terminates instances. It is safe for concurrent use.
type Fleet struct {
	cfg       Config
	spawner   *spawner
	addresses *addresses

	exits  chan Exit
	closed chan struct{} // closed by Close
	waits  sync.WaitGroup

	mu        sync.Mutex
	closing   bool
	instances map[string]*process // also the ended ones: their CPU time stays known; nil: being launched
	close     func() error        // once
}

// New prepares a fleet: it takes what it needs to tie instances' lives to its
// own, and removes what an earlier fleet that was killed left behind.
// Close it, or its helpers stay.
func New(cfg Config) (*Fleet, error) {
	cfg, err := cfg.resolve()
	if err != nil {
		return nil, fmt.Errorf("fleet: %w", err)
	}
	sp, err := newSpawner(cfg.Log)
	if err != nil {
		return nil, fmt.Errorf("fleet: %w", err)
	}
	f := &Fleet{
		cfg:       cfg,
		spawner:   sp,
		addresses: newAddresses(),
		exits:     make(chan Exit),
		closed:    make(chan struct{}),
		instances: make(map[string]*process),
	}
	f.close = sync.OnceValue(f.shutdown)
	return f, nil
}

// Exits delivers instances that ended by themselves. It is closed by Close; an
// exit that nobody received by then is lost.
func (f *Fleet) Exits() <-chan Exit { return f.exits }

// CPU is the CPU time the instance's process (and its children) has used since
// it started. It never goes back, and stays known after the instance ended.
// ErrNotFound if it was never launched.
func (f *Fleet) CPU(id string) (time.Duration, error) {
	p, err := f.find(id)
	if err != nil {
		return 0, err
	}
	used, err := p.cpu()
	if err != nil {
		return 0, fmt.Errorf("CPU time of instance %q: %w", id, err)
	}
	return used, nil
}

// Terminate sends SIGTERM, waits TerminateGrace, then kills. It returns when the
// process is gone, at once if it is gone already. If ctx ends first, the
// process is killed without further grace. ErrNotFound if it was never launched.
func (f *Fleet) Terminate(ctx context.Context, id string) error {
	p, err := f.find(id)
	if err != nil {
		return err
	}
	p.stop()
	if err := p.signal((*child).interrupt); err != nil {
		f.cfg.Log.Warn("interrupt instance", "id", id, "err", err)
	}
	grace := time.NewTimer(f.cfg.TerminateGrace)
	defer grace.Stop()
	select {
	case <-p.done:
		return nil
	case <-grace.C:
		f.cfg.Log.Warn("instance did not end in time; killing it", "id", id, "grace", f.cfg.TerminateGrace)
	case <-ctx.Done():
		f.cfg.Log.Warn("killing instance", "id", id, "err", context.Cause(ctx))
	}
	if err := p.signal((*child).kill); err != nil {
		return fmt.Errorf("kill instance %q: %w", id, err)
	}
	<-p.done
	return nil
}

// Close ends every instance as Terminate does, all at once, and waits for them.
// It is safe to call twice.
func (f *Fleet) Close() error { return f.close() }

func (f *Fleet) shutdown() error {
	close(f.closed)
	f.mu.Lock()
	f.closing = true
	ids := make([]string, 0, len(f.instances))
	for id, p := range f.instances {
		if p != nil { // else Launch is at it, and will see that the fleet is closing
			ids = append(ids, id)
		}
	}
	f.mu.Unlock()

	errs := make([]error, len(ids))
	var ends sync.WaitGroup
	for i, id := range ids {
		ends.Go(func() { errs[i] = f.Terminate(context.Background(), id) })
	}
	ends.Wait()
	f.waits.Wait()
	close(f.exits)
	return errors.Join(errors.Join(errs...), f.spawner.close())
}

func (f *Fleet) find(id string) (*process, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.instances[id]
	if p == nil {
		return nil, fmt.Errorf("instance %q: %w", id, ErrNotFound)
	}
	return p, nil
}

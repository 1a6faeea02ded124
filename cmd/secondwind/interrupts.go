package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// interrupts says what SIGINT and SIGTERM mean at the moment. While a load is
// held, a first SIGINT ends the hold, and the run goes on to its verdict. The next
// one ends the work in order. One more ends the program at once, unless a report
// is being written: that is then left out whole.
type interrupts struct {
	endHold chan struct{} // closed when the hold is to end

	mu       sync.Mutex
	holding  bool
	stop     context.CancelFunc // ends the work in order
	stopped  bool
	conclude context.CancelFunc // leaves the report out; nil: none is being written
}

// watch handles signals until the returned function is called. The context ends
// when the work is to end.
func watchInterrupts(ctx context.Context) (context.Context, *interrupts, func()) {
	ctx, cancel := context.WithCancel(ctx)
	i := &interrupts{endHold: make(chan struct{}), stop: cancel}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case s := <-signals:
				if !i.handle(s) {
					os.Exit(exitInterrupted)
				}
			case <-done:
				return
			}
		}
	}()
	return ctx, i, func() {
		signal.Stop(signals)
		close(done)
		cancel()
	}
}

// handle does what the signal means; false: the program is to end at once.
func (i *interrupts) handle(s os.Signal) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case i.holding && s == os.Interrupt:
		i.holding = false
		close(i.endHold)
	case !i.stopped:
		i.stopped = true
		i.stop()
	case i.conclude != nil:
		i.conclude()
		i.conclude = nil
	default:
		return false
	}
	return true
}

// hold says whether a load is being held that a first SIGINT is to end.
func (i *interrupts) hold(holding bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	select {
	case <-i.endHold: // it has been ended once
	default:
		i.holding = holding
	}
}

// concluding returns a context for writing a report in, which ends when the user
// does not want to wait for it, and what to call when it is written.
func (i *interrupts) concluding() (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	i.mu.Lock()
	i.conclude = cancel
	i.mu.Unlock()
	return ctx, func() {
		i.mu.Lock()
		i.conclude = nil
		i.mu.Unlock()
		cancel()
	}
}

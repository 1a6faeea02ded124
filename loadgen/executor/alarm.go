package executor

import "time"

// alarm ends the waiting of one goroutine at a time.
type alarm interface {
	// wait returns when the time is over, at once if ring was called since the last
	// wait, and now and then too early.
	wait(d time.Duration)
	ring()
	stop() // after which nobody waits
}

// timer is an alarm that is as exact as Go's timers: late by half a millisecond on average
// on Linux, as its poller sleeps whole milliseconds.
type timer struct {
	clock *time.Timer
	rung  chan struct{}
}

func newTimer() alarm { return timer{clock: time.NewTimer(time.Hour), rung: make(chan struct{}, 1)} }

func (t timer) wait(d time.Duration) {
	t.clock.Reset(d)
	select {
	case <-t.clock.C:
	case <-t.rung:
	}
}

func (t timer) ring() {
	select {
	case t.rung <- struct{}{}:
	default: // it rings already
	}
}

func (t timer) stop() { t.clock.Stop() }

package balancer

import "sync"

// events hands changes of health to a listener, one at a time and in order,
// without ever making the one who saw the change wait.
type events struct {
	deliver func(TargetHealth)
	done    chan struct{}

	mu     sync.Mutex
	wake   sync.Cond
	queue  []TargetHealth
	closed bool
}

// newEvents starts handing over; close ends it.
func newEvents(deliver func(TargetHealth)) *events {
	e := &events{deliver: deliver, done: make(chan struct{})}
	e.wake.L = &e.mu
	go e.run()
	return e
}

// push appends a change.
func (e *events) push(h TargetHealth) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.deliver == nil || e.closed {
		return
	}
	e.queue = append(e.queue, h)
	e.wake.Signal()
}

func (e *events) run() {
	defer close(e.done)
	for {
		h, ok := e.pop()
		if !ok {
			return
		}
		e.deliver(h)
	}
}

// pop waits for a change; ok is false once closed.
func (e *events) pop() (h TargetHealth, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for len(e.queue) == 0 && !e.closed {
		e.wake.Wait()
	}
	if e.closed {
		return TargetHealth{}, false
	}
	h, e.queue = e.queue[0], e.queue[1:]
	return h, true
}

// close drops what is still waiting and waits for the delivery under way.
func (e *events) close() {
	e.mu.Lock()
	e.closed = true
	e.wake.Signal()
	e.mu.Unlock()
	<-e.done
}

package observe

import (
	"sync"
	"time"
)

// clock estimates AWS's clock minus ours from Date headers. Each one, a whole
// second written between our sending and our receiving, bounds the offset from
// both sides; the bounds of many answers narrow it to well under a second.
type clock struct {
	mu        sync.Mutex
	low, high time.Duration
	known     bool
}

// observe takes in one answer. A zero date says nothing. Bounds that exclude
// those known so far mean that a clock was set: only the newest count then.
func (c *clock) observe(date, sent, received time.Time) {
	if date.IsZero() {
		return
	}
	low, high := date.Sub(received), date.Add(time.Second).Sub(sent)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known && low <= c.high && high >= c.low {
		low, high = max(low, c.low), min(high, c.high)
	}
	c.low, c.high, c.known = low, high, true
}

// offset is the middle of the bounds; 0 before any answer.
func (c *clock) offset() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return (c.low + c.high) / 2
}

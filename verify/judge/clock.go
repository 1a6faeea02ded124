package judge

import (
	"time"

	"secondwind/runlog"
)

// maxClockBound is the widest bound on the clocks' offset with which an order of
// events can still be determined.
const maxClockBound = 2 * time.Second

// clock relates the generator's clock to AWS's.
type clock struct {
	offset time.Duration // AWS's clock minus ours
	bound  time.Duration // the offset is right within ± bound
	dates  int           // answers that carried a Date
	jumped bool          // the bounds of two answers exclude each other: a clock was set
}

// newClock bounds the offset from Date headers. Each is AWS's time in whole
// seconds at some time between our sending and our receiving, so the offset
// lies in (Date − Received, Date + 1 s − Sent); all of them together narrow it.
// Clocks that may agree are taken to agree: a correction smaller than its own
// uncertainty would show effects before their causes.
func newClock(cloud []runlog.Observation) clock {
	var c clock
	var low, high time.Duration
	for _, o := range cloud {
		if o.Date.IsZero() {
			continue
		}
		l, h := o.Date.Sub(o.Received), o.Date.Add(time.Second).Sub(o.Sent)
		if c.dates == 0 {
			low, high = l, h
		}
		low, high = max(low, l), min(high, h)
		c.dates++
	}
	if low > high {
		c.jumped = true
		return c
	}
	if low > 0 || high < 0 {
		c.offset = (low + high) / 2
	}
	c.bound = max(c.offset-low, high-c.offset)
	return c
}

// aws is a time of our clock by AWS's; zero stays zero.
func (c clock) aws(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(c.offset).UTC()
}

// interval is when something happened by AWS's clock, as far as it is known: not
// before lo, not after hi, most likely at.
type interval struct{ lo, at, hi time.Time }

func exactly(t time.Time) interval { return interval{t.UTC(), t.UTC(), t.UTC()} }

// ours is a time of our clock as an interval of AWS's.
func (c clock) ours(t time.Time) interval {
	at := c.aws(t)
	return interval{at.Add(-c.bound), at, at.Add(c.bound)}
}

// staleness is how old the state in an answer may be: AWS's Describe calls are
// eventually consistent, and a load balancer knows of a target's health before
// the API tells it.
const staleness = time.Second

// between is something that was not yet so when before was asked for, and was
// so in the answer of first; before is nil if it was never seen otherwise.
func (c clock) between(before, first *runlog.Observation) interval {
	asked, seen := first.Sent, c.aws(first.Received)
	if before != nil {
		asked = before.Sent
	}
	return interval{c.aws(asked).Add(-c.bound - staleness), seen, seen.Add(c.bound)}
}

func (m interval) isZero() bool { return m.at.IsZero() }

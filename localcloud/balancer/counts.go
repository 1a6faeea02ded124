package balancer

import (
	"sync"
	"sync/atomic"
	"time"
)

// Counts are what a load balancer reports to CloudWatch, cumulative since start.
type Counts struct {
	RequestCount       int64            // that a target was chosen for
	HTTPCodeTarget     map[int]int64    // answers of targets by class: 2, 3, 4, 5
	HTTPCodeELB5XX     int64            // answers of the load balancer's own
	Answered           map[string]int64 // answers of targets by target id
	TargetResponseTime time.Duration    // sum, from sending until the answer's headers
}

// counters are Counts as they grow; every request touches them, so no lock.
type counters struct {
	requests     atomic.Int64
	classes      [6]atomic.Int64 // by first digit
	elb5XX       atomic.Int64
	responseTime atomic.Int64 // ns
	targets      sync.Map     // of *atomic.Int64 by target id
}

// target returns the count of a target's answers, which goes on where one is registered again.
func (c *counters) target(id string) *atomic.Int64 {
	n, _ := c.targets.LoadOrStore(id, new(atomic.Int64))
	return n.(*atomic.Int64)
}

// answered counts a target's answer.
func (c *counters) answered(code int, took time.Duration) {
	if class := code / 100; class >= 2 && class <= 5 {
		c.classes[class].Add(1)
		c.responseTime.Add(int64(took))
	}
}

// read returns what was counted so far.
func (c *counters) read() Counts {
	out := Counts{
		RequestCount:       c.requests.Load(),
		HTTPCodeTarget:     make(map[int]int64, 4),
		HTTPCodeELB5XX:     c.elb5XX.Load(),
		TargetResponseTime: time.Duration(c.responseTime.Load()),
		Answered:           map[string]int64{},
	}
	c.targets.Range(func(id, n any) bool {
		out.Answered[id.(string)] = n.(*atomic.Int64).Load()
		return true
	})
	for class := 2; class <= 5; class++ {
		out.HTTPCodeTarget[class] = c.classes[class].Load()
	}
	return out
}

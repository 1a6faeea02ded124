// Package cpu finds the rate that holds the CPU of a service: it reads how busy the service is,
// and decides what is offered next. Reading and deciding know nothing of each other.
package cpu

import (
	"fmt"
	"math"
	"time"
)

// Period is how long a rate is offered before the next one is chosen, and over which the CPU is
// seen: long enough for the ticks of 10 ms in which systems count, and for an answer to come.
const Period = 5 * time.Second

// Observation is what was seen of the service in a period.
type Observation struct {
	CPU      float64 // percent
	Known    bool    // whether CPU was seen at all
	Answered float64 // share of the requests due that were answered as expected
}

const (
	// deadBand is how far, in percentage points, the CPU may be from where it is to be without
	// a change: it is never measured more exactly.
	deadBand = 1
	// gain is the part of the way that is gone at once, in logarithms: with a CPU that is seen one or
	// two periods late it does not swing either.
	gain = 0.4
	// greatest is the factor of a step.
	greatest = 2
	// lowest is the rate, in requests per second, from which a step comes up again.
	lowest = 1
	// mostBlind is how often in a row a CPU of 0 may be that of a rate which is still too low to
	// be seen.
	mostBlind = 3
	// fewest is the share of requests below which the service has another limit than its CPU.
	fewest = 0.9
)

// Controller chooses the rate, period by period. It has no clock: the same observations give the
// same rates.
type Controller struct {
	Most float64 // requests per second, which the rate never exceeds
	zero int     // observations of 0 in a row
}

// Next is the rate after one, in requests per second, under which the service was seen and its
// CPU was to be a target, in percent. The note says why the rate is not raised although the
// CPU is not there, "" if there is no reason for that.
func (c *Controller) Next(target, rate float64, seen Observation) (next float64, note string) {
	if seen.Known && seen.CPU <= 0 {
		c.zero++
	} else if seen.Known {
		c.zero = 0
	}
	raises := seen.CPU < target-deadBand
	switch {
	case !seen.Known:
		return rate, "the CPU of the service cannot be read; the rate stays as it is"
	case math.Abs(seen.CPU-target) <= deadBand:
		return rate, ""
	case c.zero > mostBlind:
		return rate, "the CPU of the service is said to be 0 under load; the rate is not raised: name where its CPU is read"
	case raises && seen.Answered < fewest:
		return rate, "the service does not answer 9 of 10 requests as expected; the rate is not raised"
	}
	factor := math.Pow(target/max(seen.CPU, target/1000), gain)
	next = rate * min(max(factor, 1.0/greatest), greatest)
	switch {
	case next > c.Most && raises:
		note = fmt.Sprintf("the most that may be sent, %.10g requests/s, does not bring the CPU of the service to %.10g %%", c.Most, target)
	case next < lowest && !raises:
		note = fmt.Sprintf("the CPU of the service is above %.10g %% without load", target)
	}
	return min(max(next, lowest), c.Most), note
}

package doctor

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// The offsets from which a clock is worth a word.
const (
	clockOffset = 2 * time.Second // beyond it, the order of our events and AWS's is unsure
	clockFar    = 4 * time.Minute // AWS refuses signatures that are 5 minutes off
)

// clock is an HTTP client that bounds AWS's clock minus ours by the Date headers
// of the answers: whole seconds, written between our sending and our receiving.
type clock struct {
	next aws.HTTPClient

	mu        sync.Mutex
	low, high time.Duration
	known     bool
}

// Do sends the request and notes the answer's Date.
func (c *clock) Do(r *http.Request) (*http.Response, error) {
	sent := time.Now()
	response, err := c.next.Do(r)
	if err != nil {
		return response, err
	}
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		c.note(date, sent, time.Now())
	}
	return response, nil
}

func (c *clock) note(date, sent, received time.Time) {
	low, high := date.Sub(received), date.Add(time.Second).Sub(sent)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known {
		low, high = max(low, c.low), min(high, c.high)
	}
	if low <= high { // else two machines answered whose clocks differ
		c.low, c.high, c.known = low, high, true
	}
}

// offset is the middle of the bounds; 0 before any answer.
func (c *clock) offset() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return (c.low + c.high) / 2
}

// checkClock compares this machine's clock with AWS's. It may be called from any
// goroutine.
func (x *examination) checkClock() {
	offset := x.clock.offset()
	id := "clock.offset"
	switch {
	case offset.Abs() < clockOffset:
		return
	case offset.Abs() > clockFar:
		id = "clock.far"
	}
	word := "behind"
	if offset < 0 {
		word = "ahead of"
	}
	x.find(id, "this machine", fmt.Sprintf("Its clock is %s %s AWS's.", offset.Abs().Round(time.Second), word),
		"Switch on time synchronisation (timedatectl set-ntp true), and wait until it holds.")
}

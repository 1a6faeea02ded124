// Package awsclock estimates AWS's clock from the Date headers of its answers.
package awsclock

import (
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// Clock estimates AWS's clock minus ours. Each Date, a whole second written
// between our sending and our receiving, bounds the offset from both sides; the
// bounds of many answers narrow it to well under a second. The zero value is
// ready for use, by any goroutine.
type Clock struct {
	mu        sync.Mutex
	low, high time.Duration
	known     bool
}

// Note takes in one answer. A zero date says nothing. Bounds that exclude those
// known so far mean that a clock was set: only the newest count then.
func (c *Clock) Note(date, sent, received time.Time) {
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

// Offset is the middle of the bounds; 0 before any answer, and while 0 lies
// within them: a correction smaller than its own uncertainty corrects nothing.
func (c *Clock) Offset() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.low <= 0 && c.high >= 0 {
		return 0
	}
	return (c.low + c.high) / 2
}

// Watch returns cfg with an HTTP client that notes every answer in the clock.
func (c *Clock) Watch(cfg aws.Config) aws.Config {
	cfg = cfg.Copy()
	next := cfg.HTTPClient
	if next == nil {
		next = awshttp.NewBuildableClient()
	}
	cfg.HTTPClient = watched{next, c}
	return cfg
}

type watched struct {
	next  aws.HTTPClient
	clock *Clock
}

// Do implements aws.HTTPClient.
func (w watched) Do(r *http.Request) (*http.Response, error) {
	sent := time.Now()
	response, err := w.next.Do(r)
	if err != nil {
		return response, err
	}
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		w.clock.Note(date, sent, time.Now())
	}
	return response, nil
}

// Package profile says when requests are due: offered load over time, pure.
package profile

import (
	"math"
	"sync"
	"time"
)

// Schedule is an offered rate that can be changed while it runs, without a
// request lost or doubled at the change. Times are counted from its start.
// It is safe for concurrent use; the zero value offers nothing.
type Schedule struct {
	mu       sync.Mutex
	segments []segment // by start; the last one is open-ended
}

// segment is a stretch of constant rate.
type segment struct {
	from time.Duration
	hits float64 // due before from
	rate float64 // requests per second
}

// maxSegments bounds what is remembered: due times are asked for requests that
// are under way, never for those of a thousand changes ago.
const maxSegments = 1024

// SetRate changes the rate at a time not before the last change. A rate below
// zero, or not a number, counts as zero.
func (s *Schedule) SetRate(at time.Duration, rate float64) {
	if !(rate > 0) {
		rate = 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.segments); n > 0 {
		at = max(at, s.segments[n-1].from)
	}
	s.segments = append(s.segments, segment{at, s.hits(at), rate})
	if len(s.segments) > maxSegments {
		s.segments = append(s.segments[:0:0], s.segments[len(s.segments)-maxSegments/2:]...)
	}
}

// Hits is how many requests are due before t, as a real number.
func (s *Schedule) Hits(t time.Duration) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hits(t)
}

func (s *Schedule) hits(t time.Duration) float64 {
	for i := len(s.segments) - 1; i >= 0; i-- {
		if g := s.segments[i]; t >= g.from || i == 0 {
			return g.hits + g.rate*max(0, (t-g.from).Seconds())
		}
	}
	return 0
}

// Due is when request seq (0, 1, 2 …) is due; ok is false while the rate is
// zero and nothing says when it will be.
func (s *Schedule) Due(seq uint64) (due time.Duration, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := float64(seq)
	for i := len(s.segments) - 1; i >= 0; i-- {
		g := s.segments[i]
		if n < g.hits && i > 0 {
			continue
		}
		if g.rate == 0 {
			return 0, false
		}
		return g.from + time.Duration(math.Max(0, n-g.hits)/g.rate*float64(time.Second)), true
	}
	return 0, false
}

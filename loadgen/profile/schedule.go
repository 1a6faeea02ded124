// Package profile computes when requests are due: offered load over time. It is pure.
package profile

import (
	"sync"
	"time"
)

// Schedule is offered load that can be changed while it runs, without a request
// lost or doubled at the change. Times are counted from its start. It is safe for
// concurrent use; the zero value offers nothing.
type Schedule struct {
	mu       sync.Mutex
	segments []segment // by start; the last one is open-ended
}

// segment is a stretch of one profile.
type segment struct {
	from    time.Duration
	hits    float64 // due before from
	profile Profile
}

// maxSegments bounds what is remembered: due times are asked for requests that
// are under way, never for those of a thousand changes ago.
const maxSegments = 1024

// Follow offers what the profile does, from a time on that is not before the last
// change. A profile that is not valid offers nothing.
func (s *Schedule) Follow(at time.Duration, p Profile) {
	if p.Validate() != nil {
		p = Constant{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.segments); n > 0 {
		at = max(at, s.segments[n-1].from)
	}
	s.segments = append(s.segments, segment{at, s.hits(at), p})
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
			return g.hits + g.profile.Hits(t-g.from)
		}
	}
	return 0
}

// Rate is what is offered at a time: requests per second or, where the profiles are those
// of a number of users, users.
func (s *Schedule) Rate(t time.Duration) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.segments) - 1; i >= 0; i-- {
		if g := s.segments[i]; t >= g.from {
			return g.profile.Rate(t - g.from)
		}
	}
	return 0
}

// Due is when request seq (0, 1, 2 …) is due; ok is false while that is not known:
// the rate is zero, or the profile has ended.
func (s *Schedule) Due(seq uint64) (due time.Duration, ok bool) { return s.reaches(float64(seq)) }

// reaches is when the hits come to n.
func (s *Schedule) reaches(n float64) (due time.Duration, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.segments) - 1; i >= 0; i-- {
		g := s.segments[i]
		if n < g.hits && i > 0 {
			continue
		}
		after, ok := reaches(g.profile, max(0, n-g.hits))
		return g.from + after, ok
	}
	return 0, false
}

// inverter is a Profile that knows when its hits come to n, which is fewer than all of them.
type inverter interface {
	reaches(n float64) time.Duration
}

// reaches is when a profile's hits come to n; ok is false if they never do.
func reaches(p Profile, n float64) (at time.Duration, ok bool) {
	if c, steady := p.(Constant); steady && c.PerSecond > 0 {
		at = time.Duration(n / c.PerSecond * float64(time.Second))
		return at, c.For == 0 || at < c.For
	}
	end := p.Duration()
	if p.Hits(end) <= n {
		return 0, false
	}
	if i, ok := p.(inverter); ok {
		return i.reaches(n), true
	}
	// The last nanosecond at which there are no more: hits never fall, and where nothing is
	// offered for a while, the next request is due when that ends.
	low, high := time.Duration(0), end
	for high-low > 1 {
		if middle := low + (high-low)/2; p.Hits(middle) <= n {
			low = middle
		} else {
			high = middle
		}
	}
	return low, true
}

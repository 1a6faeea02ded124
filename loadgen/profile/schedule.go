// Package profile computes when requests are due: offered load over time. It is pure.
package profile

import (
	"math"
	"slices"
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

// Follow offers what the profile does, from a time on that is not before the last
// change. A profile that is not valid offers nothing.
func (s *Schedule) Follow(at time.Duration, p Profile) {
	if p.Validate() != nil {
		p = Linear{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.segments); n > 0 {
		at = max(at, s.segments[n-1].from)
	}
	s.segments = append(s.segments, segment{at, s.hits(at), p})
}

// Before is how many requests are due before t: exactly those of which Due says so.
func (s *Schedule) Before(t time.Duration) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := uint64(math.Ceil(s.hits(t)))
	for n > 0 && !s.dueBefore(n-1, t) {
		n--
	}
	for s.dueBefore(n, t) {
		n++
	}
	return n
}

func (s *Schedule) dueBefore(seq uint64, t time.Duration) bool {
	due, ok := s.due(float64(seq))
	return ok && due < t
}

// hits is how many requests are due before t, as a real number. What differs from
// a whole number by rounding alone is that number.
func (s *Schedule) hits(t time.Duration) float64 {
	for i, g := range slices.Backward(s.segments) {
		if t >= g.from || i == 0 {
			h := g.hits + g.profile.Hits(t-g.from)
			if whole := math.Round(h); math.Abs(h-whole) <= rounding(h) {
				return whole
			}
			return h
		}
	}
	return 0
}

// Rate is what is offered at a time: requests per second or, where the profiles are those
// of a number of users, users.
func (s *Schedule) Rate(t time.Duration) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range slices.Backward(s.segments) {
		if t >= g.from {
			return g.profile.Rate(t - g.from)
		}
	}
	return 0
}

// rounding is more than what rounding errors add to so many hits, and far less
// than a request.
func rounding(hits float64) float64 { return 1e-12 * max(1000, hits) }

// Due is when request seq (0, 1, 2 …) is due; ok is false while that is not known:
// the rate is zero, or the profile has ended. A profile lasts for [0, Duration): what
// would be due at its very end is not.
func (s *Schedule) Due(seq uint64) (due time.Duration, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.due(float64(seq))
}

// due is when the hits come to n.
func (s *Schedule) due(n float64) (due time.Duration, ok bool) {
	for i, g := range slices.Backward(s.segments) {
		if n < g.hits && i > 0 {
			continue
		}
		after, ok := passes(g.profile, max(0, n-g.hits))
		if i+1 == len(s.segments) {
			return g.from + after, ok
		}
		// The next one begins with more hits, so that it is due by then, whatever was rounded.
		if next := s.segments[i+1].from; !ok || g.from+after > next {
			return next, true
		}
		return g.from + after, true
	}
	return 0, false
}

// passes is when a profile's hits come to n and go on; ok is false if they never do.
func passes(p Profile, n float64) (at time.Duration, ok bool) {
	end := p.Duration()
	if l, ok := p.(Linear); ok && len(l) == 1 && l[0].From == l[0].To && l[0].From > 0 { // a constant
		at = time.Duration(math.Round(n / l[0].From * float64(time.Second)))
		return at, end == 0 || at < end
	}
	if b, ok := p.(beginning); ok {
		at, ok = passes(b.Profile, n)
		return at, ok && at < b.end
	}
	n += rounding(n)
	if s, ok := p.(Sequence); ok {
		return s.passes(n)
	}
	if p.Hits(end) <= n {
		return 0, false
	}
	// The last nanosecond at which they have not passed n: hits never fall.
	low, high := time.Duration(0), end
	for low < high {
		if middle := low + (high-low)/2; p.Hits(middle) <= n {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return max(0, low-1), true
}

package profile

import (
	"fmt"
	"slices"
	"time"
)

var _ Profile = Sequence{}

// Sequence is profiles one after the other, any number of them, such as the phases of a load or
// the rates of a day, second by second: it searches where a Linear walks. The zero value offers
// nothing.
type Sequence struct {
	parts []Profile
	from  []time.Duration // when each begins
	hits  []float64       // before each
}

// NewSequence returns the profiles, all of which have an end.
func NewSequence(parts ...Profile) Sequence {
	s := Sequence{parts: parts}
	var at time.Duration
	var hits float64
	for _, p := range parts {
		s.from, s.hits = append(s.from, at), append(s.hits, hits)
		at += p.Duration()
		hits += p.Hits(p.Duration())
	}
	return s
}

// part is the one in which a time is, or in which a number of hits is passed.
func part[T time.Duration | float64](of []T, at T) int {
	after, found := slices.BinarySearch(of, at)
	if found { // of parts that offer nothing, the last
		for after+1 < len(of) && of[after+1] == at {
			after++
		}
		return after
	}
	return max(0, after-1)
}

// Rate implements Profile.
func (s Sequence) Rate(at time.Duration) float64 {
	if at < 0 || len(s.parts) == 0 {
		return 0
	}
	i := part(s.from, at)
	return s.parts[i].Rate(at - s.from[i])
}

// Hits implements Profile.
func (s Sequence) Hits(at time.Duration) float64 {
	if at < 0 || len(s.parts) == 0 {
		return 0
	}
	i := part(s.from, at)
	return s.hits[i] + s.parts[i].Hits(at-s.from[i])
}

// passes is as for any profile.
func (s Sequence) passes(n float64) (time.Duration, bool) {
	if n >= s.Hits(s.Duration()) {
		return 0, false
	}
	i := part(s.hits, n)
	after, ok := passes(s.parts[i], n-s.hits[i])
	if !ok { // by rounding
		after = s.parts[i].Duration()
	}
	return min(s.from[i]+after, s.Duration()-1), true
}

// Duration implements Profile.
func (s Sequence) Duration() time.Duration {
	if len(s.parts) == 0 {
		return 0
	}
	last := len(s.parts) - 1
	return s.from[last] + s.parts[last].Duration()
}

// Validate implements Profile.
func (s Sequence) Validate() error {
	left := forever
	for _, p := range s.parts {
		if err := p.Validate(); err != nil {
			return err
		}
		if d := p.Duration(); d <= 0 || d > left {
			return fmt.Errorf("duration %v is not positive, or too long; write it as in 90s or 5m", d)
		}
		left -= p.Duration()
	}
	return nil
}

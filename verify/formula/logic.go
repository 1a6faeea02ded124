package formula

import "time"

// Truth is a value of Kleene's three-valued logic.
type Truth int8

// The values, in order: And is the least, Or the greatest.
const (
	False   Truth = -1
	Unknown Truth = 0
	True    Truth = 1
)

// Of is a value of two-valued logic.
func Of(holds bool) Truth {
	if holds {
		return True
	}
	return False
}

// Not negates.
func Not(t Truth) Truth { return -t }

// And is true if all are, and false if one is not.
func And(all ...Truth) Truth {
	least := True
	for _, t := range all {
		least = min(least, t)
	}
	return least
}

// Or is true if one is.
func Or(all ...Truth) Truth {
	greatest := False
	for _, t := range all {
		greatest = max(greatest, t)
	}
	return greatest
}

// Signal is a proposition as it was sampled, in order of time. Between two samples further
// apart than Gap it is unknown.
type Signal struct {
	At    []time.Time
	Holds []bool
	Gap   time.Duration
}

// Add adds a sample.
func (s *Signal) Add(at time.Time, holds bool) {
	s.At, s.Holds = append(s.At, at), append(s.Holds, holds)
}

// Always is □[from,to] of the signal: false if a sample within is, unknown if there is a gap.
func (s Signal) Always(from, to time.Time) Truth {
	value, last := True, from
	for i, at := range s.At {
		if at.Before(from) || at.After(to) {
			continue
		}
		if !s.Holds[i] {
			return False
		}
		if at.Sub(last) > s.Gap {
			value = Unknown
		}
		last = at
	}
	if last.Equal(from) || to.Sub(last) > s.Gap {
		value = Unknown
	}
	return value
}

// Event is something that happened once: not before Lo, not after Hi, most likely At.
type Event struct{ Lo, At, Hi time.Time }

// exactly is an event whose time is known.
func exactly(at time.Time) Event { return Event{at, at, at} }

// seen is whether there was one.
func (e Event) seen() bool { return !e.At.IsZero() }

// Within is ◇[0,limit] of next after e: false if it came before or later, unknown if that
// lies within how well the times are known. Times may be cut to seconds.
func (e Event) Within(limit time.Duration, next Event) Truth {
	switch {
	case !e.seen() || !next.seen():
		return Unknown
	case next.Hi.Before(e.Lo.Truncate(time.Second)), next.Lo.Sub(e.Hi) > limit:
		return False
	case next.At.Sub(e.At) > limit:
		return Unknown
	}
	return True
}

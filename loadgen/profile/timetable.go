package profile

import (
	"math/rand/v2"
	"time"
)

// Arrivals are how the requests of a Schedule are spread over it. The zero value spreads
// them evenly: request n is due when the Schedule has come to n.
type Arrivals struct {
	// Poisson has requests come as those of many independent users do: in any stretch of
	// time a Poisson number of them, whose mean is what the Schedule offers there.
	Poisson bool
	Seed    uint64 // the same one gives the same times
}

// Timetable is when each request of a Schedule is due. It is meant to be read from the first
// request to the last: its memory is constant, and looking back means starting over. It is
// for one goroutine; two of one Schedule and the same Arrivals agree.
type Timetable struct {
	schedule *Schedule
	arrivals Arrivals
	random   *rand.Rand // of a Poisson process of rate 1
	seq      uint64
	at       float64 // when that process comes to seq
}

// Timetable returns when requests of the schedule are due, however it will be changed.
func (s *Schedule) Timetable(a Arrivals) *Timetable { return &Timetable{schedule: s, arrivals: a} }

// Due is when request seq (0, 1, 2 …) is due; ok is false while that is not known.
func (t *Timetable) Due(seq uint64) (due time.Duration, ok bool) {
	n := t.position(seq)
	t.schedule.mu.Lock()
	defer t.schedule.mu.Unlock()
	return t.schedule.due(n)
}

// Before is how many requests are due before a time, exactly those of which Due says so: at
// least as many as came before the one that was last asked for, and as it was the last time.
func (t *Timetable) Before(at time.Duration) uint64 {
	if !t.arrivals.Poisson {
		return max(t.seq, t.schedule.Before(at))
	}
	for seq := t.seq; ; seq++ {
		if due, ok := t.Due(seq); !ok || due >= at {
			return seq
		}
	}
}

// position is how many requests the schedule offers before request seq is due.
//
// A Poisson process whose rate varies is one of rate 1 whose time is the integral of the
// varying rate: the same draws serve any profile, and one that is changed meanwhile.
func (t *Timetable) position(seq uint64) float64 {
	if !t.arrivals.Poisson {
		t.seq = seq
		return float64(seq)
	}
	if t.random == nil || seq < t.seq {
		t.random = rand.New(rand.NewPCG(t.arrivals.Seed, 0))
		t.seq, t.at = 0, t.random.ExpFloat64()
	}
	for ; t.seq < seq; t.seq++ {
		t.at += t.random.ExpFloat64()
	}
	return t.at
}

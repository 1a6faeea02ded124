package profile

import (
	"fmt"
	"time"
)

var _ Profile = CPU{}

// CPU is the rate that holds the CPU of the service. It is found while it lasts: who knows of no
// other offers Linear, which is where it begins.
type CPU struct {
	Linear
	Percent float64
}

// cpuStart is the rate, in requests per second, that is too low to do harm, and high enough to be seen.
const cpuStart = 10

func newCPU(percent float64, length time.Duration) CPU {
	return CPU{Linear{{cpuStart, cpuStart, length}}, percent}
}

// Validate implements Profile.
func (c CPU) Validate() error {
	if !(c.Percent > 0 && c.Percent <= 100) { // written so that NaN fails too
		return fmt.Errorf("a CPU of %v %% cannot be held; give more than 0 and at most 100, as in cpu:32/10m", c.Percent)
	}
	return c.Linear.Validate()
}

// After is a profile without its beginning; at is not negative, and before its end if it has one.
func After(p Profile, at time.Duration) Profile {
	if at == 0 {
		return p
	}
	return ending{p, at}
}

type ending struct {
	Profile
	from time.Duration
}

func (e ending) Rate(at time.Duration) float64 {
	if at < 0 {
		return 0
	}
	return e.Profile.Rate(at + e.from)
}

func (e ending) Hits(at time.Duration) float64 {
	return e.Profile.Hits(max(0, at)+e.from) - e.Profile.Hits(e.from)
}

func (e ending) Duration() time.Duration { return max(0, e.Profile.Duration()-e.from) }

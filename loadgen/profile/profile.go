package profile

import (
	"fmt"
	"math"
	"time"
)

// MaxRate is the highest rate that Parse accepts, in requests per second. It is
// far above what one generator can send; its purpose is to keep H(t) exact to a
// small fraction of a request.
const MaxRate = 1e6

// forever is longer than any profile may last: about 146 years.
const forever = time.Duration(math.MaxInt64 / 2)

// Profile is offered load over time, counted from its own start.
type Profile interface {
	// Rate is the offered load at a time, in requests per second, never
	// negative. Outside [0, Duration) it is 0.
	Rate(at time.Duration) float64
	// Hits is the integral of Rate from 0 to a time, in requests. It never
	// falls, is 0 before the start and constant after the end.
	Hits(at time.Duration) float64
	// Duration is how long the profile lasts; 0 means without end.
	Duration() time.Duration
	// Validate reports what is wrong with the profile, or nil.
	Validate() error
}

var (
	_ Profile = Constant{}
	_ Profile = Ramp{}
	_ Profile = Steps{}
	_ Profile = Sine{}
)

// Constant is one rate. The zero value offers nothing, without end.
type Constant struct {
	PerSecond float64       // requests per second
	For       time.Duration // 0 means without end
}

// Rate implements Profile.
func (c Constant) Rate(at time.Duration) float64 {
	if at < 0 || c.For > 0 && at >= c.For {
		return 0
	}
	return c.PerSecond
}

// Hits implements Profile: rate × time.
func (c Constant) Hits(at time.Duration) float64 { return c.PerSecond * clamp(at, c.For).Seconds() }

// Duration implements Profile.
func (c Constant) Duration() time.Duration { return c.For }

// Validate implements Profile.
func (c Constant) Validate() error {
	if c.For < 0 {
		return fmt.Errorf("constant: duration %v is negative; use a positive one, or none for no end", c.For)
	}
	return validRates("constant", c.PerSecond)
}

// Ramp goes from one rate to another in a straight line, up or down; down to 0
// is allowed. H(t) = From·t + (To−From)·t²/(2·Over).
type Ramp struct {
	From, To float64       // requests per second
	Over     time.Duration // must be positive
}

// Rate implements Profile.
func (r Ramp) Rate(at time.Duration) float64 {
	if at < 0 || at >= r.Over {
		return 0
	}
	return r.From + (r.To-r.From)*at.Seconds()/r.Over.Seconds()
}

// Hits implements Profile.
func (r Ramp) Hits(at time.Duration) float64 {
	if r.Over <= 0 {
		return 0
	}
	t := clamp(at, r.Over).Seconds()
	return r.From*t + (r.To-r.From)*t*t/(2*r.Over.Seconds())
}

// Duration implements Profile.
func (r Ramp) Duration() time.Duration { return r.Over }

// Validate implements Profile.
func (r Ramp) Validate() error {
	if r.Over <= 0 {
		return fmt.Errorf("ramp: duration %v is not positive; give how long it takes, as in ramp:10..200/5m", r.Over)
	}
	return validRates("ramp", r.From, r.To)
}

// Steps holds each of its rates for the same time, one after the other.
type Steps struct {
	Rates []float64     // requests per second; at least one
	Each  time.Duration // how long each is held; must be positive
}

// Rate implements Profile.
func (s Steps) Rate(at time.Duration) float64 {
	if at < 0 || at >= s.Duration() {
		return 0
	}
	return s.Rates[at/s.Each]
}

// Hits implements Profile.
func (s Steps) Hits(at time.Duration) float64 {
	var sum float64
	for _, rate := range s.Rates {
		sum += rate * clamp(at, s.Each).Seconds()
		at -= s.Each
	}
	return sum
}

// Duration implements Profile.
func (s Steps) Duration() time.Duration { return time.Duration(len(s.Rates)) * s.Each }

// Validate implements Profile.
func (s Steps) Validate() error {
	if len(s.Rates) == 0 {
		return fmt.Errorf("steps: no rate; list them, as in steps:10,50,100/1m")
	}
	if s.Each <= 0 || s.Each > forever/time.Duration(len(s.Rates)) {
		return fmt.Errorf("steps: duration %v of a step is not positive, or too long; "+
			"give how long each is held, as in steps:10,50,100/1m", s.Each)
	}
	return validRates("steps", s.Rates...)
}

// Sine swings between two rates; it begins half-way up, rising:
//
//	High    ,-.        ,-.
//	       /   \      /   \
//	      0     \    /     \
//	Low          `--´       `--´
//	      |- Period -|
//
// With mean m = (High+Low)/2, amplitude a = (High−Low)/2 and ω = 2π/Period:
// λ(t) = m + a·sin ωt and H(t) = m·t + (a/ω)·(1 − cos ωt).
type Sine struct {
	Low, High float64       // requests per second
	Period    time.Duration // of one swing; must be positive
	For       time.Duration // of the whole; must be positive
}

// Rate implements Profile.
func (s Sine) Rate(at time.Duration) float64 {
	if at < 0 || at >= s.For || s.Period <= 0 {
		return 0
	}
	// Rounding may pass Low by a hair, and a rate is never negative.
	return max(0, (s.High+s.Low)/2+(s.High-s.Low)/2*math.Sin(s.angle(at)))
}

// Hits implements Profile.
func (s Sine) Hits(at time.Duration) float64 {
	if s.Period <= 0 {
		return 0
	}
	at = clamp(at, s.For)
	amplitude := (s.High - s.Low) / 2 * s.Period.Seconds() / (2 * math.Pi)
	return (s.High+s.Low)/2*at.Seconds() + amplitude*(1-math.Cos(s.angle(at)))
}

// angle is ωt, taken within one period so that it stays exact after a long time.
func (s Sine) angle(at time.Duration) float64 {
	return 2 * math.Pi * float64(at%s.Period) / float64(s.Period)
}

// Duration implements Profile.
func (s Sine) Duration() time.Duration { return s.For }

// Validate implements Profile.
func (s Sine) Validate() error {
	if s.Period <= 0 || s.For <= 0 {
		return fmt.Errorf("sine: period %v and duration %v must be positive, as in sine:50..150@1m/10m", s.Period, s.For)
	}
	if s.High < s.Low {
		return fmt.Errorf("sine: %v..%v runs downwards; write the lower rate first", s.Low, s.High)
	}
	return validRates("sine", s.Low, s.High)
}

// Until is the beginning of a profile: nothing is offered from end on, which is
// positive.
func Until(p Profile, end time.Duration) Profile {
	if c, ok := p.(Constant); ok && c.For == 0 {
		return Constant{PerSecond: c.PerSecond, For: end}
	}
	if whole := p.Duration(); whole > 0 && whole <= end {
		return p
	}
	return beginning{p, end}
}

type beginning struct {
	Profile
	end time.Duration
}

func (b beginning) Rate(at time.Duration) float64 {
	if at >= b.end {
		return 0
	}
	return b.Profile.Rate(at)
}

func (b beginning) Hits(at time.Duration) float64 { return b.Profile.Hits(min(at, b.end)) }

func (b beginning) Duration() time.Duration { return b.end }

// clamp brings a time into [0, end]; end 0 means without end.
func clamp(at, end time.Duration) time.Duration {
	if end > 0 {
		at = min(at, end)
	}
	return max(at, 0)
}

// validRates reports a rate that cannot be offered.
func validRates(shape string, rates ...float64) error {
	for _, rate := range rates {
		if !(rate >= 0 && rate <= MaxRate) { // written so that NaN fails too
			return fmt.Errorf("%s: rate %v is out of range; use 0 to %v requests per second", shape, rate, float64(MaxRate))
		}
	}
	return nil
}

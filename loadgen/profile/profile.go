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
	_ Profile = Linear{}
	_ Profile = Sine{}
)

// Linear is a rate that goes in straight lines, piece by piece: a constant, a ramp,
// steps. The zero value offers nothing, without end.
type Linear []Piece

// Piece goes from one rate to another, in requests per second; down to 0 is allowed.
// H(t) = From·t + (To−From)·t²/(2·For).
type Piece struct {
	From, To float64
	For      time.Duration // 0, of the last piece: From without end
}

// Constant is one rate, in requests per second, without end.
func Constant(rate float64) Linear { return Linear{{rate, rate, 0}} }

// Rate implements Profile.
func (l Linear) Rate(at time.Duration) float64 {
	for _, p := range l {
		switch {
		case at < 0:
			return 0
		case p.For == 0:
			return p.From
		case at < p.For:
			return p.From + (p.To-p.From)*at.Seconds()/p.For.Seconds()
		}
		at -= p.For
	}
	return 0
}

// Hits implements Profile.
func (l Linear) Hits(at time.Duration) (sum float64) {
	for _, p := range l {
		t := clamp(at, p.For).Seconds()
		sum += p.From * t
		if p.For > 0 {
			sum += (p.To - p.From) * t * t / (2 * p.For.Seconds())
		}
		at -= p.For
	}
	return sum
}

// Duration implements Profile.
func (l Linear) Duration() (sum time.Duration) {
	for _, p := range l {
		if p.For == 0 {
			return 0
		}
		sum += p.For
	}
	return sum
}

// Validate implements Profile.
func (l Linear) Validate() error {
	left := forever
	for i, p := range l {
		if p.For < 0 || p.For > left || p.For == 0 && i < len(l)-1 {
			return fmt.Errorf("duration %v is not positive, or too long; write it as in 90s or 5m", p.For)
		}
		left -= p.For
		if err := validRates(p.From, p.To); err != nil {
			return err
		}
	}
	return nil
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
		return fmt.Errorf("period %v and duration %v must be positive, as in sine:50..150@1m/10m", s.Period, s.For)
	}
	if s.High < s.Low {
		return fmt.Errorf("%v..%v runs downwards; write the lower rate first", s.Low, s.High)
	}
	return validRates(s.Low, s.High)
}

// Until is the beginning of a profile: nothing is offered from end on, which is
// positive.
func Until(p Profile, end time.Duration) Profile {
	if whole := p.Duration(); whole > 0 && whole <= end {
		return p
	}
	if c, ok := p.(CPU); ok {
		return newCPU(c.Percent, end)
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
func validRates(rates ...float64) error {
	for _, rate := range rates {
		if !(rate >= 0 && rate <= MaxRate) { // written so that NaN fails too
			return fmt.Errorf("rate %v is out of range; use 0 to %v requests per second", rate, float64(MaxRate))
		}
	}
	return nil
}

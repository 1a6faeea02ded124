package profile

import "slices"

// Highest is the highest rate that a valid profile comes to, in requests per second; MaxRate if
// the profile is none of this package's.
func Highest(p Profile) float64 {
	switch p := p.(type) {
	case Constant:
		return p.PerSecond
	case Ramp:
		return max(p.From, p.To)
	case Steps:
		return slices.Max(p.Rates)
	case Sine:
		return p.High
	case Spike:
		return max(p.Base, p.Peak)
	case Replay:
		highest := 0.0
		for _, point := range p.points {
			highest = max(highest, point.Rate)
		}
		return highest
	default:
		return MaxRate
	}
}

package profile

// Highest is the highest rate that a valid profile comes to, in requests per second; MaxRate if
// the profile is none of this package's.
func Highest(p Profile) (rate float64) {
	var pieces Linear
	switch p := p.(type) {
	case Linear:
		pieces = p
	case Replay:
		pieces = p.pieces
	case beginning:
		return Highest(p.Profile)
	case Sine:
		return p.High
	default:
		return MaxRate
	}
	for _, piece := range pieces {
		rate = max(rate, piece.From, piece.To)
	}
	return rate
}

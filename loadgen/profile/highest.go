package profile

// Highest is the highest rate that a valid profile comes to, in requests per second; MaxRate if
// that is not known.
func Highest(p Profile) (rate float64) {
	switch p := p.(type) {
	case Linear:
		for _, piece := range p {
			rate = max(rate, piece.From, piece.To)
		}
	case Sequence:
		for _, part := range p.parts {
			rate = max(rate, Highest(part))
		}
	case beginning:
		return Highest(p.Profile)
	case Sine:
		return p.High
	case ending:
		return Highest(p.Profile)
	default:
		return MaxRate
	}
	return rate
}

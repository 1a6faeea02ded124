package summary

import (
	"time"

	"secondwind/runlog"
)

// Gap is when the load did not run, because the generator was killed and resumed.
type Gap struct {
	From       time.Time `json:"from"`
	Seconds    float64   `json:"seconds"`
	Unanswered int64     `json:"unanswered"` // requests sent before, whose outcome is not on record
}

// AddLine adds what a line of a record says.
func (s *Summary) AddLine(l runlog.LoadLine) error {
	switch {
	case l.Second != nil:
		return s.Add(l.Second)
	case l.Gap != nil:
		s.Gaps = append(s.Gaps, Gap{From: l.Gap.From.UTC(), Seconds: l.Time.Sub(l.Gap.From).Seconds(), Unanswered: l.Gap.Unanswered})
	}
	return nil
}

// String describes the gap.
func (g Gap) String() string {
	return runlog.Gap{From: g.From, Unanswered: g.Unanswered}.Describe(g.From.Add(time.Duration(g.Seconds * float64(time.Second))))
}

package attack

import (
	"fmt"
	"math"
	"time"

	"secondwind/loadgen/profile"
	"secondwind/runlog"
)

// Position is where an attack stands. The zero value is its start.
type Position struct {
	At      time.Duration // since the start of what is offered
	Offered int64         // requests due before
	Sent    int64         // by then
	Dropped int64         // by then; what is due and neither sent nor dropped is still to be sent
	Rate    float64       // that was offered last, in requests per second
}

// PositionAfter is where the attack of a record stands after its lines: each ends where the
// next one begins. The gap says what is not known of the requests that were sent by then.
func PositionAfter(record *runlog.Record) (p Position, gap runlog.Gap) {
	gap.From = record.Manifest.Started
	for _, l := range record.Load {
		switch {
		case l.Second != nil:
			p.At += time.Duration(math.Round(l.Second.IntervalSeconds * float64(time.Second)))
			p.Offered += l.Second.Offered
			p.Sent += l.Second.Sent
			p.Dropped += l.Second.Dropped
			p.Rate = l.Second.OfferedRate
			gap.From = l.Time
			gap.Unanswered += l.Second.Sent - l.Second.Completed - l.Second.Failed
		case l.Gap != nil:
			gap.Unanswered -= l.Gap.Unanswered
		}
	}
	gap.Unanswered = max(0, gap.Unanswered)
	return p, gap
}

// Fits reports that a position is not one of a profile, because record and scenario are of
// different runs, or of different versions of this program.
func (p Position) Fits(offered profile.Profile, arrivals profile.Arrivals) error {
	var s profile.Schedule
	s.Follow(0, offered)
	table := s.Timetable(arrivals)
	if p.Offered > 0 {
		table.Due(uint64(p.Offered) - 1) // what came before is not looked at one by one
	}
	if due := int64(table.Before(p.At)); due != p.Offered {
		return fmt.Errorf("the record has %d requests offered in the first %s, its scenario offers %d: they do not belong together",
			p.Offered, p.At, due)
	}
	return nil
}

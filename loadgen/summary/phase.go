package summary

import (
	"fmt"
	"io"
	"slices"

	"secondwind/runlog"
)

// Phase is what became of a part of the load.
type Phase struct {
	Name    runlog.Phase `json:"name"`
	Seconds float64      `json:"seconds"` // that its lines cover
	Offered int64        `json:"offered"`
	Sent    int64        `json:"sent"`
	Dropped int64        `json:"dropped"`
	Request

	instances map[string]int64 // as Summary.Instances
}

// phase adds what a line says of its phase, but for the latencies.
func (s *Summary) phase(l *runlog.LoadSecond) *Phase {
	i := slices.IndexFunc(s.phases, func(p *Phase) bool { return p.Name == l.Phase })
	if i < 0 {
		i = len(s.phases)
		s.phases = append(s.phases, &Phase{Name: l.Phase})
	}
	if len(s.phases) > 1 {
		s.Phases = s.phases
	}
	p := s.phases[i]
	p.Seconds += l.IntervalSeconds
	p.Offered, p.Sent, p.Dropped = p.Offered+l.Offered, p.Sent+l.Sent, p.Dropped+l.Dropped
	p.Completed, p.Failed = p.Completed+l.Completed, p.Failed+l.Failed
	return p
}

// writePhases writes a row for each phase.
func (s *Summary) writePhases(w io.Writer) {
	for i, p := range s.Phases {
		fmt.Fprintf(w, "%s\t%s: offered %d, completed %d, failed %d%s%s\n", first(i, "by phase"), p.Name, p.Offered, p.Completed, p.Failed,
			dropped(p.Dropped), p.FromSchedule.short("; from schedule"))
	}
}

// dropped says that requests were, which is rare.
func dropped(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", dropped %d", n)
}

package judge

import (
	"cmp"
	"time"

	"secondwind/runlog"
)

// span is a phase of the run by the generator's clock.
type span struct {
	start, end time.Time // end is zero if the record ends within it
	rate       float64   // offered at its start
	line       int64     // of load.jsonl, 1-based
}

func (s span) seconds() float64 { return s.end.Sub(s.start).Seconds() }

// load is load.jsonl, taken apart.
type load struct {
	phases      map[runlog.Phase]span
	seconds     []second
	calibration *runlog.Calibration
	interrupted string       // why; "" if not
	refused     bool         // the run was not even begun
	phase       runlog.Phase // of the last phase line; "" if there is none
	note        string       // of the last phase line: why the experiment ended early
	hold        *runlog.Hold // how it went; nil: not recorded
	done        time.Time
	firstSent   second   // the first interval in which a request was sent; nil Second if none was
	digest      struct { // the phase line that carries the hypothesis's digest
		sha256 string
		at     time.Time
		line   int64
	}
	disordered int64 // the first line that does not fit the phase lines; 0: none
	last       time.Time
}

type second struct {
	*runlog.LoadSecond
	start, end time.Time
	line       int64
}

func newLoad(lines []runlog.LoadLine) load {
	l := load{phases: map[runlog.Phase]span{}, seconds: make([]second, 0, len(lines))}
	for i, line := range lines {
		number := int64(i + 1)
		switch {
		case line.Phase != nil:
			l.change(line, number)
		case line.Second != nil:
			l.add(line, number)
		case line.Calibration != nil:
			l.calibration = line.Calibration
		case line.Interrupted != nil:
			l.interrupted, l.refused = cmp.Or(line.Interrupted.Reason, "no reason given"), line.Interrupted.Refused
		}
		if line.Time.After(l.last) {
			l.last = line.Time
		}
	}
	return l
}

func (l *load) change(line runlog.LoadLine, number int64) {
	was := l.phase
	if s, ok := l.phases[was]; ok && s.end.IsZero() {
		s.end = line.Time
		l.phases[was] = s
	}
	p := line.Phase
	l.phase, l.note, l.hold = p.Phase, p.Note, cmp.Or(l.hold, p.Hold)
	if p.HypothesisSHA256 != "" && l.digest.line == 0 {
		l.digest.sha256, l.digest.at, l.digest.line = p.HypothesisSHA256, line.Time, number
	}
	if p.Phase == runlog.PhaseDone {
		l.done = line.Time
	}
	s, again := l.phases[p.Phase]
	switch {
	case !again:
		s = span{start: line.Time, rate: p.OfferedRate, line: number}
	case p.Phase != was: // a phase is not entered twice
		l.disordered = number
	default: // a new rate within it is no new phase
		s.end = time.Time{}
	}
	l.phases[p.Phase] = s
}

func (l *load) add(line runlog.LoadLine, number int64) {
	s := second{line.Second, line.Time.Add(-runlog.Seconds(line.Second.IntervalSeconds)), line.Time, number}
	// An interval may end just after a phase line was written for the next one,
	// and the generator may run before the first phase.
	if l.disordered == 0 && s.Phase != l.phase && l.phase != "" {
		if p, ok := l.phases[s.Phase]; !ok || (!p.end.IsZero() && s.start.After(p.end)) {
			l.disordered = number
		}
	}
	if s.Sent > 0 && l.firstSent.LoadSecond == nil {
		l.firstSent = s
	}
	l.seconds = append(l.seconds, s)
}

// began is when the load step was made, e0; zero if the run ended before.
func (l load) began() time.Time { return l.phases[runlog.PhaseLoad].start }

// ended is when the load was let go: the end of the last of load and hold.
func (l load) ended() time.Time {
	end := l.phases[runlog.PhaseLoad].end
	if hold, ok := l.phases[runlog.PhaseHold]; ok {
		end = hold.end
	}
	if end.IsZero() && !l.began().IsZero() {
		return l.last
	}
	return end
}

// firstLoad is when any load was first offered: the end of the baseline.
func (l load) firstLoad() time.Time {
	for _, p := range []runlog.Phase{runlog.PhaseCalibration, runlog.PhaseControl, runlog.PhaseLoad} {
		if s, ok := l.phases[p]; ok {
			return s.start
		}
	}
	return time.Time{}
}

// gap finds the first silence of the generator in [from, to]: an interval that
// does not begin where the one before ended, within half an interval.
func (l load) gap(from, to time.Time) (at time.Time, silent time.Duration) {
	end := from
	for _, s := range l.seconds {
		if !s.end.After(from) {
			continue
		}
		if s.start.After(to) {
			break
		}
		if d := s.start.Sub(end); d > tolerated(s) {
			return end, d
		}
		end = s.end
	}
	if d := to.Sub(end); d > time.Second {
		return end, d
	}
	return time.Time{}, 0
}

func tolerated(s second) time.Duration { return runlog.Seconds(s.IntervalSeconds / 2) }

// overlap is the first line whose interval begins, by more than half of it,
// before the one before it ended: a line that stands twice, or out of order; 0
// if there is none.
func (l load) overlap() int64 {
	for i := 1; i < len(l.seconds); i++ {
		s := l.seconds[i]
		if l.seconds[i-1].end.Sub(s.start) > tolerated(s)+time.Millisecond {
			return s.line
		}
	}
	return 0
}

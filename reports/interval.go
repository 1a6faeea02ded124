package reports

import "secondwind/runlog"

// shortest is how long an interval must be, in seconds, to be drawn by itself. A
// change of phase cuts intervals off: a request or none in a few milliseconds
// would be a spike that nobody offered, or a gap in what never stopped.
const shortest = 0.25

// interval is one line of load.jsonl or, where a change of phase cut one off,
// that one and its neighbour. From and To are seconds since the start.
type interval struct {
	From, To float64
	Lines    []intervalLine
}

// intervalLine is a line with its number in load.jsonl, from 1.
type intervalLine struct {
	*runlog.LoadSecond
	Number int
}

// length is the measured time of the lines, seconds; it leaves out what lies
// between them.
func (i interval) length() float64 {
	var sum float64
	for _, l := range i.Lines {
		sum += l.IntervalSeconds
	}
	return sum
}

// readIntervals returns the intervals in their order. One shorter than shortest
// joins its neighbour: the one before if that is of the same phase, for the
// rates of two phases have no common mean, and else the one after.
func readIntervals(load []runlog.LoadLine, at timescale) []interval {
	var all []interval
	for n, l := range load {
		if l.Second == nil || l.Second.IntervalSeconds <= 0 {
			continue
		}
		end := at.ours(l.Time)
		next := interval{From: end - l.Second.IntervalSeconds, To: end, Lines: []intervalLine{{l.Second, n + 1}}}
		if last := len(all) - 1; last >= 0 && all[last].absorbs(next) {
			all[last].To = next.To
			all[last].Lines = append(all[last].Lines, next.Lines...)
			continue
		}
		all = append(all, next)
	}
	return joinLast(all)
}

// absorbs reports whether next, which comes after i, is to be drawn with it.
func (i interval) absorbs(next interval) bool {
	if next.From > i.To+shortest {
		return false // a silence between them must stay one
	}
	if i.length() < shortest {
		return true
	}
	// Only one short line: many in a row are how finely the record was written.
	last := i.Lines[len(i.Lines)-1]
	return next.length() < shortest && last.Phase == next.Lines[0].Phase && last.IntervalSeconds >= shortest
}

// joinLast joins the last interval to the one before if it is short: there is
// none after it.
func joinLast(all []interval) []interval {
	last := len(all) - 1
	if last < 1 || all[last].length() >= shortest || all[last].From > all[last-1].To+shortest {
		return all
	}
	all[last-1].To = all[last].To
	all[last-1].Lines = append(all[last-1].Lines, all[last].Lines...)
	return all[:last]
}

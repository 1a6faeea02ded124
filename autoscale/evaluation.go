package autoscale

import (
	"slices"
	"time"
)

// extraPeriods is how many more periods than EvaluationPeriods an evaluation
// looks at. CloudWatch's formula is not published; its guide shows a range of 5
// for EvaluationPeriods 3, and N+2 fits what was captured from AWS.
const extraPeriods = 2

// point is a period as an evaluation sees it.
type point struct {
	start   time.Time
	present bool
	value   float64
	samples float64 // SampleCount
}

// evaluation is what an alarm makes of its points.
type evaluation struct {
	state State
	// points are the real ones that were used, oldest first; filled is how many
	// missing ones were counted beside them.
	points []point
	filled int
	// window is what StateReasonData lists: points, and the missing ones of
	// EvaluationPeriods if some had to be filled. Oldest first.
	window []point
}

// evaluate decides the state, given the state it was in and the points of the
// evaluation range, oldest first:
//
//  1. at least EvaluationPeriods real points: the newest of them decide, and
//     TreatMissingData is not used;
//  2. fewer: all real ones are kept and the rest is filled as TreatMissingData
//     says;
//  3. none: TreatMissingData alone decides.
//
// Source: CloudWatch User Guide, "Configuring how CloudWatch alarms treat
// missing data"; testdata/alarm-missing-data.json holds its tables.
func (a Alarm) evaluate(was State, points []point) evaluation {
	known := slices.DeleteFunc(slices.Clone(points), func(p point) bool { return !p.present })
	n := a.EvaluationPeriods
	if len(known) >= n { // case 1
		known = known[len(known)-n:]
		return evaluation{state: a.count(known, 0), points: known, window: known}
	}
	e := evaluation{points: known, filled: n - len(known), window: recent(points, n)}
	switch a.TreatMissingData { // cases 2 and 3
	case TreatBreaching:
		e.state = a.count(known, e.filled)
	case TreatNotBreaching:
		e.state = a.count(known, 0)
	case TreatIgnore:
		e.state = a.sparse(was, was, points, known)
	case TreatMissing, "":
		e.state = a.sparse(was, StateInsufficientData, points, known)
	}
	return e
}

// count compares the breaching points, and extra ones, with M.
func (a Alarm) count(points []point, extra int) State {
	if a.breaching(points)+extra >= a.needed() {
		return StateAlarm
	}
	return StateOK
}

func (a Alarm) breaching(points []point) int {
	n := 0
	for _, p := range points {
		if a.breaches(p.value) {
			n++
		}
	}
	return n
}

// sparse decides with some points missing that are neither breaching nor not;
// empty is the state if all are.
func (a Alarm) sparse(was, empty State, points, known []point) State {
	if len(known) == 0 {
		return empty
	}
	breaching := a.breaching(known)
	if breaching >= a.needed() {
		return StateAlarm
	}
	if breaching < len(known) {
		return StateOK
	}
	// Every real point breaches, but there are fewer than M of them. To alarm
	// would be premature unless the oldest is at least M periods old: then all
	// that came since is breaching or missing. Only "missing" goes that far.
	age := len(points) - slices.IndexFunc(points, func(p point) bool { return p.present })
	if a.TreatMissingData != TreatIgnore && age >= a.needed() {
		return StateAlarm
	}
	return was
}

// recent returns the real points, and the missing ones among the newest n.
func recent(points []point, n int) []point {
	var kept []point
	for i, p := range points {
		if p.present || i >= len(points)-n {
			kept = append(kept, p)
		}
	}
	return kept
}

// values are the real points' values, oldest first.
func (e evaluation) values() []float64 {
	v := make([]float64, len(e.points))
	for i, p := range e.points {
		v[i] = p.value
	}
	return v
}

package judge

import (
	"math"
	"strings"
	"time"

	"secondwind/runlog"
	"secondwind/runlog/timeline"
)

// last returns the newest value that was received no later than at; nil if none was.
func last[T any](all []timeline.Seen[T], at time.Time) *timeline.Seen[T] {
	var found *timeline.Seen[T]
	for i := range all {
		if all[i].Received.After(at) {
			break
		}
		found = &all[i]
	}
	return found
}

// watchedUntil is when the operation was last answered, by AWS's clock: what had
// not happened by then is known not to have.
func (t *analysis) watchedUntil(operation string) time.Time {
	all := t.cloud.Answered[operation]
	if len(all) == 0 {
		return time.Time{}
	}
	return t.clock.aws(all[len(all)-1].Sent).Add(-t.clock.bound)
}

// stateAt is the declared alarm's state just before at, as far as the history and
// the answers until then tell; "" if they do not.
func (t *analysis) stateAt(at time.Time) string {
	state := ""
	var since time.Time
	for _, a := range t.alarms {
		if sent := t.aws(a.Sent); sent.Before(at) {
			state, since = a.Value.StateValue, sent
		}
	}
	for _, tr := range t.transitions() {
		if tr.At.After(since) && tr.At.Before(at) {
			state = tr.To.StateValue
		}
	}
	return state
}

// transitions are the declared alarm's, oldest first.
func (t *analysis) transitions() []timeline.Transition { return t.cloud.Transitions(t.h.AlarmName) }

// lowest is the lowest value; +Inf of none.
func lowest(points []*timeline.Datapoint) float64 {
	low := math.Inf(1)
	for _, p := range points {
		low = min(low, p.Value())
	}
	return low
}

func mean(points []*timeline.Datapoint) float64 {
	var sum float64
	for _, p := range points {
		sum += p.Value()
	}
	return sum / float64(len(points))
}

// byThreshold reports whether the reason is what CloudWatch itself writes when
// datapoints cross, not a caller's text. Source: CloudWatch User Guide.
func byThreshold(s runlog.AlarmState) bool {
	return strings.HasPrefix(s.StateReason, "Threshold Crossed: ")
}

// awsTime is the time format of StateReasonData.
const awsTime = "2006-01-02T15:04:05.000-0700"

func evidence(all ...*runlog.Observation) (e []Evidence) {
	for _, o := range all {
		e = append(e, Evidence{File: runlog.CloudFile, Line: o.Seq, RequestID: o.RequestID})
	}
	return e
}

func loadEvidence(line int64) []Evidence { return []Evidence{{File: runlog.LoadFile, Line: line}} }

package judge

import (
	"encoding/json"
	"strings"
	"time"

	"secondwind/runlog"
)

// transition is a StateUpdate of an alarm's history.
type transition struct {
	at       time.Time
	from, to runlog.AlarmState
	source   *runlog.Observation
	readable bool // HistoryData was what CloudWatch writes
}

// transitions returns the named alarm's changes of state, oldest first.
func (t *timeline) transitions(alarm string) []transition {
	if known, ok := t.changes[alarm]; ok {
		return known
	}
	var all []transition
	for _, item := range t.history {
		if item.value.AlarmName != alarm || item.value.HistoryItemType != "StateUpdate" {
			continue
		}
		tr := transition{at: item.value.Timestamp.UTC(), source: item.Observation}
		var data runlog.StateUpdateData
		if err := json.Unmarshal([]byte(item.value.HistoryData), &data); err == nil {
			tr.from, tr.to, tr.readable = data.OldState, data.NewState, true
		} else if from, to, ok := summarised(item.value.HistorySummary); ok {
			tr.from.StateValue, tr.to.StateValue = from, to
		}
		all = append(all, tr)
	}
	t.changes[alarm] = all
	return all
}

// summarised reads "Alarm updated from OK to ALARM".
func summarised(summary string) (from, to string, ok bool) {
	rest, ok := strings.CutPrefix(summary, "Alarm updated from ")
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, " to ")
}

// stateAt is the alarm's state just before at, as far as the history and the
// answers until then tell; "" if they do not.
func (t *timeline) stateAt(alarm string, at time.Time) string {
	state := ""
	var since time.Time
	for _, a := range t.alarms {
		if received := t.clock.aws(a.Sent); a.value.AlarmName == alarm && received.Before(at) {
			state, since = a.value.StateValue, received
		}
	}
	for _, tr := range t.transitions(alarm) {
		if tr.at.After(since) && tr.at.Before(at) {
			state = tr.to.StateValue
		}
	}
	return state
}

// byThreshold reports whether the reason is what CloudWatch itself writes when
// datapoints cross, not a caller's text. Source: CloudWatch User Guide.
func byThreshold(s runlog.AlarmState) bool {
	return strings.HasPrefix(s.StateReason, "Threshold Crossed: ")
}

// awsTime is the time format of StateReasonData.
const awsTime = "2006-01-02T15:04:05.000-0700"

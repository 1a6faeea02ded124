package timeline

import (
	"encoding/json"
	"strings"
	"time"

	"secondwind/runlog"
)

// Transition is a StateUpdate of an alarm's history.
type Transition struct {
	AlarmName string
	At        time.Time
	From, To  runlog.AlarmState
	Source    *runlog.Observation
	Readable  bool // HistoryData was what CloudWatch writes
}

// Transitions are the named alarm's changes of state, oldest first; name "" is
// every alarm.
func (t *Timeline) Transitions(alarm string) []Transition {
	var all []Transition
	for _, item := range t.History {
		if item.Value.HistoryItemType == "StateUpdate" && (alarm == "" || item.Value.AlarmName == alarm) {
			all = append(all, transitionOf(item))
		}
	}
	return all
}

func transitionOf(item Seen[runlog.AlarmHistoryItem]) Transition {
	tr := Transition{AlarmName: item.Value.AlarmName, At: item.Value.Timestamp.UTC(), Source: item.Observation}
	var data runlog.StateUpdateData
	if err := json.Unmarshal([]byte(item.Value.HistoryData), &data); err == nil {
		tr.From, tr.To, tr.Readable = data.OldState, data.NewState, true
	} else if from, to, ok := summarised(item.Value.HistorySummary); ok {
		tr.From.StateValue, tr.To.StateValue = from, to
	}
	return tr
}

// summarised reads "Alarm updated from OK to ALARM".
func summarised(summary string) (from, to string, ok bool) {
	rest, ok := strings.CutPrefix(summary, "Alarm updated from ")
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, " to ")
}

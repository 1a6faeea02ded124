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
	} else if rest, ok := strings.CutPrefix(item.Value.HistorySummary, "Alarm updated from "); ok {
		tr.From.StateValue, tr.To.StateValue, _ = strings.Cut(rest, " to ")
	}
	return tr
}

package formula

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"secondwind/runlog"
)

// transitions are the declared alarm's.
func (t *Trace) transitions() []transition { return t.transitionsOf(t.h.AlarmName) }

func (t *Trace) transitionsOf(alarm string) (all []transition) {
	for _, item := range t.history {
		var data runlog.StateUpdateData
		if item.HistoryItemType == "StateUpdate" && item.AlarmName == alarm {
			_ = json.Unmarshal([]byte(item.HistoryData), &data) // else it is into no state
			all = append(all, transition{item.Timestamp.UTC(), data.OldState, data.NewState})
		}
	}
	slices.SortFunc(all, func(a, b transition) int { return a.at.Compare(b.at) })
	return all
}

// caused is the sentence of an activity that an alarm caused.
var caused = regexp.MustCompile(`a monitor alarm (.+?) in state ALARM triggered policy (.+?) ` +
	`changing the desired capacity from (\d+) to (\d+)\.`)

// byAlarm is whether the declared alarm and policy, and nothing else, caused an activity.
func (t *Trace) byAlarm(a runlog.Activity) (from, to int, ok bool) {
	all := caused.FindAllStringSubmatch(a.Cause, -1)
	for _, m := range all {
		if m[1] != t.h.AlarmName || m[2] != t.h.PolicyName {
			return 0, 0, false
		}
		from, _ = strconv.Atoi(m[3]) // digits
		to, _ = strconv.Atoi(m[4])
	}
	other := strings.Contains(a.Cause, "a user request") || strings.Contains(a.Cause, "scheduled action") ||
		strings.Contains(a.Cause, "health check") || strings.Contains(a.Cause, "instance refresh")
	return from, to, len(all) > 0 && !other
}

// alone is that nothing but the declared alarm made the group act, and nothing else was about to.
func (t *Trace) alone() Truth {
	value := Of(len(t.schedules) > 0 && len(t.refreshes) > 0)
	for _, a := range t.activities {
		_, _, ours := t.byAlarm(a)
		value = And(value, Of(!t.under(a.StartTime) || (ours || t.scaledIn(a)) && a.StatusCode != "Failed" && a.StatusCode != "Cancelled"))
	}
	for _, s := range t.schedules {
		value = And(value, Of(!slices.ContainsFunc(s.value, func(a runlog.ScheduledAction) bool { return t.under(a.StartTime) })))
	}
	for _, s := range t.refreshes {
		value = And(value, Of(!slices.ContainsFunc(s.value, func(r runlog.InstanceRefresh) bool {
			return !slices.Contains([]string{"Successful", "Failed", "Cancelled", "RollbackSuccessful", "RollbackFailed"}, r.Status)
		})))
	}
	for _, g := range t.groups {
		value = And(value, Of(!t.under(g.received) || len(g.value.SuspendedProcesses) == 0))
	}
	return And(value, t.clean())
}

// clean is that the alarm is OK when the control and the load begin.
func (t *Trace) clean() Truth {
	value := True
	for _, p := range []runlog.Phase{runlog.PhaseControl, runlog.PhaseLoad} {
		at, state, since := t.begin(p), "", time.Time{}
		if at.IsZero() {
			continue
		}
		for _, a := range t.alarms {
			if a.value.AlarmName == t.h.AlarmName && a.sent.Before(at) {
				state, since = a.value.StateValue, a.sent
			}
		}
		for _, tr := range t.transitions() {
			if tr.at.After(since) && tr.at.Before(at) {
				state = tr.to.StateValue
			}
		}
		value = And(value, Of(state == "OK"))
	}
	return value
}

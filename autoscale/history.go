package autoscale

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// HistoryItem is an entry of an alarm's history.
type HistoryItem struct {
	AlarmName string
	Time      time.Time
	Type      HistoryItemType
	Summary   string
	Data      string // JSON
}

// HistoryItemType is what a history item tells of.
type HistoryItemType string

// The types of history items.
const (
	HistoryConfigurationUpdate HistoryItemType = "ConfigurationUpdate"
	HistoryStateUpdate         HistoryItemType = "StateUpdate"
	HistoryAction              HistoryItemType = "Action"
)

// How much history is kept. Source of the time: CloudWatch User Guide, "Alarm
// history". The count is ours: it keeps a run of any length flat.
const (
	keepHistory = 14 * 24 * time.Hour
	maxHistory  = 5_000
)

// AlarmHistory returns what happened to alarms, deleted ones included, newest first.
func (e *Engine) AlarmHistory() []HistoryItem {
	items := slices.Clone(e.history)
	slices.Reverse(items)
	return items
}

func (e *Engine) record(now time.Time, alarm string, kind HistoryItemType, summary string, data any) {
	e.history = append(e.history, HistoryItem{alarm, now, kind, summary, encode(data)})
	// A tenth at once: one by one would move the whole history each time.
	if len(e.history) > maxHistory+maxHistory/10 {
		e.history = slices.Delete(e.history, 0, len(e.history)-maxHistory)
	}
}

func (e *Engine) expireHistory(now time.Time) {
	e.history = slices.DeleteFunc(e.history, func(h HistoryItem) bool { return !h.Time.After(now.Add(-keepHistory)) })
}

// historyAlarmState is a side of a StateUpdate.
type historyAlarmState struct {
	StateValue      State           `json:"stateValue"`
	StateReason     string          `json:"stateReason"`
	StateReasonData json.RawMessage `json:"stateReasonData,omitempty"`
}

func (s AlarmStatus) historyState() historyAlarmState {
	return historyAlarmState{StateValue: s.State, StateReason: s.StateReason, StateReasonData: json.RawMessage(s.StateReasonData)}
}

func (e *Engine) recordState(now time.Time, old, next AlarmStatus) {
	e.record(now, next.Name, HistoryStateUpdate,
		fmt.Sprintf("Alarm updated from %s to %s", old.State, next.State),
		struct {
			Version  string            `json:"version"`
			OldState historyAlarmState `json:"oldState"`
			NewState historyAlarmState `json:"newState"`
		}{"1.0", old.historyState(), next.historyState()})
}

// alteration is what was done to an alarm, as HistoryData writes it.
type alteration string

const (
	created alteration = "Create"
	updated alteration = "Update"
	deleted alteration = "Delete"
)

func (e *Engine) recordConfiguration(now time.Time, a Alarm, did alteration) {
	type configuration struct {
		AlarmName          string             `json:"alarmName"`
		AlarmArn           string             `json:"alarmArn"`
		ActionsEnabled     bool               `json:"actionsEnabled"`
		AlarmActions       []string           `json:"alarmActions"`
		Namespace          string             `json:"namespace"`
		MetricName         string             `json:"metricName"`
		Statistic          Statistic          `json:"statistic"`
		Period             int                `json:"period"`
		EvaluationPeriods  int                `json:"evaluationPeriods"`
		DatapointsToAlarm  int                `json:"datapointsToAlarm,omitempty"`
		Threshold          double             `json:"threshold"`
		ComparisonOperator ComparisonOperator `json:"comparisonOperator"`
		TreatMissingData   TreatMissingData   `json:"treatMissingData,omitempty"`
	}
	e.record(now, a.Name, HistoryConfigurationUpdate, fmt.Sprintf("Alarm %q %sd", a.Name, strings.ToLower(string(did))), struct {
		Version string        `json:"version"`
		Type    alteration    `json:"type"`
		Alarm   configuration `json:"alarm"`
	}{"1.0", did, configuration{
		a.Name, e.alarmARN(a.Name), a.ActionsEnabled, a.AlarmActions, a.Metric.Namespace, a.Metric.Name,
		a.Statistic, int(a.Period / time.Second), a.EvaluationPeriods, a.DatapointsToAlarm, double(a.Threshold),
		a.ComparisonOperator, a.TreatMissingData,
	}})
}

// recordAction notes that an alarm action was executed, or that its policy is missing.
func (e *Engine) recordAction(now time.Time, a *alarm, old State, arn string) {
	state, summary := "Succeeded", "Successfully executed action "+arn
	if isPolicyARN(arn) && e.policies[arn] == nil {
		state, summary = "Failed", fmt.Sprintf("Failed to execute action %s. Received error: %q", arn, policyNotFound(arn).Error())
	}
	e.record(now, a.Name, HistoryAction, summary, struct {
		ActionState          string `json:"actionState"`
		StateUpdateTimestamp int64  `json:"stateUpdateTimestamp"`
		NotificationResource string `json:"notificationResource"`
		PublishedMessage     string `json:"publishedMessage"`
	}{state, a.StateUpdated.UnixMilli(), arn, encode(e.message(a.AlarmStatus, old))})
}

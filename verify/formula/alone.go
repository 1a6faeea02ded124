package formula

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"secondwind/runlog"
)

func (t *Trace) transitions() (all []transition) {
	for _, item := range t.history {
		var data runlog.StateUpdateData
		if item.HistoryItemType == "StateUpdate" && json.Unmarshal([]byte(item.HistoryData), &data) == nil {
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

func (t *Trace) alone() Truth {
	from, to := t.first().Add(-t.evaluationRange()), t.released()
	within := func(at time.Time) bool { return !at.Before(from) && at.Before(to) }
	value := Of(len(t.schedules) > 0 && len(t.refreshes) > 0)
	for _, a := range t.activities {
		_, _, ours := t.byAlarm(a)
		value = And(value, Of(!within(a.StartTime) || ours && a.StatusCode != "Failed" && a.StatusCode != "Cancelled"))
	}
	for _, tr := range t.transitions() {
		own := strings.HasPrefix(tr.to.StateReason, "Threshold Crossed: ")
		value = And(value, Of(!within(tr.at) || tr.to.StateValue != "ALARM" || own))
	}
	for _, item := range t.history {
		value = And(value, Of(item.HistoryItemType != "ConfigurationUpdate" || !within(item.Timestamp)))
	}
	for _, s := range t.schedules {
		value = And(value, Of(!slices.ContainsFunc(s.value, func(a runlog.ScheduledAction) bool { return within(a.StartTime) })))
	}
	for _, s := range t.refreshes {
		value = And(value, Of(!slices.ContainsFunc(s.value, func(r runlog.InstanceRefresh) bool {
			return !slices.Contains([]string{"Successful", "Failed", "Cancelled", "RollbackSuccessful", "RollbackFailed"}, r.Status)
		})))
	}
	return And(value, t.unchanged(within), t.clean())
}

// unchanged is that alarm and group are configured alike throughout, and nobody else's alarm
// invokes the policy.
func (t *Trace) unchanged(within func(time.Time) bool) Truth {
	value := True
	was, _ := t.alarmAt(t.begin(runlog.PhaseLoad))
	policy := t.policy()
	for _, a := range t.alarms {
		is := a.value
		switch {
		case !within(a.received):
		case is.AlarmName == t.h.AlarmName:
			value = And(value, Of(is.Threshold == was.Threshold && is.Period == was.Period && is.EvaluationPeriods == was.EvaluationPeriods &&
				is.DatapointsToAlarm == was.DatapointsToAlarm && is.ActionsEnabled == was.ActionsEnabled &&
				slices.Equal(is.AlarmActions, was.AlarmActions)))
		case policy != nil && slices.Contains(is.AlarmActions, policy.PolicyARN) && strings.HasPrefix(is.ComparisonOperator, "GreaterThan"):
			value = And(value, Of(is.StateValue != "ALARM"))
		}
	}
	protected := map[string]bool{}
	for _, g := range t.groups {
		v := g.value
		for _, i := range v.Instances {
			was, known := protected[i.InstanceId]
			value = And(value, Of(!known || !within(g.received) || was == i.ProtectedFromScaleIn))
			protected[i.InstanceId] = i.ProtectedFromScaleIn
		}
		value = And(value, Of(!within(g.received) || v.DefaultCooldown == t.groups[0].value.DefaultCooldown))
		value = And(value, Of(v.AutoScalingGroupARN == t.groups[0].value.AutoScalingGroupARN),
			Of(!within(g.received) || len(v.SuspendedProcesses) == 0 && v.MinSize == t.h.MinSize && v.MaxSize == t.h.MaxSize))
	}
	return And(value, t.constant(within))
}

// constant is that answers about what others configure do not change.
func (t *Trace) constant(within func(time.Time) bool) Truth {
	seen := map[string]any{}
	for _, o := range t.record.Cloud {
		switch o.Operation {
		case runlog.OpDescribePolicies, runlog.OpDescribeTargetGroups, "elasticloadbalancing:DescribeTargetGroupAttributes":
		default:
			continue
		}
		question := o.Operation + string(o.Input)
		var answer any
		if o.Error != nil || json.Unmarshal(o.Answer, &answer) != nil {
			continue
		}
		was, again := seen[question]
		if again && within(t.aws(o.Received)) && !reflect.DeepEqual(was, answer) {
			return False
		}
		seen[question] = answer
	}
	return True
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

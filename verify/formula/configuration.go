package formula

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"secondwind/runlog"
	"secondwind/verify/hypothesis"
)

// byItself are members of a configuration that change by themselves, or mean nothing.
var byItself = []string{
	"Instances", "DesiredCapacity", "PredictedCapacity", "SuspendedProcesses", "WarmPoolSize", "Status", "StatusReason", "Tags",
	"StateValue", "StateReason", "StateReasonData", "StateUpdatedTimestamp", "StateTransitionedTimestamp", "EvaluationState",
	"PercentageComplete", "InstancesToUpdate", "ProgressDetails", "EndTime",
}

// fixed is an answer without what changes by itself, as text; lists are in no order.
func fixed(v any) string {
	switch is := v.(type) {
	case map[string]any:
		for _, name := range byItself {
			delete(is, name)
		}
		for name, member := range is {
			is[name] = fixed(member)
		}
	case []any:
		all := make([]string, len(is))
		for i := range is {
			all[i] = fixed(is[i])
		}
		slices.Sort(all)
		v = all
	}
	text, _ := json.Marshal(v) // it was just decoded
	return string(text)
}

// constant is that every question about the configuration has one answer, that no alarm was changed, and
// that the group itself takes out what is no target any longer.
func (t *Trace) constant() Truth {
	began, watched := map[string]string{}, append(runlog.Watched(), runlog.OpDescribeTemplate)
	for _, o := range t.record.Cloud {
		var answer any
		if o.Error != nil || !slices.Contains(watched, o.Operation) || json.Unmarshal(o.Answer, &answer) != nil {
			continue
		}
		question, is := o.Operation+string(o.Input), fixed(answer)
		if was, known := began[question]; known && t.running(t.aws(o.Received)) && was != is {
			return False
		} else if !known || !t.running(t.aws(o.Received)) {
			began[question] = is
		}
	}
	value := True
	for _, item := range t.history {
		value = And(value, Of(item.HistoryItemType != "ConfigurationUpdate" || !t.running(item.Timestamp)))
	}
	protected := map[string]bool{}
	for _, g := range t.groups {
		v := g.value
		for _, i := range v.Instances {
			was, known := protected[i.InstanceId]
			value = And(value, Of(!known || !t.running(g.received) || was == i.ProtectedFromScaleIn))
			protected[i.InstanceId] = i.ProtectedFromScaleIn
		}
		value = And(value, Of(v.AutoScalingGroupARN == t.groups[0].value.AutoScalingGroupARN),
			Of(!t.under(g.received) || v.MinSize == t.h.MinSize && v.MaxSize == t.h.MaxSize))
	}
	return And(value, t.targeted())
}

// targeted is that an instance that stays InService stays a target.
func (t *Trace) targeted() Truth {
	value, was := True, map[string]bool{}
	for _, h := range t.health {
		next := slices.IndexFunc(t.groups, func(g sample[runlog.AutoScalingGroup]) bool { return g.received.After(h.received) })
		if next <= 0 || !t.running(h.received) {
			continue
		}
		for _, id := range t.groups[next-1].value.InService() {
			is := slices.ContainsFunc(h.value, func(d runlog.TargetHealthDescription) bool {
				return d.Target.Id == id && d.TargetHealth.State != "draining"
			})
			value = And(value, Of(is || !was[h.question+id] || !slices.Contains(t.groups[next].value.InService(), id)))
			was[h.question+id] = is
		}
	}
	return value
}

// single is that no action of an alarm but the declared one asks the group for more.
func (t *Trace) single() Truth {
	value := True
	for _, item := range t.history {
		var data struct{ ActionState, NotificationResource, PublishedMessage string }
		var message struct{ NewStateValue string }
		if item.HistoryItemType != "Action" || json.Unmarshal([]byte(item.HistoryData), &data) != nil || data.ActionState == "Failed" {
			continue
		}
		_ = json.Unmarshal([]byte(data.PublishedMessage), &message)
		more := t.asksForMore(item.AlarmName, cmp.Or(message.NewStateValue, "ALARM"), data.NotificationResource)
		value = And(value, Of(!t.under(item.Timestamp) || !more))
	}
	for _, a := range t.alarms {
		for _, arn := range map[string][]string{"ALARM": a.value.AlarmActions, "OK": a.value.OKActions}[a.value.StateValue] {
			more := a.value.ActionsEnabled && t.asksForMore(a.value.AlarmName, a.value.StateValue, arn)
			value = And(value, Of(!t.under(a.received) || !more))
		}
	}
	for _, a := range t.activities {
		var details runlog.ActivityDetails
		_ = json.Unmarshal([]byte(a.Details), &details) // of older records some are none
		other := slices.ContainsFunc(details.InvokingAlarms, func(i runlog.InvokingAlarm) bool { return i.AlarmName != t.h.AlarmName })
		value = And(value, Of(!t.under(a.StartTime) || !other || len(details.InvokingAlarms) == 1))
	}
	return value
}

// asksForMore is whether an action, other than the declared one, may add instances to the group.
func (t *Trace) asksForMore(alarm, state, arn string) bool {
	group, policy, ok := hypothesis.PolicyARN(arn)
	if !ok || group != t.h.AutoScalingGroupName || alarm == t.h.AlarmName && policy == t.h.PolicyName && state == "ALARM" {
		return false
	}
	for _, listed := range t.policies {
		for _, p := range listed.value {
			if p.PolicyARN == arn {
				below := slices.ContainsFunc(t.alarms, func(a sample[runlog.MetricAlarm]) bool {
					return a.value.AlarmName == alarm && strings.HasPrefix(a.value.ComparisonOperator, "LessThan")
				})
				return (p.Enabled == nil || *p.Enabled) && !hypothesis.RemovesInstances(p) && (p.PolicyType != "TargetTrackingScaling" || !below)
			}
		}
	}
	return true
}

// called is that CloudTrail, where it was asked, shows no call that changed what the run is about.
func (t *Trace) called() Truth {
	if t.record.Audit == nil {
		return True // it was not looked at, as the verdict says
	}
	about := t.subjects()
	from, to := t.aws(t.h.Declared).Truncate(1e9).Add(1e9), t.begin(runlog.PhaseDone)
	value := True
	for _, e := range t.record.Audit.Events {
		record, _ := e.Record()
		own := record.UserIdentity.InvokedBy == runlog.SourceAutoScaling || record.UserIdentity.InvokedBy == runlog.SourceELB
		counts := e.ReadOnly != "true" && record.ErrorCode == "" && !own && !harmless.MatchString(e.EventName)
		value = And(value, Of(!counts || e.EventTime.Before(from) || e.EventTime.After(to) || !mentions(e, about)))
	}
	return value
}

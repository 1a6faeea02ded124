package judge

import (
	"cmp"
	"encoding/json"

	"secondwind/runlog"
	"secondwind/verify/hypothesis"
)

// noSecondPolicy: no other alarm or policy acted, nor shares the activity. An activity
// names the alarm that changed the capacity; one that asked for the same in the same
// second stands in its own alarm's history only, and one that was in ALARM before asks
// once a minute without any item.
func (t *analysis) noSecondPolicy() Finding {
	f := t.declared("confounder.second-policy", "another alarm or policy", "only alarm %s and %s act", t.h.AlarmName, t.policyText())
	for _, a := range t.cloud.Activities {
		if !t.judged(a.Value.StartTime) {
			continue
		}
		for _, tr := range triggersOf(a.Value.Cause) {
			if (tr.alarm != t.h.AlarmName || tr.policy != t.h.PolicyName) && !t.scalesInAgain(tr) {
				return f.with(Broken, evidence(a.Observation), "activity %s: alarm %s triggered policy %s", a.Value.ActivityId, tr.alarm,
					tr.policy)
			}
		}
		for _, ia := range invokingAlarms(a.Value) {
			if ia.AlarmName != t.h.AlarmName && len(invokingAlarms(a.Value)) > 1 {
				return f.with(Broken, evidence(a.Observation), "activity %s: alarm %s invoked it, too", a.Value.ActivityId, ia.AlarmName)
			}
		}
	}
	for _, item := range t.cloud.History {
		arn, state := actionOf(item.Value)
		if t.judged(item.Value.Timestamp) && t.asksForMore(item.Value.AlarmName, state, arn) {
			return f.with(Broken, evidence(item.Observation), "at %s alarm %s invoked %s", clockTime(item.Value.Timestamp), item.Value.AlarmName,
				nameOf(arn))
		}
	}
	for _, a := range t.cloud.Alarms {
		actions := map[string][]string{"ALARM": a.Value.AlarmActions, "OK": a.Value.OKActions}[a.Value.StateValue]
		for _, arn := range actions {
			if a.Value.ActionsEnabled && t.judged(t.aws(a.Received)) && t.asksForMore(a.Value.AlarmName, a.Value.StateValue, arn) {
				return f.with(Broken, evidence(a.Observation), "alarm %s invokes %s and was in %s", a.Value.AlarmName, nameOf(arn),
					a.Value.StateValue)
			}
		}
	}
	return f.held("no other acted")
}

// scalesInAgain reports whether it is the group's own scale-in alarm that takes an
// instance back under load: the effect does then not last.
func (t *analysis) scalesInAgain(tr trigger) bool {
	alarm, policy := t.scaleInAlarm()
	return policy != nil && tr.alarm == alarm.AlarmName && tr.policy == policy.PolicyName && tr.to < tr.from
}

// actionOf is the policy that an Action item of an alarm's history says was invoked, and
// the state that invoked it; "" if the item is another, or the action failed.
func actionOf(item runlog.AlarmHistoryItem) (arn, state string) {
	if item.HistoryItemType != "Action" {
		return "", ""
	}
	var data struct{ ActionState, NotificationResource, PublishedMessage string }
	var message struct{ NewStateValue string }
	if json.Unmarshal([]byte(item.HistoryData), &data) != nil || data.ActionState == "Failed" {
		return "", ""
	}
	_ = json.Unmarshal([]byte(data.PublishedMessage), &message) // the state is then the one that counts
	return data.NotificationResource, cmp.Or(message.NewStateValue, "ALARM")
}

// asksForMore reports whether an alarm's action asks the group for more capacity, other
// than as the claim says.
func (t *analysis) asksForMore(alarm, state, arn string) bool {
	group, policy, ok := hypothesis.PolicyARN(arn)
	if !ok || group != t.h.AutoScalingGroupName {
		return false // another group's, or no policy
	}
	if alarm == t.h.AlarmName && state == "ALARM" && policy == t.h.PolicyName {
		return false
	}
	p := t.policyOf(arn)
	switch {
	case p == nil:
		return true // what it did is not known
	case p.Enabled != nil && !*p.Enabled, hypothesis.RemovesInstances(*p):
		return false
	}
	return p.PolicyType != "TargetTrackingScaling" || !t.goesBelow(alarm) // whose AlarmLow scales in
}

// policyOf is the policy as it was first seen; nil if it never was.
func (t *analysis) policyOf(arn string) *runlog.ScalingPolicy {
	for _, listed := range t.cloud.Policies {
		for i := range listed.Value {
			if listed.Value[i].PolicyARN == arn {
				return &listed.Value[i]
			}
		}
	}
	return nil
}

// goesBelow reports whether the alarm of that name is known to go into ALARM below its
// threshold.
func (t *analysis) goesBelow(name string) bool {
	for _, a := range t.cloud.Alarms {
		if a.Value.AlarmName == name {
			return hypothesis.Below(*a.Value)
		}
	}
	return false
}

// nameOf is the policy's name in its ARN.
func nameOf(arn string) string {
	_, policy, _ := hypothesis.PolicyARN(arn)
	return policy
}

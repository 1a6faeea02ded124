package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"secondwind/runlog"
	"secondwind/verify/hypothesis"
)

// activityConfounders are causes of an activity other than the alarm.
var activityConfounders = []struct {
	kind kind
	name string
}{
	{byHand, "capacity set by hand"},
	{byConstraints, "minimum or maximum changed"},
	{bySchedule, "scheduled action"},
	{byExecution, "policy executed by hand"},
	{byHealth, "unhealthy instance replaced"},
	{byRefresh, "instance refresh"},
	{byRebalance, "availability zones rebalanced"},
	{byUnknown, "activity without a known cause"},
}

// confounders lists what else could have brought the second instance. Held means
// that it was looked for in the record and is not there.
func (t *analysis) confounders(control, crossed Finding) []Finding {
	// A launch that failed is tried again, by an activity without a known cause.
	all := []Finding{t.noLaunchFailure()}
	for _, c := range activityConfounders {
		all = append(all, t.noActivity(c.kind, c.name))
	}
	all = append(all,
		t.noSchedule(), t.noRefresh(), t.noSecondPolicy(), t.noForgery(), t.noReconfiguration(),
		t.noSuspension(), t.noDirtyStart(control), t.noPinning(), t.otherRequests(), t.noUnexplainedCPU(), t.credits(crossed))
	for i, f := range all {
		switch {
		case t.firstLoad.IsZero():
			all[i] = f.notJudged(beforeAnyLoad)
		case t.began.IsZero() && f.Status != Broken:
			all[i] = f.notJudged(beforeLoadStep)
		}
	}
	return all
}

// judged is when the proof is under way: from the baseline to the end of the load.
func (t *analysis) judged(at time.Time) bool {
	from, _, ok := t.baselineWindow()
	if !ok {
		from = t.firstLoad
	}
	return !at.Before(from) && (t.ended.IsZero() || at.Before(t.ended))
}

func (t *analysis) noActivity(k kind, name string) Finding {
	f := expect("confounder."+string(k), name, "no activity with such a cause")
	if len(t.cloud.Answered[runlog.OpDescribeScalingActivities]) == 0 {
		return f.open("no answer lists the group's activities")
	}
	for _, a := range t.cloud.Activities {
		if kindOf(a.Value.Cause) == k && t.judged(a.Value.StartTime) {
			return f.with(Broken, evidence(a.Observation), "activity %s: %s", a.Value.ActivityId, a.Value.Cause)
		}
	}
	return f.held("none")
}

func (t *analysis) noSchedule() Finding {
	f := expect("confounder.schedule", "scheduled actions listed", "none is due during the run")
	if len(t.cloud.Schedules) == 0 {
		return f.open("no answer lists scheduled actions")
	}
	for _, s := range t.cloud.Schedules {
		for _, a := range s.Value {
			if t.judged(a.StartTime) {
				return f.with(Broken, evidence(s.Observation), "scheduled action %s is due at %s", a.ScheduledActionName,
					a.StartTime.UTC().Format(time.RFC3339))
			}
		}
	}
	return f.held("none due")
}

func (t *analysis) noRefresh() Finding {
	f := expect("confounder.refresh", "instance refreshes listed", "none is under way")
	if len(t.cloud.Refreshes) == 0 {
		return f.open("no answer lists instance refreshes")
	}
	for _, s := range t.cloud.Refreshes {
		for _, r := range s.Value {
			if slices.Contains([]string{"Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking"}, r.Status) {
				return f.with(Broken, evidence(s.Observation), "instance refresh %s is %s", r.InstanceRefreshId, r.Status)
			}
		}
	}
	return f.held("none under way")
}

// noSecondPolicy: no other alarm or policy acted, nor shares the activity.
func (t *analysis) noSecondPolicy() Finding {
	f := t.declared("confounder.second-policy", "another alarm or policy", "only alarm %s and %s act", t.h.AlarmName, t.policyText())
	for _, a := range t.cloud.Activities {
		if !t.judged(a.Value.StartTime) {
			continue
		}
		for _, tr := range triggersOf(a.Value.Cause) {
			if tr.alarm != t.h.AlarmName || tr.policy != t.h.PolicyName {
				return f.with(Broken, evidence(a.Observation), "activity %s: alarm %s triggered policy %s", a.Value.ActivityId, tr.alarm,
					tr.policy)
			}
		}
	}
	for _, a := range t.cloud.Alarms {
		shares := t.policy != nil && slices.Contains(a.Value.AlarmActions, t.policy.PolicyARN) && a.Value.AlarmName != t.h.AlarmName
		above := hypothesis.Above(a.Value)
		if shares && above && a.Value.StateValue == "ALARM" && t.judged(t.aws(a.Received)) {
			return f.with(Broken, evidence(a.Observation), "alarm %s invokes the same policy and was in ALARM", a.Value.AlarmName)
		}
	}
	return f.held("no other acted")
}

// noForgery: SetAlarmState can put an alarm into ALARM with any text.
func (t *analysis) noForgery() Finding {
	f := expect("confounder.set-alarm-state", "alarm set by hand", "every transition of the alarm carries CloudWatch's own reason")
	for _, tr := range t.transitions() {
		if tr.To.StateValue == "ALARM" && t.judged(tr.At) && !byThreshold(tr.To) {
			return f.with(Broken, evidence(tr.Source), "at %s: %q", clockTime(tr.At), tr.To.StateReason)
		}
	}
	return f.held("as expected")
}

func (t *analysis) noReconfiguration() Finding {
	f := expect("confounder.reconfigured", "configuration changed", "alarm and group are configured alike throughout")
	for _, item := range t.cloud.History {
		if item.Value.AlarmName == t.h.AlarmName && item.Value.HistoryItemType == "ConfigurationUpdate" && t.judged(item.Value.Timestamp) {
			return f.with(Broken, evidence(item.Observation), "alarm %s: %s", t.h.AlarmName, item.Value.HistorySummary)
		}
	}
	for _, a := range t.alarms {
		if t.alarm == nil || !t.judged(t.aws(a.Received)) {
			continue
		}
		if why := changed(t.alarm.Value, a.Value); why != "" {
			return f.with(Broken, evidence(a.Observation), "alarm %s: %s", t.h.AlarmName, why)
		}
	}
	for _, g := range t.cloud.Groups {
		if arn := t.cloud.Groups[0].Value.AutoScalingGroupARN; g.Value.AutoScalingGroupARN != arn {
			return f.with(Broken, evidence(g.Observation), "%s is another group than %s", g.Value.AutoScalingGroupARN, arn)
		}
		if t.judged(t.aws(g.Received)) && (g.Value.MinSize != t.h.MinSize || g.Value.MaxSize != t.h.MaxSize) {
			return f.with(Broken, evidence(g.Observation), "group: min %d, max %d", g.Value.MinSize, g.Value.MaxSize)
		}
	}
	return f.held("as expected")
}

func changed(was, is runlog.MetricAlarm) string {
	switch {
	case was.Threshold != is.Threshold:
		return fmt.Sprintf("threshold %s became %s", number(was.Threshold), number(is.Threshold))
	case was.Period != is.Period || was.EvaluationPeriods != is.EvaluationPeriods || was.DatapointsToAlarm != is.DatapointsToAlarm:
		return "its periods changed"
	case was.ActionsEnabled != is.ActionsEnabled || !slices.Equal(was.AlarmActions, is.AlarmActions):
		return "its actions changed"
	}
	return ""
}

func (t *analysis) noSuspension() Finding {
	f := expect("confounder.suspended-processes", "suspended processes", "no process of the group is suspended")
	if len(t.cloud.Groups) == 0 {
		return f.open("no answer describes the group")
	}
	for _, g := range t.cloud.Groups {
		if len(g.Value.SuspendedProcesses) > 0 && t.judged(t.aws(g.Received)) {
			return f.with(Broken, evidence(g.Observation), "%s: %s", g.Value.SuspendedProcesses[0].ProcessName,
				g.Value.SuspendedProcesses[0].SuspensionReason)
		}
	}
	return f.held("none")
}

// noLaunchFailure: a provider that refuses an instance says nothing of scaling.
func (t *analysis) noLaunchFailure() Finding {
	f := expect("confounder.launch-failure", "capacity refused", "no launch fails")
	for _, a := range t.cloud.Activities {
		if isLaunch(a.Value) && isFailed(a.Value) && t.judged(a.Value.StartTime) {
			return f.with(Broken, evidence(a.Observation), "activity %s: %s %s", a.Value.ActivityId, a.Value.StatusCode,
				a.Value.StatusMessage)
		}
	}
	return f.held("none failed")
}

// noDirtyStart: an alarm that is in ALARM already cannot go there. What the
// control itself set off is the control's finding, not a dirty start.
func (t *analysis) noDirtyStart(control Finding) Finding {
	f := expect("confounder.dirty-start", "dirty start", "the alarm is OK when the control and the load begin")
	starts := []time.Time{t.began}
	if control.Status == Broken {
		starts = nil
	}
	if c, ok := t.load.phases[runlog.PhaseControl]; ok {
		starts = append(starts, t.aws(c.start))
	}
	for _, at := range starts {
		switch state := t.stateAt(at); state {
		case "OK":
		case "":
			return f.open("its state at %s is not in the record", clockTime(at))
		default:
			return f.broken("it was in %s at %s", state, clockTime(at))
		}
	}
	return f.held("as expected")
}

// noPinning: a client whose connections stay with the old instance shows no
// request at the new one although scaling worked.
func (t *analysis) noPinning() Finding {
	f := expect("confounder.pinned-connections", "connections pinned to the old instance",
		"once its target is healthy, the new instance is sent requests")
	if _, healthy := t.events[runlog.LinkTargetHealthy]; !healthy {
		return f.notJudged("no new target became healthy")
	}
	served, _ := t.firstServed()
	limit := t.h.Deadline(runlog.LinkFirstRequest).Duration()
	switch waited := t.ended.Sub(t.events[runlog.LinkTargetHealthy].hi); {
	case !served.IsZero() || len(t.unknownInstances()) > 0:
		return f.held("not all requests went to %s", list(t.oldIDs))
	case waited < limit:
		return f.open("the load ended too soon to tell")
	default:
		return f.broken("its target is healthy, yet every answer came from %s: the connections, or the load balancer's stickiness, keep the "+
			"load there", list(t.oldIDs))
	}
}

// credits: a burstable instance without credits is held at its baseline, and its
// CPU cannot cross. Credits are not in the record, but what they would prevent is.
func (t *analysis) credits(crossed Finding) Finding {
	f := expect("confounder.cpu-credits", "CPU credits", "instances are not held below the threshold for want of credits")
	burstable := ""
	for _, g := range t.cloud.Groups {
		for _, i := range g.Value.Instances {
			family, _, _ := strings.Cut(i.InstanceType, ".")
			if slices.Contains([]string{"t2", "t3", "t3a", "t4g"}, family) {
				burstable = i.InstanceType
			}
		}
	}
	switch {
	case len(t.cloud.Groups) == 0:
		return f.open("no answer describes the group")
	case burstable == "":
		return f.held("no instance is burstable")
	case crossed.Status == Held:
		return f.held("not recorded; %s is burstable, but its CPU did cross", burstable)
	}
	return f.open("not recorded, and %s is burstable", burstable)
}

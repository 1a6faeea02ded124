package judge

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"secondwind/runlog"
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
	all := []Finding{t.noForeignCall(), t.noLaunchFailure()}
	for _, c := range activityConfounders {
		all = append(all, t.noActivity(c.kind, c.name))
	}
	all = append(all,
		t.noSchedule(), t.noRefresh(), t.noSecondPolicy(), t.noForgery(), t.noReconfiguration(), t.noOtherServers(),
		t.noSuspension(), t.noUnexplainedCapacity(), t.noOtherInstances(), t.noDirtyStart(control), t.noPinning(),
		t.otherRequests(), t.noUnexplainedCPU(), t.credits(crossed))
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
	return !at.Before(t.baselineFrom()) && (t.ended.IsZero() || at.Before(t.ended))
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

// noForgery: SetAlarmState can put an alarm into any state, with any text, until
// CloudWatch evaluates it again.
func (t *analysis) noForgery() Finding {
	f := expect("confounder.set-alarm-state", "alarm set by hand",
		"every transition of the alarm, and of the scale-in alarm, is an evaluation: CloudWatch's own words, periods that had just ended, the "+
			"alarm's own grid")
	if t.alarm == nil {
		return f.open("no answer describes the alarm")
	}
	scaleIn, _ := t.scaleInAlarm()
	for _, tr := range t.counting() {
		if why := t.notEvaluated(t.alarm.Value, tr); why != "" {
			return f.with(Broken, evidence(tr.Source), "at %s from %s to %s, %q; but %s", clockTime(tr.At), tr.From.StateValue,
				tr.To.StateValue, tr.To.StateReason, why)
		}
	}
	for _, tr := range t.cloud.Transitions(cmp.Or(scaleIn.AlarmName, "no alarm")) {
		if why := t.notEvaluated(scaleIn, tr); why != "" && t.judged(tr.At) {
			return f.with(Broken, evidence(tr.Source), "at %s alarm %s to %s, %q; but %s", clockTime(tr.At), tr.AlarmName, tr.To.StateValue,
				tr.To.StateReason, why)
		}
	}
	return f.held("as expected")
}

// noReconfiguration: every answer of every configuration snapshot is as it was when the
// proof began. What changed and changed back between two snapshots is not seen, but for
// alarms, whose history tells of it.
func (t *analysis) noReconfiguration() Finding {
	f := expect("confounder.reconfigured", "configuration changed",
		"group, policies, alarms, target groups, listeners, rules, hooks and schedules are configured alike throughout")
	for _, item := range t.cloud.History {
		if item.Value.HistoryItemType == "ConfigurationUpdate" && t.running(item.Value.Timestamp) {
			return f.with(Broken, evidence(item.Observation), "alarm %s: %s", item.Value.AlarmName, item.Value.HistorySummary)
		}
	}
	if o, why := t.reconfigured(); o != nil {
		return f.with(Broken, evidence(o), "%s", why)
	}
	if o, why := t.deregistered(); o != nil {
		return f.with(Broken, evidence(o), "%s", why)
	}
	protected := map[string]bool{}
	for _, g := range t.cloud.Groups {
		if arn := t.cloud.Groups[0].Value.AutoScalingGroupARN; g.Value.AutoScalingGroupARN != arn {
			return f.with(Broken, evidence(g.Observation), "%s is another group than %s", g.Value.AutoScalingGroupARN, arn)
		}
		for _, i := range g.Value.Instances {
			if was, known := protected[i.InstanceId]; known && was != i.ProtectedFromScaleIn && t.running(t.aws(g.Received)) {
				return f.with(Broken, evidence(g.Observation), "instance %s: ProtectedFromScaleIn became %t", i.InstanceId, i.ProtectedFromScaleIn)
			}
			protected[i.InstanceId] = i.ProtectedFromScaleIn
		}
		if t.judged(t.aws(g.Received)) && (g.Value.MinSize != t.h.MinSize || g.Value.MaxSize != t.h.MaxSize) {
			return f.with(Broken, evidence(g.Observation), "group: min %d, max %d", g.Value.MinSize, g.Value.MaxSize)
		}
	}
	return f.held("as expected, in %s", runlog.Count(len(t.cloud.Answered[runlog.OpDescribePolicies]), "snapshot"))
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
	reached, _ := t.failedAt(t.newIDs)
	limit := t.h.Deadline(runlog.LinkFirstRequest).Duration()
	switch waited := t.ended.Sub(t.events[runlog.LinkTargetHealthy].hi); {
	case t.served() || t.answeredBy() != "" || reached > 0:
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

package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"secondwind/runlog"
	"secondwind/runlog/timeline"
)

// lasting is that the effect stays for as long as the load: the alarm that has returned
// to OK does not go back to ALARM, and the capacity that was added is not taken away.
func (t *analysis) lasting() Finding {
	f := t.declared("control.effect-lasts", "the effect lasts", "until the load ends the alarm stays OK, and the group at %s",
		runlog.Count(t.h.To(), "instance"))
	inService, there := t.events[runlog.LinkInService]
	if !there || t.events[runlog.LinkLoadShared].isZero() {
		return f.notJudged("nothing came that could last")
	}
	raised := false // an answer at the same time, or one that lags, may not show it yet
	for _, g := range t.cloud.Groups {
		at := t.aws(g.Received)
		raised = raised || g.Value.DesiredCapacity >= t.h.To() && at.After(t.began)
		if !raised || !at.Before(t.ended) || g.Value.DesiredCapacity >= t.h.To() {
			continue
		}
		if a := t.taken(inService.lo, t.ended); a != nil {
			return f.with(Broken, evidence(g.Observation, a.Observation), "desired %d at %s: %s", g.Value.DesiredCapacity,
				clockTime(at), a.Value.Cause)
		}
		return f.with(Undetermined, evidence(g.Observation), "desired %d at %s, and no activity says why", g.Value.DesiredCapacity,
			clockTime(at))
	}
	for _, tr := range t.transitions() {
		if tr.To.StateValue == "ALARM" && tr.At.After(t.events[runlog.LinkLoadShared].at) && tr.At.Before(t.ended) {
			return f.with(Undetermined, evidence(tr.Source), "the alarm went back to ALARM at %s: %s", clockTime(tr.At), tr.To.StateReason)
		}
	}
	for _, a := range t.cloud.Alarms {
		if a.Value.AlarmName != t.h.AlarmName || a.Value.StateValue != "ALARM" {
			continue
		}
		at := t.aws(a.Received)
		if at.Add(-t.clock.bound-staleness).After(t.events[runlog.LinkLoadShared].hi) && at.Before(t.ended) {
			return f.with(Undetermined, evidence(a.Observation), "the alarm was in ALARM at %s, and its history does not say so", clockTime(at))
		}
	}
	return f.held("as expected for %s s", number(seconds(t.ended.Sub(t.events[runlog.LinkLoadShared].at))))
}

// taken is the first activity that took an instance out within that time; nil if none did.
func (t *analysis) taken(from, to time.Time) *timeline.Seen[runlog.Activity] {
	i := slices.IndexFunc(t.cloud.Activities, func(a timeline.Seen[runlog.Activity]) bool {
		return isTermination(a.Value) && !a.Value.StartTime.Before(from) && !a.Value.StartTime.After(to.Add(t.clock.bound+staleness))
	})
	if i < 0 {
		return nil
	}
	return &t.cloud.Activities[i]
}

// takenBack says how the group came back to its capacity after the release: by the
// scale-in alarm's own evaluation and its policy, or otherwise, which shows nothing.
func (t *analysis) takenBack(f Finding, g *timeline.Seen[*runlog.AutoScalingGroup], alarm runlog.MetricAlarm, policy string) Finding {
	released := t.aws(t.load.phases[runlog.PhaseRelease].start)
	back := t.aws(g.Received)
	var by *timeline.Seen[runlog.Activity]
	for i := range t.cloud.Activities {
		a := &t.cloud.Activities[i]
		if !isTermination(a.Value) || a.Value.StartTime.Before(released) || a.Value.StartTime.After(back) {
			continue
		}
		named := slices.ContainsFunc(triggersOf(a.Value.Cause), func(tr trigger) bool {
			return tr.alarm == alarm.AlarmName && tr.policy == policy && tr.to < tr.from
		})
		if !named {
			return f.with(Undetermined, evidence(g.Observation, a.Observation), "the group is back, but not by alarm %s and policy %q alone: %s",
				alarm.AlarmName, policy, a.Value.Cause)
		}
		by = a
	}
	if by == nil {
		return f.with(Undetermined, evidence(g.Observation), "the group is back, and no activity of alarm %s says why", alarm.AlarmName)
	}
	if why := t.scaleInForged(alarm, by); why != "" {
		return f.with(Undetermined, evidence(g.Observation, by.Observation), "the group is back, but %s", why)
	}
	return f.with(Held, evidence(g.Observation, by.Observation), "back after %s s, by alarm %s and policy %q",
		number(back.Sub(released).Seconds()), alarm.AlarmName, policy)
}

// scaleInForged says why the scale-in alarm's transition before its activity is no
// evaluation; "" if it is.
func (t *analysis) scaleInForged(alarm runlog.MetricAlarm, by *timeline.Seen[runlog.Activity]) string {
	var last *timeline.Transition
	for _, tr := range t.cloud.Transitions(alarm.AlarmName) {
		if !tr.At.After(by.Value.StartTime) {
			last = &tr
		}
	}
	switch {
	case last == nil && t.h.Version < 3:
		return "" // its history was not always asked for
	case last == nil || last.To.StateValue != "ALARM":
		return fmt.Sprintf("the history of alarm %s has no transition to ALARM before", alarm.AlarmName)
	}
	if why := t.notEvaluated(alarm, *last); why != "" {
		return fmt.Sprintf("alarm %s was set by hand: %s", alarm.AlarmName, why)
	}
	return ""
}

func isTermination(a runlog.Activity) bool {
	return strings.HasPrefix(a.Description, "Terminating") || strings.HasPrefix(a.Description, "Detaching")
}

package judge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"secondwind/runlog"
	"secondwind/runlog/timeline"
	"secondwind/verify/hypothesis"
)

// belowThreshold is control N1: a load that keeps CPU below the threshold, held
// as long as the chain may take, moves neither the alarm nor the group.
func (t *analysis) belowThreshold() Finding {
	f := t.declared("control.below-threshold", "N1: load below the threshold", "near %s %% CPU for %s s: no ALARM, no activity, %s",
		number(t.h.ControlCPUPercent), number(t.h.ControlSeconds), runlog.Count(t.h.From(), "instance"))
	phase, ok := t.load.phases[runlog.PhaseControl]
	switch {
	case t.began.IsZero():
		return f.notJudged(beforeLoadStep)
	case !ok || phase.end.IsZero():
		return f.open("the control was not run to its end")
	}
	f.Evidence = loadEvidence(phase.line)
	from, to := t.aws(phase.start), t.aws(phase.end)
	points := t.cloud.Metric.Within(runlog.GroupSeries, from, to)
	if why := t.controlled(phase, points); why != "" {
		return f.open("%s", why)
	}
	if why, e := t.moved(from, t.began); why != "" {
		return f.with(Broken, e, "%s", why)
	}
	return f.held("mean CPU %s %% over %s s (n = %d); no alarm, no scaling activity", number(mean(points)), number(phase.seconds()),
		len(points))
}

// controlled says why the control was none; "" if it was one.
func (t *analysis) controlled(phase span, points []*timeline.Datapoint) string {
	if need := t.h.ChainWithin().Seconds(); t.h.ControlSeconds < need {
		return fmt.Sprintf("the control was declared for %s s, shorter than the chain may take (%s s)", number(t.h.ControlSeconds), number(need))
	}
	if phase.seconds() < t.h.ControlSeconds-1 {
		return fmt.Sprintf("it was held for %s s only", number(phase.seconds()))
	}
	if len(points) == 0 {
		return "no full period of it has a datapoint"
	}
	for _, p := range points {
		if t.breaches(p.Value()) {
			return fmt.Sprintf("CPU itself crossed: %s %% in the period of %s", number(p.Value()), clockTime(p.Start))
		}
	}
	// A control near idle controls nothing.
	if m := mean(points); m < t.h.ControlCPUPercent/2 || t.h.ControlCPUPercent <= 0 {
		return fmt.Sprintf("CPU was %s %% only, less than half of what was declared", number(m))
	}
	return ""
}

// moved says what moved in [from, to) although CPU stayed below; "" if nothing did.
func (t *analysis) moved(from, to time.Time) (string, []Evidence) {
	for _, tr := range t.transitions() {
		if tr.To.StateValue == "ALARM" && !tr.At.Before(from) && tr.At.Before(to) {
			return fmt.Sprintf("the alarm went to ALARM at %s: %s", clockTime(tr.At), tr.To.StateReason), evidence(tr.Source)
		}
	}
	for _, a := range t.cloud.Activities {
		if at := a.Value.StartTime; !at.Before(from) && at.Before(to) {
			return fmt.Sprintf("activity %s at %s: %s", a.Value.ActivityId, clockTime(at), a.Value.Cause), evidence(a.Observation)
		}
	}
	for _, g := range t.cloud.Groups {
		if at := t.aws(g.Received); at.Before(from) || !at.Before(to) {
			continue
		}
		if !g.Value.Settled(t.h.From()) {
			return fmt.Sprintf("desired %d, InService %d at %s", g.Value.DesiredCapacity, len(g.Value.InService()), clockTime(t.aws(g.Received))),
				evidence(g.Observation)
		}
	}
	for _, a := range t.alarms {
		if at := t.aws(a.Received); a.Value.StateValue == "ALARM" && !at.Before(from) && at.Before(to) {
			return fmt.Sprintf("the alarm was in ALARM at %s", clockTime(at)), evidence(a.Observation)
		}
	}
	return "", nil
}

// scaleInAlarm is the alarm that takes the group down again, and the policy that
// it invokes; nil if there is none.
func (t *analysis) scaleInAlarm() (runlog.MetricAlarm, *runlog.ScalingPolicy) {
	var c hypothesis.Configuration
	if listed := last(t.cloud.Policies, t.load.began()); listed != nil {
		c.Policies = listed.Value
	}
	for _, a := range t.cloud.Alarms {
		if a.Value.ActionsEnabled && a.Unchanged == 0 { // what repeats an answer has no other alarms
			c.Alarms = append(c.Alarms, *a.Value)
		}
	}
	alarm, _ := c.ScaleInAlarm()
	return alarm, c.PolicyOf(alarm)
}

// scaleIn is that the group gives the second instance back once the load ended.
func (t *analysis) scaleIn() Finding {
	f := t.declared("release.scale-in", "scale-in after the load", "the group is back at %s within the scale-in alarm's own time",
		runlog.Count(t.h.From(), "instance"))
	alarm, policy := t.scaleInAlarm()
	switch {
	case len(t.newIDs) == 0:
		return f.notJudged("nothing was scaled out")
	case policy == nil:
		return f.notJudged("the group has no scale-in alarm")
	}
	release, ok := t.load.phases[runlog.PhaseRelease]
	if !ok || len(t.cloud.Groups) == 0 {
		return t.unreleased(f)
	}
	from := t.aws(release.start)
	if g := t.back(from); g != nil {
		return t.takenBack(f, g, alarm, policy.PolicyName)
	}
	points := t.cloud.Metric.Ending(runlog.GroupSeries, from.Add(t.period), forever)
	if low := lowest(points); len(points) > 0 && t.h.Metric.Watches(alarm) && low >= alarm.Threshold {
		return f.notJudged("CPU never fell below the %s %% at which alarm %s goes into ALARM; the lowest datapoint is %s %%",
			number(alarm.Threshold), alarm.AlarmName, number(low))
	}
	if i := slices.IndexFunc(t.cloud.Groups, func(g timeline.Seen[*runlog.AutoScalingGroup]) bool {
		return t.aws(g.Received).After(from) && len(g.Value.SuspendedProcesses) > 0
	}); i >= 0 {
		return f.with(Undetermined, evidence(t.cloud.Groups[i].Observation), "it could not: processes of the group are suspended")
	}
	limit := hypothesis.ScaleIn(alarm, *t.cloud.Groups[0].Value, policy, t.h.To()).Seconds()
	watched := t.watchedUntil(runlog.OpDescribeAutoScalingGroups).Sub(from).Seconds()
	switch {
	case watched < limit && t.interrupted():
		return f.notJudged(duringRelease)
	case t.stillTerminating():
		return f.open("an instance is still being terminated, and the next step of the policy may wait for it")
	case watched < limit:
		return f.open("the record ends %s s after the load was released, before the deadline of %s s", number(watched), number(limit))
	}
	return f.broken("not within %s s; alarm %s allows %s s", number(watched), alarm.AlarmName, number(limit))
}

// stillTerminating reports whether the record ends while the group has more than its minimum to
// take out, and an instance drains: a simple policy does not act until that has ended.
func (t *analysis) stillTerminating() bool {
	last := t.cloud.Groups[len(t.cloud.Groups)-1].Value
	return last.DesiredCapacity < t.h.To() && slices.ContainsFunc(last.Instances, func(i runlog.Instance) bool {
		return strings.HasPrefix(i.LifecycleState, "Terminating")
	})
}

// back is the first answer after the release that shows the group at its minimum;
// nil if none does.
func (t *analysis) back(released time.Time) *timeline.Seen[*runlog.AutoScalingGroup] {
	i := slices.IndexFunc(t.cloud.Groups, func(g timeline.Seen[*runlog.AutoScalingGroup]) bool {
		return !t.aws(g.Received).Before(released) && g.Value.Settled(t.h.From())
	})
	if i < 0 {
		return nil
	}
	return &t.cloud.Groups[i]
}

// unreleased is a finding about the release of a run that has none. Only one whose
// chain came to its end should have released the load.
func (t *analysis) unreleased(f Finding) Finding {
	if t.interrupted() || t.events[runlog.LinkLoadShared].isZero() {
		return f.notJudged(beforeRelease)
	}
	return f.open(beforeRelease)
}

// draining is that no request is lost while an instance is taken out.
func (t *analysis) draining() Finding {
	f := expect("release.draining", "draining", "no request fails while the group scales in")
	release, ok := t.load.phases[runlog.PhaseRelease]
	if !ok {
		return t.unreleased(f)
	}
	end := cmp.Or(release.end, t.load.last)
	if t.interrupted() && len(t.load.seconds) > 0 { // what follows its last line is the run's own ending
		end = t.load.seconds[len(t.load.seconds)-1].end
	}
	if at, silent := t.load.gap(release.start, end); silent > time.Second {
		return f.open("load.jsonl has no line for %s s after %s", number(silent.Seconds()), clockTime(at))
	}
	sum, from := t.sum(runlog.PhaseRelease), t.scalesIn(t.aws(release.start))
	for _, s := range t.load.seconds {
		if s.Phase == runlog.PhaseRelease && s.Failed > 0 && !t.aws(s.end).Before(from) {
			return f.with(Broken, loadEvidence(s.line), "%d of %d requests failed", sum.Failed, sum.Sent)
		}
	}
	if t.interrupted() && len(t.newIDs) > 0 && t.back(t.aws(release.start)) == nil {
		return f.notJudged(duringRelease)
	}
	if sum.Failed > 0 {
		return f.held("%d of %d requests failed, but before the group scaled in", sum.Failed, sum.Sent)
	}
	return f.held("0 of %d requests failed", sum.Sent)
}

// scalesIn is when, after the load's release, the group began to take an instance
// out, as early as it may have been; the release itself if it never did.
func (t *analysis) scalesIn(released time.Time) time.Time {
	for _, a := range t.cloud.Activities {
		if strings.HasPrefix(a.Value.Description, "Terminating") && !a.Value.StartTime.Before(released) {
			return a.Value.StartTime.Add(-t.clock.bound - staleness)
		}
	}
	return released
}

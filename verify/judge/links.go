package judge

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"secondwind/runlog"
	"secondwind/runlog/timeline"
	"secondwind/verify/hypothesis"
)

// Each find… says in l what is expected and what was seen. It returns when the
// event was, and whether it may be judged by its time; a zero interval with false
// is an event that was not seen. An interval with false was seen, but is no proof:
// l.Status then stays Undetermined. So it does with a zero interval and true: the
// event was not seen, but not because it failed to come.

func (t *analysis) findBreach(l *Link) (interval, bool) {
	l.Expected = fmt.Sprintf("a datapoint of %s of group %s above %s", t.h.Metric.MetricName, t.h.AutoScalingGroupName,
		t.amount(t.h.Threshold))
	l.Join = map[string]string{"group": t.h.AutoScalingGroupName}
	highest := math.Inf(-1)
	points := t.cloud.Metric.Ending(runlog.GroupSeries, t.began, t.ended.Add(t.period))
	for _, p := range points {
		highest = math.Max(highest, p.Value())
		if t.breaches(p.Value()) {
			t.breach = p
			l.Evidence = evidence(p.First)
			l.Seen = fmt.Sprintf("%s in the period from %s to %s", t.amount(p.Value()), clockTime(p.Start), clockTime(p.Start.Add(t.period)))
			return t.breached(p.Start.Add(t.period)), true
		}
	}
	l.Seen = "no datapoint under load"
	if len(points) > 0 {
		l.Seen = fmt.Sprintf("none; the highest of %s is %s", runlog.Count(len(points), "datapoint"), t.amount(highest))
	}
	return interval{}, false
}

// breached is when the metric crossed, whose first breaching period ended at end. An alarm of a
// period longer than its evaluation grid looks at windows that slide by that, each of which may be
// the first: the metric's own grid, on which it is recorded, shows the crossing later. Then it was
// seen to cross no later than the alarm was in ALARM.
func (t *analysis) breached(end time.Time) interval {
	m := exactly(end)
	grid, _ := hypothesis.EvaluationGrid(runlog.MetricAlarm{Period: t.h.PeriodSeconds})
	first := t.began.Truncate(grid).Add(grid)
	if t.period <= grid || !first.Before(end) {
		return m
	}
	m.lo = first
	for _, tr := range t.transitions() {
		if tr.To.StateValue == "ALARM" && tr.At.After(first) && tr.At.Before(m.hi) {
			m.at, m.hi = tr.At, tr.At
		}
	}
	return m
}

func (t *analysis) findTransition(l *Link) (interval, bool) {
	l.Expected = fmt.Sprintf("alarm %s goes from OK to ALARM because of that datapoint", t.h.AlarmName)
	l.Join = map[string]string{"alarm": t.h.AlarmName, "datapoint": t.breach.Start.Format(time.RFC3339)}
	l.Seen = "its history has no such transition"
	all := t.transitions()
	i := slices.IndexFunc(all, func(tr timeline.Transition) bool {
		return tr.To.StateValue == "ALARM" && tr.From.StateValue != "ALARM" && !tr.At.Before(t.events[runlog.LinkLoadStep].lo)
	})
	if i < 0 {
		return interval{}, false
	}
	tr := all[i]
	t.fired = &tr
	l.Evidence = evidence(tr.Source)
	l.Seen = fmt.Sprintf("at %s: %s", clockTime(tr.At), strings.TrimSuffix(tr.To.StateReason, "."))
	if why := t.transitionDefect(tr); why != "" {
		l.Seen += "; but " + why
		return exactly(tr.At), false
	}
	return exactly(tr.At), true
}

// transitionDefect says why the transition does not prove that the metric made it; "" if
// it does.
func (t *analysis) transitionDefect(tr timeline.Transition) string {
	switch {
	case t.alarm == nil:
		return "the record does not show how the alarm was configured"
	case tr.Readable && tr.From.StateValue != "OK":
		return "it came from " + tr.From.StateValue + ", not from OK"
	}
	if why := t.notEvaluated(t.alarm.Value, tr); why != "" {
		return why
	}
	points, _ := evaluated(t.alarm.Value, tr) // which found nothing wrong just now
	for _, p := range points {
		if p.value != nil && t.breaches(*p.value) && p.start.Add(t.period).Before(t.events[runlog.LinkLoadStep].lo) {
			return fmt.Sprintf("its datapoint of %s is from before the load", clockTime(p.start))
		}
	}
	return t.mismatched(t.alarm.Value, tr)
}

// sameValue allows for nothing but how a number was printed.
func sameValue(a, b float64) bool {
	return math.Abs(a-b) <= 1e-6*math.Max(1, math.Max(math.Abs(a), math.Abs(b)))
}

func (t *analysis) findActivity(l *Link) (interval, bool) {
	from, to := t.h.From(), t.h.To()
	l.Expected = fmt.Sprintf("an activity that alarm %s and policy %q caused from %d to %d", t.h.AlarmName, t.h.PolicyName, from, to)
	if t.h.PolicyName == "" {
		l.Expected = fmt.Sprintf("an activity that alarm %s, which invokes no policy, caused from %d to %d", t.h.AlarmName, from, to)
	}
	l.Join = map[string]string{"alarm": t.h.AlarmName, "policy": t.h.PolicyName}
	l.Seen = "no such activity"
	var cause trigger
	for i := range t.cloud.Activities {
		a := &t.cloud.Activities[i]
		if !isLaunch(a.Value) || a.Value.StartTime.Before(t.events[runlog.LinkLoadStep].lo) || kindOf(a.Value.Cause) != byAlarm {
			continue
		}
		for _, tr := range triggersOf(a.Value.Cause) {
			if tr.alarm == t.h.AlarmName && tr.policy == t.h.PolicyName && tr.from == from && tr.to == to {
				cause, t.acted = tr, append(t.acted, a)
				l.Evidence = append(l.Evidence, evidence(a.Observation)...)
				break
			}
		}
	}
	switch n := len(t.acted); {
	case n == 0:
		return interval{}, false
	case n < to-from:
		l.Seen = fmt.Sprintf("only %d of the %d activities", n, to-from)
		return interval{}, false
	case n > to-from:
		t.acted = t.acted[:to-from] // what follows is another's doing, or the same one's again
	}
	return t.takeActivity(l, t.acted[0], cause)
}

// actedIDs are the ids of the activities of e3.
func (t *analysis) actedIDs() (ids []string) {
	for _, a := range t.acted {
		ids = append(ids, a.Value.ActivityId)
	}
	return ids
}

func (t *analysis) takeActivity(l *Link, a *timeline.Seen[runlog.Activity], tr trigger) (interval, bool) {
	l.Join["activity"] = list(t.actedIDs())
	l.Seen = fmt.Sprintf("activity %s, triggered %s, started %s", a.Value.ActivityId, tr.at.Format("15:04:05Z"), clockTime(a.Value.StartTime))
	m := exactly(a.Value.StartTime)
	alarms := invokingAlarms(a.Value)
	i := slices.IndexFunc(alarms, func(ia runlog.InvokingAlarm) bool { return ia.AlarmName == t.h.AlarmName })
	fired := t.fired.At.Truncate(time.Second)
	switch {
	case i < 0:
		l.Seen += "; but its Details do not name the alarm"
		return m, false
	case alarms[i].NewStateValue != "ALARM" || time.UnixMilli(alarms[i].StateChangeTime).Sub(t.fired.At).Abs() > time.Second:
		l.Seen += "; but its Details name another transition of the alarm"
		return m, false
	case tr.at.Before(fired) || tr.at.After(a.Value.StartTime):
		l.Status = Broken
		l.Seen += fmt.Sprintf("; but the order is broken: the alarm fired at %s", clockTime(t.fired.At))
		return m, false
	case !t.desired(m):
		l.Seen += fmt.Sprintf("; but no answer shows a desired capacity of %d", t.h.To())
		return m, false
	}
	return m, true
}

// desired reports whether an answer under load shows the raised capacity.
func (t *analysis) desired(after interval) bool {
	return slices.ContainsFunc(t.cloud.Groups, func(g timeline.Seen[*runlog.AutoScalingGroup]) bool {
		at := t.aws(g.Received).Add(t.clock.bound)
		return g.Value.DesiredCapacity == t.h.To() && at.After(after.at) && !t.aws(g.Sent).After(t.ended)
	})
}

func (t *analysis) findInService(l *Link) (interval, bool) {
	l.Expected = "the instance that the activity launched is InService, and the first one still is"
	if t.h.To() > 2 {
		l.Expected = "every instance that the activities launched is InService, and those that were there still are"
	}
	if unknown, seen, e := t.launchedNew(); seen != "" {
		l.Evidence, l.Seen = e, seen
		return interval{}, !unknown
	}
	l.Join = map[string]string{"activity": list(t.actedIDs()), "instance": list(t.newIDs)}
	var before *runlog.Observation
	for _, g := range t.cloud.Groups {
		ids := g.Value.InService()
		if !containsAll(ids, t.newIDs) {
			before = g.Observation
			continue
		}
		l.Evidence = evidence(g.Observation, t.acted[0].Observation)
		m := t.narrowed(t.clock.between(before, g.Observation))
		l.Seen = fmt.Sprintf("%s InService at %s", list(t.newIDs), clockTime(m.at))
		if !containsAll(ids, t.oldIDs) {
			l.Seen += fmt.Sprintf("; but the first instance %s no longer is", list(t.oldIDs))
			return m, false
		}
		return m, true
	}
	l.Seen = fmt.Sprintf("%s was never InService", list(t.newIDs))
	return interval{}, false
}

// launchedNew reads which instances the activities launched. Seen says why they are no new ones,
// "" if they are; unknown is that an activity names none.
func (t *analysis) launchedNew() (unknown bool, seen string, e []Evidence) {
	for _, a := range t.acted {
		id := launchedInstance(a.Value)
		if id == "" {
			return true, fmt.Sprintf("the activity names no instance: %s %s", a.Value.Description, a.Value.StatusMessage), nil
		}
		t.newIDs = append(t.newIDs, id)
		where, e := "", []Evidence(nil)
		if !t.initial[id] {
			if where, e = t.knownBefore(id); where == "" {
				continue
			}
			where = ": " + where
		}
		return false, fmt.Sprintf("instance %s was there before the load%s", id, where), e
	}
	slices.Sort(t.newIDs)
	if all := slices.Compact(slices.Clone(t.newIDs)); len(all) < len(t.newIDs) {
		return false, "two activities name the same instance", nil
	}
	return false, "", nil
}

// containsAll reports whether all of some are among the ids.
func containsAll(ids, some []string) bool {
	return !slices.ContainsFunc(some, func(id string) bool { return !slices.Contains(ids, id) })
}

// narrowed narrows what two polls bound by the activity's own EndTime, which is
// exact, unless the activity waits on for something after InService (a warm-up).
func (t *analysis) narrowed(m interval) interval {
	var last time.Time
	for _, a := range t.acted {
		if a.Value.EndTime.IsZero() {
			return m
		}
		if a.Value.EndTime.After(last) {
			last = a.Value.EndTime
		}
	}
	if last.After(m.lo) && !last.After(m.hi) {
		return exactly(last)
	}
	return m
}

func (t *analysis) findHealthy(l *Link) (interval, bool) {
	l.Expected = "the load balancer's health check finds the same instance healthy"
	l.Join = map[string]string{"instance": list(t.newIDs), "targetGroup": t.h.TargetGroupARN}
	if t.h.TargetGroupARN == "" {
		l.Seen = "the group has no target group: nothing shows whether a load balancer finds the instance healthy"
		return interval{}, true
	}
	l.Seen = t.neverHealthy()
	var before *runlog.Observation
	for _, h := range t.cloud.Health {
		if !containsAll(runlog.State{Targets: h.Value}.Healthy(), t.newIDs) {
			before = h.Observation
			continue
		}
		m := t.clock.between(before, h.Observation)
		l.Evidence = evidence(h.Observation)
		l.Seen = fmt.Sprintf("%s first seen healthy at %s", list(t.newIDs), clockTime(m.at))
		// A load balancer sends requests to healthy targets only: if one was
		// served between the polls, it was healthy by then.
		if first, _ := t.firstServed(); !first.IsZero() {
			if served := t.clock.ours(first); served.at.After(m.lo) && served.at.Before(m.at) {
				m.at, m.hi = served.at, served.hi
				l.Seen += fmt.Sprintf("; it was by %s, when it first answered", clockTime(m.at))
			}
		}
		return m, true
	}
	return interval{}, false
}

// neverHealthy says what was seen of the new instances, one of which was never seen healthy.
func (t *analysis) neverHealthy() string {
	for _, id := range t.newIDs {
		healthy := func(d runlog.TargetHealthDescription) bool {
			return d.Target.Id == id && d.TargetHealth.State == "healthy"
		}
		if !slices.ContainsFunc(t.cloud.Health, func(h timeline.Seen[[]runlog.TargetHealthDescription]) bool {
			return slices.ContainsFunc(h.Value, healthy)
		}) {
			return t.stateOfTarget(id)
		}
	}
	return fmt.Sprintf("%s were never seen healthy at once", list(t.newIDs))
}

// stateOfTarget says what became of a target that was never healthy.
func (t *analysis) stateOfTarget(id string) string {
	state, gone := "", time.Time{}
	for _, h := range t.cloud.Health {
		i := slices.IndexFunc(h.Value, func(d runlog.TargetHealthDescription) bool { return d.Target.Id == id })
		switch {
		case i >= 0:
			state, gone = h.Value[i].TargetHealth.State, time.Time{}
		case state != "" && gone.IsZero():
			gone = t.aws(h.Received)
		}
	}
	switch {
	case state == "":
		return id + " was never a target"
	case !gone.IsZero() && gone.Before(t.ended):
		return fmt.Sprintf("%s was deregistered by %s, and not healthy before; it was %s last", id, clockTime(gone), state)
	}
	return fmt.Sprintf("%s was never seen healthy; it was %s last", id, state)
}

package judge

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"secondwind/runlog"
	"secondwind/runlog/timeline"
)

// Each find… says in l what is expected and what was seen. It returns when the
// event was, and whether it may be judged by its time; a zero interval with false
// is an event that was not seen. An interval with false was seen, but is no proof:
// l.Status then stays Undetermined. So it does with a zero interval and true: the
// event was not seen, but not because it failed to come.

func (t *analysis) findBreach(l *Link) (interval, bool) {
	l.Expected = fmt.Sprintf("a datapoint of %s of group %s above %s %%", t.h.Metric.MetricName, t.h.AutoScalingGroupName,
		number(t.h.Threshold))
	l.Join = map[string]string{"group": t.h.AutoScalingGroupName}
	highest := math.Inf(-1)
	points := t.cloud.Metric.Ending(runlog.GroupSeries, t.began, t.ended.Add(t.period))
	for _, p := range points {
		highest = math.Max(highest, p.Value())
		if t.breaches(p.Value()) {
			t.breach = p
			l.Evidence = evidence(p.First)
			l.Seen = fmt.Sprintf("%s %% in the period from %s to %s", number(p.Value()), clockTime(p.Start), clockTime(p.Start.Add(t.period)))
			return exactly(p.Start.Add(t.period)), true
		}
	}
	l.Seen = "no datapoint under load"
	if len(points) > 0 {
		l.Seen = fmt.Sprintf("none; the highest of %s is %s %%", runlog.Count(len(points), "datapoint"), number(highest))
	}
	return interval{}, false
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
	for i := range t.cloud.Activities {
		a := &t.cloud.Activities[i]
		if !isLaunch(a.Value) || a.Value.StartTime.Before(t.events[runlog.LinkLoadStep].lo) || kindOf(a.Value.Cause) != byAlarm {
			continue
		}
		for _, tr := range triggersOf(a.Value.Cause) {
			if tr.alarm == t.h.AlarmName && tr.policy == t.h.PolicyName && tr.from == from && tr.to == to {
				return t.takeActivity(l, a, tr)
			}
		}
	}
	return interval{}, false
}

func (t *analysis) takeActivity(l *Link, a *timeline.Seen[runlog.Activity], tr trigger) (interval, bool) {
	t.acted = a
	l.Join["activity"] = a.Value.ActivityId
	l.Evidence = evidence(a.Observation)
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
	return slices.ContainsFunc(t.cloud.Groups, func(g timeline.Seen[runlog.AutoScalingGroup]) bool {
		at := t.aws(g.Received).Add(t.clock.bound)
		return g.Value.DesiredCapacity == t.h.To() && at.After(after.at) && !t.aws(g.Sent).After(t.ended)
	})
}

func (t *analysis) findInService(l *Link) (interval, bool) {
	t.newID = launchedInstance(t.acted.Value)
	l.Expected = "the instance that the activity launched is InService, and the first one still is"
	l.Join = map[string]string{"activity": t.acted.Value.ActivityId, "instance": t.newID}
	switch {
	case t.newID == "":
		l.Seen = fmt.Sprintf("the activity names no instance: %s %s", t.acted.Value.Description, t.acted.Value.StatusMessage)
		return interval{}, false
	case t.initial[t.newID]:
		l.Seen = fmt.Sprintf("instance %s was there before the load", t.newID)
		return interval{}, true
	}
	if where, e := t.knownBefore(t.newID); where != "" {
		l.Evidence = e
		l.Seen = fmt.Sprintf("instance %s was there before the load: %s", t.newID, where)
		return interval{}, true
	}
	var before *runlog.Observation
	for _, g := range t.cloud.Groups {
		ids := g.Value.InService()
		if !slices.Contains(ids, t.newID) {
			before = g.Observation
			continue
		}
		l.Evidence = evidence(g.Observation, t.acted.Observation)
		m := t.narrowed(t.clock.between(before, g.Observation))
		l.Seen = fmt.Sprintf("%s InService at %s", t.newID, clockTime(m.at))
		if !slices.Contains(ids, t.oldID) {
			l.Seen += fmt.Sprintf("; but the first instance %s no longer is", t.oldID)
			return m, false
		}
		return m, true
	}
	l.Seen = fmt.Sprintf("%s was never InService", t.newID)
	return interval{}, false
}

// narrowed narrows what two polls bound by the activity's own EndTime, which is
// exact, unless the activity waits on for something after InService (a warm-up).
func (t *analysis) narrowed(m interval) interval {
	if end := t.acted.Value.EndTime; end.After(m.lo) && !end.After(m.hi) {
		return exactly(end)
	}
	return m
}

func (t *analysis) findHealthy(l *Link) (interval, bool) {
	l.Expected = "the load balancer's health check finds the same instance healthy"
	l.Join = map[string]string{"instance": t.newID, "targetGroup": t.h.TargetGroupARN}
	l.Seen = fmt.Sprintf("%s was never seen healthy", t.newID)
	var before *runlog.Observation
	for _, h := range t.cloud.Health {
		healthy := slices.ContainsFunc(h.Value, func(d runlog.TargetHealthDescription) bool {
			return d.Target.Id == t.newID && d.TargetHealth.State == "healthy"
		})
		if !healthy {
			before = h.Observation
			continue
		}
		m := t.clock.between(before, h.Observation)
		l.Evidence = evidence(h.Observation)
		l.Seen = fmt.Sprintf("%s first seen healthy at %s", t.newID, clockTime(m.at))
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

// firstServed is when the new instance first answered, and the line that says so;
// zero if it never did.
func (t *analysis) firstServed() (at time.Time, line int64) {
	for _, s := range t.load.seconds {
		i := s.Instances[t.newID]
		if i != nil && i.Completed > 0 && !i.First.IsZero() && (at.IsZero() || i.First.Before(at)) {
			at, line = i.First, s.line
		}
	}
	return at, line
}

func (t *analysis) findServed(l *Link) (interval, bool) {
	l.Expected = "a request is answered by the same instance"
	l.Join = map[string]string{"instance": t.newID}
	if first, line := t.firstServed(); !first.IsZero() {
		m := t.clock.ours(first)
		l.Evidence = loadEvidence(line)
		l.Seen = fmt.Sprintf("%s first answered at %s", t.newID, clockTime(m.at))
		return m, true
	}
	if others := t.answeredBy(); others != "" {
		l.Seen = "no request was answered by that instance; " + others
		return interval{}, true
	}
	l.Seen = fmt.Sprintf("no answer carries the id %s", t.newID)
	return interval{}, false
}

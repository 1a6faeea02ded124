package formula

import (
	"math"
	"slices"
	"strings"
	"time"

	"secondwind/runlog"
	"secondwind/verify/hypothesis"
)

// chain is the nested ◇ of the links, e1 to e7.
func (t *Trace) chain() Truth {
	events := t.links()
	value := True
	for _, link := range runlog.Links()[1:] {
		if !events[link].seen() {
			return And(value, Unknown)
		}
		value = And(value, events[link-1].Within(t.h.Deadline(link).Duration(), events[link]))
	}
	return value
}

// links are the events, each joined to the one before by an identity; those after one that was not
// seen are missing.
func (t *Trace) links() map[runlog.Link]Event {
	events := map[runlog.Link]Event{}
	load := t.begin(runlog.PhaseLoad)
	if load.IsZero() || t.record.Hypothesis == nil {
		return events
	}
	events[runlog.LinkLoadStep] = Event{load.Add(-t.bound()), load, load.Add(t.bound())}
	breach := t.breach(load)
	fired, ok := t.fired(breach, events[runlog.LinkLoadStep].Lo)
	activity, ids := t.acted(fired, events[runlog.LinkLoadStep].Lo)
	if breach.IsZero() || !ok || len(ids) == 0 {
		return events
	}
	events[runlog.LinkBreachingData] = exactly(breach.Add(t.h.Period()))
	if t.slides() > 1 && fired.at.Before(breach.Add(t.h.Period())) { // a window between two of the metric's crossed
		events[runlog.LinkBreachingData] = Event{load, fired.at, fired.at}
	}
	events[runlog.LinkAlarm] = exactly(fired.at)
	events[runlog.LinkScalingActivity] = exactly(activity.StartTime.UTC())
	old := t.before(load)
	for _, id := range ids { // the last of them counts
		healthy := t.healthy(id)
		for link, e := range map[runlog.Link]Event{
			runlog.LinkInService: t.inService(old, id), runlog.LinkTargetHealthy: healthy, runlog.LinkFirstRequest: t.served(id, healthy),
		} {
			switch was, again := events[link]; {
			case len(old) != t.h.From() || slices.Contains(old, id) || again && (!was.seen() || !e.seen()):
				events[link] = Event{}
			case e.At.After(was.At):
				events[link] = e
			}
		}
	}
	events[runlog.LinkLoadShared] = t.shared(slices.Concat(old, ids), fired, events[runlog.LinkFirstRequest])
	return events
}

// before are the instances that the group had before the load.
func (t *Trace) before(load time.Time) (ids []string) {
	for _, g := range t.groups {
		if !g.received.After(load) {
			ids = g.value.InService()
		}
	}
	return ids
}

// breach is the start of the first period whose datapoint breaches under load.
func (t *Trace) breach(load time.Time) time.Time {
	for _, p := range t.points(runlog.GroupSeries, load, t.released().Add(t.h.Period()), false) {
		if t.breaches(p.value) {
			return p.start
		}
	}
	return time.Time{}
}

// fired is the alarm's first transition to ALARM under load, if it was evaluated on enough
// breaching datapoints that the metric has.
func (t *Trace) fired(breach, from time.Time) (transition, bool) {
	alarm, _ := t.alarmAt(t.begin(runlog.PhaseLoad))
	for _, tr := range t.transitions() {
		if tr.to.StateValue != "ALARM" || tr.from.StateValue == "ALARM" || tr.at.Before(from) {
			continue
		}
		data, enough := tr.to.StateReasonData, 0
		if data == nil || data.Threshold != t.h.Threshold || data.Period != t.h.PeriodSeconds || tr.from.StateValue != "OK" {
			return tr, false
		}
		for _, d := range data.EvaluatedDatapoints {
			at, err := time.Parse("2006-01-02T15:04:05.000-0700", d.Timestamp)
			if d.Value == nil || !t.breaches(*d.Value) {
				continue
			}
			if err != nil || !t.known(at.UTC(), *d.Value) || at.Add(t.h.Period()).Before(from) {
				return tr, false
			}
			enough++
		}
		return tr, enough >= hypothesis.BreachesNeeded(alarm) && strings.HasPrefix(tr.to.StateReason, "Threshold Crossed: ")
	}
	return transition{}, false
}

// slides is how many windows of the alarm begin in a period: one at every evaluation.
func (t *Trace) slides() int64 {
	grid, _ := hypothesis.EvaluationGrid(runlog.MetricAlarm{Period: t.h.PeriodSeconds})
	return int64(t.h.Period() / grid)
}

// known reports whether the metric has the breaching value for the window from start on. One between
// two of the metric's periods holds parts of both: one of them at least breaches as well.
func (t *Trace) known(start time.Time, value float64) bool {
	period := t.h.Period()
	own := start.Truncate(period)
	if !start.Equal(own) {
		if !start.Equal(start.Truncate(period / time.Duration(max(1, t.slides())))) {
			return false
		}
		return slices.ContainsFunc([]time.Time{own, own.Add(period)}, func(at time.Time) bool {
			return slices.ContainsFunc(t.metric[runlog.GroupSeries][at], func(v float64) bool { return t.breaches(v) == t.breaches(value) })
		})
	}
	return slices.ContainsFunc(t.metric[runlog.GroupSeries][own], func(v float64) bool { return math.Abs(v-value) < 1e-6*max(1, v) })
}

// acted is the first activity that the alarm and the policy caused, and after which the group wants
// more, and the instances that such activities launched.
func (t *Trace) acted(fired transition, from time.Time) (first runlog.Activity, ids []string) {
	for _, a := range t.activities {
		was, is, ours := t.byAlarm(a)
		id, launch := strings.CutPrefix(a.Description, "Launching a new EC2 instance: ")
		if !ours || was != t.h.From() || is != t.h.To() || a.StartTime.Before(from) || !launch {
			continue
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
		if first.ActivityId == "" || a.StartTime.Before(first.StartTime) {
			first = a
		}
	}
	wanted := slices.ContainsFunc(t.groups, func(g sample[runlog.AutoScalingGroup]) bool {
		return g.value.DesiredCapacity == t.h.To() && g.received.Add(t.bound()).After(first.StartTime) && !g.sent.After(t.released())
	})
	if !wanted || !strings.Contains(first.Details, t.h.AlarmName) || first.StartTime.Before(fired.at.Truncate(time.Second)) ||
		len(ids) != t.h.To()-t.h.From() {
		return first, nil
	}
	return first, ids
}

// stale is how old what an answer shows may be.
const stale = time.Second

// turned is when something became true: between the last question before which it was not and the
// first answer that shows it.
func (t *Trace) turned(asked, last, seen time.Time) Event {
	if last.IsZero() {
		last = asked
	}
	return Event{last.Add(-t.bound() - stale), seen, seen.Add(t.bound())}
}

func (t *Trace) inService(old []string, id string) Event {
	var last time.Time
	for _, g := range t.groups {
		ids := g.value.InService()
		if !slices.Contains(ids, id) {
			last = g.sent
			continue
		}
		if slices.ContainsFunc(old, func(o string) bool { return !slices.Contains(ids, o) }) {
			return Event{}
		}
		e := t.turned(g.sent, last, g.received)
		for _, a := range t.activities {
			if end := a.EndTime.UTC(); strings.HasSuffix(a.Description, id) && end.After(e.Lo) && !end.After(e.Hi) {
				e = exactly(end)
			}
		}
		return e
	}
	return Event{}
}

func (t *Trace) healthy(id string) Event {
	var last time.Time
	for _, h := range t.health {
		is := slices.ContainsFunc(h.value, func(d runlog.TargetHealthDescription) bool {
			return d.Target.Id == id && d.TargetHealth.State == "healthy"
		})
		if !is {
			last = h.sent
			continue
		}
		e := t.turned(h.sent, last, h.received)
		if s := t.named(id); s.seen() && s.At.After(e.Lo) && s.At.Before(e.At) {
			e.At, e.Hi = s.At, s.Hi
		}
		return e
	}
	return Event{}
}

// served is when an instance first answered, after it was healthy: by its answers, else by the first
// period in which it is counted, or uses half of the CPU that the group does on average.
func (t *Trace) served(id string, healthy Event) Event {
	if t.h.Identity.ByAnswer() {
		return t.named(id)
	}
	for _, p := range t.points(runlog.GroupSeries, t.begin(runlog.PhaseLoad), t.released(), false) {
		end := p.start.Add(t.h.Period())
		counted := t.metric[runlog.TargetSeries(id)][p.start]
		cpu := t.metric[id][p.start]
		carries := len(cpu) > 0 && !p.start.Before(healthy.Lo) && (t.h.Metric.CountsRequests() || cpu[len(cpu)-1] >= p.value/2)
		if len(counted) > 0 && end.After(healthy.Lo) || t.h.Identity == runlog.IdentityRequests && carries {
			return Event{p.start, end, end}
		}
	}
	return Event{}
}

// named is when an answer first named the instance.
func (t *Trace) named(id string) Event {
	var first time.Time
	for _, l := range t.record.Load {
		if l.Second == nil || l.Second.Instances[id] == nil {
			continue
		}
		if i := l.Second.Instances[id]; i.Completed > 0 && !i.First.IsZero() && (first.IsZero() || i.First.Before(first)) {
			first = i.First
		}
	}
	if first.IsZero() {
		return Event{}
	}
	at := t.aws(first)
	return Event{at.Add(-t.bound()), at, at.Add(t.bound())}
}

// shared is when the alarm was OK again and the first whole period with all of them was over, if the
// group was below the threshold in the mean until the load ended, and each has datapoints.
func (t *Trace) shared(ids []string, fired transition, served Event) Event {
	group := t.points(runlog.GroupSeries, served.At, t.released(), true)
	if len(group) == 0 || mean(group) >= t.h.Threshold || !served.seen() {
		return Event{}
	}
	for _, id := range ids {
		if len(t.points(id, served.At, t.released(), true)) == 0 && !t.h.Metric.CountsRequests() {
			return Event{}
		}
	}
	first := group[0].start.Add(t.h.Period())
	for _, tr := range t.transitions() {
		if tr.to.StateValue == "OK" && tr.at.After(fired.at) {
			if tr.at.After(t.released()) {
				return Event{}
			}
			if tr.at.After(first) {
				first = tr.at
			}
			return exactly(first)
		}
	}
	return Event{}
}

// release is ◇ capacity = N, where something scales in and CPU falls low enough for it.
func (t *Trace) release() Truth {
	from, done := t.begin(runlog.PhaseRelease), t.begin(runlog.PhaseDone)
	if from.IsZero() || done.IsZero() {
		return Unknown
	}
	back := time.Time{}
	for _, g := range t.groups {
		if back.IsZero() && !g.received.Before(from) && g.value.DesiredCapacity == t.h.From() && len(g.value.InService()) == t.h.From() {
			back = g.received
		}
	}
	in, policy := t.scaleIn()
	value := True
	if policy != nil && !back.IsZero() {
		value = t.scaledBack(in, *policy, from, back)
	} else if policy != nil {
		points := t.points(runlog.GroupSeries, from.Add(t.h.Period()), done, false)
		low := slices.ContainsFunc(points, func(p point) bool { return p.value < in.Threshold })
		value = Of(len(points) > 0 && !low && t.h.Metric.Watches(in))
	}
	begins := from
	for _, a := range t.activities {
		if strings.HasPrefix(a.Description, "Terminating") && !a.StartTime.Before(from) {
			begins = a.StartTime.Add(-t.bound() - stale)
			value = And(value, Of(caused.MatchString(a.Cause) && !strings.Contains(a.Cause, "a user request")))
		}
	}
	last := from
	for _, l := range t.seconds {
		if l.received.After(from) && !l.sent.After(done) {
			value = And(value, Or(Of(l.sent.Sub(last) <= max(time.Second, runlog.Seconds(l.value.IntervalSeconds/2))), Unknown))
			last = l.received
		}
		failed := l.value.Phase == runlog.PhaseRelease && l.value.Failed > 0
		value = And(value, Of(!failed || l.received.Before(begins)))
	}
	if done.Sub(last) > time.Second {
		value = And(value, Unknown)
	}
	return value
}

// scaledBack is that the scale-in alarm and its policy, and nothing else, took instances out, and that CloudWatch had
// put that alarm into ALARM.
func (t *Trace) scaledBack(in runlog.MetricAlarm, policy runlog.ScalingPolicy, from, back time.Time) Truth {
	value, by := True, time.Time{}
	for _, a := range t.activities {
		taken := strings.HasPrefix(a.Description, "Terminating") || strings.HasPrefix(a.Description, "Detaching")
		if !taken || a.StartTime.Before(from) || a.StartTime.After(back) {
			continue
		}
		named := slices.ContainsFunc(caused.FindAllStringSubmatch(a.Cause, -1), func(m []string) bool {
			return m[1] == in.AlarmName && m[2] == policy.PolicyName
		})
		value = And(value, Of(named))
		if a.StartTime.After(by) {
			by = a.StartTime
		}
	}
	var last transition
	for _, tr := range t.transitionsOf(in.AlarmName) {
		if !tr.at.After(by) {
			last = tr
		}
	}
	if last.at.IsZero() && t.h.Version < 3 {
		return And(value, Of(!by.IsZero())) // its history was not always asked for
	}
	return And(value, Of(last.to.StateValue == "ALARM" && t.evaluated(in, last)))
}

func (t *Trace) listed() (all []runlog.ScalingPolicy) {
	for _, p := range t.policies {
		if !p.received.After(t.begin(runlog.PhaseLoad)) {
			all = p.value
		}
	}
	return all
}

func (t *Trace) enabled() (all []runlog.MetricAlarm) {
	for _, a := range t.alarms {
		if a.value.ActionsEnabled {
			all = append(all, a.value)
		}
	}
	return all
}

package judge

import (
	"fmt"
	"time"

	"secondwind/runlog"
)

// links are the events after e0, in order: how each is looked for, and the
// operation that is watched for it, "" for the load generator's own record.
var links = []struct {
	id      runlog.Link
	find    func(*analysis, *Link) (interval, bool)
	watched string
}{
	{runlog.LinkBreachingData, (*analysis).findBreach, runlog.OpGetMetricData},
	{runlog.LinkAlarm, (*analysis).findTransition, runlog.OpDescribeAlarmHistory},
	{runlog.LinkScalingActivity, (*analysis).findActivity, runlog.OpDescribeScalingActivities},
	{runlog.LinkInService, (*analysis).findInService, runlog.OpDescribeAutoScalingGroups},
	{runlog.LinkTargetHealthy, (*analysis).findHealthy, runlog.OpDescribeTargetHealth},
	{runlog.LinkFirstRequest, (*analysis).findServed, ""},
	{runlog.LinkLoadShared, (*analysis).findEffect, runlog.OpDescribeAlarmHistory},
}

// chain judges e0 to e7: each must be seen, be joined to the one before by an
// identity, come after it, and within its deadline. After a link that does not
// hold nothing further can be judged.
func (t *analysis) chain() []Link {
	chain := []Link{t.step()}
	for i, l := range links {
		previous, before := chain[i], t.events[chain[i].ID]
		link := Link{ID: l.id, Name: l.id.Name(), Status: Undetermined, Terms: t.h.Deadline(l.id).Terms}
		if previous.Status != Held {
			link.Status, link.Expected, link.Seen = NotJudged, fmt.Sprintf("judged once %s holds", previous.ID), previous.Seen
			if previous.Status != NotJudged {
				link.Seen = fmt.Sprintf("%s does not hold", previous.ID)
			}
		} else if m, found := l.find(t, &link); !m.isZero() {
			t.events[l.id] = m
			t.place(&link, before, m)
			if found {
				t.time(&link, before, m)
			}
		} else if !found {
			t.absent(&link, before, l.watched)
		}
		chain = append(chain, link)
	}
	return chain
}

// step is e0.
func (t *analysis) step() Link {
	id := runlog.LinkLoadStep
	l := Link{ID: id, Name: id.Name(), Status: Undetermined, Expected: "the load is raised after the control"}
	switch {
	case t.began.IsZero():
		l.Status, l.Seen = NotJudged, beforeLoadStep
		return l
	case t.r.Hypothesis == nil:
		l.Status, l.Seen = NotJudged, undeclared
		return l
	}
	p := t.load.phases[runlog.PhaseLoad]
	t.events[id] = t.clock.ours(p.start)
	l.At, l.Status, l.Evidence = t.began, Held, loadEvidence(p.line)
	l.Join = map[string]string{"run": t.h.RunID}
	l.Seen = fmt.Sprintf("%s requests/s offered from %s", number(p.rate), clockTime(t.began))
	return l
}

// place notes when the event was and what its deadline leaves.
func (t *analysis) place(l *Link, previous, m interval) {
	d := t.h.Deadline(l.ID)
	limit, since := d.Seconds(), seconds(m.at.Sub(previous.at))
	slack := seconds(runlog.Seconds(limit - since))
	l.At, l.DeadlineSeconds, l.SinceSeconds, l.SlackSeconds = m.at, &limit, &since, &slack
}

// seconds in milliseconds' resolution: what the sources have.
func seconds(d time.Duration) float64 {
	return float64(d.Round(time.Millisecond)) / float64(time.Second)
}

// time judges order and deadline. An event has an interval, not a time, where something was only
// polled or two clocks are involved: what lies within them is not determined.
func (t *analysis) time(l *Link, previous, m interval) {
	l.Status = Held
	limit := t.h.Deadline(l.ID).Duration()
	// AWS floors some of its timestamps to seconds.
	floor := previous.lo.Truncate(time.Second)
	twoClocks := l.ID == runlog.LinkBreachingData || l.ID == runlog.LinkFirstRequest
	polled := previous.hi.Sub(previous.lo) > 2*t.clock.bound+time.Millisecond
	switch {
	case m.hi.Before(floor):
		l.Status = Broken
		l.Seen += fmt.Sprintf("; but that is %s s before the event it must follow", number(previous.at.Sub(m.at).Seconds()))
	case twoClocks && !polled && m.at.Sub(previous.at).Abs() <= 2*t.clock.bound:
		l.Status = Undetermined
		l.Seen += fmt.Sprintf("; the order is not determined, because the clocks are known to ± %s s only", number(t.clock.bound.Seconds()))
	case m.lo.Sub(previous.hi) > limit:
		l.Status = Broken
		l.Seen += fmt.Sprintf("; but that is %s s later than the deadline", number(-*l.SlackSeconds))
	case m.at.Sub(previous.at) > limit:
		l.Status = Undetermined
		l.Seen += fmt.Sprintf("; whether it was within the deadline is not determined (slack %s s)", number(*l.SlackSeconds))
	default:
		l.Seen += unordered(previous, m)
	}
}

// unordered says how well the times of two events are known where that is not well
// enough to tell which came first; "" if it is.
func unordered(previous, m interval) string {
	within := (m.hi.Sub(m.lo) + previous.hi.Sub(previous.lo)) / 2
	if whole := m.at.Truncate(time.Second); m.at.Equal(whole) && previous.at.Truncate(time.Second).Equal(whole) {
		within += time.Second // AWS floors some of its timestamps
	}
	if apart := m.at.Sub(previous.at).Abs(); apart == 0 || apart > within {
		return ""
	}
	return fmt.Sprintf("; its time after the previous event is known to ± %s s", number(seconds(within.Round(100*time.Millisecond))))
}

// absent judges an event that was not seen: its deadline has expired only if it
// was watched, under load, beyond it.
func (t *analysis) absent(l *Link, previous interval, operation string) {
	limit := t.h.Deadline(l.ID).Seconds()
	expires := previous.hi.Add(runlog.Seconds(limit))
	l.DeadlineSeconds = &limit
	watched := operation == "" || t.watchedUntil(operation).After(expires)
	if watched && t.ended.After(expires) {
		l.Status = Broken
		l.Seen += fmt.Sprintf("; the deadline of %s s expired at %s", number(limit), clockTime(expires))
		return
	}
	l.Status = Undetermined
	l.Seen += fmt.Sprintf("; the record ends before the deadline at %s", clockTime(expires))
}

package judge

import (
	"fmt"
	"math"
	"slices"

	"secondwind/runlog"
	"secondwind/runlog/timeline"
)

// findEffect is e7: with two instances serving, each stands below the threshold
// and the alarm returns to OK. One datapoint is noise, so CPU is judged by the
// mean of all full periods from the first request of the new instance to the end
// of the load; the event itself is when the alarm returned or, if that was
// sooner, when the first of those periods ended.
func (t *analysis) findEffect(l *Link) (interval, bool) {
	theta := t.h.Threshold
	l.Expected = fmt.Sprintf("mean CPU of both instances and of the group below %s %% over the full periods after e6, and the alarm OK",
		number(theta))
	l.Join = map[string]string{"old": t.oldID, "new": t.newID}
	from, to := t.events[runlog.LinkFirstRequest].at, t.ended
	group := t.cloud.Metric.Within(runlog.GroupSeries, from, to)
	before := t.cloud.Metric.Within(t.oldID, from, to)
	after := t.cloud.Metric.Within(t.newID, from, to)
	if len(group) == 0 || len(before) == 0 || len(after) == 0 {
		l.Seen = fmt.Sprintf("full periods with a datapoint: %d of the group, %d of %s, %d of %s", len(group), len(before), t.oldID, len(after),
			t.newID)
		return interval{}, true
	}
	l.Evidence = evidence(group[0].First, after[0].First)
	worst := math.Max(mean(before), mean(after))
	t.effect = &worst
	l.Seen = fmt.Sprintf("mean CPU: group %s %% (n = %d), %s %s %% (n = %d), %s %s %% (n = %d)", number(mean(group)), len(group),
		t.oldID, number(mean(before)), len(before), t.newID, number(mean(after)), len(after))
	if silent := t.silent(group); silent != "" {
		l.Seen += fmt.Sprintf("; but nothing was answered by %s", silent)
		return interval{}, true
	}
	if worst >= theta || mean(group) >= theta {
		l.Status = Broken
		return interval{}, true
	}
	end := after[0].Start.Add(t.period)
	for _, tr := range t.transitions() {
		if tr.To.StateValue != "OK" || !tr.At.After(t.fired.At) {
			continue
		}
		l.Evidence = append(l.Evidence, evidence(tr.Source)...)
		l.Seen += fmt.Sprintf("; alarm OK at %s", clockTime(tr.At))
		if tr.At.After(t.ended) {
			l.Seen += ", but only after the load had ended"
			return interval{}, false
		}
		if tr.At.After(end) {
			end = tr.At
		}
		return exactly(end), true
	}
	l.Seen += "; the alarm did not return to OK"
	return interval{}, false
}

// silent names an instance of the two that answered nothing in one of the
// periods: its CPU then says nothing of a shared load. "" if both answered.
func (t *analysis) silent(periods []*timeline.Datapoint) string {
	for _, p := range periods {
		for _, id := range []string{t.oldID, t.newID} {
			answers := func(s second) bool {
				return t.aws(s.end).After(p.Start) && t.aws(s.start).Before(p.Start.Add(t.period)) && s.Instances[id] != nil &&
					s.Instances[id].Completed > 0
			}
			if !slices.ContainsFunc(t.load.seconds, answers) {
				return fmt.Sprintf("%s in the period of %s", id, clockTime(p.Start))
			}
		}
	}
	return ""
}

package judge

import (
	"fmt"
	"math"
	"sort"

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
// periods, which are in order: its CPU then says nothing of a shared load. "" if both answered.
func (t *analysis) silent(periods []*timeline.Datapoint) string {
	answered := make([]map[string]bool, len(periods))
	for _, s := range t.load.seconds {
		from, to := t.aws(s.start).Add(-t.period), t.aws(s.end)
		i := sort.Search(len(periods), func(i int) bool { return periods[i].Start.After(from) })
		for ; i < len(periods) && periods[i].Start.Before(to); i++ {
			if answered[i] == nil {
				answered[i] = map[string]bool{}
			}
			for id, one := range s.Instances {
				answered[i][id] = answered[i][id] || one.Completed > 0
			}
		}
	}
	for i, p := range periods {
		for _, id := range []string{t.oldID, t.newID} {
			if !answered[i][id] {
				return fmt.Sprintf("%s in the period of %s", id, clockTime(p.Start))
			}
		}
	}
	return ""
}

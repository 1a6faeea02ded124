package judge

import (
	"fmt"
	"time"

	"secondwind/runlog"
)

// e6 by the answers, each of which names who gave it; counted.go has it by the load balancer's counts.

// served reports whether all new instances are known to have answered, or it is not known that one did not.
func (t *analysis) served() bool {
	if t.h.Identity.ByAnswer() {
		first, _ := t.firstServed()
		return !first.IsZero()
	}
	_, there := t.events[runlog.LinkFirstRequest]
	_, undecided := t.findCounted(&Link{})
	return there || undecided
}

// firstServed is when the last of the new instances first answered, and the line that says so;
// zero if one never did.
func (t *analysis) firstServed() (at time.Time, line int64) {
	for _, id := range t.newIDs {
		first, in := t.firstAnswer(id)
		if first.IsZero() {
			return first, 0
		}
		if first.After(at) {
			at, line = first, in
		}
	}
	return at, line
}

// firstAnswer is when an instance first answered, and the line that says so; zero: never.
func (t *analysis) firstAnswer(id string) (at time.Time, line int64) {
	for _, s := range t.load.seconds {
		i := s.Instances[id]
		if i != nil && i.Completed > 0 && !i.First.IsZero() && (at.IsZero() || i.First.Before(at)) {
			at, line = i.First, s.line
		}
	}
	return at, line
}

func (t *analysis) findServed(l *Link) (interval, bool) {
	if !t.h.Identity.ByAnswer() {
		return t.findCounted(l)
	}
	l.Expected = "a request is answered by the same instance"
	l.Join = map[string]string{"instance": list(t.newIDs)}
	if first, line := t.firstServed(); !first.IsZero() {
		m := t.clock.ours(first)
		l.Evidence = loadEvidence(line)
		l.Seen = fmt.Sprintf("%s first answered at %s", list(t.newIDs), clockTime(m.at))
		return m, true
	}
	if others := t.answeredBy(); others != "" {
		l.Seen = "no request was answered by that instance; " + others
		return interval{}, true
	}
	l.Seen = fmt.Sprintf("no answer carries the id %s", list(t.newIDs))
	if failed, line := t.failedAt(t.newIDs); failed > 0 {
		l.Evidence = loadEvidence(line)
		l.Seen = fmt.Sprintf("%s answered, but wrongly: requests that failed there: %d", list(t.newIDs), failed)
	}
	return interval{}, false
}

// failedAt is how many requests failed at these instances, and the first line that has one.
func (t *analysis) failedAt(ids []string) (failed, line int64) {
	for _, s := range t.load.seconds {
		for _, id := range ids {
			i := s.Instances[id]
			if i == nil || i.Failed == 0 {
				continue
			}
			if failed == 0 {
				line = s.line
			}
			failed += i.Failed
		}
	}
	return failed, line
}

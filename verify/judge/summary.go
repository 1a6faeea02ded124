package judge

import (
	"fmt"
	"slices"
	"strings"

	"secondwind/runlog"
)

// summary is the verdict in a sentence. It never says that "autoscaling works":
// only what this run showed, and given what.
func (t *analysis) summary(v Verdict) string {
	in := fmt.Sprintf("In run %s on %s", v.RunID, v.Where)
	if v.Where == "" {
		in = "In run " + v.RunID
	}
	if v.Outcome == Proved {
		return t.proved(in, v)
	}
	name, expected, seen := reasonOf(v)
	if v.Reason == "interrupted" {
		return fmt.Sprintf("%s nothing is decided: the run was interrupted (%s).", in, t.interruption())
	}
	if v.Outcome == Refuted {
		return fmt.Sprintf("%s, given P1–P5, the claim is refuted at %s (%s): expected %s; seen: %s.", in, v.Reason, name, expected, seen)
	}
	return fmt.Sprintf("%s nothing is decided, because %s (%s) is not established: expected %s; seen: %s.", in, v.Reason, name, expected, seen)
}

func (t *analysis) proved(in string, v Verdict) string {
	crossed := t.events[runlog.LinkBreachingData].at
	limit := 0.0
	for id := runlog.LinkAlarm; id <= runlog.LinkFirstRequest; id++ {
		limit += t.h.Deadline(id).Seconds()
	}
	return fmt.Sprintf("%s, given P1–P5, CPU exceeded %s %% at %s, alarm %s fired +%s s, instance %s served its first request +%s s ≤ %s "+
		"s; the control below the threshold held; no listed confounder was observed.",
		in, number(t.h.Threshold), crossed.Format("15:04:05Z"), t.h.AlarmName,
		number(seconds(t.events[runlog.LinkAlarm].at.Sub(crossed))), v.Figures.NewInstanceID,
		number(seconds(t.events[runlog.LinkFirstRequest].at.Sub(crossed))), number(limit))
}

func (t *analysis) interruption() string {
	if t.load.interrupted != "" {
		return t.load.interrupted
	}
	if len(t.load.phases) == 0 {
		return "it had not begun"
	}
	last := runlog.PhaseSetup
	for _, p := range runlog.Phases() {
		if _, ok := t.load.phases[p]; ok {
			last = p
		}
	}
	return fmt.Sprintf("the record ends in phase %s", last)
}

// reasonOf finds what the verdict's reason names.
func reasonOf(v Verdict) (name, expected, seen string) {
	for _, f := range slices.Concat(v.Premises, v.Controls, v.Confounders) {
		if f.ID == v.Reason {
			return f.Name, f.Expected, f.Seen
		}
	}
	for _, l := range v.Chain {
		if l.ID.Code() == strings.TrimPrefix(v.Reason, "link.") {
			return l.Name, l.Expected, l.Seen
		}
	}
	return "", "", ""
}

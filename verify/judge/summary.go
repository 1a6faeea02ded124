package judge

import (
	"fmt"
	"slices"
	"strings"

	"secondwind/runlog"
)

// summary is the verdict in a few sentences. It never says that "autoscaling works":
// only what this run showed, and given what.
func (t *analysis) summary(v Verdict) string {
	in := "In run " + v.RunID
	if v.Where != "" {
		in += " on " + v.Where
	}
	if v.Outcome == Proved {
		return t.proved(in, v)
	}
	switch v.Reason {
	case "refused":
		return fmt.Sprintf("%s nothing is decided. The run was not begun: %s.", in, t.interruption())
	case "interrupted":
		return fmt.Sprintf("%s nothing is decided. The run ended early: %s.", in, t.interruption())
	case "premise.instrument":
		if t.began.IsZero() && t.load.note != "" { // which explains more than what the load generator is to achieve
			return fmt.Sprintf("%s nothing is decided, because of %s: the run ended in the %s.", in, v.Reason, t.load.note)
		}
	}
	f := first(slices.Concat(v.Premises, v.Confounders, v.evidence()), func(f Finding) bool { return f.ID == v.Reason })
	found := fmt.Sprintf("%s (%s). Expected: %s. Seen: %s.", f.ID, f.Name, f.Expected, strings.TrimSuffix(f.Seen, "."))
	if len(f.Evidence) > 0 {
		found += fmt.Sprintf(" Evidence: %s:%d.", f.Evidence[0].File, f.Evidence[0].Line)
	}
	if v.Outcome == Refuted {
		return in + " the premises hold, but the claim is refuted at " + found
	}
	return in + " nothing is decided, because of " + found
}

func (t *analysis) proved(in string, v Verdict) string {
	crossed := t.events[runlog.LinkBreachingData].at
	limit := t.h.Within(runlog.LinkAlarm, runlog.LinkFirstRequest).Seconds()
	after := func(event runlog.Link) string { return number(seconds(t.events[event].at.Sub(crossed))) }
	return fmt.Sprintf("%s the premises hold, and CPU exceeded %s %% at %s. "+
		"Alarm %s fired after %s s, and instance %s served its first request after %s s, within the %s s allowed. "+
		"Load below the threshold did not scale. No other possible cause was seen%s.%s%s",
		in, number(t.h.Threshold), crossed.Format("15:04:05Z"), t.h.AlarmName, after(runlog.LinkAlarm), v.Figures.NewInstanceID,
		after(runlog.LinkFirstRequest), number(limit), t.nobodyElse(v), restsOn(t.h.Identity), t.cutShort())
}

// nobodyElse says what is known of calls by others.
func (t *analysis) nobodyElse(v Verdict) string {
	f := first(v.Confounders, func(f Finding) bool { return f.ID == ForeignCall })
	if f.Status == Held {
		return ", and nobody else called"
	}
	unseen := fmt.Sprintf("a change that was undone between two looks, at most %s s apart, is not seen", number(round(t.longestUnwatched())))
	if t.r.Audit == nil {
		return "; nobody has asked CloudTrail who called; without that, " + unseen
	}
	return "; whether anybody else called is not known, because " + f.Seen + "; " + unseen
}

// longestUnwatched is for how many seconds, from the baseline to the end of the load, some part of the configuration was not
// looked at.
func (t *analysis) longestUnwatched() (longest float64) {
	for _, operation := range runlog.Watched() {
		if len(t.cloud.Answered[operation]) > 0 {
			_, silent := t.silence(operation, t.baselineFrom(), t.ended)
			longest = max(longest, silent)
		}
	}
	return longest
}

// cutShort says that the hold was shorter than the run asked for; "" if it was not.
func (t *analysis) cutShort() string {
	h := t.load.hold
	if h == nil || !h.EndedOnRequest {
		return ""
	}
	return fmt.Sprintf(" The hold was ended on request after %s of %s.", runlog.Words(runlog.Seconds(h.Seconds)),
		runlog.Words(runlog.Seconds(h.RequestedSeconds)))
}

func (t *analysis) interruption() string {
	switch {
	case t.load.interrupted != "":
		return t.load.interrupted
	case t.load.phase == "":
		return "no phase had begun"
	}
	return fmt.Sprintf("the record ends in phase %s", t.load.phase)
}

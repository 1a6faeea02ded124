package virtual_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"secondwind/runlog"
	"secondwind/verify/formula"
	"secondwind/verify/judge"
	"secondwind/virtual"
)

// How much others may use of what the declared load uses, which crosses the threshold by itself in any
// case, and how many answers may be of others' instances, before a proof would be none.
const (
	othersShare = 0.4
	foreignMost = 0.05
)

// margin is how near to the end of the load something may be that need not count.
const margin = 2 * time.Second

// against are the reasons for which a run of this world must not be PROVED: what somebody else
// changed, who else used CPU, who else answered, what the group did of itself.
func against(d drawn, t virtual.Truth) (why []string) {
	from, to := t.Phases[runlog.PhaseCalibration], t.Phases[runlog.PhaseRelease]
	if from.IsZero() || to.IsZero() {
		return nil // it never came to where it could be proved
	}
	within := func(at time.Time) bool { return at.After(from) && at.Before(to.Add(-margin)) }
	for _, deed := range t.Deeds {
		released := !deed.At.Before(to) && deed.At.Before(scaledIn(t)) && removes(deed)
		if len(deed.Changed) > 0 && (within(deed.At) || released) {
			why = append(why, kindOf(deed))
		}
	}
	// What others use before the load is held against what the load uses, as it makes that seem dearer.
	before := (t.Others[runlog.PhaseCalibration] + t.Others[runlog.PhaseControl]).Seconds() / t.Phases[runlog.PhaseLoad].Sub(from).Seconds()
	load := (t.Own[runlog.PhaseLoad] + t.Own[runlog.PhaseHold]).Seconds() / to.Sub(t.Phases[runlog.PhaseLoad]).Seconds()
	if before > othersShare*load || t.Others[runlog.PhaseLoad].Seconds() > othersShare*t.Own[runlog.PhaseLoad].Seconds() {
		why = append(why, "CPU of others")
	}
	if t.Alone < d.threshold {
		why = append(why, "the declared load did not cross by itself")
	}
	if t.Foreign > foreignMost {
		why = append(why, "answers of foreign instances")
	}
	launches := 0
	for _, a := range t.Acted {
		if within(a.Start) && !a.Start.Before(t.Phases[runlog.PhaseControl]) {
			launches++
		}
	}
	if launches != max(1, d.by) && len(why) == 0 && len(t.Acted) > 0 { // a group deleted since has none any more
		why = append(why, fmt.Sprintf("the group acted %d times", launches))
	}
	if d.faulty == "no policy" || d.faulty == "actions disabled" {
		why = append(why, d.faulty)
	}
	slices.Sort(why)
	return slices.Compact(why)
}

// removes is whether a deed can take capacity away, which the scale-in alarm then did not.
func removes(d virtual.Deed) bool {
	return slices.Contains(d.Changed, "instances") || d.Name == "autoscaling:SetDesiredCapacity"
}

// scaledIn is when the group had taken its last step back by an alarm, or else when the run ended: what
// becomes of an instance that it is terminating already is no release by another's hand.
func scaledIn(t virtual.Truth) time.Time {
	last := t.Phases[runlog.PhaseDone].Add(-margin)
	for _, a := range slices.Backward(t.Acted) { // the newest is first
		if a.Start.After(t.Phases[runlog.PhaseRelease]) && strings.Contains(a.Cause, "a monitor alarm") {
			last = a.Start
		}
	}
	return last
}

// kindOf names what was done and to what, as shortly as distinguishes what a judge must look at.
func kindOf(d virtual.Deed) string { return d.Name + " changed " + strings.Join(d.Changed, ", ") }

// differs is where the second judge does not agree.
func differs(r virtual.Result) []string {
	is, name := formula.Proved(r.Record)
	if proved := r.Verdict.Outcome == judge.Proved; (is == formula.True) != proved && (proved || stricter[r.Verdict.Reason] == "") {
		return []string{fmt.Sprintf("%s, but as formulas %s", cmp.Or(r.Verdict.Reason, "PROVED"), cmp.Or(name, "PROVED"))}
	}
	return nil
}

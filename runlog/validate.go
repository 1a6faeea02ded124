package runlog

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Phases are all phases in the order in which a run goes through them.
func Phases() []Phase {
	return []Phase{PhaseSetup, PhasePremises, PhaseCalibration, PhaseControl, PhaseLoad, PhaseHold, PhaseRelease, PhaseDone}
}

func (p Phase) validate() error {
	if !slices.Contains(Phases(), p) {
		return fmt.Errorf("phase %q is none of %v", p, Phases())
	}
	return nil
}

// ValidateName reports what is wrong with the name of a phase of a load by itself.
func (p Phase) ValidateName() error {
	name := string(p)
	odd := func(r rune) bool { return !unicode.IsPrint(r) || r == '(' || r == ')' || r == utf8.RuneError }
	if name == "" || len(name) > maxPhaseName || strings.TrimSpace(name) != name || strings.ContainsFunc(name, odd) {
		return fmt.Errorf("phase %q is no name; use 1 to %d characters, without parentheses", name, maxPhaseName)
	}
	return nil
}

const maxPhaseName = 64 // bytes; it stands in every line

// validateLoad holds a line to the phases of its run: those of an experiment, or a load's own.
func (m Manifest) validateLoad(l LoadLine) error {
	if l.Second != nil && m.Command != CommandLoad {
		return l.Second.Phase.validate()
	}
	return nil
}

// validate holds the step to one upwards, and the deadlines to one of each link, in order: Deadline finds the
// first of a link, Within adds all.
func (h Hypothesis) validate() error {
	if h.From() < 0 || h.To() <= h.From() {
		return fmt.Errorf("it claims a step from %d to %d instances, want more than before", h.From(), h.To())
	}
	if !h.Identity.ByAnswer() && h.Identity != IdentityTarget && h.Identity != IdentityRequests {
		return fmt.Errorf("identity %q is none of %s, %s and %s", h.Identity, IdentityAnswer, IdentityTarget, IdentityRequests)
	}
	last := LinkLoadStep // has no deadline: the others count from it
	for _, d := range h.Deadlines {
		if d.Link <= last {
			return fmt.Errorf("deadlines: %s follows %s, want one of each of e1 to e7 in order", d.Link, last)
		}
		last = d.Link
		for _, term := range d.Terms {
			if term.Name == "" || !(term.Seconds >= 0) { // not a number is not at least 0
				return fmt.Errorf("deadlines: %s has the term %q of %v seconds, want a name and at least 0", d.Link, term.Name, term.Seconds)
			}
		}
	}
	return nil
}

// validate reports what makes the line unreadable, not what makes it unlikely.
func (l LoadLine) validate() error {
	if l.Time.IsZero() {
		return errors.New("time is missing")
	}
	err := oneOf("phase, second, calibration, interrupted and gap",
		l.Phase != nil, l.Second != nil, l.Calibration != nil, l.Interrupted != nil, l.Gap != nil)
	switch {
	case err != nil:
		return err
	case l.Phase != nil:
		if l.Phase.OfferedRate < 0 {
			return fmt.Errorf("offeredRate is %v, want at least 0", l.Phase.OfferedRate)
		}
		if h := l.Phase.Hold; h != nil && (h.RequestedSeconds < 0 || h.Seconds < 0) {
			return fmt.Errorf("hold is %v s of %v s, want at least 0", h.Seconds, h.RequestedSeconds)
		}
		return l.Phase.Phase.validate()
	case l.Second != nil:
		return l.Second.validate()
	case l.Gap != nil && (l.Gap.From.IsZero() || l.Gap.From.After(l.Time) || l.Gap.Unanswered < 0):
		return fmt.Errorf("gap from %s to %s with %d requests unanswered is none", l.Gap.From, l.Time, l.Gap.Unanswered)
	}
	return nil
}

func (s *LoadSecond) validate() error {
	if s.IntervalSeconds <= 0 {
		return fmt.Errorf("intervalSeconds is %v, want more than 0", s.IntervalSeconds)
	}
	counts := []int64{s.Offered, s.Sent, s.Completed, s.Failed, s.Dropped, s.BytesIn, s.BytesOut, s.Reused, s.Waited, s.Starved}
	counts = slices.AppendSeq(counts, maps.Values(s.Opened))
	for _, n := range slices.AppendSeq(counts, maps.Values(s.Errors)) {
		if n < 0 {
			return fmt.Errorf("a count is %d, want at least 0", n)
		}
	}
	for id, i := range s.Instances {
		if i == nil || i.Completed < 0 || i.Failed < 0 {
			return fmt.Errorf("instance %q: counts are missing or negative", id)
		}
	}
	for kind, r := range s.Requests {
		if r == nil || r.Completed < 0 || r.Failed < 0 {
			return fmt.Errorf("requests %q: counts are missing or negative", kind)
		}
	}
	return s.Phase.ValidateName()
}

func (o *Observation) validate() error {
	switch {
	case o.Seq < 1:
		return fmt.Errorf("seq is %d, want at least 1", o.Seq)
	case o.Operation == "":
		return errors.New("operation is missing")
	case o.Sent.IsZero() || o.Received.IsZero():
		return errors.New("sent or received is missing")
	case o.Unchanged < 0 || o.Unchanged >= o.Seq:
		return fmt.Errorf("unchanged is %d, want an earlier seq than %d", o.Unchanged, o.Seq)
	}
	if o.Snapshot != nil {
		for _, seq := range o.Snapshot.Unchanged {
			if seq < 1 || seq >= o.Seq {
				return fmt.Errorf("snapshot.unchanged names %d, want an earlier seq than %d", seq, o.Seq)
			}
		}
	}
	if (o.Operation == OpSnapshot) != (o.Snapshot != nil) {
		return fmt.Errorf("operation is %q, want %q if, and only if, there is a snapshot", o.Operation, OpSnapshot)
	}
	return oneOf("answer, unchanged, error and snapshot", len(o.Answer) > 0, o.Unchanged != 0, o.Error != nil, o.Snapshot != nil)
}

// oneOf is an error unless exactly one of the members is set.
func oneOf(members string, set ...bool) error {
	n := 0
	for _, there := range set {
		if there {
			n++
		}
	}
	if n != 1 {
		return fmt.Errorf("%d of %s are set, want 1", n, members)
	}
	return nil
}

// repeats checks that o may stand for the answer of was.
func (o *Observation) repeats(was *Observation) error {
	switch {
	case was.Operation != o.Operation:
		return fmt.Errorf("unchanged points to seq %d, which is %s, not %s", was.Seq, was.Operation, o.Operation)
	case !bytes.Equal(was.Input, o.Input):
		return fmt.Errorf("unchanged points to seq %d, which has another input", was.Seq)
	case len(was.Answer) == 0:
		return fmt.Errorf("unchanged points to seq %d, which has no answer", was.Seq)
	}
	return nil
}

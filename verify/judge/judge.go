package judge

import (
	"cmp"
	"slices"

	"secondwind/runlog"
)

// Judge decides what the record shows. It reads nothing else, neither clock nor
// network, and gives the same verdict for the same record.
//
// REFUTED needs the premises, the observation and the absence of confounders to
// hold, and something then to be broken; whatever the record leaves open is
// INCONCLUSIVE; PROVED is what is left when everything held.
func Judge(r *runlog.Record) Verdict {
	t := newAnalysis(r)
	v := Verdict{Version: runlog.Version, RunID: cmp.Or(t.h.RunID, r.Manifest.RunID), Where: t.h.Where, Claim: t.h.Claim}
	if r.Hypothesis == nil {
		v.Claim = "No claim was made: " + undeclared + "."
	}
	v.Chain = t.chain()
	crossed := t.crossed(v.Chain[1])
	v.Premises = []Finding{t.baseline(), t.hypothesis(), t.clocks(), t.instrument(), t.observation(), t.data(), t.configuration(), t.where(),
		t.asScenario(), t.loaded(), t.calibrated(), crossed}
	below := t.belowThreshold()
	v.Controls = []Finding{below, t.lasting(), t.scaleIn(), t.draining()}
	v.Confounders = t.confounders(below, crossed)
	for _, findings := range [][]Finding{v.Premises, v.Controls, v.Confounders} {
		t.unreached(findings)
	}
	v.Figures = t.figures()
	v.Outcome, v.Reason = t.decide(v)
	v.Summary = t.summary(v)
	return v
}

// verdictOrder puts what explains more before what follows from it: a premise
// about the record before one about the load, and both before the links.
var verdictOrder = []string{
	"premise.hypothesis", "premise.clocks", "premise.configuration", "premise.where", "premise.baseline",
	"premise.instrument", "premise.observation", "premise.data", "premise.scenario",
	"confounder.other-requests", // what they burn shows elsewhere too
	"confounder.",               // all but credits, which matter only if CPU did not cross
	"premise.calibration", "premise.crossed", "premise.load", "confounder.cpu-credits",
}

// interrupted is whether the run ended before its end.
func (t *analysis) interrupted() bool { return t.load.interrupted != "" || t.load.done.IsZero() }

// unreached marks what a run left open because it was interrupted before the load,
// and what it declared nothing about: it never came to where that is judged.
func (t *analysis) unreached(findings []Finding) {
	for i, f := range findings {
		switch {
		case f.Expected == wouldDeclare:
			findings[i] = Finding{ID: f.ID, Name: f.Name, Expected: f.Expected}.notJudged(undeclared)
		case f.Status == Undetermined && t.interrupted() && t.began.IsZero():
			findings[i].Status = NotJudged
		}
	}
}

func (t *analysis) decide(v Verdict) (Outcome, string) {
	switch {
	case t.load.refused:
		return Inconclusive, "refused"
	case t.interrupted():
		return Inconclusive, "interrupted"
	}
	open := func(f Finding) bool { return f.Status == Broken || f.Status == Undetermined }
	if f := first(ranked(v), open); f != nil {
		return Inconclusive, f.ID
	}
	// Something broken outweighs something open: it is enough to refute.
	if f := first(v.evidence(), func(f Finding) bool { return f.Status == Broken }); f != nil {
		return Refuted, f.ID
	}
	if f := first(v.evidence(), open); f != nil {
		return Inconclusive, f.ID
	}
	// Whatever else there is: a chain that is not whole proves nothing.
	if f := first(v.evidence()[:1+len(v.Chain)], func(f Finding) bool { return f.Status == NotJudged }); f != nil {
		return Inconclusive, f.ID
	}
	return Proved, ""
}

// ranked are the premises and the confounders, in verdictOrder.
func ranked(v Verdict) []Finding {
	rank := func(f Finding) int {
		if i := slices.Index(verdictOrder, f.ID); i >= 0 {
			return i
		}
		return slices.Index(verdictOrder, "confounder.")
	}
	all := slices.Concat(v.Premises, v.Confounders)
	slices.SortStableFunc(all, func(a, b Finding) int { return rank(a) - rank(b) })
	return all
}

// evidence are the control, the links and what the release showed, by the codes
// that a reason names them by.
func (v Verdict) evidence() []Finding {
	all := slices.Clone(v.Controls[:1])
	for _, l := range v.Chain {
		all = append(all, Finding{ID: "link." + l.ID.Code(), Name: l.Name, Status: l.Status, Expected: l.Expected, Seen: l.Seen,
			Evidence: l.Evidence})
	}
	return append(all, v.Controls[1:]...)
}

// first is the first of the findings that is so; nil if none is.
func first(all []Finding, is func(Finding) bool) *Finding {
	if i := slices.IndexFunc(all, is); i >= 0 {
		return &all[i]
	}
	return nil
}

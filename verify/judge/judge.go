package judge

import (
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
	v := Verdict{Version: runlog.Version, RunID: t.h.RunID, Where: t.h.Where, Claim: t.h.Claim}
	if v.RunID == "" {
		v.RunID = r.Manifest.RunID
	}
	v.Chain = t.chain()
	crossed := t.crossed(v.Chain[1])
	v.Premises = []Finding{t.baseline(), t.hypothesis(), t.clocks(), t.instrument(), t.observation(), t.data(), t.configuration(), t.loaded(),
		crossed}
	below := t.belowThreshold()
	v.Controls = []Finding{below, t.scaleIn(), t.draining()}
	v.Confounders = append(t.confounders(below), t.credits(crossed))
	t.unreached(v.Premises)
	v.Figures = t.figures()
	v.Outcome, v.Reason = t.decide(v)
	v.Summary = t.summary(v)
	return v
}

// verdictOrder puts what explains more before what follows from it: a premise
// about the record before one about the load, and both before the links.
var verdictOrder = []string{
	"premise.hypothesis", "premise.clocks", "premise.configuration", "premise.baseline",
	"premise.instrument", "premise.observation", "premise.data",
	"confounder.", // all but credits, which matter only if CPU did not cross
	"premise.crossed", "premise.load", "confounder.cpu-credits",
}

// interrupted is whether the run ended before its end.
func (t *analysis) interrupted() bool { return t.load.interrupted != "" || t.load.done.IsZero() }

// unreached marks the premises that a run left open because it was interrupted
// before the load: it never came to where they are judged.
func (t *analysis) unreached(premises []Finding) {
	for i, f := range premises {
		if f.Status == Undetermined && t.interrupted() && t.began.IsZero() {
			premises[i].Status = NotJudged
		}
	}
}

func (t *analysis) decide(v Verdict) (Outcome, string) {
	if t.interrupted() {
		return Inconclusive, "interrupted"
	}
	for _, id := range verdictOrder {
		for _, f := range slices.Concat(v.Premises, v.Confounders) {
			if f.Status != Held && f.Status != NotJudged && ranks(f.ID, id) {
				return Inconclusive, f.ID
			}
		}
	}
	// Something broken outweighs something open: it is enough to refute.
	for _, status := range []Status{Broken, Undetermined} {
		if reason := firstOf(status, v); reason != "" {
			if status == Broken {
				return Refuted, reason
			}
			return Inconclusive, reason
		}
	}
	// Whatever else there is: a chain that is not whole proves nothing.
	if reason := firstOf(NotJudged, Verdict{Controls: v.Controls[:1], Chain: v.Chain}); reason != "" {
		return Inconclusive, reason
	}
	return Proved, ""
}

func ranks(id, place string) bool {
	const credits = "confounder.cpu-credits"
	if place == "confounder." {
		return len(id) > len(place) && id[:len(place)] == place && id != credits
	}
	return id == place
}

// firstOf is the first control, link or release finding with the status.
func firstOf(status Status, v Verdict) string {
	if v.Controls[0].Status == status {
		return v.Controls[0].ID
	}
	for _, l := range v.Chain {
		if l.Status == status {
			return "link." + l.ID.Code()
		}
	}
	for _, f := range v.Controls[1:] {
		if f.Status == status {
			return f.ID
		}
	}
	return ""
}

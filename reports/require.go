package reports

import (
	"maps"
	"slices"

	"secondwind/loadgen/summary"
	"secondwind/runlog"
	"secondwind/verify/judge"
)

// Required judges what the hypothesis of a proof requires beside its claim. What there are
// no data for has no value; neither has what cannot be read, as of a newer program.
func Required(rec *runlog.Record, v judge.Verdict) []summary.Requirement {
	if rec.Hypothesis == nil || len(rec.Hypothesis.Require) == 0 {
		return nil
	}
	var sum summary.Summary
	for _, l := range rec.Load {
		if err := sum.AddLine(l); err != nil {
			return unread(rec.Hypothesis.Require, err)
		}
	}
	sum.Groups = oldAndNew(rec.Load)
	sum.SecondInstance = v.Figures.SecondsToFirstRequest
	return requirements(&sum, summary.ProofMeasures, rec.Hypothesis.Require)
}

func unread(texts []string, err error) (all []summary.Requirement) {
	for _, text := range texts {
		all = append(all, summary.Requirement{Threshold: text, Shown: "the load cannot be read: " + err.Error()})
	}
	return all
}

// oldAndNew are the instances by whether they answered before the load step.
func oldAndNew(load []runlog.LoadLine) map[string][]string {
	old := map[string]bool{}
	for _, l := range load {
		if l.Second == nil {
			continue
		}
		before := slices.Index(runlog.Phases(), l.Second.Phase) < slices.Index(runlog.Phases(), runlog.PhaseLoad)
		for id := range l.Second.Instances {
			old[id] = old[id] || before
		}
	}
	delete(old, "") // who did not say
	groups := map[string][]string{}
	for _, id := range slices.Sorted(maps.Keys(old)) {
		name := map[bool]string{true: "old", false: "new"}[old[id]]
		groups[name] = append(groups[name], id)
	}
	return groups
}

package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"secondwind/runlog"
	"secondwind/verify/judge"
)

// atRest is the section on the calculators' history.
type atRest struct {
	Bad    string // what is wrong, or was not shown; "" if all passed
	Checks []checkRow
	Facts  []fact
}

// checkRow is a row of its table.
type checkRow struct {
	Name, Detail string
	Status       judge.Status
}

// readAtRest returns nil if the run shows nothing of a history.
func readAtRest(h *runlog.History) *atRest {
	if h == nil {
		return nil
	}
	if !h.Kept {
		return &atRest{Bad: "Nothing is shown here: " + h.NotAudited + ".", Facts: []fact{failedFact(h.Summary())}}
	}
	s := h.Summary()
	section := &atRest{Checks: append([]checkRow{sameRow(s)}, auditRows(h)...), Facts: slices.Concat(
		byInstance("calculations", s.Calculations, s.CalculatedBy), byInstance("lists", s.Lists, s.ListedBy), []fact{failedFact(s)})}
	if a := h.Audit; a != nil {
		section.Facts = append(section.Facts, auditFacts(*a)...)
	}
	section.Bad = failures(section.Checks)
	return section
}

// sameRow says whether the history is the same whichever instance answers.
func sameRow(s runlog.HistorySummary) checkRow {
	row := checkRow{Name: "the history is the same whichever instance answers", Status: judge.Undetermined}
	switch {
	case s.Whole < s.Lists:
		row.Status = judge.Broken
		row.Detail = fmt.Sprintf("incomplete or with foreign entries: %d of %d lists", s.Lists-s.Whole, s.Lists)
	case s.Same():
		row.Status = judge.Held
		row.Detail = fmt.Sprintf("%s from %s, each with every calculation made before and nothing else",
			runlog.Count(s.Lists, "list"), runlog.Count(len(s.ListedBy), "instance"))
	case s.Lists > 0:
		row.Detail = "only one instance returned lists, each of them complete"
	default:
		row.Detail = "no list was returned"
	}
	return row
}

// auditRows are the checks of the audit; without one, a row that says so.
func auditRows(h *runlog.History) []checkRow {
	if h.Audit == nil {
		return []checkRow{{"the store was audited", h.NotAudited, judge.Undetermined}}
	}
	var rows []checkRow
	for _, c := range h.Audit.Checks {
		status := judge.Broken
		if c.Passed {
			status = judge.Held
		}
		rows = append(rows, checkRow{c.Name, c.Detail, status})
	}
	return rows
}

// failures counts what did not hold.
func failures(rows []checkRow) string {
	counts := map[judge.Status]int{}
	for _, r := range rows {
		counts[r.Status]++
	}
	switch broken, undetermined := counts[judge.Broken], counts[judge.Undetermined]; {
	case broken > 0:
		return fmt.Sprintf("The users' data is not shown to be safe: %d of %d checks failed. The verdict on scaling does not depend on it.",
			broken, len(rows))
	case undetermined > 0:
		return fmt.Sprintf("Checks without a result: %d of %d.", undetermined, len(rows))
	}
	return ""
}

func failedFact(s runlog.HistorySummary) fact {
	return fact{"sessions of the synthetic user that failed", fmt.Sprint(s.Failed)}
}

// byInstance tells a count, and that of each instance.
func byInstance(what string, all int, counts map[string]int) []fact {
	facts := []fact{{what + " of the synthetic user", fmt.Sprint(all)}}
	for _, id := range slices.Sorted(maps.Keys(counts)) {
		facts = append(facts, fact{what + " by " + id, fmt.Sprint(counts[id])})
	}
	return facts
}

func auditFacts(a runlog.HistoryAudit) []fact {
	return []fact{
		{"audited", date(a.Time)},
		{"store", cmp.Or(a.Store, notAvailable)},
		{"key-encryption key", cmp.Or(a.Key, notAvailable)},
		{"data-encryption keys", fmt.Sprint(a.DataKeys)},
		{"records, including the audit's own", fmt.Sprint(a.Records)},
		{"raw data searched", runlog.Count(a.RawBytes, "byte")},
		{"texts of the synthetic user searched for", fmt.Sprint(a.Known)},
	}
}

package reports

import (
	"encoding/xml"
	"testing"

	"secondwind/runlog"
	"secondwind/verify/judge"
)

func TestJUnitNeverShowsAnOpenRunGreen(t *testing.T) {
	for _, c := range []struct {
		name             string
		outcome          judge.Outcome
		premise          judge.Status
		failures, errors int
	}{
		{"proved passes", judge.Proved, judge.Held, 0, 0},
		{"refuted fails with what is broken", judge.Refuted, judge.Broken, 2, 0},
		{"refuted fails, and what is open is an error", judge.Refuted, judge.Undetermined, 1, 1},
		{"inconclusive is an error even where something is broken", judge.Inconclusive, judge.Broken, 0, 2},
		{"inconclusive is an error even if nothing was judged open", judge.Inconclusive, judge.Held, 0, 1},
		{"an unknown outcome is an error", judge.Outcome("MAYBE"), judge.Held, 0, 1},
		{"an unknown status is an error", judge.Proved, judge.Status("maybe"), 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := judge.Verdict{Outcome: c.outcome, Premises: []judge.Finding{{ID: "premise.x", Status: c.premise}}}
			data, err := renderJUnit(&account{Record: &runlog.Record{}}, v)
			if err != nil {
				t.Fatal(err)
			}
			var got testSuites
			if err := xml.Unmarshal(data, &got); err != nil {
				t.Fatal(err)
			}
			if got.Tests != 2 || got.Failures != c.failures || got.Errors != c.errors || got.Suite.Skipped != 0 {
				t.Errorf("junit.xml has %d tests, %d failures, %d errors, %d skipped, want 2, %d, %d, 0",
					got.Tests, got.Failures, got.Errors, got.Suite.Skipped, c.failures, c.errors)
			}
		})
	}
}

// TestDataAtRestIsInJUnit: what CI reads names each check of the history, by a name that
// stays the same from run to run, and one that failed fails.
func TestDataAtRestIsInJUnit(t *testing.T) {
	history := &runlog.History{Kept: true, Audit: &runlog.HistoryAudit{Checks: []runlog.HistoryCheck{
		{Name: "no plaintext", Passed: true}, {Name: "no key", Detail: "one was found"},
	}}}
	for name, c := range map[string]struct {
		history                  *runlog.History
		cases, failures, skipped int
	}{
		"checks":                {history, 3, 1, 0},
		"nothing that was kept": {&runlog.History{NotAudited: "another program"}, 1, 0, 1}, "no history": {nil, 0, 0, 0},
	} {
		failures, skipped := 0, 0
		cases := atRestCases(c.history)
		for _, is := range cases {
			if is.Failure != nil {
				failures++
			}
			if is.Skipped != nil {
				skipped++
			}
		}
		if len(cases) != c.cases || failures != c.failures || skipped != c.skipped {
			t.Errorf("%s: %d cases, %d failures, %d skipped; want %d, %d, %d", name, len(cases), failures, skipped, c.cases, c.failures, c.skipped)
		}
	}
}

package virtual_test

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"secondwind/reports"
	"secondwind/verify/judge"
	"secondwind/virtual"
)

// TestWhatAScenarioRequiresIsJudged follows thresholds from the scenario through the run to JUnit:
// one is met, one is not, and there are no data for one.
func TestWhatAScenarioRequiresIsJudged(t *testing.T) {
	withoutRace(t)
	t.Parallel()
	cfg := virtual.Default(t)
	cheap(&cfg)
	cfg.Scenario.Require = []string{"time_to_second_instance < 5m", "p99 < 1ms", "p99(phase none) < 1s"}
	r := virtual.Soak(t, cfg)
	dir := t.TempDir()
	if err := reports.Write(t.Context(), dir, r.Record, r.Verdict); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "junit.xml"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, c := range junitCases(t, text) {
		for _, threshold := range cfg.Scenario.Require {
			if strings.Contains(c.Name, threshold) {
				got[threshold] = c.outcome()
			}
		}
	}
	if r.Verdict.Outcome != judge.Proved || got[cfg.Scenario.Require[0]] != "passed" || got[cfg.Scenario.Require[1]] != "failure" ||
		got[cfg.Scenario.Require[2]] != "error" || len(got) != len(cfg.Scenario.Require) {
		t.Errorf("%s %s, thresholds %q", r.Verdict.Outcome, r.Verdict.Reason, got)
	}
}

type junitCase struct {
	Name    string    `xml:"name,attr"`
	Failure *struct{} `xml:"failure"`
	Error   *struct{} `xml:"error"`
	Skipped *struct{} `xml:"skipped"`
}

func (c junitCase) outcome() string {
	switch {
	case c.Failure != nil:
		return "failure"
	case c.Error != nil:
		return "error"
	case c.Skipped != nil:
		return "skipped"
	}
	return "passed"
}

func junitCases(t *testing.T, text []byte) []junitCase {
	t.Helper()
	var suites struct {
		Cases []junitCase `xml:"testsuite>testcase"`
	}
	if err := xml.Unmarshal(text, &suites); err != nil {
		t.Fatal(err)
	}
	return suites.Cases
}

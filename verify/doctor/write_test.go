package doctor

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"secondwind/runlog"
	"secondwind/verify/terminal"
)

func sample() Report {
	statement := statementOf("autoscaling:DescribePolicies")
	r := Report{
		AutoScalingGroupName: "secondwind-asg", Region: "eu-central-1", Account: "123456789012",
		Deadlines: []runlog.Deadline{{Link: runlog.LinkBreachingData, Terms: runlog.Terms{
			{Name: "the period in which the load begins", Seconds: 60}, {Name: "one full period", Seconds: 60},
		}}},
		Findings: []Finding{
			{
				ID: "alarm.slow", Severity: Note, Where: "alarm cpu-high",
				What: "It looks at 40 periods of 60 s: 40m0s until it goes off.", Change: "Nothing, if the deadlines below suit you.",
			},
			{
				ID: "group.hook", Severity: Warning, Where: "secondwind-asg: hook", Change: "Remove the hook for the proof.",
				What: "The lifecycle hook holds each launch until it is completed, at most 3600 s, and its default result is ABANDON.",
			},
			{
				ID: "permission.required", Severity: Error, Where: "autoscaling:DescribePolicies", What: "The caller may not call it.",
				Change: "Add this statement.", Statement: &statement,
			},
		},
	}
	r.sort()
	return r
}

func TestAReportFitsATerminalAndKeepsEveryWord(t *testing.T) {
	var wide, narrow, coloured bytes.Buffer
	Write(&wide, sample(), terminal.Style{})
	Write(&narrow, sample(), terminal.Style{Width: 60})
	Write(&coloured, sample(), terminal.Style{Width: 60, Colour: true})
	for line := range strings.Lines(narrow.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 60 {
			t.Errorf("line of %d columns, want at most 60: %q", n, line)
		}
	}
	if got, want := strings.Fields(narrow.String()), strings.Fields(wide.String()); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("wrapped:\n%s\nwant the words of:\n%s", narrow.String(), wide.String())
	}
	if strings.Contains(wide.String()+narrow.String(), "\x1b") {
		t.Error("a plain report has escape codes in it")
	}
	if bare := terminal.Bare(coloured.String()); bare != narrow.String() {
		t.Errorf("coloured, without its colours:\n%s\nwant the plain report:\n%s", bare, narrow.String())
	}
}

func TestErrorsComeFirstAndTheMissingPolicyIsWhole(t *testing.T) {
	r := sample()
	if got := r.Summary(); got != "not fit: 1 error (permission.required), 1 warning (group.hook), 1 note (alarm.slow)" {
		t.Errorf("Summary() = %q", got)
	}
	var text bytes.Buffer
	Write(&text, r, terminal.Style{})
	order := []string{
		"error    permission.required", "warning  group.hook", "note     alarm.slow", `"Action": [`, `"autoscaling:DescribePolicies"`,
		"Deadlines", "e1 breaching datapoint ", "60 one full period", "not fit: 1 error",
	}
	rest := text.String()
	for _, part := range order {
		_, after, ok := strings.Cut(rest, part)
		if !ok {
			t.Fatalf("report has no %q where it belongs:\n%s", part, text.String())
		}
		rest = after
	}
	if p := r.Policy(); p == nil || len(p.Statement) != 1 || len(p.Statement[0].Action) != 1 {
		t.Errorf("Policy() = %v, want the one action that is missing", p)
	}
}

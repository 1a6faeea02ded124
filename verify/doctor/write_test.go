package doctor

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"secondwind/runlog"
	"secondwind/verify/terminal"
)

func sample() Report {
	r := Report{
		AutoScalingGroupName: "secondwind-asg", Region: "eu-central-1", Account: "123456789012",
		Deadlines: []runlog.Deadline{{Link: runlog.LinkBreachingData, Terms: runlog.Terms{
			{Name: "the period in which the load begins", Seconds: 60}, {Name: "one full period", Seconds: 60},
		}}},
		Findings: []Finding{
			{
				ID: "alarm.slow", Severity: Note, Where: "alarm cpu-high",
				What: "It looks at 40 periods of 60 s: 40 min until it goes into ALARM.", Change: "Nothing, if the deadlines below suit you.",
			},
			{
				ID: "group.hook", Severity: Warning, Where: "secondwind-asg: hook", Change: "Remove the hook for the proof.",
				What: "The lifecycle hook holds each launch until it is completed, at most 3600 s, and its default result is ABANDON.",
			},
			{
				ID: "permission.required", Severity: Error, Where: "autoscaling:DescribePolicies", What: "The caller may not call it.",
				Change: "Add this statement.", Statement: &PolicyOf("autoscaling:DescribePolicies").Statement[0],
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
	if got := r.Summary(); got != "not fit for a proof: 1 error (permission.required), 1 warning (group.hook), 1 note (alarm.slow)" {
		t.Errorf("Summary() = %q", got)
	}
	var text bytes.Buffer
	Write(&text, r, terminal.Style{})
	order := []string{
		"error    permission.required", "warning  group.hook", "note     alarm.slow", `"Action": [`, `"autoscaling:DescribePolicies"`,
		"Deadlines", "e1 breaching datapoint ", "one full period 60 s", "not fit for a proof: 1 error",
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

func TestSummaryCountsAndNamesWhatWasFound(t *testing.T) {
	found := func(severity Severity, ids ...string) (all []Finding) {
		for _, id := range ids {
			all = append(all, Finding{ID: id, Severity: severity, Where: id})
		}
		return all
	}
	for want, findings := range map[string][]Finding{
		"fit for a proof: no errors, no warnings, no notes":                          nil,
		"fit for a proof: no errors, 1 warning (group.hook), no notes":               found(Warning, "group.hook"),
		"fit for a proof: no errors, no warnings, 2 notes (alarm.slow, group.zones)": found(Note, "alarm.slow", "group.zones"),
		"not fit for a proof: 2 errors (group.min, alarm.metric), no warnings, no notes": slices.Concat(
			found(Error, "group.min"), found(Error, "alarm.metric")),
		"not fit for a proof: 3 errors (api.unreadable, group.suspended), no warnings, no notes": found(
			Error, "api.unreadable", "group.suspended", "group.suspended"),
	} {
		r := Report{Findings: findings}
		if got := r.Summary(); got != want || r.Fit() != strings.HasPrefix(want, "fit") {
			t.Errorf("Summary() = %q, fit %t, want %q", got, r.Fit(), want)
		}
	}
}

func TestFindingsStandInTheOrderInWhichTheyAreMended(t *testing.T) {
	r := Report{Findings: []Finding{
		{ID: "balancer.zones", Severity: Error, Where: "b"}, {ID: "api.failed", Severity: Warning, Where: "b"},
		{ID: "group.min", Severity: Error, Where: "g"}, {ID: "api.failed", Severity: Warning, Where: "a"},
		{ID: "credentials.missing", Severity: Error, Where: "c"}, {ID: "alarm.slow", Severity: Note, Where: "a"},
		{ID: "alarm.metric", Severity: Error, Where: "a"}, {ID: "group.hook", Severity: Warning, Where: "g"},
	}}
	r.sort()
	var got []string
	for _, f := range r.Findings {
		got = append(got, f.ID+" "+f.Where)
	}
	want := []string{
		"credentials.missing c", "group.min g", "alarm.metric a", "balancer.zones b", "api.failed a", "api.failed b", "group.hook g",
		"alarm.slow a",
	}
	if !slices.Equal(got, want) {
		t.Errorf("findings stand as %v, want %v", got, want)
	}
}

func TestAPolicyNamesEachActionOnce(t *testing.T) {
	statement := func(actions ...string) *Statement { return &PolicyOf(actions...).Statement[0] }
	r := Report{Findings: []Finding{
		{ID: "permission.required", Statement: statement("b:Two")}, {ID: "group.min"},
		{ID: "permission.optional", Statement: statement("a:One", "b:Two")},
	}}
	if p := r.Policy(); p == nil || !slices.Equal(p.Statement[0].Action, []string{"a:One", "b:Two"}) || p.Statement[0].Resource != "*" {
		t.Errorf("Policy() = %v, want both actions, once each and in order", p)
	}
	if p := (Report{}).Policy(); p != nil {
		t.Errorf("Policy() = %v where nothing is missing, want nil", p)
	}
}

func TestAReasonIsAddedToAStateThatHasOne(t *testing.T) {
	for reason, want := range map[string]string{
		"": "failed", ".": "failed", "No room": "failed (No room)", "No room. ": "failed (No room)", "Ask a.b.": "failed (Ask a.b)",
	} {
		if got := because("failed", reason); got != want {
			t.Errorf("because(failed, %q) = %q, want %q", reason, got, want)
		}
	}
}

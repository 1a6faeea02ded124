package doctor

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"secondwind/runlog"
	"secondwind/verify/terminal"
)

// Summary is the report in a line: "fit for a proof: no errors, 1 warning (group.hook), 2 notes (…)".
func (r Report) Summary() string {
	word := "fit for a proof"
	if !r.Fit() {
		word = "not fit for a proof"
	}
	parts := []string{}
	for _, s := range severities {
		ids := []string{}
		for _, f := range r.Findings {
			if f.Severity == s {
				ids = append(ids, f.ID)
			}
		}
		parts = append(parts, because(terminal.Plural(len(ids), string(s)), strings.Join(slices.Compact(ids), ", ")))
	}
	return word + ": " + strings.Join(parts, ", ")
}

// Write writes the report for a person: what was examined, each finding with
// what to change, the policy that is missing, and the deadlines that follow.
func Write(w io.Writer, r Report, s terminal.Style) {
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s %s\n", s.Paint(terminal.Dim, fmt.Sprintf("%-14s", name)), value)
		}
	}
	line("group", r.AutoScalingGroupName)
	line("Region", strings.TrimSpace(r.Region+" "+r.Account))
	line("caller", r.Caller)
	line("alarm", r.AlarmName)
	line("policy", r.PolicyName)
	line("instances", strings.Join(r.InstanceTypes, ", "))
	line("load balancer", r.LoadBalancerURL)
	fmt.Fprintln(w)
	WriteFindings(w, r, s)
	writeDeadlines(w, r, s)
	style := terminal.Green
	if !r.Fit() {
		style = terminal.Red
	}
	fmt.Fprintln(w, s.Paint(style, s.Wrap(r.Summary(), 0)))
}

// The columns at which findings and the terms of deadlines begin.
const (
	findingIndent = 9
	termsIndent   = 44
)

// WriteFindings writes the findings alone.
func WriteFindings(w io.Writer, r Report, s terminal.Style) {
	for _, f := range r.Findings {
		fmt.Fprintf(w, "%s %s  %s\n", s.Paint(severityStyle[f.Severity], fmt.Sprintf("%-8s", f.Severity)), s.Paint(terminal.Bold, f.ID), f.Where)
		for _, text := range []string{f.What, s.Paint(terminal.Dim, "change:") + " " + f.Change} {
			fmt.Fprintf(w, "%*s%s\n", findingIndent, "", s.Wrap(text, findingIndent))
		}
	}
	if p := r.Policy(); p != nil {
		fmt.Fprintf(w, "\nMissing from the caller's policy:\n%s\n", p)
	}
	if len(r.Findings) > 0 {
		fmt.Fprintln(w)
	}
}

// writeDeadlines writes each deadline as the sum that it is.
func writeDeadlines(w io.Writer, r Report, s terminal.Style) {
	if len(r.Deadlines) == 0 {
		return
	}
	fmt.Fprintln(w, "Deadlines that follow from the configuration:")
	for _, d := range r.Deadlines {
		writeTerms(w, d.Link.String()+" "+d.Link.Name(), d.Terms, s)
	}
	if len(r.ScaleIn) > 0 {
		writeTerms(w, "scale-in", r.ScaleIn, s)
	}
	text := fmt.Sprintf("Control, chain, hold and scale-in take at most %s; calibration adds to that.",
		runlog.Words(runlog.Seconds(r.ExpectSeconds)))
	fmt.Fprintf(w, "%s\n\n", s.Wrap(text, 0))
}

// writeTerms writes a time as the sum that it is.
func writeTerms(w io.Writer, name string, terms runlog.Terms, s terminal.Style) {
	texts := make([]string, len(terms))
	for i, t := range terms {
		texts[i] = fmt.Sprintf("%s %g s", t.Name, t.Seconds)
	}
	fmt.Fprintf(w, "  %-31s %5g s = %s\n", name, terms.Seconds(), s.Wrap(strings.Join(texts, " + "), termsIndent))
}

var severityStyle = map[Severity]string{Error: terminal.Red, Warning: terminal.Yellow, Note: terminal.Dim}

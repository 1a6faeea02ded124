package doctor

import (
	"fmt"
	"io"
	"strings"
	"time"

	"secondwind/runlog"
)

// Summary is the report in a line: "fit: no error, 1 warning (group.hook), 2 notes".
func (r Report) Summary() string {
	word := "fit"
	if !r.Fit() {
		word = "not fit"
	}
	parts := []string{}
	for _, s := range []Severity{Error, Warning, Note} {
		ids := []string{}
		for _, f := range r.Findings {
			if f.Severity == s {
				ids = append(ids, f.ID)
			}
		}
		text := plural(len(ids), string(s))
		if len(ids) > 0 {
			text += " (" + strings.Join(unique(ids), ", ") + ")"
		}
		parts = append(parts, text)
	}
	return word + ": " + strings.Join(parts, ", ")
}

func plural(n int, word string) string {
	switch n {
	case 0:
		return "no " + word
	case 1:
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// unique keeps the first of each.
func unique(all []string) (kept []string) {
	seen := map[string]bool{}
	for _, s := range all {
		if !seen[s] {
			seen[s] = true
			kept = append(kept, s)
		}
	}
	return kept
}

// Write writes the report for a person: what was examined, each finding with
// what to change, the policy that is missing, and the deadlines that follow.
func Write(w io.Writer, r Report) {
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%-14s %s\n", name, value)
		}
	}
	line("group", r.AutoScalingGroupName)
	line("region", strings.TrimSpace(r.Region+" "+r.Account))
	line("caller", r.Caller)
	line("alarm", r.AlarmName)
	line("policy", r.PolicyName)
	line("instances", strings.Join(r.InstanceTypes, ", "))
	line("load balancer", r.LoadBalancerURL)
	fmt.Fprintln(w)
	WriteFindings(w, r)
	writeDeadlines(w, r)
	fmt.Fprintln(w, r.Summary())
}

// WriteFindings writes the findings alone.
func WriteFindings(w io.Writer, r Report) {
	for _, f := range r.Findings {
		fmt.Fprintf(w, "%-8s %s  %s\n         %s\n         change: %s\n", f.Severity, f.ID, f.Where, f.What, f.Change)
	}
	if p := r.Policy(); p != nil {
		fmt.Fprintf(w, "\nMissing from the caller's policy:\n%s\n", p)
	}
	if len(r.Findings) > 0 {
		fmt.Fprintln(w)
	}
}

// writeDeadlines writes each deadline as the sum that it is.
func writeDeadlines(w io.Writer, r Report) {
	if len(r.Deadlines) == 0 {
		return
	}
	fmt.Fprintln(w, "Deadlines that follow from the configuration:")
	all := r.Deadlines
	if r.ScaleIn != nil {
		all = append(all[:len(all):len(all)], *r.ScaleIn)
	}
	for _, d := range all {
		fmt.Fprintf(w, "  %-17s %5g s = %s\n", strings.TrimPrefix(d.Link, "release."), d.Seconds(), terms(d))
	}
	fmt.Fprintf(w, "Control, chain and scaling in take %s at most; calibration and hold come on top.\n\n", time.Duration(r.ExpectSeconds*float64(time.Second)).Round(time.Second))
}

func terms(d runlog.Deadline) string {
	texts := make([]string, len(d.Terms))
	for i, t := range d.Terms {
		texts[i] = fmt.Sprintf("%g %s", t.Seconds, t.Name)
	}
	return strings.Join(texts, " + ")
}

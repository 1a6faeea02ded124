package reports

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"time"

	"secondwind/loadgen/summary"
	"secondwind/runlog"
	"secondwind/verify/judge"
)

// testSuites is junit.xml's root.
type testSuites struct {
	XMLName  xml.Name  `xml:"testsuites"`
	Name     string    `xml:"name,attr"`
	Tests    int       `xml:"tests,attr"`
	Failures int       `xml:"failures,attr"`
	Errors   int       `xml:"errors,attr"`
	Suite    testSuite `xml:"testsuite"`
}

// testSuite is the run.
type testSuite struct {
	Name       string     `xml:"name,attr"`
	Tests      int        `xml:"tests,attr"`
	Failures   int        `xml:"failures,attr"`
	Errors     int        `xml:"errors,attr"`
	Skipped    int        `xml:"skipped,attr"`
	Time       string     `xml:"time,attr"` // seconds
	Timestamp  string     `xml:"timestamp,attr,omitempty"`
	Properties []property `xml:"properties>property"`
	Cases      []testCase `xml:"testcase"`
}

type property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

// testCase is the verdict, a premise, a link, a control or a confounder.
type testCase struct {
	ClassName string   `xml:"classname,attr"`
	Name      string   `xml:"name,attr"`
	Time      string   `xml:"time,attr"` // seconds since the event before
	Failure   *problem `xml:"failure,omitempty"`
	Error     *problem `xml:"error,omitempty"`
	Skipped   *skipped `xml:"skipped,omitempty"`
	Output    string   `xml:"system-out,omitempty"`
}

type skipped struct {
	Message string `xml:"message,attr"`
}

type problem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// renderJUnit returns junit.xml. A run that decides nothing has an <error>,
// never a <skipped> alone: CI systems show skips green. Skipped is what was not
// judged, beside the verdict's own error or failure. What is broken is a <failure>
// only if the run refutes the claim, since under an unmet premise it shows
// nothing.
func renderJUnit(a *account, v judge.Verdict) ([]byte, error) {
	s := testSuite{
		Name: "secondwind", Time: fmt.Sprintf("%.3f", a.at.end),
		Properties: []property{{"run", v.RunID}, {"outcome", string(v.Outcome)}, {"reason", v.Reason}, {"where", v.Where}, {"claim", v.Claim}},
		Cases:      slices.Concat(testCases(v), requiredCases(a.required, v.Outcome), atRestCases(a.History)),
	}
	if h := a.Hypothesis; h != nil {
		s.Properties = append(s.Properties, property{"revision", h.Revision})
	}
	if !a.at.start.IsZero() {
		s.Timestamp = a.at.start.UTC().Format(time.RFC3339)
	}
	s.Tests = len(s.Cases)
	for _, c := range s.Cases {
		switch {
		case c.Failure != nil:
			s.Failures++
		case c.Error != nil:
			s.Errors++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
	b, err := xml.MarshalIndent(testSuites{Name: "secondwind", Tests: s.Tests, Failures: s.Failures, Errors: s.Errors, Suite: s}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode junit.xml: %w", err)
	}
	return append([]byte(xml.Header), append(b, '\n')...), nil
}

// testCases lists the verdict first, then all that it rests on.
func testCases(v judge.Verdict) []testCase {
	cases := []testCase{verdictCase(v)}
	add := func(class, id, name, text string, status judge.Status, places []string) *testCase {
		if len(places) > 0 {
			text += "\nevidence: " + strings.Join(places, ", ")
		}
		c := testCase{ClassName: "secondwind." + class, Name: id + " " + name, Time: "0.000", Output: text}
		if status == judge.NotJudged {
			c.Skipped = &skipped{name + ": not judged"}
		} else {
			c.Failure, c.Error = problems(v.Outcome, status, id, name+": "+string(status), text)
		}
		cases = append(cases, c)
		return &cases[len(cases)-1]
	}
	finding := func(class string, f judge.Finding) {
		add(class, f.ID, f.Name, "expected: "+f.Expected+"\nseen: "+f.Seen, f.Status, evidence(f.Evidence))
	}
	for _, f := range v.Premises {
		finding("premise", f)
	}
	for _, l := range v.Chain {
		c := add("chain", l.ID.String(), l.Name, linkText(l), l.Status, evidence(l.Evidence))
		if l.SinceSeconds != nil {
			c.Time = fmt.Sprintf("%.3f", *l.SinceSeconds)
		}
	}
	for _, f := range v.Controls {
		finding("control", f)
	}
	for _, f := range v.Confounders {
		finding("confounder", f)
	}
	return cases
}

// atRestCases are the checks of the calculators' history. The verdict on scaling does not
// depend on them: one that failed is a failure of its own.
func atRestCases(h *runlog.History) (cases []testCase) {
	section := readAtRest(h)
	if section == nil {
		return nil
	}
	if len(section.Checks) == 0 {
		return []testCase{{ClassName: "secondwind.at-rest", Name: "history", Time: "0.000", Skipped: &skipped{section.Bad}}}
	}
	for _, row := range section.Checks {
		c := testCase{ClassName: "secondwind.at-rest", Name: row.Name, Time: "0.000", Output: row.Detail}
		p := &problem{Message: row.Name + ": " + string(row.Status), Type: "at-rest", Text: row.Detail}
		switch row.Status {
		case judge.Broken:
			c.Failure = p
		case judge.Undetermined:
			c.Error = p
		case judge.Held, judge.NotJudged:
		}
		cases = append(cases, c)
	}
	return cases
}

// requiredCases are the thresholds. One that is not met is a failure if the run decides anything.
func requiredCases(all []summary.Requirement, o judge.Outcome) (cases []testCase) {
	for _, r := range all {
		c := testCase{ClassName: "secondwind.required", Name: r.Threshold, Time: "0.000", Output: r.String()}
		p := &problem{Message: r.String(), Type: "required", Text: r.String()}
		switch {
		case r.Met:
		case r.Value == nil || o == judge.Inconclusive:
			c.Error = p
		default:
			c.Failure = p
		}
		cases = append(cases, c)
	}
	return cases
}

// linkText tells a link with its deadline.
func linkText(l judge.Link) string {
	text := "expected: " + l.Expected + "\nseen: " + l.Seen
	if l.DeadlineSeconds != nil {
		text += "\ndeadline: " + number(l.DeadlineSeconds, 1, "s") + " = " + terms(l.Terms) + ", slack " + signed(l.SlackSeconds)
	}
	return text
}

// verdictCase makes the outcome visible even if the record shows nothing else.
func verdictCase(v judge.Verdict) testCase {
	c := testCase{ClassName: "secondwind.verdict", Name: "verdict", Time: "0.000", Output: v.Summary}
	c.Failure, c.Error = problems(v.Outcome, statusOf(v.Outcome), v.Reason, string(v.Outcome)+" "+v.Reason, v.Summary)
	return c
}

// problems returns the failure or the error of a test case, or neither.
func problems(o judge.Outcome, s judge.Status, kind, message, text string) (failure, err *problem) {
	p := &problem{Message: message, Type: kind, Text: text}
	switch {
	case s == judge.Held:
		return nil, nil
	case s == judge.Broken && o == judge.Refuted:
		return p, nil
	default:
		return nil, p
	}
}

package reports

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"secondwind/reports/figure"
	"secondwind/verify/judge"
	"secondwind/verify/terminal"
)

// Bounds of a summary on a terminal.
const (
	summaryColumns = 100
	summaryLines   = 30
)

// Summary prints the verdict and the chain for a terminal, in at most 30 lines
// of 100 columns. Colour repeats what symbols and words say. What AWS answered
// is stripped of control characters, which could drive a terminal. A failing
// writer cuts the summary short: there is nobody left to tell. In a terminal of
// fewer columns the sentences have shorter lines; the table is for Fold.
func Summary(w io.Writer, v judge.Verdict, on terminal.Style) {
	style := terminal.Style{Width: summaryColumns - 2, Colour: on.Colour}
	mark := func(s judge.Status) string { return style.Paint(colourOf(s), statusSymbol(s)) }
	status := statusOf(v.Outcome)
	head := statusSymbol(status) + " " + printable(string(v.Outcome))
	lines := []string{style.Paint(terminal.Bold, style.Paint(colourOf(status), head)) + "  " +
		figure.Shorten(place(v), summaryColumns-width(head)-2)}
	sentences := wrap(style, printable(v.Summary), 5)
	if on.Width > 0 && on.Width < summaryColumns {
		sentences = []string{on.Wrap(strings.Join(sentences, " "), 2)}
	}
	for _, l := range sentences {
		lines = append(lines, "  "+l)
	}
	if len(v.Chain) > 0 {
		lines = append(lines, "", "  "+chainColumns("link", "what", "at (UTC)", "since", "deadline", "slack"))
	}
	for _, l := range v.Chain[:min(len(v.Chain), 8)] {
		lines = append(lines, mark(l.Status)+" "+chainLine(l))
	}
	lines = append(lines, "")
	for _, g := range []struct {
		name     string
		findings []judge.Finding
	}{{"premises", v.Premises}, {"controls", v.Controls}, {"confounders", v.Confounders}} {
		status, text := tally(g.findings)
		lines = append(lines, mark(status)+" "+figure.Shorten(fmt.Sprintf("%-12s %s", g.name, text), summaryColumns-2))
	}
	lines = append(lines, openFindings(v, mark, summaryLines-len(lines)-1)...)
	f := v.Figures
	lines = append(lines, figure.Shorten(fmt.Sprintf("  requests     %d offered, %d sent, %d completed, %d failed, %d by the new instance",
		f.Offered, f.Sent, f.Completed, f.Failed, f.RequestsByNewInstance), summaryColumns))
	fmt.Fprintln(w, strings.Join(lines, "\n"))
}

// chainLine is a row of the chain; an event that was not seen, or not even
// looked for because the chain ended before it, has no time.
func chainLine(l judge.Link) string {
	at, deadline := clock(l.At), ""
	switch {
	case at == "" && l.Status == judge.NotJudged:
		at = "not judged"
	case at == "" && l.Status == judge.Undetermined:
		at = "not decided"
	case at == "":
		at = "not seen"
	}
	if l.DeadlineSeconds != nil {
		deadline = number(l.DeadlineSeconds, 1, "s")
	}
	return chainColumns(printable(l.ID.String()), printable(l.Name), at, signed(l.SinceSeconds), deadline, signed(l.SlackSeconds))
}

// chainColumns aligns a row of the chain in 98 columns.
func chainColumns(id, name, at, since, deadline, slack string) string {
	cut := figure.Shorten
	return strings.TrimRight(fmt.Sprintf("%-4s  %-44s  %12s  %9s  %9s  %9s",
		cut(id, 4), cut(name, 44), cut(at, 12), cut(since, 9), cut(deadline, 9), cut(slack, 9)), " ")
}

// tally counts a group's findings by status; the worst one is the group's.
func tally(findings []judge.Finding) (judge.Status, string) {
	counts := map[judge.Status]int{}
	for _, f := range findings {
		counts[f.Status]++
	}
	text := fmt.Sprintf("%d held", counts[judge.Held])
	for _, status := range []judge.Status{judge.Broken, judge.Undetermined, judge.NotJudged} {
		if n := counts[status]; n > 0 {
			text += fmt.Sprintf(", %d %s", n, status)
		}
	}
	switch {
	case counts[judge.Broken] > 0:
		return judge.Broken, text
	case counts[judge.Undetermined] > 0 || len(findings) == 0:
		return judge.Undetermined, text
	case counts[judge.Held] == 0:
		return judge.NotJudged, text
	default:
		return judge.Held, text
	}
}

// openFindings lists what does not hold, in at most room lines.
func openFindings(v judge.Verdict, mark func(judge.Status) string, room int) []string {
	var lines []string
	for _, findings := range [][]judge.Finding{v.Premises, v.Controls, v.Confounders} {
		for _, f := range findings {
			if f.Status == judge.Held || f.Status == judge.NotJudged {
				continue
			}
			lines = append(lines, "    "+mark(f.Status)+" "+figure.Shorten(printable(f.ID)+": "+printable(f.Seen), summaryColumns-6))
		}
	}
	if len(lines) > room {
		more := fmt.Sprintf("    and %d more in report.html", len(lines)-room+1)
		lines = append(lines[:max(room-1, 0)], more)
	}
	return lines
}

// colourOf repeats what a status's symbol says.
func colourOf(s judge.Status) string {
	switch s {
	case judge.Held:
		return terminal.Green
	case judge.Broken:
		return terminal.Red
	case judge.Undetermined, judge.NotJudged:
	}
	return terminal.Yellow
}

// printable replaces control characters and line breaks by spaces.
func printable(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)), " ")
}

// wrap breaks text at spaces into at most so many lines of the style's width; what
// does not fit is cut off with an ellipsis.
func wrap(style terminal.Style, text string, lines int) []string {
	rows := strings.FieldsFunc(style.Wrap(text, 0), func(r rune) bool { return r == '\n' })
	if len(rows) > lines {
		rows = append(rows[:lines-1], rows[lines-1]+" …")
	}
	for i := range rows {
		rows[i] = figure.Shorten(rows[i], style.Width)
	}
	return rows
}

func width(s string) int { return utf8.RuneCountInString(s) }

// place says where and which; a run that ended before its claim was declared has
// no where.
func place(v judge.Verdict) string {
	run := "run " + printable(v.RunID)
	if v.Where == "" {
		return run
	}
	return "on " + printable(v.Where) + ", " + run
}

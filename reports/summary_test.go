package reports

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"secondwind/runlog"
	"secondwind/verify/judge"
	"secondwind/verify/terminal"
)

func TestSummaryFitsATerminal(t *testing.T) {
	long := strings.Repeat("überaus lang ", 60)
	v := (synthesis{Scales: true}).verdict()
	v.Summary, v.Where = long, long
	for i := range v.Chain {
		v.Chain[i].Name = long
	}
	for range 40 {
		v.Confounders = append(v.Confounders, judge.Finding{ID: long, Seen: long, Status: judge.Broken})
	}
	for name, v := range map[string]judge.Verdict{"long": v, "zero": {}} {
		var text bytes.Buffer
		Summary(&text, v, terminal.Style{})
		lines := strings.Split(strings.TrimRight(text.String(), "\n"), "\n")
		if len(lines) > summaryLines {
			t.Errorf("Summary(%s) has %d lines, want at most %d", name, len(lines), summaryLines)
		}
		for _, l := range lines {
			if n := utf8.RuneCountInString(l); n > summaryColumns {
				t.Errorf("Summary(%s) has a line of %d columns, want at most %d: %s", name, n, summaryColumns, l)
			}
		}
	}
}

func TestSummaryColoursOnlyWhenAsked(t *testing.T) {
	v := (synthesis{Scales: true}).verdict()
	var plainText, coloured bytes.Buffer
	Summary(&plainText, v, terminal.Style{})
	Summary(&coloured, v, terminal.Style{Colour: true})
	if strings.Contains(plainText.String(), "\x1b") {
		t.Error("Summary(colour = false) holds an escape sequence")
	}
	green := terminal.Style{Colour: true}.Paint(terminal.Green, "✓")
	if terminal.Bare(coloured.String()) != plainText.String() || !strings.Contains(coloured.String(), green) {
		t.Error("Summary(colour = true) is not the same text in colour")
	}
}

func TestSummaryFoldsAtWordsInANarrowTerminal(t *testing.T) {
	var text strings.Builder
	Summary(&text, (synthesis{Scales: true}).verdict(), terminal.Style{Colour: true})
	for _, columns := range []int{30, 40, 80} {
		got := terminal.Bare(terminal.Style{Width: columns}.Fold(text.String()))
		if !slices.Equal(strings.Fields(got), strings.Fields(terminal.Bare(text.String()))) {
			t.Errorf("in %d columns the words are not those of the summary:\n%s", columns, got)
		}
		for line := range strings.Lines(got) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > columns && len(strings.Fields(line)) > 1 {
				t.Errorf("a line has %d columns, want at most %d: %s", n, columns, line)
			}
		}
	}
}

func FuzzPrintable(f *testing.F) {
	for _, seed := range []string{"", "plain", "\x1b[31mred", "a\r\nb\tc", "\xff\xfe", "bidi \u202e text"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range printable(s) {
			if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u202e' {
				t.Errorf("printable(%q) holds %U", s, r)
			}
		}
		for _, r := range markdown(s) {
			if r == '\n' || r == '<' {
				t.Errorf("markdown(%q) holds %q", s, r)
			}
		}
	})
}

func ExampleSummary() {
	at := time.Date(2026, time.March, 14, 9, 28, 8, 0, time.UTC)
	deadline, since, slack := 20.0, 12.0, 8.0
	Summary(os.Stdout, judge.Verdict{
		RunID: "20260314T092653Z-5a5a", Where: "the local cloud", Outcome: judge.Refuted,
		Summary: "The alarm did not fire.",
		Chain: []judge.Link{
			{ID: runlog.LinkLoadStep, Name: "load step", Status: judge.Held, At: at},
			{ID: runlog.LinkBreachingData, Name: "a datapoint of CPU above 20 %", Status: judge.Held, At: at.Add(12 * time.Second),
				DeadlineSeconds: &deadline, SinceSeconds: &since, SlackSeconds: &slack},
			{ID: runlog.LinkAlarm, Name: "the alarm goes from OK to ALARM", Status: judge.Broken},
		},
		Premises: []judge.Finding{{ID: "premise.clocks", Status: judge.Held}},
		Controls: []judge.Finding{{ID: "control.below-threshold", Status: judge.Held}},
	}, terminal.Style{})
	// Output:
	// ✗ REFUTED  on the local cloud, run 20260314T092653Z-5a5a
	//   The alarm did not fire.
	//
	//   link  what                                              at (UTC)      since   deadline      slack
	// ✓ e0    load step                                     09:28:08.000
	// ✓ e1    a datapoint of CPU above 20 %                 09:28:20.000    +12.0 s     20.0 s     +8.0 s
	// ✗ e2    the alarm goes from OK to ALARM                   not seen
	//
	// ✓ premises     1 held
	// ✓ controls     1 held
	// ? confounders  0 held
	//   requests     0 offered, 0 sent, 0 completed, 0 failed, 0 by the new instance
}

// The sentences are laid out once: a line that was broken for 98 columns and again
// for 40 would end after a word or two.
func TestSummaryFillsTheLinesOfANarrowTerminal(t *testing.T) {
	v := (synthesis{Scales: true}).verdict()
	v.Summary = strings.Repeat("fourteen chars ", 12)
	const columns = 40
	var text strings.Builder
	Summary(&text, v, terminal.Style{Width: columns})
	lines := strings.Split(text.String(), "\n")[1:]
	for i := 0; strings.HasPrefix(lines[i+1], "  f") || strings.HasPrefix(lines[i+1], "  c"); i++ {
		next := strings.Fields(lines[i+1])[0]
		if n := utf8.RuneCountInString(lines[i]); n > columns || n+1+len(next) <= columns {
			t.Errorf("line %q has %d columns and the next word is %q, want as many words as %d columns take", lines[i], n, next, columns)
		}
	}
}

package terminal

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWrapBreaksBetweenWordsAndKeepsThemAll(t *testing.T) {
	const text = "a policy of the group launches arn:aws:autoscaling:eu-central-1:123456789012:scalingPolicy a second instance"
	for _, style := range []Style{{Width: 30}, {Width: 30, Colour: true}} {
		got := style.Wrap(style.Paint(Red, "a policy of")+strings.TrimPrefix(text, "a policy of"), 6)
		for i, line := range strings.Split(Bare(got), "\n") {
			words := strings.Fields(line)
			if n := utf8.RuneCountInString(line) + map[bool]int{true: 6}[i == 0]; n > 30 && len(words) > 1 {
				t.Errorf("line %d has %d columns, want at most 30: %q", i, n, line)
			}
			if i > 0 && !strings.HasPrefix(line, "      "+words[0]) {
				t.Errorf("line %d = %q, want it to begin at column 6", i, line)
			}
		}
		if joined := strings.Join(strings.Fields(Bare(got)), " "); joined != text {
			t.Errorf("Wrap = %q, want the words of %q", joined, text)
		}
	}
}

func TestPlural(t *testing.T) {
	for n, want := range []string{"no resources", "1 resource", "2 resources"} {
		if got := Plural(n, "resource"); got != want {
			t.Errorf("Plural(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestWrapLeavesTextWhereThereIsNoRoom(t *testing.T) {
	for _, width := range []int{0, 5, 6} {
		if got := (Style{Width: width}).Wrap("two words", 6); got != "two words" {
			t.Errorf("Wrap in %d columns = %q, want the text as it is", width, got)
		}
	}
}

func TestFoldWrapsOnlyTheLinesThatAreTooLong(t *testing.T) {
	const text = "short   columns\n\n  a line of words that is much too long for it\n" +
		"two words  and what is said of them there\nmore than half a line of  them\nno end"
	for width, want := range map[int]string{
		0: text,
		30: "short   columns\n\n  a line of words that is much\n  too long for it\n" +
			"two words  and what is said of\n           them there\nmore than half a line of  them\nno end",
		26: "short   columns\n\n  a line of words that is\n  much too long for it\n" +
			"two words  and what is\n           said of them\n           there\nmore than half a line of\nthem\nno end",
	} {
		if got := (Style{Width: width}).Fold(text); got != want {
			t.Errorf("Fold in %d columns = %q, want %q", width, got, want)
		}
	}
}

package main

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"secondwind/account/cost"
	"secondwind/verify/terminal"
)

func TestAnEstimateFoldsAtWordsInANarrowTerminal(t *testing.T) {
	e, err := cost.Of(cost.Plan{
		Region: "us-east-1", InstanceType: "t2.micro", Duration: time.Hour, MinSize: 1, MaxSize: 2, RequestRate: 50,
	}, cost.Default())
	if err != nil {
		t.Fatal(err)
	}
	for _, columns := range []int{30, 40, 80} {
		var text strings.Builder
		if err := cost.Write(&text, e, columns); err != nil {
			t.Fatal(err)
		}
		got := terminal.Style{Width: columns}.Fold(text.String())
		if !slices.Equal(strings.Fields(got), strings.Fields(text.String())) {
			t.Errorf("in %d columns the words are not those of the estimate:\n%s", columns, got)
		}
		for line := range strings.Lines(got) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > columns && len(strings.Fields(line)) > 1 {
				t.Errorf("a line has %d columns, want at most %d: %s", n, columns, line)
			}
		}
	}
}

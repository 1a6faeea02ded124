package secondwind_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"secondwind/verify/formula"
)

var update = flag.Bool("update", false, "write the lists in docs/ that are made from code anew")

// TestArchitectureIsDocumented holds docs/architecture.md against the rules.
func TestArchitectureIsDocumented(t *testing.T) {
	var list strings.Builder
	for _, r := range rules {
		fmt.Fprintf(&list, "- **%s**: %s.\n", r.name, r.why)
	}
	stands(t, "docs/architecture.md", "<!-- rules -->\n", list.String(), "<!-- end of rules -->")
}

// TestTheFormulasStandBesideTheProse holds docs/verdict.md against what is evaluated.
func TestTheFormulasStandBesideTheProse(t *testing.T) {
	list := "| | it holds that |\n|---|---|\n"
	for _, s := range formula.Statements() {
		list += fmt.Sprintf("| %s | %s |\n", s.Name, s.Text)
	}
	stands(t, "docs/verdict.md", "<!-- formulas -->\n", list, "<!-- end of formulas -->")
}

// stands holds the text between two markers of a page against a list, or writes it there.
func stands(t *testing.T, path, begin, list, end string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(raw), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no list between %q and %q", path, begin, end)
	}
	want := before + begin + list + end + after
	if want == string(raw) {
		return
	}
	if !*update {
		t.Fatalf("the list in %s is not what the code says: go test . -run %s -update", path, t.Name())
	}
	if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

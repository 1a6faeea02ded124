package terraform_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// badInput is the file of terraform test in which variables are refused.
const badInput = "tests/bad_input.tftest.hcl"

var (
	aRun     = regexp.MustCompile(`(?ms)^run "(\w+)" \{\n.*?^\}\n`)
	expected = regexp.MustCompile(`(?ms)^  expect_failures = \[.*?\]\n`)
	refusal  = regexp.MustCompile(`(?m)^ +# refused: (.+)$`)
)

// refusals are the sentences that a text of tests wants inputs refused with.
func refusals(tests string) []string {
	var all []string
	for _, match := range refusal.FindAllStringSubmatch(tests, -1) {
		all = append(all, match[1])
	}
	return all
}

// TestBadInputIsRefusedWithASentence runs what terraform test expects to fail
// without the expectation, so that Terraform says why.
func TestBadInputIsRefusedWithASentence(t *testing.T) {
	t.Parallel()
	provider, folder := theFake(t), aStackCopy(t)
	tests := readFile(t, badInput)
	runs := aRun.FindAllStringSubmatch(tests, -1)
	if len(runs) == 0 {
		t.Fatalf("%s has no runs", badInput)
	}
	head, _, _ := strings.Cut(tests, "\nrun ")
	args := []string{"test"}
	for _, run := range runs {
		name := fmt.Sprintf("tests/%s.tftest.hcl", run[1]) // of its own: what follows a failure is skipped
		if err := os.WriteFile(filepath.Join(folder, name), []byte(head+"\n"+expected.ReplaceAllString(run[0], "")), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "-filter="+name)
	}
	said, err := provider.on(folder, args...)
	if err == nil {
		t.Errorf("terraform test lets bad input pass: %s", said)
	}
	for _, sentence := range refusals(tests) {
		if !strings.Contains(said, sentence) {
			t.Errorf("no input is refused with %q", sentence)
		}
	}
	if t.Failed() {
		t.Log(said)
	}
}

func TestEveryValidationOfAVariableIsTested(t *testing.T) {
	t.Parallel()
	sentences, found := refusals(readFile(t, badInput)), 0
	files, err := filepath.Glob("*.tf")
	if err != nil {
		t.Fatal(err)
	}
	variable := regexp.MustCompile(`(?ms)^variable "\w+" \{\n.*?^\}\n`)
	message := regexp.MustCompile(`(?m)^    error_message = "(.+)"$`)
	for _, file := range files {
		for _, v := range variable.FindAllString(readFile(t, file), -1) {
			for _, match := range message.FindAllStringSubmatch(v, -1) {
				found++
				if says := strings.ReplaceAll(match[1], `\"`, `"`); !containsAny(says, sentences) {
					t.Errorf("%s: no run of %s is refused with %q", file, badInput, says)
				}
			}
		}
	}
	if found < 50 {
		t.Errorf("%d validations were found, want all of the stack's", found)
	}
}

func containsAny(text string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

package terraform_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A fault is a small error in the stack that one of the checks must see. The
// table keeps the fake provider and the assertions honest: whatever they let
// pass here, they would let pass when it happens.
type fault struct {
	name string
	file string // of the stack
	old  string // text that stands in it exactly once
	new  string
	by   string // what sees it: validate, or a run of tests/, as file/run
	says string // part of what is said then; on lines of their own if it is said of several
}

const validate = "validate"

// A probe is a copy of the stack with one fault, or with several that fail different
// assertions of the same run: a run of Terraform takes a second.
type probe struct {
	folder     string
	by         string
	faults     []fault
	assertions []string // that must fail, and no other; nil: something else must
}

// probes puts every fault into a copy of the stack.
func probes(t *testing.T) []*probe {
	t.Helper()
	var all []*probe
	for _, f := range slices.Concat(ofTheSchema, ofTheScalingVariables, ofSecurity, ofPrivilege, ofPromises) {
		assertions := f.assertions(t)
		fits := func(p *probe) bool { return p.by == f.by && p.takes(assertions) && f.seed(p.folder) == nil }
		i := slices.IndexFunc(all, fits)
		if i < 0 {
			i = len(all)
			all = append(all, newProbe(t, f))
		}
		all[i].faults = append(all[i].faults, f)
		all[i].assertions = append(all[i].assertions, assertions...)
	}
	return all
}

// newProbe is a copy of the stack with the fault, and with the run that must see it.
func newProbe(t *testing.T, f fault) *probe {
	t.Helper()
	p := &probe{folder: aStackCopy(t), by: f.by}
	err := f.seed(p.folder)
	if err == nil && f.by != validate {
		err = keepRun(p.folder, f.by)
	}
	if err != nil {
		t.Fatalf("%s: %v", f.name, err)
	}
	return p
}

// takes reports whether a fault that fails the assertions can be distinguished from the
// others.
func (p *probe) takes(assertions []string) bool {
	return len(assertions) > 0 && len(p.assertions) > 0 &&
		!slices.ContainsFunc(assertions, func(a string) bool { return slices.Contains(p.assertions, a) })
}

// seen returns what is said of the faults, and whether it is said of every one: the
// command fails, by their assertions and no other.
func (p *probe) seen(provider *fake) (said string, ok bool) {
	command := "test"
	if p.by == validate {
		command = "validate"
	}
	said, err := provider.on(p.folder, command)
	ok = err != nil && (p.assertions == nil || strings.Count(said, "Test assertion failed") == len(p.assertions))
	for _, f := range p.faults {
		for text := range strings.Lines(f.says) {
			ok = ok && strings.Contains(said, strings.TrimSpace(text))
		}
	}
	return said, ok
}

func TestSeededFaultsAreCaught(t *testing.T) {
	t.Parallel()
	provider := theFake(t)
	for _, p := range probes(t) {
		t.Run(p.by, func(t *testing.T) {
			t.Parallel()
			if _, ok := p.seen(provider); ok {
				return
			}
			for _, f := range p.faults { // each by itself, to name the one
				alone := newProbe(t, f)
				alone.faults, alone.assertions = []fault{f}, f.assertions(t)
				if said, ok := alone.seen(provider); !ok {
					t.Errorf("%s: %s does not say %q alone, but: %s", f.name, f.by, f.says, said)
				}
			}
		})
	}
}

var errorMessage = regexp.MustCompile(`(?m)^ +error_message = "(.+)"$`)

// assertions are those of the run that must fail by the fault; none where what must
// be said is no assertion's.
func (f fault) assertions(t *testing.T) []string {
	t.Helper()
	if f.by == validate {
		return nil
	}
	_, body, err := runOf("tests", f.by)
	if err != nil {
		t.Fatalf("%s: %v", f.name, err)
	}
	var found []string
	for text := range strings.Lines(f.says) {
		for _, message := range errorMessage.FindAllStringSubmatch(body, -1) {
			if strings.Contains(message[1], strings.TrimSpace(text)) {
				found = append(found, message[1])
			}
		}
	}
	return found
}

// runOf returns a run of the tests in a folder, named as file/run, and what stands
// before the file's first run.
func runOf(tests, name string) (head, body string, err error) {
	file, run, _ := strings.Cut(name, "/")
	text, err := os.ReadFile(filepath.Join(tests, file+".tftest.hcl"))
	if err != nil {
		return "", "", err
	}
	head, _, _ = strings.Cut(string(text), "\nrun ")
	if body = regexp.MustCompile(`(?ms)^run "` + run + `" \{$.*?^\}$`).FindString(string(text)); body == "" {
		err = fmt.Errorf("tests/%s.tftest.hcl has no run %q", file, run)
	}
	return head, body, err
}

// keepRun leaves one run of the tests, named as file/run: all the others would
// take a minute for every fault.
func keepRun(folder, name string) error {
	tests := filepath.Join(folder, "tests")
	head, body, err := runOf(tests, name)
	if err != nil {
		return err
	}
	others, err := filepath.Glob(filepath.Join(tests, "*.tftest.hcl"))
	for _, other := range others {
		err = errors.Join(err, os.Remove(other))
	}
	return errors.Join(err, os.WriteFile(filepath.Join(tests, "one.tftest.hcl"), []byte(head+"\n"+body+"\n"), 0o600))
}

// seed puts the fault into a copy of the stack; an error says that the stack has
// changed, so that the fault is no longer what it was.
func (f fault) seed(folder string) error {
	path := filepath.Join(folder, f.file)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if n := strings.Count(string(text), f.old); n != 1 {
		return fmt.Errorf("%q stands in %s %d times, want once: rewrite the fault", f.old, f.file, n)
	}
	return os.WriteFile(path, []byte(strings.Replace(string(text), f.old, f.new, 1)), 0o600)
}

func TestFaultsAreSeededExactlyOnce(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "main.tf"), []byte("a b b"), 0o600); err != nil {
		t.Fatal(err)
	}
	for old, ok := range map[string]bool{"a": true, "b": false, "c": false} {
		if err := (fault{file: "main.tf", old: old, new: old}).seed(folder); (err == nil) != ok {
			t.Errorf("seed %q = %v", old, err)
		}
	}
	if err := (fault{file: "none.tf"}).seed(folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("seed in no file = %v", err)
	}
}

package scenario

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestACommandIsSplitAsAShellSplitsIt(t *testing.T) {
	for text, want := range map[string][]string{
		"command: ./server --port {port}":                   {"./server", "--port", "{port}"},
		`command: ["./my server", "{port}"]`:                {"./my server", "{port}"},
		`command: node -e 'f(1); g(2)' "{address}" a\ b`:    {"node", "-e", "f(1); g(2)", "{address}", "a b"},
		"command: ./server\n    environment: {P: '{port}'}": {"./server"},
		"environment: {A: b}":                               nil,
	} {
		s, err := Parse("x.yaml", []byte("local:\n  program:\n    "+text+"\n"))
		if err != nil || !slices.Equal(s.Local.Program.Command, want) {
			t.Errorf("%s is %q, %v, want %q", text, s.Local.Program.Command, err, want)
		}
	}
}

func TestAProgramThatCannotRunIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"command: ./server":                                 "x.yaml:3:5: local.program.command: does not say where to listen",
		"command: ./server {port} | tee log":                "and no shell runs: quote what the program is to get",
		"command: ./server {port} > log":                    "and no shell runs",
		`command: ./server '{port}`:                         "x.yaml:3:5: local.program.command: is \"./server '{port}\", and no shell runs",
		`command: ""`:                                       "names no program",
		`command: "  "`:                                     "is empty; give a program and its arguments, for instance ./server --port {port}",
		`command: ["", "{port}"]`:                           "names no program",
		"command: {a: b}":                                   "is no list",
		"command: [[a]]":                                    "local.program.command[0]",
		"environment: {A=B: c}":                             "has the variable \"A=B\"",
		"start_within: -1s":                                 "local.program.start_within: is -1s; give 1ms to a year",
		"comand: ./server {port}":                           `unknown key; did you mean "command"?`,
		"command: ./server {port}\n    environment: [A, b]": "this is a list; give keys instead",
	} {
		_, err := Parse("x.yaml", []byte("local:\n  program:\n    "+text+"\n"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", text, err, want)
		}
	}
}

// TestTheCopyNamesTheProgramsFolder: the run can be repeated from its folder, but for what is secret.
func TestTheCopyNamesTheProgramsFolder(t *testing.T) {
	s, err := Parse(filepath.Join("there", "x.yaml"), []byte("local:\n  program:\n    command: ./server {port}\n"+
		"    environment: {DB_PASSWORD: hunter2, MODE: fast}\n    folder: ../bin\n    start_within: 2m\n"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	kept, err := s.CopyTo(dir)
	if err != nil {
		t.Fatal(err)
	}
	text, err := kept.WithoutSecrets().Marshal()
	if err != nil || strings.Contains(string(text), "hunter2") {
		t.Fatalf("Marshal() = %s, %v, want it without the password", text, err)
	}
	again, err := Parse(filepath.Join(dir, "scenario.yaml"), text)
	want, absolute := filepath.Abs("bin")
	if err != nil || absolute != nil || again.Path(again.Local.Program.Folder) != want || again.Local.Program.Within() != 2*time.Minute {
		t.Errorf("the copy is of %+v, %v, want it in %s", again.Local.Program, err, want)
	}
	if left := again.LeftOut(); len(left) != 1 || left[0].Key != "local.program.environment.DB_PASSWORD" {
		t.Errorf("LeftOut() = %v, want the password", left)
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"secondwind/runlog"
)

// ended is how a command line ended.
type ended struct {
	code           int
	stdout, stderr string
}

// secondwind runs a command line in an empty folder.
func secondwind(t *testing.T, args ...string) ended {
	t.Helper()
	t.Chdir(t.TempDir())
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), args, &stdout, &stderr)
	return ended{code, stdout.String(), stderr.String()}
}

func TestACommandLineThatIsWrongIsAnsweredWithWhatIsRight(t *testing.T) {
	for _, c := range []struct {
		args []string
		want []string // in stderr
	}{
		{[]string{"soka"}, []string{`unknown command "soka"`, "soak", "`secondwind --help`"}},
		{[]string{"soka", "--hold", "3s"}, []string{`unknown command "soka"`, "soak"}},
		{[]string{"nothing-like-it"}, []string{`unknown command "nothing-like-it"`, "`secondwind --help`"}},
		{[]string{"observe", "--grup", "a"}, []string{"unknown flag: --grup; did you mean --group?", "`secondwind observe --help`"}},
		{[]string{"soak", "--skip"}, []string{"did you mean --skip-doctor?"}},
		{[]string{"soak", "--zzzzzz"}, []string{"unknown flag: --zzzzzz\n"}},
		{[]string{"cost", "-z"}, []string{"unknown shorthand flag", "`secondwind cost --help`"}},
		{[]string{"observe", "--for"}, []string{"flag needs an argument: --for", "`secondwind observe --help`"}},
		{[]string{"observe", "asg"}, []string{`secondwind observe takes flags only, not "asg"`, "`secondwind observe --help`"}},
		{[]string{"observe"}, []string{"--group", "`secondwind observe --help`"}},
		{[]string{"observe", "--group", "a", "--interval", "1ms"}, []string{"--interval 1ms", "1s"}},
		{[]string{"observe", "--group", "a", "--for", "-1s"}, []string{"--for -1s is negative"}},
		{[]string{"load"}, []string{"--url", "`secondwind load --help`"}},
		{[]string{"load", "--url", "http://127.0.0.1:1", "--digits", "0"}, []string{"digits", "`secondwind load --help`"}},
		{[]string{"load", "--url", "http://127.0.0.1:1", "--profile", "1e300"}, []string{"--profile", "`secondwind load --help`"}},
		{[]string{"load", "--url", "http://127.0.0.1:1", "--users", "0"}, []string{"users"}},
		{[]string{"load", "--url", "http://127.0.0.1:1", "--for", "0s"}, []string{"--for 0s"}},
		{[]string{"soak", "--color", "maybe"}, []string{"auto, always or never", "`secondwind soak --help`"}},
		{[]string{"soak", "--colour", "maybe"}, []string{"auto, always or never"}},
		{[]string{"judge"}, []string{"name one run folder", "latest", "`secondwind judge --help`"}},
		{[]string{"judge", "a", "b"}, []string{"2 were given"}},
		{[]string{"cost", "--instances", "0"}, []string{"--instances 0", "at least 1"}},
		{[]string{"cost", "--instances", "-3"}, []string{"--instances -3"}},
		{[]string{"cost", "--instances", "1000000"}, []string{"1000000 instances"}},
		{[]string{"cost", "--rate", "1e300"}, []string{"--rate 1e+300"}},
		{[]string{"cost", "--rate", "NaN"}, []string{"--rate NaN"}},
		{[]string{"cost", "--rate", "-1"}, []string{"--rate -1"}},
		{[]string{"cost", "--rate", "0"}, []string{"--rate 0"}},
		{[]string{"cost", "--for", "0s"}, []string{"--for 0s", "2h"}},
		{[]string{"cost", "--for", "100000h"}, []string{"at most a year"}},
		{[]string{"doctor"}, []string{"--group", "--stack", "`secondwind doctor --help`"}},
		{[]string{"doctor", "--group", "a", "--hold", "-1s"}, []string{"--hold -1s"}},
		{[]string{"cloud", "--outputs", "out.json"}, []string{"give --stack too", "`secondwind cloud --help`"}},
		{[]string{"cloud", "--scaling-variables", "v.json"}, []string{"give --stack too"}},
		{[]string{"sweep", "--yes"}, []string{"--yes confirms --remove", "`secondwind sweep --help`"}},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) { isMisuse(t, secondwind(t, c.args...), c.want) })
	}
}

func isMisuse(t *testing.T, got ended, want []string) {
	t.Helper()
	if got.code != exitMisuse || got.stdout != "" {
		t.Errorf("exit code = %d, stdout = %q, want %d and nothing", got.code, got.stdout, exitMisuse)
	}
	for _, part := range want {
		if !strings.Contains(got.stderr, part) {
			t.Errorf("stderr = %q, want it to say %q", got.stderr, part)
		}
	}
}

// TestAFileThatAFlagNamesWronglyIsMisuseAndStartsNothing has, for every flag that
// names a file, one that is not there.
func TestAFileThatAFlagNamesWronglyIsMisuseAndStartsNothing(t *testing.T) {
	inEmptyAWS(t, "[default]\nregion = eu-north-1\n")
	none := filepath.Join(t.TempDir(), "none", "file")
	program := executable(t)
	for _, args := range [][]string{
		{"soak", "--file", none},
		{"soak", "--stack", none},
		{"soak", "--calculator", none},
		{"soak", "--calculator", program, "--scaling-variables", none},
		{"soak", "--calculator", program, "--exports", none},
		{"soak", "--calculator", program, "--exports", filepath.Dir(filepath.Dir(none))},
		{"soak", "--calculator", program, "--runs", filepath.Join(program, "runs")},
		{"cloud", "--calculator", none},
		{"cloud", "--calculator", program, "--stack", "--scaling-variables", none},
		{"cloud", "--calculator", program, "--stack", "--outputs", none},
		{"doctor", "--stack", none},
		{"doctor", "--group", "a", "--prices", none},
		{"cost", "--prices", none},
		{"cost", "--scaling-variables", none},
		{"sweep", "--stack", none},
		{"observe", "--group", "a", "--runs", filepath.Join(program, "runs")},
		{"load", "--url", "http://127.0.0.1:1", "--runs", filepath.Join(program, "runs")},
		{"judge", none},
		{"judge", "latest", "--runs", none},
		{"report", "latest", "--runs", none},
	} {
		t.Run(strings.Join(args[:len(args)-1], " "), func(t *testing.T) {
			named := strings.TrimSuffix(args[len(args)-1], string(filepath.Separator)+"runs")
			isMisuse(t, secondwind(t, args...), []string{named})
			if left, _ := os.ReadDir("."); len(left) > 0 {
				t.Errorf("it left %v", left)
			}
		})
	}
}

// executable is a file that could be a calculator.
func executable(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "calculator")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestEveryFlagThatNamesAFileIsChecked holds the flags against the test above.
func TestEveryFlagThatNamesAFileIsChecked(t *testing.T) {
	checked := []string{"calculator", "exports", "file", "outputs", "prices", "runs", "scaling-variables", "stack"}
	for _, command := range newRoot(&output{}).Commands() {
		command.Flags().VisitAll(func(f *pflag.Flag) {
			name, _ := pflag.UnquoteUsage(f)
			if slices.Contains([]string{"path", "file", "folder"}, name) && !slices.Contains(checked, f.Name) {
				t.Errorf("%s --%s names a %s: nothing checks a wrong one", command.Name(), f.Name, name)
			}
		})
	}
}

func TestTheVersionIsPrintedHoweverItIsAskedFor(t *testing.T) {
	want := secondwind(t, "version")
	if want.code != 0 || !strings.HasPrefix(want.stdout, "secondwind dev (go") {
		t.Fatalf("version = %+v", want)
	}
	for _, flag := range []string{"--version", "-v"} {
		if got := secondwind(t, flag); got != want {
			t.Errorf("%s = %+v, want %+v", flag, got, want)
		}
	}
	var object struct{ Version, Go, OS, Arch string }
	got := secondwind(t, "--version", "--json")
	if json.Unmarshal([]byte(got.stdout), &object) != nil || object.Version != "dev" || object.Arch == "" {
		t.Errorf("--version --json = %+v", got)
	}
}

func TestTheHelpListsEveryCommandAndTheExitCodes(t *testing.T) {
	got := secondwind(t)
	for _, part := range []string{
		"soak", "cloud", "load", "observe", "judge", "report", "doctor", "cost", "sweep", "version", "completion",
		"--color", "--json", "-v, --version", "2 misuse",
	} {
		if !strings.Contains(got.stdout, part) {
			t.Errorf("help does not say %q:\n%s", part, got.stdout)
		}
	}
	if strings.Contains(got.stdout, "--colour") {
		t.Errorf("help shows the other spelling of --color:\n%s", got.stdout)
	}
}

// TestHelpFitsATerminal: 100 columns are what a usual terminal has, at least.
func TestHelpFitsATerminal(t *testing.T) {
	for _, command := range newRoot(&output{}).Commands() {
		for _, line := range strings.Split(command.Long, "\n") {
			if len([]rune(line)) > 100 {
				t.Errorf("%s: line of %d columns: %q", command.Name(), len([]rune(line)), line)
			}
		}
	}
}

func TestLatestIsTheNewestRun(t *testing.T) {
	runs := t.TempDir()
	for _, name := range []string{"20261123T134637Z-c0a9", "20261124T000000Z-0001", "zzz", "20261124T000000Z-0000"} {
		if err := os.Mkdir(filepath.Join(runs, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(runs, "20991231T000000Z-0000"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := findRun("latest", runs); err != nil || filepath.Base(got) != "20261124T000000Z-0001" {
		t.Errorf("findRun(latest) = %s, %v, want the newest run's folder", got, err)
	}
	if _, err := findRun("latest", t.TempDir()); err == nil || !strings.Contains(err.Error(), "--runs") {
		t.Errorf("findRun(latest) in an empty folder: %v, want what to do", err)
	}
	t.Chdir(t.TempDir())
	w, err := createRecord(defaultRuns, time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), runlog.Seal(w.Dir())); err != nil {
		t.Fatal(err)
	}
	// report finds its run as judge does, and takes long to draw it.
	var stdout bytes.Buffer
	if code := run(t.Context(), []string{"judge", "latest"}, &stdout, io.Discard); code != 3 || !strings.Contains(stdout.String(), w.Dir()) {
		t.Errorf("judge latest = %d, %q, want 3 and the folder %s", code, stdout.String(), w.Dir())
	}
}

// full is a device with no space left.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestAResultThatCannotBeWrittenIsAnError(t *testing.T) {
	for _, args := range [][]string{
		{"version"}, {"version", "--json"}, {"--version"}, {"cost"}, {"cost", "--json"}, {"cost", "--print-prices"}, {"doctor", "--policy"},
	} {
		var stderr bytes.Buffer
		if code := run(t.Context(), args, full{}, &stderr); code != exitMisuse || !strings.Contains(stderr.String(), "no space left") {
			t.Errorf("%v = %d, %q, want %d and why", args, code, stderr.String(), exitMisuse)
		}
	}
}

func TestEveryResultIsTextOrOneLineOfJSON(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"cost"}, {"cost", "--print-prices"}, {"doctor", "--policy"}} {
		got := secondwind(t, append(args, "--json")...)
		if strings.Count(got.stdout, "\n") != 1 || !json.Valid([]byte(got.stdout)) {
			t.Errorf("%v --json = %q, want one line of JSON", args, got.stdout)
		}
		if text := secondwind(t, args...); text.code != 0 || text.stdout == got.stdout || text.stdout == "" {
			t.Errorf("%v = %+v, want text", args, text)
		}
	}
}

// TestEveryCommandTakesNoArgumentsOrSaysWhich guards against cobra's own sentence,
// which calls an argument an unknown command.
func TestEveryCommandTakesNoArgumentsOrSaysWhich(t *testing.T) {
	for _, command := range newRoot(&output{}).Commands() {
		if err := command.Args(command, []string{"one", "two"}); err == nil || strings.Contains(err.Error(), "unknown command") {
			t.Errorf("%s: %v, want that it takes no argument, or which", command.Name(), err)
		}
	}
}

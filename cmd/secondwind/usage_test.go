package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
		{[]string{"soka"}, []string{"unknown command: soka; did you mean soak?\n", "`secondwind --help`"}},
		{[]string{"soka", "--hold", "3s"}, []string{"unknown command: soka; did you mean soak?\n"}},
		{[]string{"nothing-like-it"}, []string{"unknown command: nothing-like-it\n", "`secondwind --help`"}},
		{[]string{"--version", "soka"}, []string{"unknown command: soka; did you mean soak?\n"}},
		{[]string{"help", "sok"}, []string{"unknown command: sok; did you mean soak?\n", "`secondwind --help`"}},
		{[]string{"help", "nothing-like-it"}, []string{"unknown command: nothing-like-it\n"}},
		{[]string{"help", "soak", "extra"}, []string{"unknown command: extra\n"}},
		{[]string{"help", "completion", "bsh"}, []string{"unknown command: bsh; did you mean bash?\n"}},
		{[]string{"completion"}, []string{"name the shell: bash, fish, powershell or zsh", "`secondwind completion --help`"}},
		{[]string{"completion", "bsh"}, []string{"unknown command: bsh; did you mean bash?\n", "`secondwind completion --help`"}},
		{[]string{"completion", "bash", "x"}, []string{`takes flags only, not "x"`, "`secondwind completion bash --help`"}},
		{[]string{"cost", "x"}, []string{"`secondwind cost` takes flags only, not \"x\""}},
		{[]string{"version", "x"}, []string{"`secondwind version` takes flags only, not \"x\""}},
		{[]string{"observe", "--grup", "a"}, []string{"unknown flag: --grup; did you mean --group?", "`secondwind observe --help`"}},
		{[]string{"soak", "--skip"}, []string{"did you mean --skip-doctor?"}},
		{[]string{"soak", "--zzzzzz"}, []string{"unknown flag: --zzzzzz\n"}},
		{[]string{"cost", "-z"}, []string{"unknown flag: -z\n", "`secondwind cost --help`"}},
		{[]string{"observe", "--for"}, []string{"--for needs a value: give a duration, for instance 30s\n", "`secondwind observe --help`"}},
		{[]string{"observe", "--group"}, []string{"--group needs a value: give a value: --group NAME\n"}},
		{[]string{"soak", "-f"}, []string{"--file needs a value: give a value: --file PATH\n"}},
		{[]string{"soak", "--file="}, []string{`--file is ""; give a value: --file PATH` + "\n"}},
		{[]string{"sweep", "--run", ""}, []string{`--run is ""; give a value: --run ID`}},
		{[]string{"cost", "--instances", "0x10"}, []string{`--instances is "0x10"; give a whole number`}},
		{[]string{"soak", "--=x"}, []string{"bad flag syntax: --=x; a flag is written as --name value or --name=value\n"}},
		{[]string{"soak", "--hold", "1"}, []string{`--hold is "1"; give a duration, for instance 30s` + "\n"}},
		{[]string{"soak", "--hold", "-9999999h"}, []string{"--hold is -9999999h; give one that is not so large\n"}},
		{[]string{"soak", "-f", "x", "--hold", "1y"}, []string{`--hold is "1y"; give a duration`}},
		{[]string{"soak", "--skip-doctor=maybe"}, []string{`--skip-doctor is "maybe"; give true or false`}},
		{[]string{"soak", "--json=maybe"}, []string{`--json is "maybe"; give true or false`}},
		{[]string{"cost", "--instances", "1.5"}, []string{`--instances is "1.5"; give a whole number`}},
		{[]string{"cost", "--rate", "1,5"}, []string{`--rate is "1,5"; give a number`}},
		{[]string{"soak", "--hold", "-1s"}, []string{"--hold is -1s; give 0s or more", "`secondwind soak --help`"}},
		{[]string{"soak", "--metrics-period", "1441m"}, []string{"--metrics-period is 24h1m0s; give", "up to a day"}},
		{[]string{"cloud", "--metrics-period", "7s"}, []string{"--metrics-period is 7s; give", "`secondwind cloud --help`"}},
		{[]string{"observe", "asg"}, []string{"`secondwind observe` takes flags only, not \"asg\"", "`secondwind observe --help`"}},
		{[]string{"observe"}, []string{"--group", "`secondwind observe --help`"}},
		{[]string{"observe", "--group", "a", "--interval", "1ms"}, []string{"--interval 1ms", "1s"}},
		{[]string{"observe", "--group", "a", "--for", "-1s"}, []string{"--for -1s is negative"}},
		{[]string{"load"}, []string{"give the URL", "`secondwind load --help`"}},
		{[]string{"load", "http://127.0.0.1:1", "--digits", "0"}, []string{"--digits is 0; give 1 or more", "`secondwind load --help`"}},
		{[]string{"load", "http://127.0.0.1:1", "--profile", "1e300"}, []string{"--profile", "`secondwind load --help`"}},
		{[]string{"load", "http://127.0.0.1:1", "--users", "-1"}, []string{`--users is "-1": `}},
		{[]string{"load", "http://127.0.0.1:1", "--users", "50001"}, []string{"--users is \"50001\": give whole numbers of users"}},
		{[]string{"load", "http://127.0.0.1:1", "--users", "1.5"}, []string{`--users is "1.5": give whole numbers of users, at most 50000`}},
		{[]string{"load", "http://127.0.0.1:1", "--connection-age", "1ns"}, []string{"--connection-age is 1ns; give 1ms to a year"}},
		{[]string{"load", "http://127.0.0.1:1/#a"}, []string{`"http://127.0.0.1:1/#a" has a fragment`}},
		{[]string{"load", "http://127.0.0.1:1", "--users", "5", "--think", "soon"}, []string{`--think "soon" is not`}},
		{[]string{"load", "http://127.0.0.1:1", "--users", "5", "--rate", "5"}, []string{"--rate cannot be combined with --users"}},
		{[]string{"load", "http://127.0.0.1:1", "--think", "5s"}, []string{"--think does nothing without --users"}},
		{[]string{"load", "http://127.0.0.1:1", "--arrivals", "often"}, []string{`--arrivals is "often"; give even or poisson`}},
		{[]string{"load", "http://127.0.0.1:1", "--replay", "none.csv"}, []string{`--replay is "none.csv"`}},
		{[]string{"load", "http://127.0.0.1:1", "--rate", "0/m"}, []string{`--rate is "0/m", which sends nothing; give more than 0`}},
		{[]string{"load", "http://127.0.0.1:1", "--users", "0"}, []string{`--users is "0", which sends nothing; give more than 0`}},
		{[]string{"load", "http://127.0.0.1:1", "--metrics", "9100"}, []string{`--metrics is "9100", which cannot be listened on`}},
		{[]string{"load", "http://127.0.0.1:1", "--rate", "5/d"}, []string{`--rate is "5/d"; give requests a second`}},
		{[]string{"load", "http://127.0.0.1:1", "--header", "none"}, []string{"'Name: value'"}},
		{[]string{"load", "http://127.0.0.1:1", "--header", "a b: c"}, []string{"--header a b"}},
		{[]string{"load", "http://127.0.0.1:1", "--require", "p99 < 5"}, []string{"--require ", "write it with its unit"}},
		{[]string{"load", "http://127.0.0.1:1", "--raw", "xml"}, []string{"give gob, json or csv"}},
		{[]string{"load", "http://127.0.0.1:99999"}, []string{"port 99999"}},
		{[]string{"load", "http://127.0.0.1:1", "http://127.0.0.1:2"}, []string{"give one URL, not 2"}},
		{[]string{"load", "http://127.0.0.1:1", "--duration", "0s"}, []string{"--duration is 0s"}},
		{[]string{"soak", "--color", "maybe"}, []string{`--color is "maybe"; give auto, always or never`, "`secondwind soak --help`"}},
		{[]string{"soak", "--colour", "maybe"}, []string{`--colour is "maybe"; give auto, always or never`}},
		{[]string{"judge"}, []string{"name one run folder", "latest", "`secondwind judge --help`"}},
		{[]string{"judge", "a", "b"}, []string{"2 arguments were given"}},
		{[]string{"audit"}, []string{"name one run folder", "latest", "`secondwind audit --help`"}},
		{[]string{"cost", "--instances", "0"}, []string{"--instances is 0; give 1 to 10000"}},
		{[]string{"cost", "--instances", "-3"}, []string{"--instances is -3"}},
		{[]string{"cost", "--instances", "1000000000000"}, []string{"--instances is 1000000000000; give 1 to 10000"}},
		{[]string{"cost", "--rate", "1e300"}, []string{"--rate is 1e+300"}},
		{[]string{"cost", "--rate", "NaN"}, []string{"--rate is NaN"}},
		{[]string{"cost", "--rate", "-1"}, []string{"--rate is -1"}},
		{[]string{"cost", "--rate", "0"}, []string{"--rate is 0"}},
		{[]string{"cost", "--for", "0s"}, []string{"--for is 0s", "2h"}},
		{[]string{"cost", "--for", "100000h"}, []string{"--for is 100000h0m0s; give", "at most a year"}},
		{[]string{"doctor"}, []string{"--group", "--stack", "`secondwind doctor --help`"}},
		{[]string{"soak", "--group", "a", "--url", "shop"}, []string{`--url is "shop"; it must be an http or https URL`}},
		{[]string{"doctor", "--group", "a", "--hold", "-1s"}, []string{"--hold is -1s; give 0s or more"}},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) { isMisuse(t, secondwind(t, c.args...), c.want) })
	}
}

// TestAFlagIsNeverIgnored has, for every flag that does nothing in some
// combination, such a one.
func TestAFlagIsNeverIgnored(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string // in stderr
	}{
		{[]string{"cloud", "--outputs", "out.json"}, "--outputs does nothing without --stack; add --stack, or leave --outputs out"},
		{[]string{"cloud", "--scaling-variables", "v.json"}, "--scaling-variables does nothing without --stack"},
		{[]string{"cloud", "--ttl", "0s"}, "--ttl does nothing without --stack"},
		{[]string{"cloud", "--ttl", "0s", "--stack=false"}, "--ttl does nothing without --stack"},
		{[]string{"cloud", "--run", "a"}, "--run does nothing without --stack"},
		{[]string{"soak", "--audit"}, "--audit does nothing without --group or --stack"},
		{[]string{"soak", "--url", "http://a"}, "--url does nothing without --group or --stack; add --group or --stack, or leave --url out"},
		{[]string{"prove", "--alarm", "a"}, "--alarm does nothing without --group or --stack"},
		{[]string{"soak", "--target-group", "a"}, "--target-group does nothing without --group or --stack"},
		{[]string{"soak", "--region", "a"}, "--region does nothing without --group or --stack"},
		{[]string{"soak", "--group", "a", "--stack", "b"}, "--group cannot be combined with --stack"},
		{[]string{"soak", "--group", "a", "--calculator", "b"}, "--calculator cannot be combined with --group"},
		{[]string{"doctor", "--policy", "--alarm", "a"}, "--alarm cannot be combined with --policy"},
		{[]string{"sweep", "--yes"}, "--yes does nothing without --remove"},
		{[]string{"sweep", "--wait", "--run", "a", "--yes"}, "--yes does nothing without --remove"},
		{[]string{"sweep", "--timeout", "1m"}, "--timeout does nothing without --remove or --wait"},
		{[]string{"sweep", "--interval", "1m"}, "--interval does nothing without --remove or --wait"},
		{[]string{"sweep", "--run", "a", "--stack", "b"}, "--run cannot be combined with --stack; leave one of them out"},
		{[]string{"sweep", "--run", "a", "--remove", "--wait"}, "--remove cannot be combined with --wait"},
		{[]string{"soak", "--stack", "a", "--calculator", "b"}, "--calculator cannot be combined with --stack"},
		{[]string{"soak", "--stack", "a", "--scaling-variables", "b"}, "--scaling-variables cannot be combined with --stack"},
		{[]string{"soak", "--stack", "a", "--exports", "b"}, "--exports cannot be combined with --stack"},
		{[]string{"soak", "--stack", "a", "--metrics-period", "10s"}, "--metrics-period cannot be combined with --stack"},
		{[]string{"doctor", "--group", "a", "--stack", "b"}, "--group cannot be combined with --stack"},
		{[]string{"doctor", "--policy", "--group", "a"}, "--group cannot be combined with --policy"},
		{[]string{"doctor", "--policy", "--stack", "a"}, "--stack cannot be combined with --policy"},
		{[]string{"doctor", "--policy", "--url", "http://a"}, "--url cannot be combined with --policy"},
		{[]string{"doctor", "--policy", "--file", "a"}, "--file cannot be combined with --policy"},
		{[]string{"doctor", "--policy", "--hold", "1h"}, "--hold cannot be combined with --policy"},
		{[]string{"doctor", "--policy", "--prices", "a"}, "--prices cannot be combined with --policy"},
		{[]string{"cost", "--print-prices", "--region", "a"}, "--region cannot be combined with --print-prices"},
		{[]string{"cost", "--print-prices", "--type", "a"}, "--type cannot be combined with --print-prices"},
		{[]string{"cost", "--print-prices", "--for", "1h"}, "--for cannot be combined with --print-prices"},
		{[]string{"cost", "--print-prices", "--instances", "1"}, "--instances cannot be combined with --print-prices"},
		{[]string{"cost", "--print-prices", "--rate", "1"}, "--rate cannot be combined with --print-prices"},
		{[]string{"cost", "--print-prices", "--scaling-variables", "a"}, "--scaling-variables cannot be combined with --print-prices"},
		{[]string{"cost", "--print-prices", "--prices", "a"}, "--prices cannot be combined with --print-prices"},
		{[]string{"judge", ".", "--runs", "a"}, "--runs says where the latest run is; leave it out"},
		{[]string{"report", ".", "--runs", "a"}, "--runs says where the latest run is; leave it out"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) { isMisuse(t, secondwind(t, c.args...), []string{c.want}) })
	}
}

// isMisuse fails unless a command line was refused as misuse, in words that point
// to a command's help.
func isMisuse(t *testing.T, got ended, want []string) {
	t.Helper()
	if got.code != exitMisuse || got.stdout != "" {
		t.Errorf("exit code = %d, stdout = %q, want %d and nothing", got.code, got.stdout, exitMisuse)
	}
	for _, part := range append(want, "\nRun `secondwind ", " --help` for usage\n") {
		if !strings.Contains(got.stderr, part) {
			t.Errorf("stderr = %q, want it to say %q", got.stderr, part)
		}
	}
}

// TestOnlyMisuseIsAnsweredWithTheHelp: whoever meets a fault of AWS's, of the disk or
// of a record has nothing to look up there.
func TestOnlyMisuseIsAnsweredWithTheHelp(t *testing.T) {
	inEmptyAWS(t, "[default]\n")
	changed := recordOf(t, t.TempDir(), runlog.CommandSoak, 0)
	if err := os.WriteFile(filepath.Join(changed, runlog.ScenarioFile), []byte("name: x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"no AWS Region is set": {"observe", "--group", "a"}, "scenario.yaml": {"judge", changed}, "set AWS_REGION": {"sweep"},
	} {
		got := secondwind(t, args...)
		if got.code != exitMisuse || !strings.Contains(got.stderr, want) || strings.Contains(got.stderr, "--help") {
			t.Errorf("%v = %+v, want code %d, %q and no help", args, got, exitMisuse, want)
		}
	}
}

// TestAVerdictIsPrintedAlthoughItCannotBeWritten has a folder where the file should be.
func TestAVerdictIsPrintedAlthoughItCannotBeWritten(t *testing.T) {
	dir := recordOf(t, t.TempDir(), runlog.CommandSoak, 0)
	if err := os.Mkdir(filepath.Join(dir, runlog.VerdictFile), 0o700); err != nil {
		t.Fatal(err)
	}
	got := secondwind(t, "judge", dir)
	if got.code != exitMisuse || !strings.Contains(got.stdout, "\nINCONCLUSIVE  "+dir) || !strings.Contains(got.stderr, "verdict.json") {
		t.Errorf("judge = %+v, want the verdict, code %d and why it is not written", got, exitMisuse)
	}
}

func TestWholeNumbersAreDecimal(t *testing.T) {
	if got, want := secondwind(t, "cost", "--instances", "010"), secondwind(t, "cost", "--instances", "10"); got != want || got.code != 0 {
		t.Errorf("cost --instances 010 = %+v, want that of 10: %+v", got, want)
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
		"soak", "cloud", "load", "observe", "judge", "report", "audit", "doctor", "cost", "sweep", "version", "completion",
		"--color", "--colour is the same", "--json", "-v, --version", "2 misuse",
	} {
		if !strings.Contains(got.stdout, part) {
			t.Errorf("help does not say %q:\n%s", part, got.stdout)
		}
	}
	for _, args := range [][]string{{"--help"}, {"help"}} {
		if again := secondwind(t, args...); again != got {
			t.Errorf("%v = %+v, want %+v", args, again, got)
		}
	}
	for _, command := range []string{"soak", "cost", "completion"} {
		if got, want := secondwind(t, "help", command), secondwind(t, command, "--help"); got != want || got.code != 0 {
			t.Errorf("help %s = %+v, want %+v", command, got, want)
		}
	}
	for _, shell := range []string{"bash", "fish", "powershell", "zsh"} {
		if got := secondwind(t, "completion", shell); got.code != 0 || got.stderr != "" || len(got.stdout) < 1000 {
			t.Errorf("completion %s = code %d, %q and %d bytes, want a script", shell, got.code, got.stderr, len(got.stdout))
		}
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
		if err := os.WriteFile(filepath.Join(runs, name, runlog.ManifestFile), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(runs, "20991231T000000Z-ffff"), 0o700); err != nil { // no run
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(runs, "20991231T000000Z-0000"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := findRun("latest", runs, nil); err != nil || filepath.Base(got) != "20261124T000000Z-0001" {
		t.Errorf("findRun(latest) = %s, %v, want the newest run's folder", got, err)
	}
	if _, err := findRun("latest", t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), "--runs") {
		t.Errorf("findRun(latest) in an empty folder: %v, want what to do", err)
	}
	t.Chdir(t.TempDir())
	w, err := createRecord(defaultRuns, runlog.CommandSoak, time.Now(), nil)
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
		if code := run(t.Context(), args, full{}, &stderr); code != exitMisuse || !strings.Contains(stderr.String(), "no space left") ||
			strings.Contains(stderr.String(), "--help") {
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
// which calls an argument an unknown command, as it is for help and completion alone.
func TestEveryCommandTakesNoArgumentsOrSaysWhich(t *testing.T) {
	for _, command := range newRoot(&output{}).Commands() {
		if command.Name() == "trend" {
			continue // which takes as many as there are runs
		}
		ofCommands := command.Name() == "help" || command.Name() == "completion"
		err := command.Args(command, []string{"one", "two"})
		if err == nil || strings.Contains(err.Error(), "unknown command") != ofCommands {
			t.Errorf("%s: %v, want that it takes no argument, or which", command.Name(), err)
		}
	}
}

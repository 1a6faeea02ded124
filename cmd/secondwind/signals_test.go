package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"secondwind/localcloud"
	"secondwind/runlog"
)

func TestASignalWithinATenthOfASecondIsTheSame(t *testing.T) {
	i := newInterrupts(func() {}, func(string) {})
	began := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		after time.Duration
		want  bool
	}{
		{0, false}, {3 * time.Millisecond, true}, {99 * time.Millisecond, true}, {100 * time.Millisecond, false},
		{199 * time.Millisecond, true}, {200 * time.Millisecond, false},
	} {
		if got := i.repeated(began.Add(c.after)); got != c.want {
			t.Errorf("a signal after %s is taken for the one before: %t, want %t", c.after, got, c.want)
		}
	}
}

func TestAnEndAtOnceNamesTheRecordThatIsUnderWay(t *testing.T) {
	for dir, want := range map[string]string{"": "ended at once", "runs/x": "`secondwind judge runs/x`"} {
		s := newSignalled(t)
		s.records(dir, "judge")
		s.handle(os.Interrupt)
		s.reported = nil
		s.handle(syscall.SIGHUP)
		got := strings.Join(s.reported, "\n")
		if !strings.Contains(got, want) || dir == "" && strings.Contains(got, "record") {
			t.Errorf("with the record %q: reported %q, want %q", dir, got, want)
		}
	}
}

func TestWhatMustNotOutliveTheProgramIsRemovedAtItsEnd(t *testing.T) {
	i := newInterrupts(func() {}, func(string) {})
	removed := 0
	i.removeAtExit(func() { removed++ })
	if i.cleanUp(); removed != 1 {
		t.Errorf("removed %d times, want once", removed)
	}
}

// TestExportsAreANewFile: what is there, a link too, is neither followed nor changed.
func TestExportsAreANewFile(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := os.WriteFile(file, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, link} {
		got := secondwind(t, "soak", "--calculator", executable(t), "--exports", path)
		isMisuse(t, got, []string{"--exports " + path + " is there already"})
		if _, err := writeExports(path, new(localcloud.Cloud), nil); err == nil {
			t.Errorf("writeExports(%s) = nil, want that it is there", path)
		}
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "mine" {
		t.Errorf("the file holds %q, %v, want what it held", text, err)
	}
}

func TestOutputsReplaceOnlyThoseOfALocalCloud(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outputs.json")
	for text, want := range map[string]bool{
		"": true, "mine": false,
		`{"region":{"value":"eu-north-1"},"auto_scaling_group_name":{"value":"g"}}`: false,
		`{"region":{"value":"local-1"},"auto_scaling_group_name":{"value":"g"}}`:    true,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := replaceable(path); (err == nil) != want {
			t.Errorf("replaceable(%q) = %v, want that it may be replaced: %t", text, err, want)
		}
	}
}

func TestLatestIsTheNewestFolderThatIsARun(t *testing.T) {
	run := recordOf(t, t.TempDir(), runlog.CommandSoak, 0)
	runs := filepath.Dir(run)
	if err := os.Mkdir(filepath.Join(runs, runlog.NewID(time.Now().Add(time.Hour))), 0o700); err != nil {
		t.Fatal(err)
	}
	if got, err := latestRun(runs, runlog.Manifest.Claims); err != nil || got != run {
		t.Errorf("latestRun() = %s, %v, want %s", got, err, run)
	}
}

func TestAVerdictInJSONNamesItsFolderAndReport(t *testing.T) {
	run := recordOf(t, t.TempDir(), runlog.CommandSoak, 0)
	for command, report := range map[string]string{"judge": "", "report": filepath.Join(run, "report.html")} {
		var last struct{ Outcome, Folder, Report string }
		got := secondwind(t, command, run, "--json")
		if err := json.Unmarshal([]byte(got.stdout), &last); err != nil || last.Folder != run || last.Report != report || last.Outcome == "" {
			t.Errorf("%s --json = %+v, %v, want the folder %s and the report %q", command, last, err, run, report)
		}
	}
}

func TestValuesThatCannotWorkAreRefusedByTheirFlags(t *testing.T) {
	for want, args := range map[string][]string{
		"--ttl is 0s":        {"cloud", "--stack", "--ttl", "0s"},
		"--ttl is 1000000h":  {"cloud", "--stack", "--ttl", "1000000h"},
		`--run is "a b;c"`:   {"cloud", "--stack", "--run", "a b;c"},
		"--url is \"foo\"":   {"doctor", "--group", "g", "--url", "foo"},
		"--interval is -1s":  {"sweep", "--run", "x", "--wait", "--interval", "-1s"},
		"folder is empty":    {"judge", ""},
		"one that is not so": {"cost", "--instances", "99999999999999999999"},
	} {
		got := secondwind(t, args...)
		isMisuse(t, got, []string{want})
		if strings.Contains(want, "--interval") && strings.Contains(got.stderr, "--timeout") {
			t.Errorf("%v = %q, want the faulty flag alone", args, got.stderr)
		}
	}
}

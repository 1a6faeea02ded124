package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"secondwind/loadgen/summary"
	"secondwind/reports"
	"secondwind/runlog"
	"secondwind/verify/judge"
)

// recordOf makes a sealed record of a command, which began at a time of its own.
func recordOf(t *testing.T, runs string, command runlog.Command, minute int) string {
	t.Helper()
	w, err := createRecord(runs, command, time.Date(2026, 11, 28, 12, minute, 0, 0, time.UTC), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), runlog.Seal(w.Dir())); err != nil {
		t.Fatal(err)
	}
	return w.Dir()
}

// TestARecordThatClaimsNothingIsShownAndNotJudged names each record itself.
func TestARecordThatClaimsNothingIsShownAndNotJudged(t *testing.T) {
	t.Parallel()
	for command, claims := range map[runlog.Command]bool{
		runlog.CommandLoad: false, runlog.CommandObserve: false, runlog.CommandSoak: true, "": true,
	} {
		dir := recordOf(t, t.TempDir(), command, 0)
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), []string{"judge", dir}, &stdout, &stderr)
		_, err := os.Stat(filepath.Join(dir, runlog.VerdictFile))
		if claims {
			if code != 3 || err != nil {
				t.Errorf("judge of %q = %d, %v, want 3 and a verdict\n%s", command, code, err, &stderr)
			}
			continue
		}
		for _, want := range []string{dir, "`secondwind " + string(command) + "`", "claims nothing", "`secondwind report " + dir + "` shows it"} {
			if code != exitMisuse || !strings.Contains(stderr.String(), want) || err == nil {
				t.Errorf("judge of %s = %d, want %d, no verdict.json, and %q in\n%s", command, code, exitMisuse, want, &stderr)
			}
		}
		for range 2 { // a report is written over one that is there
			stdout.Reset()
			code = run(t.Context(), []string{"report", dir, "--json"}, &stdout, io.Discard)
			var shown struct{ Report string }
			if err := json.Unmarshal(stdout.Bytes(), &shown); code != 0 || err != nil || shown.Report != filepath.Join(dir, reports.HTMLFile) {
				t.Errorf("report of %s = %d, %q, want 0 and the report", command, code, &stdout)
			}
			page, err := os.ReadFile(shown.Report)
			if err != nil || !strings.Contains(string(page), "there is no verdict") {
				t.Errorf("report of %s: %v, want a page that says there is no verdict", command, err)
			}
			if record, err := runlog.Open(dir); err != nil || record.Manifest.Files[reports.HTMLFile].Size == 0 {
				t.Errorf("report of %s: %v, want the report sealed with the record", command, err)
			}
		}
	}
}

func TestLatestIsTheNewestThatCanBeJudgedOrShown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		of            []runlog.Command // a minute apart
		judged, shown int              // -1: none
	}{
		"a load after a soak":        {[]runlog.Command{runlog.CommandSoak, runlog.CommandLoad}, 0, 1},
		"a soak after a load":        {[]runlog.Command{runlog.CommandLoad, runlog.CommandSoak}, 1, 1},
		"an old record":              {[]runlog.Command{"", runlog.CommandObserve, runlog.CommandLoad}, 0, 2},
		"nothing that can be judged": {[]runlog.Command{runlog.CommandObserve, runlog.CommandLoad}, -1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runs := t.TempDir()
			var dirs []string
			for minute, command := range c.of {
				dirs = append(dirs, recordOf(t, runs, command, minute))
			}
			for verb, want := range map[string]int{"judge": c.judged, "report": c.shown} {
				var stdout, stderr bytes.Buffer
				code := run(t.Context(), []string{verb, "latest", "--runs", runs}, &stdout, &stderr)
				if want < 0 {
					if code != exitMisuse || !strings.Contains(stderr.String(), "only records of load and observe") {
						t.Errorf("%s latest = %d, %q, want %d and why", verb, code, &stderr, exitMisuse)
					}
				} else if !strings.Contains(stdout.String(), dirs[want]) {
					t.Errorf("%s latest = %q, want %s", verb, &stdout, dirs[want])
				}
			}
			broken := filepath.Join(runs, "20991231T000000Z-0000")
			if err := os.Mkdir(broken, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(broken, runlog.ManifestFile), []byte("{"), 0o600); err != nil {
				t.Fatal(err)
			}
			var stderr bytes.Buffer
			if code := run(t.Context(), []string{"judge", "latest", "--runs", runs}, io.Discard, &stderr); code != exitMisuse ||
				!strings.Contains(stderr.String(), filepath.Base(broken)) {
				t.Errorf("with a broken record judge latest = %d, %q, want it named", code, &stderr)
			}
		})
	}
}

// TestARecordIsSealedWhetherItIsReportedOrNot leaves the report of a load out, as the
// second Ctrl-C does, or writes it.
func TestARecordIsSealedWhetherItIsReportedOrNot(t *testing.T) {
	for reason, left := range map[string]bool{byTheUser: true, "": false} {
		w, err := createRecord(t.TempDir(), runlog.CommandLoad, time.Now(), nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		if left {
			leave()
		}
		shown, err := endRecord(ctx, w, reason, nil)
		if err != nil || (shown == w.Dir()) != left {
			t.Fatalf("endRecord() = %q, %v", shown, err)
		}
		record, err := runlog.Open(w.Dir())
		if err != nil || !record.Manifest.Complete || len(record.Load) == 1 != left {
			t.Errorf("left out: %t: %v, %d lines; want it sealed with its reason", left, err, len(record.Load))
		}
		for _, name := range []string{reports.HTMLFile, reports.MarkdownFile, reports.PlotsDir} {
			if _, err := os.Stat(filepath.Join(w.Dir(), name)); (err == nil) == left {
				t.Errorf("left out: %t, but %s: %v", left, name, err)
			}
		}
	}
}

// TestAProvedRunHasTheExitCodeOfWhatItsScenarioRequires: what is required changes no other code.
func TestAProvedRunHasTheExitCodeOfWhatItsScenarioRequires(t *testing.T) {
	value := 1.0
	met, unmet, open := summary.Requirement{Met: true, Value: &value}, summary.Requirement{Value: &value}, summary.Requirement{}
	for _, c := range []struct {
		outcome  judge.Outcome
		required []summary.Requirement
		want     int
	}{
		{judge.Proved, nil, 0},
		{judge.Proved, []summary.Requirement{met, met}, 0},
		{judge.Proved, []summary.Requirement{met, open}, 3},
		{judge.Proved, []summary.Requirement{open, unmet, met}, 1},
		{judge.Refuted, []summary.Requirement{open}, 1},
		{judge.Inconclusive, []summary.Requirement{unmet}, 3},
	} {
		got := conclusion{verdict: judge.Verdict{Outcome: c.outcome}, required: c.required}
		if code := got.code(); code != c.want {
			t.Errorf("%s with %v = %d, want %d", c.outcome, c.required, code, c.want)
		}
	}
}

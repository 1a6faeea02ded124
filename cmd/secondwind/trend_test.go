package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"secondwind/runlog"
	"secondwind/verify/judge"
)

// manyRuns makes the folders of runs, a day after each other, whose alarm took so long.
func manyRuns(t *testing.T, where string, seconds ...float64) string {
	t.Helper()
	runs := t.TempDir()
	for i, s := range seconds {
		started := time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC)
		id := started.Format("20060102T150405Z") + fmt.Sprintf("-%04x", len("the local cloud")-len(where))
		v := judge.Verdict{Version: runlog.Version, RunID: id, Where: where, Outcome: judge.Proved, Chain: []judge.Link{
			{ID: runlog.LinkAlarm, SinceSeconds: &s}, {ID: runlog.LinkScalingActivity},
		}}
		raw, err := v.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(runs, id)
		w, err := runlog.Create(dir, runlog.Manifest{RunID: id, Command: runlog.CommandSoak, Started: started})
		if err != nil {
			t.Fatal(err)
		}
		if err = w.Close(); err == nil {
			err = runlog.WriteFile(dir, runlog.VerdictFile, raw)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return runs
}

func TestATrendShowsWhereALinkBecameSlower(t *testing.T) {
	t.Parallel()
	slower := manyRuns(t, "the local cloud", 10, 10.1, 9.9, 10, 10.1, 12, 12.1, 11.9, 12)
	faster := manyRuns(t, "the local cloud", 12, 12.1, 11.9, 12, 10, 10.1, 9.9, 10)
	elsewhere := manyRuns(t, "AWS", 60)
	load := recordOf(t, t.TempDir(), runlog.CommandLoad, 0)
	plot := filepath.Join(t.TempDir(), "trend.svg")
	alarm := "e2 alarm goes from OK to ALARM"
	for _, c := range []struct {
		args []string
		code int
		want []string
	}{
		{[]string{slower}, 0, []string{
			"9 runs on the local cloud: 9 PROVED, 0 REFUTED, 0 INCONCLUSIVE", "at least 71.7 %",
			alarm + "             9     10.1 s  10.0 s to 12.0 s",
			"changed at 20260106T000000Z-0000: 10.0 s to 12.0 s (+20 %, p = ", "e3 scaling activity                        0        n/a  n/a",
		}},
		{[]string{slower, "--fail-on", "regression"}, 1, []string{"slower than before: the local cloud: " + alarm}},
		{[]string{slower, "--fail-on", "regression", "--since", "20260107"}, 0, nil},
		{[]string{faster, "--fail-on", "regression"}, 0, []string{"(-17 %, p = "}},
		{[]string{slower, elsewhere, load}, 0, []string{"1 run on AWS", "9 runs on the local cloud", "left out: 1 without a verdict"}},
		{[]string{slower, "--plot", plot}, 0, nil},
		{[]string{slower, elsewhere, "--plot", plot}, 2, []string{"these are of 2"}},
		{[]string{slower, "--bench"}, 0, []string{"where: the local cloud\nBenchmarkSecondwind/the-local-cloud 1 10.000 s/alarm\n"}},
		{[]string{slower, "--json"}, 0, []string{`"places":[{"where":"the local cloud","runs":9,`, `"changes":[{"run":"20260106T000000Z-0000"`}},
		{[]string{load}, 2, []string{"no run with a verdict is in " + load}},
		{[]string{filepath.Join(load, "none")}, 2, []string{"name the folders of runs"}},
		{[]string{slower, "--fail-on", "anything"}, 2, []string{"give regression"}},
		{[]string{slower, "--since", "2026"}, 2, []string{"--since does nothing without --fail-on"}},
		{[]string{slower, "--plot", "trend.gif"}, 2, []string{"neither .svg nor .png"}},
	} {
		var stdout bytes.Buffer
		code := run(t.Context(), append([]string{"trend"}, c.args...), &stdout, &stdout)
		if code != c.code {
			t.Errorf("trend %q = %d, want %d\n%s", c.args, code, c.code, &stdout)
		}
		for _, want := range c.want {
			if !strings.Contains(stdout.String(), want) {
				t.Errorf("trend %q wrote\n%s\nwant %q", c.args, &stdout, want)
			}
		}
	}
	svg, err := os.ReadFile(plot)
	if err != nil || !strings.Contains(string(svg), "1 · run 6 · "+alarm) {
		t.Errorf("the plot: %v, without the change in %d bytes", err, len(svg))
	}
	broken := filepath.Join(slower, fmt.Sprintf("%s-0000", "20260101T000000Z"), runlog.VerdictFile)
	if err := os.WriteFile(broken, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	code := run(t.Context(), []string{"trend", slower}, &stderr, &stderr)
	if code != 2 || !strings.Contains(stderr.String(), "writes it again") {
		t.Errorf("with a broken verdict: %d, %s", code, &stderr)
	}
}

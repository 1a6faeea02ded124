package main_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"secondwind/loadgen/summary"
	"secondwind/runlog"
)

// TestALoadOfPhasesGoesOnInTheMiddleOfOne kills the process in the second of three phases.
func TestALoadOfPhasesGoesOnInTheMiddleOfOne(t *testing.T) {
	t.Parallel()
	var served atomic.Int64
	reached := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if served.Add(1) == 90 {
			close(reached)
		}
	}))
	defer server.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "phases.yaml")
	text := "requests: [{path: /}]\nload_only:\n  require: [p99(phase peak) < 5s, errors(phase warm-up) < 1%]\n  phases:\n" +
		"  - {name: warm-up, profile: 20, duration: 1500ms}\n  - {name: peak, profile: 'ramp:20..80/4s'}\n" +
		"  - {name: end, profile: 10, duration: 1s}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{"p99(phase lunch) < 1s", "p99(lunch) < 1s"} {
		got := secondwindIn(t, dir, "load", server.URL, "-f", file, "--require", wrong)
		if got.code != 2 || !strings.Contains(got.stderr, `--require "`+wrong+`": there `) {
			t.Errorf("--require %q = %+v", wrong, got)
		}
	}
	cmd, _ := loadProcess(t, dir, server.URL, "-f", file)
	<-reached
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	got := secondwindIn(t, dir, "load", "--json", "--resume", onlyRun(t, dir))
	sum := total(t, got.stdout)
	want := map[runlog.Phase]summary.Phase{
		"warm-up": {Seconds: 1.5, Offered: 30}, "peak": {Seconds: 4, Offered: 200}, "end": {Seconds: 1, Offered: 10},
	}
	if got.code != 0 || sum.Offered != 240 || len(sum.Phases) != len(want) || len(sum.Gaps) != 1 {
		t.Fatalf("resume = %+v, want 240 offered in three phases, with a gap", got)
	}
	for _, p := range sum.Phases {
		w := want[p.Name]
		longer := p.Seconds - w.Seconds // the last one by what its last answers take
		if p.Offered != w.Offered || longer < -1e-6 || longer > 1e-6 && p.Name != "end" {
			t.Errorf("phase %s: %+v, want %+v", p.Name, p, w)
		}
	}
	report, err := os.ReadFile(filepath.Join(onlyRun(t, dir), "report.html"))
	if err != nil || !strings.Contains(string(report), "warm-up") {
		t.Errorf("the report lacks the phases: %v", err)
	}
}

package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"secondwind/account/cost"
	"secondwind/verify/doctor"
	"secondwind/verify/judge"
)

func TestCostIsATotalForTheRunInTextAndJSON(t *testing.T) {
	t.Parallel()
	var e cost.Estimate
	got := secondwind(t, "cost", "--region", "eu-west-1", "--type", "t4g.micro", "--for", "3h", "--json")
	if err := json.Unmarshal([]byte(got.stdout), &e); err != nil || got.code != 0 {
		t.Fatalf("cost --json = %+v, %v", got, err)
	}
	if e.Hours != 3 || e.Region != "eu-west-1" || e.High <= e.Low || e.Low <= 0 {
		t.Errorf("cost --json = %+v, want a range for three hours in eu-west-1", e)
	}
	text := secondwind(t, "cost", "--region", "eu-west-1", "--type", "t4g.micro", "--for", "3h")
	for _, part := range []string{
		"EC2 t4g.micro", "Application Load Balancer", "public IPv4", "KMS key", "S3 storage", "CloudWatch alarms", "dashboard",
		"detailed monitoring", e.Total(), e.Hour(), e.PricesOf,
	} {
		if !strings.Contains(text.stdout, part) {
			t.Errorf("cost does not say %q:\n%s", part, text.stdout)
		}
	}
	own := filepath.Join(t.TempDir(), "prices.json")
	if err := os.WriteFile(own, []byte(secondwind(t, "cost", "--print-prices").stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	if again := secondwind(t, "cost", "--region", "eu-west-1", "--type", "t4g.micro", "--for", "3h", "--prices", own); again != text {
		t.Errorf("cost with the table that it printed = %+v, want as without it", again)
	}
}

func TestDoctorExamines(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	c.awaitHealthy(t)
	_, got := c.command(t, "doctor", "--group", c.env["SECONDWIND_GROUP"], "--json")
	var report doctor.Report
	if err := json.Unmarshal([]byte(got.stdout), &report); err != nil || report.Version != 1 || len(report.Deadlines) != 7 {
		t.Fatalf("doctor --json = %+v, %v", got, err)
	}
	if want := map[bool]int{true: 0, false: 3}[report.Fit()]; got.code != want {
		t.Errorf("exit code = %d, want %d where fit is %t", got.code, want, report.Fit())
	}
	_, text := c.command(t, "doctor", "--group", c.env["SECONDWIND_GROUP"], "--hold", "1h")
	for _, part := range []string{
		"secondwind-cpu-high", "secondwind-scale-out", "t2.micro", "Deadlines", "Control, chain, hold and scale-in take at most 1 h",
		"Cost: none, the local cloud",
	} {
		if !strings.Contains(text.stdout, part) {
			t.Errorf("doctor does not say %q:\n%s", part, text.stdout)
		}
	}
	if strings.Contains(text.stdout, "\x1b") {
		t.Errorf("doctor writes colours where there is no terminal: %q", text.stdout)
	}
	if _, got := c.command(t, "doctor", "--group", c.env["SECONDWIND_GROUP"], "--color", "always"); !strings.Contains(got.stdout, "\x1b[") {
		t.Errorf("doctor --color always = %q, want colours", got.stdout)
	}
	outputs := filepath.Join(t.TempDir(), "outputs.json")
	if err := os.WriteFile(outputs, []byte(`{"auto_scaling_group_name":{"value":"nobody"},"region":{"value":"local-1"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, got := c.command(t, "doctor", "--stack", outputs); got.code != 3 || !strings.Contains(got.stdout, "group.missing") {
		t.Errorf("doctor of a stack that is gone = %+v, want exit code 3 and group.missing", got)
	}
	c.stop(t)
}

// TestSoakRefusesToLoadWhatCannotProveAnything has a group whose minimum is none.
func TestSoakRefusesToLoadWhatCannotProveAnything(t *testing.T) {
	t.Parallel()
	variables := withNoneAtLeast(t)
	dir := t.TempDir()
	got := secondwindIn(t, dir, "soak", "--scaling-variables", variables)
	for _, part := range []string{"no load was sent", "group.min", "doctor.json", "--skip-doctor"} {
		if got.code != 3 || !strings.Contains(got.stderr, part) || !strings.Contains(got.stdout, "--min-size 1") {
			t.Errorf("soak = %+v, want exit code 3 and …%s…", got, part)
		}
	}
	runs, _ := filepath.Glob(filepath.Join(dir, "reports", "runs", "*"))
	if len(runs) != 1 || strings.Contains(got.stdout, "calibration:") {
		t.Fatalf("run folders %v; want one, and no calibration in:\n%s", runs, got.stdout)
	}
	verdictOf(t, runs[0], judge.Inconclusive)
	var kept doctor.Report
	raw, err := os.ReadFile(filepath.Join(runs[0], "doctor.json"))
	if err != nil || json.Unmarshal(raw, &kept) != nil || !found(kept, "group.min") {
		t.Errorf("doctor.json = %.200s, %v, want the report with group.min", raw, err)
	}

	got = secondwind(t, "soak", "--scaling-variables", variables, "--skip-doctor")
	for _, part := range []string{"doctor: error: group.min", "without an instance at rest"} {
		if got.code != 3 || !strings.Contains(got.stdout, part) || strings.Contains(got.stderr, "no load was sent") {
			t.Errorf("soak --skip-doctor = %+v, want that it goes on, exit code 3 and …%s…", got, part)
		}
	}
}

func found(r doctor.Report, id string) bool {
	return slices.ContainsFunc(r.Findings, func(f doctor.Finding) bool { return f.ID == id })
}

// withNoneAtLeast writes scaling variables with a minimum of two.
func withNoneAtLeast(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "variables.json")
	if err := os.WriteFile(path, []byte(`{"min_size": 0, "desired_capacity": 1, "max_size": 2}`), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"secondwind/runlog"
	"secondwind/verify/judge"
)

// TestASoakOfADeployedStackTakesItAsItIs runs against a local cloud as against
// AWS: it knows the outputs and the environment, and nothing else. The proof
// itself is what a local soak takes too; here it ends with the control.
func TestASoakOfADeployedStackTakesItAsItIs(t *testing.T) {
	t.Parallel()
	outputs := filepath.Join(t.TempDir(), "outputs.json")
	c := startCloud(t, "--outputs", outputs)
	var env []string
	for key, value := range c.env {
		env = append(env, key+"="+value)
	}
	// The stack says where it is, whatever the environment says.
	soak := startSoakIn(t, append(env, "AWS_REGION=eu-north-1"), "--stack", outputs)
	soak.waitFor(t, "doctor: fit")
	soak.waitFor(t, "control:")
	if err := soak.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	soak.rest()
	_ = soak.cmd.Wait()
	if code := soak.cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code = %d, want 130", code)
	}
	if found := calculatorsIn(soak.dir); len(found) > 0 {
		t.Errorf("it started instances of its own: %v", found)
	}
	checkDeclared(t, soak.folder(t), c)
	verdictOf(t, soak.folder(t), judge.Inconclusive)
	c.stop(t)
}

// checkDeclared holds the hypothesis against what is deployed.
func checkDeclared(t *testing.T, folder string, c *cloud) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(folder, runlog.HypothesisFile))
	if err != nil {
		t.Fatal(err)
	}
	var h runlog.Hypothesis
	if err := json.Unmarshal(raw, &h); err != nil {
		t.Fatal(err)
	}
	if h.PeriodSeconds != 10 || h.Threshold != 20 || h.MaxSize != 2 || h.AutoScalingGroupName != c.env["SECONDWIND_GROUP"] {
		t.Errorf("hypothesis = %+v, want the deployed alarm's period of 10 s, threshold 20, at most 2 of %s", h, c.env["SECONDWIND_GROUP"])
	}
	if !strings.Contains(h.Where, c.env["AWS_ENDPOINT_URL"]) {
		t.Errorf("where = %q, want the endpoint %s", h.Where, c.env["AWS_ENDPOINT_URL"])
	}
	links := []string{}
	for _, d := range h.Deadlines {
		links = append(links, d.Link.String())
	}
	if !slices.Contains(links, "e2") || h.ControlSeconds <= 0 {
		t.Errorf("deadlines of %v, control %g s; want those that follow from what is deployed", links, h.ControlSeconds)
	}
}

func TestADoctorsErrorEndsASoakOfADeployedStackBeforeAnyLoad(t *testing.T) {
	t.Parallel()
	outputs := filepath.Join(t.TempDir(), "outputs.json")
	c := startCloud(t, "--outputs", outputs)
	raw, err := os.ReadFile(outputs)
	if err != nil {
		t.Fatal(err)
	}
	wrong := strings.ReplaceAll(string(raw), "secondwind-asg", "nobody-asg")
	if err := os.WriteFile(outputs, []byte(wrong), 0o644); err != nil {
		t.Fatal(err)
	}
	folder, got := c.command(t, "soak", "--stack", outputs)
	if got.code != 3 || !strings.Contains(got.stderr, "no load was sent") || !strings.Contains(got.stderr, "group.missing") {
		t.Errorf("soak = %+v, want exit code 3 and the group that is not there", got)
	}
	if _, err := os.Stat(filepath.Join(folder, "doctor.json")); err != nil {
		t.Error(err)
	}
	c.stop(t)
}

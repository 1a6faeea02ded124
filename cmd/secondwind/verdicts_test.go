//go:build soak

package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"

	"secondwind/reports"
	"secondwind/runlog"
	"secondwind/verify/judge"
)

// The soaks here take two minutes of real processes each, so they run by
// themselves (make verdicts). What processes and sockets do not decide is tried in
// virtual time, in package virtual.

// TestARealSoakIsProvedThoughItsHoldWasEnded holds for an hour, and presses Ctrl-C
// as soon as the hold has begun.
func TestARealSoakIsProvedThoughItsHoldWasEnded(t *testing.T) {
	t.Parallel()
	soak := startSoak(t, "--hold", "1h")
	soak.waitFor(t, "control held")
	soak.waitFor(t, "hold: the same load for 1 h")
	if err := soak.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	lines := soak.ended(t, 0)
	theHistoryIsEvidence(t, soak.folder(t), lines)
	if v := verdictOf(t, soak.folder(t), judge.Proved); !strings.Contains(v.Summary, "and nobody else called") {
		t.Errorf("summary = %q, want that nobody else called", v.Summary)
	}
	noInstanceLeft(t, soak)
}

func TestARealSoakWithoutAPolicyIsRefuted(t *testing.T) {
	t.Parallel()
	scenario, err := filepath.Abs(filepath.Join("..", "..", "scenarios", "no-policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	soak := startSoak(t, "-f", scenario)
	soak.waitFor(t, "control held")
	soak.waitFor(t, "no second instance answered")
	soak.ended(t, 1)
	if v := verdictOf(t, soak.folder(t), judge.Refuted); v.Reason != "link.scaling-activity" {
		t.Errorf("reason = %q, want link.scaling-activity", v.Reason)
	}
}

// TestACapacitySetByHandIsNeverProved is the auditor who helps: during the control
// somebody sets the desired capacity to 2 through the AWS API.
func TestACapacitySetByHandIsNeverProved(t *testing.T) {
	t.Parallel()
	exports := filepath.Join(t.TempDir(), "exports")
	soak := startSoak(t, "--exports", exports, "--hold", "0s")
	soak.waitFor(t, "control:")
	env := readExports(t, exports)
	groups := autoscaling.NewFromConfig(aws.Config{
		Region: env["AWS_REGION"], BaseEndpoint: aws.String(env["AWS_ENDPOINT_URL"]),
		Credentials: credentials.NewStaticCredentialsProvider(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env["AWS_SESSION_TOKEN"]),
	})
	if _, err := groups.SetDesiredCapacity(t.Context(), &autoscaling.SetDesiredCapacityInput{
		AutoScalingGroupName: aws.String(env["SECONDWIND_GROUP"]), DesiredCapacity: aws.Int32(2),
	}); err != nil {
		t.Fatal(err)
	}
	soak.ended(t, 3)
	v := verdictOf(t, soak.folder(t), judge.Inconclusive)
	const byHand = "confounder.manual-capacity"
	if !slices.ContainsFunc(v.Confounders, func(f judge.Finding) bool { return f.ID == byHand && f.Status == judge.Broken }) {
		t.Errorf("confounders = %+v, want %s broken", v.Confounders, byHand)
	}
	// A machine too busy to send the load or to poll is reported before any other cause;
	// that nothing else is, is tried in virtual time too, where no machine is busy.
	if f := v.Confounders[0]; f.ID != judge.ForeignCall || f.Status != judge.Broken || !strings.Contains(f.Seen, "SetDesiredCapacity at ") {
		t.Errorf("%s is %s (%s), want the call", f.ID, f.Status, f.Seen)
	}
	if !slices.Contains([]string{judge.ForeignCall, "premise.instrument", "premise.observation"}, v.Reason) {
		t.Errorf("reason = %q, want %s", v.Reason, judge.ForeignCall)
	}
}

// ended waits for the soak's end, and returns the lines that were left.
func (r *running) ended(t *testing.T, code int) []string {
	t.Helper()
	lines := r.rest()
	_ = r.cmd.Wait() // its error is the exit code
	if got := r.cmd.ProcessState.ExitCode(); got != code {
		t.Errorf("exit code = %d, want %d", got, code)
	}
	return lines
}

// theHistoryIsEvidence checks what a soak with two instances kept and told of the
// calculators' history.
func theHistoryIsEvidence(t *testing.T, folder string, lines []string) {
	t.Helper()
	record, err := runlog.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	h := record.History
	if h == nil || record.Manifest.Files[runlog.HistoryFile].SHA256 == "" {
		t.Fatalf("history.json is not in the sealed record: %+v", h)
	}
	s := h.Summary()
	if !s.Same() || s.Calculations < 2 || len(s.CalculatedBy) < 2 || s.Failed > 0 {
		t.Errorf("the sessions show %+v, want calculations and whole lists of two instances:\n%+v", s, h.Sessions)
	}
	if a := h.Audit; a == nil || !a.Passed || len(a.Checks) < 9 || a.Records < s.Calculations ||
		a.Known != 1+3*s.Calculations || a.Key != "aws-kms:alias/secondwind-history" {
		t.Errorf("the audit is %+v (%s), want it passed, with the synthetic user's texts and records", h.Audit, h.NotAudited)
	}
	told := fmt.Sprintf("history: %d calculations answered by 2 instances, the same list from each; encrypted at rest: 9 of 9 checks passed",
		s.Calculations)
	if !strings.Contains(strings.Join(lines, "\n"), told) {
		t.Errorf("the soak told:\n%s\nwant %q", strings.Join(lines, "\n"), told)
	}
	for _, name := range []string{reports.HTMLFile, reports.MarkdownFile} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil || !strings.Contains(string(text), "Data at rest") {
			t.Errorf("%s has no section on data at rest (%v)", name, err)
		}
	}
}

//go:build unix

package terraform_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// aStack is a stack without a provider: Terraform itself builds and removes it.
// It fails, as a deploy does that is interrupted, while the file broken is there.
const aStack = `
variable "run_id" { type = string }
variable "region" { default = "us-east-1" }
variable "allowed_cidrs" {
  type = list(string)
  validation {
    condition     = length(var.allowed_cidrs) > 0
    error_message = "allowed_cidrs is empty."
  }
}
variable "expires" {
  default = null
  validation {
    condition     = var.expires == null || try(timecmp(var.expires, plantimestamp()) > 0, false)
    error_message = "expires is past."
  }
}
resource "terraform_data" "first" {
  input = "${var.run_id} ${var.region} ${join(",", var.allowed_cidrs)}"
}
resource "terraform_data" "second" {
  depends_on = [terraform_data.first]
  provisioner "local-exec" {
    command = "test ! -e broken"
  }
}
output "built" { value = terraform_data.first.output }
`

// aSecondwind stands in for the command, which would ask AWS: sweep ends as the
// file left says.
const aSecondwind = `#!/usr/bin/env bash
echo "$* in ${AWS_REGION:-}" >>"$ASKED"
[[ $1 == sweep ]] || exit 0
exit "$(cat "$LEFT" 2>/dev/null || echo 0)"
`

// site is a folder from which a stack is deployed.
type site struct {
	folder string
	env    []string
}

func newSite(t *testing.T) *site {
	t.Helper()
	for _, program := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed: deploy.sh cannot run", program)
		}
	}
	_, err := exec.LookPath("terraform")
	if _, err2 := exec.LookPath("tofu"); err != nil && err2 != nil {
		t.Skip("neither terraform nor tofu is installed: nothing can be deployed")
	}
	s := &site{folder: t.TempDir()}
	s.write(t, "main.tf", aStack, 0o644)
	s.write(t, "secondwind", aSecondwind, 0o755)
	s.write(t, "terraformrc", "", 0o644)
	s.write(t, "address", "203.0.113.7\n", 0o644)
	s.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.folder, "CHECKPOINT_DISABLE=1", "TF_CLI_ARGS=-no-color", "PAUSE=0",
		"STACK=" + s.folder, "SECONDWIND=" + s.path("secondwind"), "TF_CLI_CONFIG_FILE=" + s.path("terraformrc"),
		"ASKED=" + s.path("asked"), "LEFT=" + s.path("left"), "CHECKIP_URL=file://" + s.path("address"),
	}
	return s
}

func (s *site) path(name string) string { return filepath.Join(s.folder, name) }

func (s *site) write(t *testing.T, name, content string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(s.path(name), []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

// run runs a script with an answer to what it asks, and returns its exit code.
func (s *site) run(t *testing.T, script, answer string, env ...string) (int, string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", script)
	cmd.Env = append(s.env, env...)
	cmd.Stdin = strings.NewReader(answer)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatalf("%s: %v", script, err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// want fails unless the script ended with the code and said every one of the texts.
func want(t *testing.T, code int, said string, wantCode int, texts ...string) {
	t.Helper()
	if code != wantCode {
		t.Errorf("exit code %d, want %d:\n%s", code, wantCode, said)
	}
	for _, text := range texts {
		if !strings.Contains(said, text) {
			t.Errorf("it does not say %q:\n%s", text, said)
		}
	}
}

// built are the resources that Terraform's state holds.
func (s *site) built(t *testing.T) int {
	t.Helper()
	state, err := os.ReadFile(s.path("terraform.tfstate"))
	if err != nil {
		return 0
	}
	return strings.Count(string(state), `"mode": "managed"`)
}

func TestDeployAsksBeforeItBuilds(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for i, answer := range []string{"", "no\n", "y\n"} {
		code, said := s.run(t, "deploy.sh", answer)
		want(t, code, said, 2, "203.0.113.7/32", "Plan: 2 to add", "nothing was changed")
		if i == 0 {
			want(t, code, said, 2, "open to 203.0.113.7 alone")
		}
		if s.built(t) > 0 {
			t.Fatalf("answer %q built something", answer)
		}
	}
	code, said := s.run(t, "deploy.sh", "yes\n")
	want(t, code, said, 0, "make soak-aws", "make destroy")
	if s.built(t) != 2 {
		t.Errorf("%d resources are built, want 2", s.built(t))
	}
	if plans, _ := filepath.Glob(s.path("*.tfplan")); len(plans) > 0 {
		t.Errorf("%q stays, and may hold secrets", plans)
	}
}

func TestInterruptedDeployIsTheSameRunAgainOrDestroyed(t *testing.T) {
	t.Parallel()
	for _, then := range []string{"deploy.sh", "destroy.sh"} {
		t.Run(then, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.write(t, "broken", "", 0o644)
			code, said := s.run(t, "deploy.sh", "", "YES=1", "RUN=night-7", "AWS_REGION=eu-north-1")
			want(t, code, said, 1, "run make deploy again, or make destroy")
			if err := os.Remove(s.path("broken")); err != nil {
				t.Fatal(err)
			}
			code, said = s.run(t, then, "", "YES=1") // in another shell, without the region
			want(t, code, said, 0, "night-7", "eu-north-1")
			if built := map[string]int{"deploy.sh": 2, "destroy.sh": 0}[then]; s.built(t) != built {
				t.Errorf("%d resources after %s, want %d", s.built(t), then, built)
			}
		})
	}
}

func TestDeployOfAnotherRunIsRefusedWhileOneIsThere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.run(t, "deploy.sh", "", "YES=1", "RUN=first")
	code, said := s.run(t, "deploy.sh", "", "YES=1", "RUN=second")
	want(t, code, said, 2, "the run first is deployed from here", "make destroy")
}

func TestDeployOpensTheLoadBalancerToNobodyByGuess(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write(t, "address", "<html>sign in</html>", 0o644)
	code, said := s.run(t, "deploy.sh", "", "YES=1")
	want(t, code, said, 2, "TF_VAR_allowed_cidrs")

	code, said = s.run(t, "deploy.sh", "", "YES=1", `TF_VAR_allowed_cidrs=["198.51.100.0/24"]`)
	want(t, code, said, 0, "198.51.100.0/24")

	s = newSite(t)
	s.write(t, "terraform.tfvars", "allowed_cidrs = [\"192.0.2.0/24\"]\nregion = \"ap-south-1\"\n", 0o644)
	code, said = s.run(t, "deploy.sh", "", "YES=1", "AWS_REGION=eu-north-1")
	want(t, code, said, 0, "192.0.2.0/24", "in ap-south-1")
	if code, said = s.run(t, "destroy.sh", "", "YES=1"); code != 0 {
		t.Errorf("destroy = %d:\n%s", code, said)
	}
}

func TestDestroyWaitsUntilNothingIsLeft(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	code, said := s.run(t, "destroy.sh", "", "YES=1")
	want(t, code, said, 0, "nothing was deployed from here")

	s.run(t, "deploy.sh", "", "YES=1", "RUN=night-8", "AWS_REGION=eu-north-1")
	code, said = s.run(t, "destroy.sh", "no\n")
	want(t, code, said, 2, "nothing was changed")
	if s.built(t) != 2 {
		t.Error("destroy without consent removed something")
	}
	code, said = s.run(t, "destroy.sh", "yes\n")
	want(t, code, said, 0, "nothing of run night-8 is left")
	asked, err := os.ReadFile(s.path("asked"))
	if err != nil || !strings.HasSuffix(string(asked), "sweep --run night-8 --wait in eu-north-1\n") || s.built(t) != 0 {
		t.Errorf("%d resources are left, and was asked, %v:\n%s", s.built(t), err, asked)
	}
	// And again: there is no run any more.
	code, said = s.run(t, "destroy.sh", "", "YES=1")
	want(t, code, said, 0, "nothing was deployed from here")
}

func TestDestroyRemovesWhatHasExpired(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.run(t, "deploy.sh", "", "YES=1", "RUN=night-10")
	s.write(t, "my.auto.tfvars", "expires = \"2020-01-01T00:00:00Z\"\n", 0o644)
	code, said := s.run(t, "deploy.sh", "", "YES=1")
	want(t, code, said, 1, "expires is past")
	code, said = s.run(t, "destroy.sh", "", "YES=1")
	want(t, code, said, 0, "nothing of run night-10 is left")
}

func TestDestroyIsNotDoneWhileSomethingIsLeft(t *testing.T) {
	t.Parallel()
	for left, says := range map[string]string{"3": "something of run night-9 is left", "2": "could not be looked for"} {
		t.Run("exit code "+left, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.run(t, "deploy.sh", "", "YES=1", "RUN=night-9")
			s.write(t, "left", left, 0o644)
			code, said := s.run(t, "destroy.sh", "", "YES=1")
			want(t, code, said, 2, says, "night-9")
			s.write(t, "left", "0", 0o644)
			code, said = s.run(t, "destroy.sh", "", "YES=1")
			want(t, code, said, 0, "nothing of run night-9 is left")
		})
	}
}

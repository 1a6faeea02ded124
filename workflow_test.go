package secondwind_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// workflow is the part of a GitHub workflow that the tests hold to its promises.
type workflow struct {
	Permissions map[string]string `yaml:"permissions"`
	Jobs        map[string]struct {
		If    string `yaml:"if"`
		Steps []struct {
			Uses string `yaml:"uses"`
			Run  string `yaml:"run"`
			If   string `yaml:"if"`
		} `yaml:"steps"`
	} `yaml:"jobs"`
}

func readWorkflow(t *testing.T, file string) workflow {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var w workflow
	if err := yaml.Unmarshal(text, &w); err != nil {
		t.Fatalf("read %s: %v", file, err)
	}
	return w
}

func TestWorkflowsPinEveryActionAndMayOnlyRead(t *testing.T) {
	files, err := filepath.Glob(".github/workflows/*.yml")
	if err != nil || len(files) < 2 {
		t.Fatalf("workflows: %q, %v, want ci.yml and nightly-scale.yml", files, err)
	}
	for _, file := range append(files, "docs/ci/github/scaling.yml") {
		w := readWorkflow(t, file)
		if len(w.Permissions) != 1 || w.Permissions["contents"] != "read" {
			t.Errorf("%s has the permissions %v, want contents: read", file, w.Permissions)
		}
		for name, job := range w.Jobs {
			for _, step := range job.Steps {
				if step.Uses != "" && !pinned.MatchString(step.Uses) {
					t.Errorf("%s, job %s uses %s, want it pinned by its commit", file, name, step.Uses)
				}
			}
		}
	}
}

// pinned is an action by its commit, or one of a checkout, which is pinned itself.
var pinned = regexp.MustCompile(`^([\w.-]+/[\w.-]+@[0-9a-f]{40}|\./[\w./-]+)$`)

func TestNightlyDestroysWhateverHappened(t *testing.T) {
	w := readWorkflow(t, ".github/workflows/nightly-scale.yml")
	if got := w.Jobs["local"].If; got != "" {
		t.Errorf("the local proof runs if %q, want always", got)
	}
	aws := w.Jobs["aws"]
	if !strings.Contains(aws.If, "vars.AWS_ROLE_ARN != ''") {
		t.Errorf("the AWS job runs if %q, want where the OIDC role is set", aws.If)
	}
	if last := aws.Steps[len(aws.Steps)-1]; last.Run != "make destroy" || last.If != "always()" {
		t.Errorf("the AWS job ends with %q if %q, want make destroy, always", last.Run, last.If)
	}
	left := w.Jobs["stale"]
	if !strings.Contains(left.If, "always()") || !strings.Contains(left.Steps[len(left.Steps)-1].Run, "sweep --run") {
		t.Errorf("the job stale is %+v, want a sweep, always", left)
	}
}

func TestNightlyFailsOnRefutedAndMarksInconclusive(t *testing.T) {
	shell, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed: .github/scripts/verdict.sh cannot run")
	}
	for _, tt := range []struct {
		name, code, says string
		fails            bool
	}{
		{"proved", "0", "::notice title=PROVED on AWS::", false},
		{"refuted", "1", "::error title=REFUTED on AWS::", true},
		{"inconclusive", "3", "::warning title=INCONCLUSIVE on AWS::", false},
		{"misuse", "2", "::error title=no verdict on AWS::", true},
		{"interrupted", "130", "::error title=no verdict on AWS::", true},
		{"never begun", "", "(exit code none)", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for id, text := range map[string]string{
				"20261101T000000Z-0001": "# old", "20261102T000000Z-0001": "# newest " + strings.Repeat("é", 1<<20),
			} {
				if err := os.MkdirAll(filepath.Join(dir, id), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, id, "report.md"), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.CommandContext(t.Context(), shell, ".github/scripts/verdict.sh", "AWS", tt.code, dir)
			cmd.Env = append(os.Environ(), "GITHUB_STEP_SUMMARY="+filepath.Join(dir, "summary"))
			out, err := cmd.CombinedOutput()
			if (err != nil) != tt.fails || !strings.Contains(string(out), tt.says) {
				t.Errorf("exit code %q = %v, %q, want failed = %t and %q", tt.code, err, out, tt.fails, tt.says)
			}
			summary, err := os.ReadFile(filepath.Join(dir, "summary"))
			if err != nil || !strings.Contains(string(summary), "# newest") || strings.Contains(string(summary), "# old") || len(summary) > 1<<20 {
				t.Errorf("the summary has %d bytes, %v, want the newest report in less than 1 MiB", len(summary), err)
			}
		})
	}
}

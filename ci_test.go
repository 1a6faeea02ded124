package secondwind_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// action is a composite GitHub Action. Source: GitHub Docs, "Metadata syntax for GitHub Actions".
type action struct {
	Name, Description string
	Inputs            map[string]struct {
		Description, Default string
		Required             bool
	}
	Outputs map[string]struct{ Description, Value string }
	Runs    struct {
		Using string
		Steps []actionStep
	}
}

type actionStep struct {
	Name, ID, If, Uses, Shell, Run string
	With, Env                      map[string]string
}

const actionFile = "docs/ci/github/action.yml"

// strictYAML reads a file in which every key has to be known.
func strictYAML(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err == nil {
		err = yaml.UnmarshalWithOptions(text, into, yaml.Strict())
	}
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// bash runs a script as GitHub does, in an environment that is given alone; -n only reads it.
func bash(t *testing.T, script string, env map[string]string, flags ...string) (code int, text string) {
	t.Helper()
	shell, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed: the scripts of docs/ci are not tried")
	}
	args := append([]string{"--noprofile", "--norc", "-eo", "pipefail"}, append(flags, "-c", script)...)
	cmd := exec.CommandContext(t.Context(), shell, args...)
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Dir = env["RUNNER_TEMP"]
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

var expression = regexp.MustCompile(`\$\{\{ *(.*?) *\}\}`)

func TestTheActionSaysWhatItIsAndEveryStepIsWhole(t *testing.T) {
	var a action
	strictYAML(t, actionFile, &a)
	if a.Name == "" || a.Description == "" || a.Runs.Using != "composite" {
		t.Errorf("%s: name %q, description %q, using %q", actionFile, a.Name, a.Description, a.Runs.Using)
	}
	ids := map[string]bool{}
	for i, step := range a.Runs.Steps {
		if (step.Run == "") == (step.Uses == "") || (step.Run != "") != (step.Shell == "bash") {
			t.Errorf("step %d is %+v, want either uses, or run with the shell bash", i, step)
		}
		if step.Uses != "" && !pinned.MatchString(step.Uses) {
			t.Errorf("step %d uses %s, want it pinned by its commit", i, step.Uses)
		}
		if expression.MatchString(step.Run) {
			t.Errorf("step %d has an expression in its script: whoever sets its value writes code there; take it as env", i)
		}
		if code, text := bash(t, step.Run, nil, "-n"); code != 0 {
			t.Errorf("step %d is no bash: %s", i, text)
		}
		ids[step.ID] = true
	}
	text, _ := os.ReadFile(actionFile)
	for _, e := range expression.FindAllStringSubmatch(string(text), -1) {
		for _, input := range regexp.MustCompile(`inputs\.([\w-]+)`).FindAllStringSubmatch(e[1], -1) {
			if _, known := a.Inputs[input[1]]; !known {
				t.Errorf("%s reads the input %s, which it does not have", actionFile, input[1])
			}
		}
		for _, step := range regexp.MustCompile(`steps\.(\w+)`).FindAllStringSubmatch(e[1], -1) {
			if !ids[step[1]] {
				t.Errorf("%s reads the step %s, which it does not have", actionFile, step[1])
			}
		}
	}
}

// job carries out the scripts of the action, with programs that are not the real ones.
type job struct {
	t       *testing.T
	inputs  map[string]string
	outputs map[string]string // of the step soak
	env     map[string]string
	text    strings.Builder
}

func newJob(t *testing.T, inputs map[string]string, programs map[string]string) *job {
	dir := t.TempDir()
	for name, script := range programs {
		file := filepath.Join(dir, "bin", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	j := &job{t: t, inputs: inputs, outputs: map[string]string{}, env: map[string]string{
		"RUNNER_TEMP": dir, "PATH": filepath.Join(dir, "bin") + ":/usr/bin:/bin",
	}}
	for _, name := range []string{"GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH"} {
		j.env[name] = filepath.Join(dir, name)
	}
	return j
}

// value is what an expression means here.
func (j *job) value(text string) string {
	return expression.ReplaceAllStringFunc(text, func(e string) string {
		name := expression.FindStringSubmatch(e)[1]
		if input, ok := strings.CutPrefix(name, "inputs."); ok {
			return j.inputs[input]
		}
		if output, ok := strings.CutPrefix(name, "steps.soak.outputs."); ok {
			return j.outputs[output]
		}
		if name == "github.action_path" {
			return j.env["RUNNER_TEMP"] + "/action/docs/ci/github"
		}
		j.t.Errorf("the expression %s is not known", name)
		return ""
	})
}

// run carries out the steps with the names and returns the code of the last one.
func (j *job) run(names ...string) (code int) {
	var a action
	strictYAML(j.t, actionFile, &a)
	for _, input := range slices.Sorted(maps.Keys(a.Inputs)) {
		if _, given := j.inputs[input]; !given {
			j.inputs[input] = a.Inputs[input].Default
		}
	}
	for _, step := range a.Runs.Steps {
		if !slices.Contains(names, step.Name) || step.Run == "" {
			continue
		}
		env := maps.Clone(j.env)
		for name, value := range step.Env {
			env[name] = j.value(value)
		}
		var text string
		code, text = bash(j.t, step.Run, env)
		j.text.WriteString(text)
		for line := range strings.Lines(j.read("GITHUB_OUTPUT")) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			j.outputs[name] = value
		}
	}
	return code
}

func (j *job) read(file string) string {
	text, err := os.ReadFile(j.env[file])
	if err != nil && !os.IsNotExist(err) {
		j.t.Fatal(err)
	}
	return string(text)
}

func TestTheActionEndsAsTheRunDid(t *testing.T) {
	for _, c := range []struct {
		name                       string
		soak, inconclusive         string
		report                     bool
		code                       int
		verdict, notice, inSummary string
	}{
		{"proved", "0", "fail", true, 0, "PROVED", "::notice title=PROVED::my.yaml", "# the report"},
		{"refuted", "1", "warn", true, 1, "REFUTED", "::error title=REFUTED::my.yaml", "# the report"},
		{"inconclusive", "3", "fail", true, 3, "INCONCLUSIVE", "::error title=INCONCLUSIVE::my.yaml: exit code 3", "# the report"},
		{"inconclusive and allowed", "3", "warn", true, 0, "INCONCLUSIVE", "::warning title=INCONCLUSIVE::my.yaml", "# the report"},
		{"misuse", "2", "warn", false, 2, "none", "::error title=none::my.yaml: exit code 2", "There is no report of my.yaml"},
		{"interrupted", "130", "warn", true, 130, "none", "::error title=none::my.yaml: exit code 130", "# the report"},
	} {
		t.Run(c.name, func(t *testing.T) {
			report := `mkdir "$5/20261101T000000Z-0001"; echo "# the report" >"$5/20261101T000000Z-0001/report.md"; `
			if !c.report {
				report = ""
			}
			j := newJob(t, map[string]string{
				"scenario": "my.yaml", "arguments": "--group=web of it\n\n--audit\n", "inconclusive": c.inconclusive,
			}, map[string]string{"secondwind": `printf '<%s>' "$@"; ` + report + "exit " + c.soak})
			if code := j.run("soak", "summary", "verdict"); code != c.code || !strings.Contains(j.text.String(), c.notice) {
				t.Errorf("the job ends with %d, %q, want %d, %q", code, j.text.String(), c.code, c.notice)
			}
			if j.outputs["verdict"] != c.verdict || j.outputs["code"] != c.soak || (j.outputs["folder"] != "") != c.report {
				t.Errorf("outputs %v, want the verdict %s, code %s and a folder: %t", j.outputs, c.verdict, c.soak, c.report)
			}
			if got := j.read("GITHUB_STEP_SUMMARY"); !strings.Contains(got, c.inSummary) {
				t.Errorf("summary %q, want %q in it", got, c.inSummary)
			}
			if want := "<soak><-f><my.yaml><--runs>"; !strings.HasPrefix(j.text.String(), want) ||
				!strings.Contains(j.text.String(), "><--group=web of it><--audit>") {
				t.Errorf("it ran %q, want %s and each flag as one argument", j.text.String(), want)
			}
		})
	}
}

func TestTheActionBuildsOrDownloadsAndTakesOnlyWhatItWasToldTo(t *testing.T) {
	built := newJob(t, map[string]string{}, map[string]string{"make": `echo "make $*"`})
	source := built.env["RUNNER_TEMP"] + "/action"
	if err := os.MkdirAll(source+"/docs/ci/github", 0o755); err != nil {
		t.Fatal(err)
	}
	if code := built.run("build secondwind"); code != 0 || built.text.String() != "make -C "+source+" build\n" ||
		built.read("GITHUB_PATH") != source+"/bin\n" {
		t.Errorf("build = %d, %q, path %q", code, built.text.String(), built.read("GITHUB_PATH"))
	}
	const digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" // of nothing
	curl := `while [ "$1" != --output ]; do shift; done; : >"$2"`
	for sum, wantPath := range map[string]bool{digest: true, strings.Repeat("0", 64): false, "": false} {
		j := newJob(t, map[string]string{"archive-url": "https://mirror.example/secondwind.tar.gz", "archive-sha256": sum},
			map[string]string{"curl": curl, "tar": ":"})
		if code := j.run("download secondwind"); (code == 0) != wantPath || (j.read("GITHUB_PATH") != "") != wantPath {
			t.Errorf("an archive with the digest %q: exit code %d, path %q, want it taken: %t", sum, code, j.read("GITHUB_PATH"), wantPath)
		}
	}
}

func TestTheGitLabFileSaysWhatGitLabKnows(t *testing.T) {
	var file struct {
		Stages  []string
		Scaling struct {
			Stage, Image, Timeout string
			Variables             map[string]string
			BeforeScript          []string `yaml:"before_script"`
			Script                []string
			AllowFailure          struct {
				ExitCodes []int `yaml:"exit_codes"`
			} `yaml:"allow_failure"`
			Artifacts struct {
				When     string
				ExpireIn string `yaml:"expire_in"`
				Paths    []string
				Reports  map[string]string
			}
		}
	}
	strictYAML(t, "docs/ci/gitlab-ci.yml", &file)
	job := file.Scaling
	if !slices.Contains(file.Stages, job.Stage) || job.Artifacts.When != "always" || !slices.Equal(job.AllowFailure.ExitCodes, []int{3}) {
		t.Errorf("the job is %+v, want a stage that is there, artifacts always, and a warning for exit code 3 alone", job)
	}
	if from := argumentsOf(recipe(t), "FROM")[0]; from != job.Image+" AS build" {
		t.Errorf("image %s, want that of the Dockerfile, %s", job.Image, from)
	}
	folder := "secondwind-runs"
	if got := fmt.Sprint(job.Artifacts.Paths, job.Artifacts.Reports); got != fmt.Sprintf("[%[1]s/] map[junit:%[1]s/*/junit.xml]", folder) ||
		!strings.HasSuffix(job.Script[0], "--runs "+folder) {
		t.Errorf("artifacts %s of the script %q", got, job.Script)
	}
	script := strings.Join(append(job.BeforeScript, job.Script...), "\n")
	if code, text := bash(t, script, nil, "-n"); code != 0 {
		t.Errorf("the script is no bash: %s", text)
	}
	record := `echo "$(basename "$0") $*"; `
	j := newJob(t, nil, map[string]string{
		"git": record,
		"make": record + `mkdir -p .secondwind/bin; cd .secondwind/bin
			printf '#!/bin/sh\necho "$*"; exit 3\n' >secondwind; chmod +x secondwind`,
	})
	env := maps.Clone(j.env)
	env["SCENARIO"], env["SECONDWIND_REPOSITORY"], env["SECONDWIND_REF"] = "my.yaml", "https://mirror.example/secondwind", "v1"
	code, text := bash(t, script, env)
	for _, want := range []string{
		"--depth 1 https://mirror.example/secondwind v1\n", "make -C .secondwind build\n", "soak -f my.yaml --runs ",
	} {
		if !strings.Contains(text, want) || code != 3 {
			t.Errorf("the script ends with %d, %q, want 3, as secondwind does, and %q", code, text, want)
		}
	}
}

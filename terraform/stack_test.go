package terraform_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// fakeVersion is the provider version whose arguments fakeprovider knows.
const fakeVersion = "6.25.0"

// ofStack are the files that make the stack: what git leaves out (state, records
// of a run, a person's own variables and backend) is not among them.
var ofStack = []string{"*.tf", "scaling.auto.tfvars.json", "verifier-policy.json", "instance/*", "tests/*.hcl", "tests/*/*.hcl",
	"github/*.tf", "github/tests/*.hcl"}

// notOfStack are files that match ofStack and yet are a person's own.
var notOfStack = []string{"backend.tf", "override.tf", "*_override.tf", "*/backend.tf", "*/override.tf", "*/*_override.tf", "instance/*.go"}

// copyStack copies the stack's files from a folder to another.
func copyStack(from, to string) error {
	files := os.DirFS(from)
	for _, pattern := range ofStack {
		names, err := fs.Glob(files, pattern)
		if err != nil {
			return err
		}
		for _, name := range names {
			if matchesAny(notOfStack, name) {
				continue
			}
			text, err := fs.ReadFile(files, name)
			if err != nil {
				return err
			}
			path := filepath.Join(to, filepath.FromSlash(name))
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, text, 0o644)); err != nil {
				return err
			}
		}
	}
	return nil
}

func matchesAny(patterns []string, name string) bool {
	for _, pattern := range patterns {
		if ok, err := filepath.Match(pattern, name); ok && err == nil {
			return true
		}
	}
	return false
}

// aStackCopy returns a folder with a copy of the stack.
func aStackCopy(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := copyStack(".", folder); err != nil {
		t.Fatalf("copy the stack: %v", err)
	}
	return folder
}

// terraformProgram returns terraform, or tofu where only that is installed; else
// it skips the test, which TF_REAL=1 does not allow.
func terraformProgram(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"terraform", "tofu"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("TF_REAL") == "1" {
		t.Fatal("neither terraform nor tofu is installed, and TF_REAL=1 wants the stack checked")
	}
	t.Skip("neither terraform nor tofu is installed: the stack is not checked")
	return ""
}

// environment is this process's, without what would change how Terraform reads
// the stack; the settings come last.
func environment(settings ...string) []string {
	env := []string{"CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1"}
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "TF_") && !strings.HasPrefix(variable, "GOFLAGS=") {
			env = append(env, variable)
		}
	}
	return append(env, settings...)
}

// do runs a program in a folder and returns what it says, in one line of single
// spaces, so that a text can be looked for that Terraform has wrapped.
func do(folder string, env []string, program string, args ...string) (string, error) {
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = folder, env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if err != nil {
		err = fmt.Errorf("%s %s: %w\n%s", filepath.Base(program), strings.Join(args, " "), err, out.String())
	}
	return strings.Join(strings.Fields(out.String()), " "), err
}

// errDownload says that the fake provider cannot be built for want of its modules.
var errDownload = errors.New("the modules of fakeprovider cannot be downloaded")

// downloadModules downloads what the fake provider is made of, once for all tests. It
// also reads the metadata of the fake provider's files, which other processes compile:
// without that go test would return a cached result after they have changed.
var downloadModules = sync.OnceValue(func() error {
	files, err := os.ReadDir("fakeprovider")
	for _, file := range files {
		_, e := os.Stat(filepath.Join("fakeprovider", file.Name()))
		err = errors.Join(err, e)
	}
	if err != nil {
		return err
	}
	if _, err := do("fakeprovider", environment("GOWORK=off"), "go", "mod", "download"); err != nil {
		return fmt.Errorf("%w: %w", errDownload, err)
	}
	return nil
})

// needModules skips the test where the fake provider cannot be compiled.
func needModules(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("there is no go command to compile fakeprovider with: the stack is not checked without the real provider")
	}
	err := downloadModules()
	if errors.Is(err, errDownload) {
		t.Skipf("the stack is not checked without the real provider: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// fake is the fake provider in a mirror, as Terraform starts it after an init, and
// in a process that serves every Terraform that it is named to.
type fake struct {
	program  string
	data     string   // Terraform's data folder (TF_DATA_DIR)
	lock     []byte   // .terraform.lock.hcl as init with the fake provider writes it
	env      []string // of a Terraform that starts the fake provider
	reattach string   // the variable that names the process
}

// buildFake builds the fake provider and initializes a copy of the stack with it, in
// a folder that TestMain removes.
var buildFake = sync.OnceValues(func() (*fake, error) {
	program, err := exec.LookPath("terraform")
	if err != nil {
		program, err = exec.LookPath("tofu")
	}
	if err != nil {
		return nil, err
	}
	mirror := filepath.Join(scratch, "mirror")
	binary, err := buildInto(mirror, program)
	if err != nil {
		return nil, err
	}
	config := filepath.Join(scratch, "terraformrc")
	rc := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path    = %q\n    include = [\"*/*/*\"]\n  }\n}\n",
		filepath.ToSlash(mirror))
	stack := filepath.Join(scratch, "stack")
	if err := errors.Join(os.WriteFile(config, []byte(rc), 0o600), copyStack(".", stack)); err != nil {
		return nil, err
	}
	f := &fake{program: program, data: filepath.Join(scratch, "data")}
	// Less garbage collection: Terraform and the fake provider live for a second.
	f.env = environment("TF_CLI_CONFIG_FILE="+config, "TF_DATA_DIR="+f.data, "GOGC=400")
	if _, err := do(stack, f.env, program, "init", "-backend=false", "-input=false", "-no-color"); err != nil {
		return nil, err
	}
	if f.lock, err = os.ReadFile(filepath.Join(stack, ".terraform.lock.hcl")); err != nil {
		return nil, err
	}
	f.reattach, err = serveFake(binary)
	return f, err
})

// buildInto builds the fake provider into a mirror, for Terraform's and OpenTofu's
// registry, and returns one of the two.
func buildInto(mirror, program string) (binary string, err error) {
	out, err := exec.Command(program, "version", "-json").Output()
	if err != nil {
		return "", err
	}
	var version struct{ Platform string }
	if err := json.Unmarshal(out, &version); err != nil {
		return "", err
	}
	goos, goarch, _ := strings.Cut(version.Platform, "_")
	env := environment("GOOS="+goos, "GOARCH="+goarch, "GOWORK=off", "CGO_ENABLED=0")
	name := "terraform-provider-aws_v" + fakeVersion
	if goos == "windows" {
		name += ".exe"
	}
	folder := filepath.Join("hashicorp", "aws", fakeVersion, version.Platform)
	binary = filepath.Join(mirror, "registry.terraform.io", folder, name)
	if _, err := do("fakeprovider", env, "go", "build", "-o", binary, "."); err != nil {
		return "", err
	}
	other := filepath.Join(mirror, "registry.opentofu.org", folder)
	return binary, errors.Join(os.MkdirAll(other, 0o755), os.Link(binary, filepath.Join(other, name)))
}

// endFake ends the process of serveFake.
var endFake = func() {}

var reattachment = regexp.MustCompile(`TF_REATTACH_PROVIDERS='\{"[^"]+":(\{.*\})\}'`)

// serveFake starts the fake provider and returns the variable with which Terraform
// uses that process. Otherwise it starts one for each of seven steps of a run.
func serveFake(binary string) (variable string, err error) {
	cmd := exec.Command(binary, "-reattach")
	cmd.Env = environment("TMPDIR="+scratch, "TF_LOG_SDK=OFF") // its socket is in TMPDIR
	input, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	endFake = func() {
		input.Close()
		_ = cmd.Wait() // it has nothing to say any more
	}
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if found := reattachment.FindStringSubmatch(lines.Text()); found != nil {
			return fmt.Sprintf(`TF_REATTACH_PROVIDERS={"registry.terraform.io/hashicorp/aws":%[1]s,"registry.opentofu.org/hashicorp/aws":%[1]s}`,
				found[1]), nil
		}
	}
	return "", errors.New("the fake provider did not print how to reattach to it")
}

// theFake returns the fake provider, built once for all tests, or skips the test.
func theFake(t *testing.T) *fake {
	t.Helper()
	terraformProgram(t)
	needModules(t)
	f, err := buildFake()
	if err != nil {
		t.Fatalf("build fakeprovider and init the stack with it: %v", err)
	}
	return f
}

// on runs Terraform on a copy of the stack, with the fake provider that is running.
func (f *fake) on(folder string, args ...string) (string, error) {
	return do(folder, slices.Concat(f.env, []string{f.reattach}), f.program, append(args, "-no-color")...)
}

// started runs Terraform on a copy of the stack, with a fake provider that Terraform
// starts.
func (f *fake) started(folder string, args ...string) (string, error) {
	if err := os.WriteFile(filepath.Join(folder, ".terraform.lock.hcl"), f.lock, 0o600); err != nil {
		return "", err
	}
	return do(folder, f.env, f.program, append(args, "-no-color")...)
}

// scratch is a folder for what all tests share; TestMain makes and removes it.
var scratch string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		folder, err := os.MkdirTemp("", "secondwind-terraform-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(folder)
		scratch = folder
		defer func() { endFake() }()
		return m.Run()
	}())
}

func TestCopyOfTheStackHoldsNothingThatGitLeavesOut(t *testing.T) {
	t.Parallel()
	from, to := t.TempDir(), t.TempDir()
	ours := []string{"main.tf", "scaling.auto.tfvars.json", "verifier-policy.json", "instance/nginx.conf", "tests/run.tftest.hcl",
		"tests/mocks/aws.tfmock.hcl", "github/main.tf", "github/tests/github.tftest.hcl"}
	theirs := []string{
		".terraform/environment", ".terraform.lock.hcl", "terraform.tfstate", "terraform.tfstate.backup", "deploy.tfplan", "run.env",
		"terraform.tfvars", "mine.auto.tfvars", "backend.tf", "override.tf", "mine_override.tf", "instance/render_test.go",
		"github/backend.tf", "github/terraform.tfstate", "github/.terraform.lock.hcl", "github/terraform.tfvars",
	}
	for _, name := range append(ours, theirs...) {
		path := filepath.Join(from, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(name), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := copyStack(from, to); err != nil {
		t.Fatal(err)
	}
	for _, name := range ours {
		if _, err := os.Stat(filepath.Join(to, name)); err != nil {
			t.Errorf("the stack's %s is not copied: %v", name, err)
		}
	}
	for _, name := range theirs {
		if _, err := os.Stat(filepath.Join(to, name)); err == nil {
			t.Errorf("%s is copied: it would change what is checked", name)
		}
	}
}

func TestTerraformIsNotToldByTheEnvironmentHowToReadTheStack(t *testing.T) {
	t.Setenv("TF_VAR_name", "mine")
	t.Setenv("TF_CLI_ARGS_test", "-filter=none")
	t.Setenv("TF_DATA_DIR", "mine")
	for _, variable := range environment("TF_DATA_DIR=ours") {
		if strings.HasPrefix(variable, "TF_") && variable != "TF_DATA_DIR=ours" && variable != "TF_IN_AUTOMATION=1" {
			t.Errorf("Terraform sees %s", variable)
		}
	}
}

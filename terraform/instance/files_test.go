package instance_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestScriptsPassShellcheck(t *testing.T) {
	program, err := exec.LookPath("shellcheck")
	if err != nil {
		t.Skip("shellcheck is not installed: the scripts are not checked")
	}
	var scripts []string
	for _, pattern := range []string{"*.sh", "../*.sh", "../../.github/scripts/*.sh"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Errorf("no script is %s: %v", pattern, err)
		}
		scripts = append(scripts, found...)
	}
	for _, script := range scripts {
		if out, err := exec.CommandContext(t.Context(), program, "--external-sources", script).CombinedOutput(); err != nil {
			t.Errorf("shellcheck %s: %v\n%s", script, err, out)
		}
	}
}

// unit returns a copy of the unit whose programs are there.
func unit(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("true")
	if err != nil {
		t.Skip("there is no program true: the unit cannot be verified")
	}
	programs := strings.NewReplacer("/usr/local/lib/secondwind/aws.py", program, "/usr/local/bin/calculator", program)
	text := programs.Replace(read(t, "calculator.service"))
	file := filepath.Join(t.TempDir(), "calculator.service")
	write(t, file, []byte(text), 0o644)
	return file
}

func TestUnitPassesSystemdAnalyze(t *testing.T) {
	program, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed: the unit is not verified")
	}
	// systemd only warns of what it does not know: no word is what passes.
	if out, err := exec.CommandContext(t.Context(), program, "verify", "--man=no", unit(t)).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify = %v\n%s", err, out)
	}
}

// Exposure goes from 0 to 10; 1.2 is what a server that must reach the network has.
func TestUnitIsHardened(t *testing.T) {
	program, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed: the unit's exposure is not known")
	}
	cmd := exec.CommandContext(t.Context(), program, "security", "--offline=true", "--threshold=13", "--no-pager", unit(t))
	out, err := cmd.CombinedOutput()
	if strings.Contains(string(out), "unrecognized option") {
		t.Skip("this systemd-analyze cannot judge a unit's security offline")
	}
	if err != nil {
		t.Errorf("systemd-analyze security = %v, want an exposure of at most 1.3\n%s", err, out)
	}
	t.Log(regexp.MustCompile(`Overall exposure.*`).FindString(string(out)))
}

func TestUnitRunsTheCalculatorBehindNginxOnly(t *testing.T) {
	text := read(t, "calculator.service")
	for _, want := range []string{"--address 127.0.0.1:8081", "DynamicUser=yes", "StateDirectory=calculator", "Restart=always", "MemoryMax=",
		"TasksMax=", "LimitNOFILE="} {
		if !strings.Contains(text, want) {
			t.Errorf("calculator.service has no %s", want)
		}
	}
	if want := "server 127.0.0.1:8081;"; !strings.Contains(read(t, "nginx.conf"), want) {
		t.Errorf("nginx.conf has no %q: it is where the unit has the calculator listen", want)
	}
}

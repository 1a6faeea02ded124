package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"secondwind/runlog"
	"secondwind/verify/judge"
)

// bin is the folder with both binaries, built once for all tests: what is
// tested is what a user runs.
var bin string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "secondwind-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // some tests run them as another user
		panic(err)
	}
	bin = dir
	build := exec.Command("go", "build", "-o", dir, "secondwind/cmd/secondwind", "secondwind/cmd/calculator")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the binaries: %v\n%s", err, out)
		os.Exit(1)
	}
	// Most tests here wait for processes, which takes no CPU: all may wait at once.
	flag.Parse()
	if err := flag.Set("test.parallel", "12"); err != nil {
		panic(err) // the testing package defines it
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// result is how a command ended.
type result struct {
	code           int
	stdout, stderr string
}

// secondwind runs the binary in an empty folder to its end.
func secondwind(t *testing.T, args ...string) result {
	t.Helper()
	return secondwindIn(t, t.TempDir(), args...)
}

func secondwindIn(t *testing.T, dir string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "secondwind"), args...)
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// TestACalculatorThatEndsAtOnceIsTold is a program that can be executed and is no
// server: instances come and go, and none is ever healthy.
func TestACalculatorThatEndsAtOnceIsTold(t *testing.T) {
	program, err := exec.LookPath("true")
	if err != nil {
		t.Skip("there is no program named true on this machine")
	}
	t.Parallel()
	got := secondwind(t, "soak", "--calculator", program)
	if got.code != 3 {
		t.Errorf("exit code = %d, want 3", got.code)
	}
	for _, part := range []string{
		"no instance became healthy", "instance after instance came and went", "ended by itself: exit status 0", "the instances' logs are in",
	} {
		if !strings.Contains(got.stderr, part) {
			t.Errorf("stderr = %q, want it to say %q", got.stderr, part)
		}
	}
	if n := strings.Count(got.stdout, "ended by itself: exit status 0"); n < 3 || n > 6 {
		t.Errorf("%d instances are reported to have ended, want three, and few more\n%s", n, got.stdout)
	}
}

// running is a soak on its way.
type running struct {
	cmd   *exec.Cmd
	lines chan string
	dir   string // its working folder
}

// startSoak starts a soak in a folder of its own.
func startSoak(t *testing.T, args ...string) *running {
	t.Helper()
	return startSoakIn(t, nil, args...)
}

// startSoakIn is startSoak with more in its environment ("KEY=value").
func startSoakIn(t *testing.T, env []string, args ...string) *running {
	t.Helper()
	r := &running{dir: t.TempDir(), lines: make(chan string, 1024)}
	r.cmd = exec.Command(filepath.Join(bin, "secondwind"), append([]string{"soak"}, args...)...)
	r.cmd.Dir = r.dir
	r.cmd.Env = append(os.Environ(), env...)
	stdout, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	r.cmd.Stderr = os.Stderr
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = r.cmd.Process.Kill() // it has ended unless the test failed before
		_, _ = io.Copy(io.Discard, stdout)
	})
	go func() {
		defer close(r.lines)
		for s := bufio.NewScanner(stdout); s.Scan(); {
			r.lines <- s.Text()
		}
	}()
	return r
}

// waitFor reads lines until one holds part, and returns it.
func (r *running) waitFor(t *testing.T, part string) string {
	t.Helper()
	timeout := time.NewTimer(3 * time.Minute)
	defer timeout.Stop()
	var seen []string
	for {
		select {
		case line, ok := <-r.lines:
			if !ok {
				t.Fatalf("the soak ended before it said %q:\n%s", part, strings.Join(seen, "\n"))
			}
			seen = append(seen, line)
			if strings.Contains(line, part) {
				return line
			}
		case <-timeout.C:
			t.Fatalf("the soak did not say %q:\n%s", part, strings.Join(seen, "\n"))
		}
	}
}

// rest reads the lines until the soak ends.
func (r *running) rest() []string {
	var lines []string
	for line := range r.lines {
		lines = append(lines, line)
	}
	return lines
}

// folder is the run's folder.
func (r *running) folder(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(r.dir, "reports", "runs", "*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("run folders: %v, %v; want one", found, err)
	}
	return found[0]
}

func TestASignalEndsARunInOrderAndItIsJudgedAsFarAsItWent(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped on Windows: os.Interrupt cannot be sent to another process there")
	}
	t.Parallel()
	for after, signal := range map[string]os.Signal{
		"the local cloud listens": os.Interrupt, "premises:": syscall.SIGHUP, "calibration:": syscall.SIGTERM,
	} {
		t.Run(fmt.Sprintf("%s at %s", signal, strings.TrimSuffix(after, ":")), func(t *testing.T) {
			t.Parallel()
			exports := filepath.Join(t.TempDir(), "exports")
			soak := startSoak(t, "--exports", exports)
			soak.waitFor(t, after)
			if after != "the local cloud listens" { // they are written once there is a stack
				readExports(t, exports)
			}
			if err := soak.cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			lines := soak.rest()
			_ = soak.cmd.Wait()
			if code := soak.cmd.ProcessState.ExitCode(); code != 130 {
				t.Errorf("exit code = %d, want 130", code)
			}
			last := lines[len(lines)-1]
			if !strings.HasPrefix(last, "INCONCLUSIVE  ") || !strings.HasSuffix(last, "report.html") {
				t.Errorf("last line = %q, want INCONCLUSIVE and the report", last)
			}
			noInstanceLeft(t, soak)
			if _, err := os.Stat(exports); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the export lines are still there: %v", err)
			}
			verdictOf(t, soak.folder(t), judge.Inconclusive)
			for _, name := range []string{"report.html", "report.md", "junit.xml"} {
				if _, err := os.Stat(filepath.Join(soak.folder(t), name)); err != nil {
					t.Error(err)
				}
			}
			judgedAgain(t, soak.folder(t))
		})
	}
}

// TestCtrlCWhileJudgingLeavesAReportOrNone presses it twice: the second time as soon
// as the run is being judged.
func TestCtrlCWhileJudgingLeavesAReportOrNone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped on Windows: os.Interrupt cannot be sent to another process there")
	}
	t.Parallel()
	soak := startSoak(t)
	for _, seen := range []string{"the local cloud listens", "judging the record"} {
		soak.waitFor(t, seen)
		if err := soak.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
	}
	lines := soak.rest()
	_ = soak.cmd.Wait()
	if code := soak.cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code = %d, want 130", code)
	}
	withReport := strings.HasSuffix(lines[len(lines)-1], "report.html")
	if told := strings.Contains(strings.Join(lines, "\n"), "the report is skipped"); told == withReport {
		t.Errorf("report left out: %t, though the soak said\n%s", !withReport, strings.Join(lines, "\n"))
	}
	for _, name := range []string{"report.html", "report.md", "junit.xml", "plots"} {
		if _, err := os.Stat(filepath.Join(soak.folder(t), name)); (err == nil) != withReport {
			t.Errorf("%s: %v, want it there: %t", name, err, withReport)
		}
	}
	verdictOf(t, soak.folder(t), judge.Inconclusive)
}

// judgedAgain judges a sealed folder twice, reports it anew, and then changes a
// byte of the evidence.
func judgedAgain(t *testing.T, folder string) {
	t.Helper()
	verdict := filepath.Join(folder, runlog.VerdictFile)
	first, err := os.ReadFile(verdict)
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"judge", "report", "judge"} {
		if got := secondwind(t, command, folder); got.code != 3 {
			t.Errorf("%s = %+v, want exit code 3", command, got)
		}
		again, err := os.ReadFile(verdict)
		if err != nil || !bytes.Equal(first, again) {
			t.Errorf("%s changed verdict.json (%v)", command, err)
		}
	}
	evidence := runlog.CloudFile
	raw, err := os.ReadFile(filepath.Join(folder, evidence))
	if err == nil && len(raw) == 0 { // interrupted before anything was observed
		evidence = runlog.ScenarioFile
		raw, err = os.ReadFile(filepath.Join(folder, evidence))
	}
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)/2] ^= 1
	if err := os.WriteFile(filepath.Join(folder, evidence), raw, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := secondwind(t, "judge", folder); got.code != 2 || !strings.Contains(got.stderr, evidence) {
		t.Errorf("judge of a changed record = %+v, want exit code 2 and the file's name", got)
	}
}

func TestKillLeavesNoInstanceAndAFolderThatCanBeJudged(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("skipped on " + runtime.GOOS + ": the processes left behind are looked up in /proc")
	}
	t.Parallel()
	for _, after := range []string{"recording to", "group ", "premises hold", "control:"} {
		t.Run("at "+strings.TrimRight(after, ": "), func(t *testing.T) {
			t.Parallel()
			soak := startSoak(t)
			soak.waitFor(t, after)
			if err := soak.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			soak.rest()
			_ = soak.cmd.Wait()
			noInstanceLeft(t, soak)
			got := secondwindIn(t, soak.dir, "judge", soak.folder(t))
			if got.code != 3 || !strings.Contains(got.stdout, "INCONCLUSIVE") {
				t.Errorf("judge of a killed run = %+v, want exit code 3", got)
			}
			verdictOf(t, soak.folder(t), judge.Inconclusive)
		})
	}
}

func readExports(t *testing.T, path string) map[string]string {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode != 0o600 {
		t.Errorf("export lines have mode %o, want 600", mode)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{}
	for line := range strings.Lines(string(raw)) {
		key, value, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
		env[key] = value
	}
	return env
}

// noInstanceLeft waits for the soak's instances to be gone.
func noInstanceLeft(t *testing.T, soak *running) {
	t.Helper()
	if runtime.GOOS != "linux" {
		return // they are looked up in /proc
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		left := calculatorsIn(soak.dir)
		if len(left) == 0 {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("instances left behind: %v", left)
		case <-ticker.C:
		}
	}
}

// calculatorsIn lists the processes that run a calculator in dir or below it:
// instances inherit the soak's working folder, which tells soaks apart.
func calculatorsIn(dir string) []string {
	var found []string
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, process := range all {
		cwd, err := os.Readlink(filepath.Join(process, "cwd"))
		if err != nil || !strings.HasPrefix(cwd, dir) {
			continue
		}
		exe, err := os.Readlink(filepath.Join(process, "exe"))
		if err == nil && strings.HasPrefix(filepath.Base(exe), "calculator") {
			found = append(found, process)
		}
	}
	return found
}

// verdictOf reads verdict.json and checks its outcome.
func verdictOf(t *testing.T, folder string, want judge.Outcome) judge.Verdict {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(folder, runlog.VerdictFile))
	if err != nil {
		t.Fatal(err)
	}
	var v judge.Verdict
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	if v.Outcome != want {
		t.Errorf("outcome = %s (%s), want %s", v.Outcome, v.Reason, want)
	}
	return v
}

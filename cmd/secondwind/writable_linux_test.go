package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"secondwind/verify/judge"
)

// unprivileged lets a command run as a user whom permissions hold off.
func unprivileged(cmd *exec.Cmd) *exec.Cmd {
	const nobody = 65534
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return cmd
}

// ends runs a command and returns its exit code, and what it wrote to stderr.
func ends(t *testing.T, cmd *exec.Cmd) (int, string) {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	_ = cmd.Run() // the exit code tells
	return cmd.ProcessState.ExitCode(), stderr.String()
}

// unread is a pipe that nobody reads any more.
func unread(t *testing.T) *os.File {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	reader.Close()
	t.Cleanup(func() { writer.Close() })
	return writer
}

// folderOfAll is a folder that every user may write to: that of t.TempDir is below one of mode 0700.
func folderOfAll(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "secondwind-of-all-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestASoakGoesOnWithoutAReaderAndASignalEndsItWhereNothingCanBeWritten takes the right
// to write from the run's folder, and then hangs up.
func TestASoakGoesOnWithoutAReaderAndASignalEndsItWhereNothingCanBeWritten(t *testing.T) {
	t.Parallel()
	dir := folderOfAll(t)
	soak := unprivileged(exec.CommandContext(t.Context(), filepath.Join(bin, "secondwind"), "soak", "--json"))
	soak.Dir, soak.Stdout = dir, unread(t)
	var stderr bytes.Buffer
	soak.Stderr = &stderr
	if err := soak.Start(); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Dir(awaitFile(t, filepath.Join(dir, "reports", "runs", "*", "hypothesis.json")))
	for _, err := range []error{os.Chmod(folder, 0o555), soak.Process.Signal(syscall.SIGHUP)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	_ = soak.Wait()
	if code := soak.ProcessState.ExitCode(); code != 2 {
		t.Errorf("exit code = %d, want 2", code)
	}
	for _, part := range []string{
		"the verdict was not written", "the report was not written", "the folder is not sealed", filepath.Base(folder),
	} {
		if !strings.Contains(stderr.String(), part) {
			t.Errorf("stderr = %q, want it to say %q", stderr.String(), part)
		}
	}
	noInstanceLeft(t, &running{dir: dir})
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	judging := exec.CommandContext(t.Context(), filepath.Join(bin, "secondwind"), "judge", folder)
	judging.Stdout = unread(t)
	if code, said := ends(t, judging); code != 3 || said != "" {
		t.Errorf("judge without a reader = %d, %q, want 3 and nothing", code, said)
	}
	verdictOf(t, folder, judge.Inconclusive)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	reporting := exec.CommandContext(t.Context(), filepath.Join(bin, "secondwind"), "report", folder)
	reporting.Stdout = full
	if code, said := ends(t, reporting); code != 2 || !strings.Contains(said, "write the result") {
		t.Errorf("report to a full disk = %d, %q, want 2 and what was not written", code, said)
	}
}

// awaitFile returns the file of the pattern once it is there.
func awaitFile(t *testing.T, pattern string) string {
	t.Helper()
	timeout := time.NewTimer(time.Minute)
	defer timeout.Stop()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		if found, err := filepath.Glob(pattern); err != nil || len(found) > 0 {
			return found[0]
		}
		select {
		case <-ticker.C:
		case <-timeout.C:
			t.Fatalf("there is no %s within a minute", pattern)
		}
	}
}

// TestAFileThatMayNotBeWrittenIsMisuseAndStartsNothing runs as a user whom permissions
// hold off.
func TestAFileThatMayNotBeWrittenIsMisuseAndStartsNothing(t *testing.T) {
	t.Parallel()
	dir := folderOfAll(t)
	work, forbidden, readOnly := filepath.Join(dir, "work"), filepath.Join(dir, "forbidden"), filepath.Join(dir, "read-only")
	program, mine := filepath.Join(dir, "secondwind"), filepath.Join(dir, "mine")
	text, err := os.ReadFile(filepath.Join(bin, "secondwind"))
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		os.Mkdir(work, 0o777), os.Chmod(work, 0o777), os.Mkdir(forbidden, 0o555), os.WriteFile(readOnly, []byte("text"), 0o444),
		os.WriteFile(program, text, 0o755), os.WriteFile(filepath.Join(dir, "calculator"), []byte("#!/bin/sh\n"), 0o755),
		os.WriteFile(mine, []byte("#!/bin/sh\n"), 0o100), os.Chmod(mine, 0o010), os.Chmod(dir, 0o755),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{"soak", "--exports", filepath.Join(forbidden, "x")}, {"soak", "--exports", readOnly},
		{"cloud", "--stack", "--outputs", filepath.Join(forbidden, "x")}, {"cloud", "--stack", "--outputs", readOnly},
		{"soak", "--runs", filepath.Join(forbidden, "x")}, {"soak", "--calculator", mine},
	} {
		cmd := unprivileged(exec.CommandContext(t.Context(), program, args...))
		cmd.Dir = work
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != 2 || !strings.Contains(string(out), args[len(args)-1]) {
			t.Errorf("%v: exit code %d, want 2 and the path:\n%s", args, code, out)
		}
		if left, _ := os.ReadDir(work); len(left) > 0 {
			t.Errorf("%v left %v", args, left)
		}
	}
}

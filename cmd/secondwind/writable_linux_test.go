package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestAFileThatMayNotBeWrittenIsMisuseAndStartsNothing runs as a user whom permissions
// hold off.
func TestAFileThatMayNotBeWrittenIsMisuseAndStartsNothing(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "secondwind-writable-") // that of t.TempDir is below one of mode 0700
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	const nobody = 65534
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
		cmd := exec.CommandContext(t.Context(), program, args...)
		cmd.Dir = work
		if os.Getuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		}
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != 2 || !strings.Contains(string(out), args[len(args)-1]) {
			t.Errorf("%v: exit code %d, want 2 and the path:\n%s", args, code, out)
		}
		if left, _ := os.ReadDir(work); len(left) > 0 {
			t.Errorf("%v left %v", args, left)
		}
	}
}

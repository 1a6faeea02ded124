package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"secondwind/account/sweep"
)

// wrongFiles are command lines whose last argument is a path at which there is no
// file that could be read, or written.
func wrongFiles(t *testing.T) (all [][]string) {
	t.Helper()
	none := filepath.Join(t.TempDir(), "none", "file")
	program := executable(t)
	if runtime.GOOS == "linux" {
		all = [][]string{
			{"soak", "--file", "/dev/zero"}, {"soak", "--stack", "/dev/zero"}, {"doctor", "--stack", "/dev/zero"},
			{"soak", "--calculator", program, "--scaling-variables", "/dev/zero"},
			{"cost", "--scaling-variables", "/dev/zero"}, {"cost", "--prices", "/dev/zero"},
			{"load", "http://127.0.0.1:1", "--replay", "/dev/zero"}, {"load", "--targets", "/dev/zero"}, {"load", "--scenario", "/dev/zero"},
			{"load", "http://127.0.0.1:1", "--body-file", "/dev/zero"},
			{"load", "https://127.0.0.1:1", "--root-certs", "/dev/zero"}, {"load", "http://127.0.0.1:1", "--unix-socket", "/dev/zero"},
			// Nobody, not even root, creates a file there.
			{"soak", "--calculator", program, "--exports", "/proc/exports"},
			{"cloud", "--calculator", program, "--stack", "--outputs", "/proc/outputs"},
		}
	}
	all = append(all, [][]string{
		{"soak", "--file", none},
		{"soak", "--stack", none},
		{"soak", "--calculator", none},
		{"soak", "--calculator", program, "--scaling-variables", none},
		{"soak", "--calculator", program, "--exports", none},
		{"soak", "--calculator", program, "--exports", filepath.Dir(filepath.Dir(none))},
		{"soak", "--calculator", program, "--runs", filepath.Join(program, "runs")},
		{"cloud", "--calculator", none},
		{"cloud", "--calculator", program, "--stack", "--scaling-variables", none},
		{"cloud", "--calculator", program, "--stack", "--outputs", none},
		{"doctor", "--stack", none},
		{"doctor", "--group", "a", "--prices", none},
		{"doctor", "--group", "a", "--file", none},
		{"cost", "--prices", none},
		{"cost", "--scaling-variables", none},
		{"init", "--stack", none},
		{"init", "--url", "http://127.0.0.1:1", "--out", none},
		{"sweep", "--stack", none},
		{"observe", "--group", "a", "--runs", filepath.Join(program, "runs")},
		{"load", "http://127.0.0.1:1", "--runs", filepath.Join(program, "runs")},
		{"load", "http://127.0.0.1:1", "--body-file", none},
		{"load", "http://127.0.0.1:1", "--replay", none},
		{"load", "--targets", none},
		{"load", "https://127.0.0.1:1", "--root-certs", none},
		{"load", "https://127.0.0.1:1", "--key", program, "--cert", none},
		{"load", "https://127.0.0.1:1", "--cert", program, "--key", none},
		{"load", "http://127.0.0.1:1", "--unix-socket", none},
		{"load", "--scenario", none},
		{"load", "--resume", none},
		{"judge", none},
		{"judge", "latest", "--runs", none},
		{"report", "latest", "--runs", none},
		{"audit", "latest", "--runs", none},
		{"export", "latest", "--runs", none},
		{"export", "latest", "--to", none},
		{"judge", "latest", "--key", none},
		{"soak", "--sign", none},
		{"trend", "--plot", none},
		{"audit", "latest", "--sign", none},
		{"audit", "latest", "--runs", none},
	}...)
	for _, args := range slices.Clone(all) {
		if args[0] == "soak" {
			all = append(all, append([]string{"prove"}, args[1:]...))
		}
	}
	return all
}

// TestAFileThatAFlagNamesWronglyIsMisuseAndStartsNothing has, for every flag that
// names a file, one that is not there.
func TestAFileThatAFlagNamesWronglyIsMisuseAndStartsNothing(t *testing.T) {
	inEmptyAWS(t, "[default]\nregion = eu-north-1\n")
	for _, args := range wrongFiles(t) {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			named := strings.TrimSuffix(args[len(args)-1], string(filepath.Separator)+"runs")
			isMisuse(t, secondwind(t, args...), []string{named})
			if left, _ := os.ReadDir("."); len(left) > 0 {
				t.Errorf("it left %v", left)
			}
		})
	}
}

// executable is a file that could be a calculator.
func executable(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "calculator")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestEveryFlagThatNamesAFileIsChecked holds the flags of each command against the
// test above, by what their usage calls their value.
func TestEveryFlagThatNamesAFileIsChecked(t *testing.T) {
	all, found := wrongFiles(t), 0
	for _, command := range newRoot(&output{}).Commands() {
		command.Flags().VisitAll(func(f *pflag.Flag) {
			name, _ := pflag.UnquoteUsage(f)
			if !slices.Contains([]string{"path", "file", "folder"}, name) {
				return
			}
			found++
			if !slices.ContainsFunc(all, func(args []string) bool {
				return args[0] == command.Name() && args[len(args)-2] == "--"+f.Name
			}) {
				t.Errorf("%s --%s names a %s: nothing checks a wrong one", command.Name(), f.Name, name)
			}
		})
	}
	if found < 15 {
		t.Errorf("%d flags name a file, want those of all commands", found)
	}
}

// TestWhatIsAtAPathToBeWrittenStaysAsItIs tries files before they are written.
func TestWhatIsAtAPathToBeWrittenStaysAsItIs(t *testing.T) {
	dir := t.TempDir()
	if err := checkWritable("exports", filepath.Join(dir, "new")); err != nil {
		t.Errorf("a new file is refused: %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("it left %v", left)
	}
	old := filepath.Join(dir, "old")
	if err := os.WriteFile(old, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := checkWritable("exports", old); err != nil {
		t.Errorf("a file that is there is refused: %v", err)
	}
	if text, err := os.ReadFile(old); string(text) != "text" {
		t.Errorf("the file holds %q, %v, want what it held", text, err)
	}
}

// endless is an input without an end, or even a line's.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestAConfirmationIsAwaitedUntilCtrlCAndIsBounded(t *testing.T) {
	nobody, typing := io.Pipe()
	defer typing.Close()
	s := sweeping{out: &output{stderr: io.Discard}, in: nobody}
	s.config.Select.Run = "mine"
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.confirm(ended, sweep.Found{}); !errors.Is(err, context.Canceled) {
		t.Errorf("confirm after Ctrl-C = %v, want that it was cancelled", err)
	}
	s.in = endless{}
	if err := s.confirm(t.Context(), sweep.Found{}); err == nil || !strings.Contains(err.Error(), "nothing was removed: you typed") {
		t.Errorf("confirm without end = %v, want it refused", err)
	}
}

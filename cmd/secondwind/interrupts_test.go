package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"secondwind/cmd/secondwind/progress"
	"secondwind/loadgen/scenario"
	"secondwind/reports"
	"secondwind/runlog"
	"secondwind/verify/judge"
)

// signalled is a program's interrupts, and what came of them.
type signalled struct {
	*interrupts
	workErr  func() error
	leaving  bool // the report is left out
	reported []string
}

func newSignalled(t *testing.T) *signalled {
	s := new(signalled)
	work, stop := context.WithCancel(t.Context())
	s.workErr = work.Err
	s.interrupts = newInterrupts(stop, func(text string) { s.reported = append(s.reported, text) })
	return s
}

// ended lists what has been ended by now.
func (s *signalled) ended() (all []string) {
	if isClosed(s.endHold) {
		all = append(all, "hold")
	}
	if s.workErr() != nil {
		all = append(all, "work")
	}
	if s.leaving {
		all = append(all, "report")
	}
	return all
}

// come lets the program come to a stage, and a run with it.
func (s *signalled) come(to stage) {
	switch to {
	case holding:
		s.hold(true)
	case stopping:
		s.handle(syscall.SIGTERM)
	case judging:
		s.judge(func() { s.leaving = true })
	case warned:
		s.come(stopping)
		s.come(judging)
	case leaving:
		s.come(warned)
		s.handle(os.Interrupt)
	case done:
		s.come(judging)
		s.decide(3)
	case working, exited:
	}
	s.reported = nil
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// TestWhatASignalDoes is the table of every stage and signal.
func TestWhatASignalDoes(t *testing.T) {
	const goesOn = -1
	cases := []struct {
		found    stage
		sent     os.Signal
		reported string // a part of it; "": nothing
		ends     string // what it ends, beyond what had been ended before
		code     int
		becomes  stage
	}{
		{working, os.Interrupt, "press Ctrl-C again to end at once", "work", goesOn, stopping},
		{working, syscall.SIGTERM, "press Ctrl-C again to end at once", "work", goesOn, stopping},
		{holding, os.Interrupt, "press Ctrl-C again to interrupt it", "hold", goesOn, working},
		{holding, syscall.SIGTERM, "press Ctrl-C again to end at once", "work", goesOn, stopping},
		{stopping, os.Interrupt, "ended at once", "", exitInterrupted, exited},
		{stopping, syscall.SIGTERM, "ended at once", "", exitInterrupted, exited},
		{judging, os.Interrupt, "press Ctrl-C again to skip the report", "", goesOn, warned},
		{judging, syscall.SIGTERM, "press Ctrl-C again to skip the report", "", goesOn, warned},
		{warned, os.Interrupt, "the report is skipped", "report", goesOn, leaving},
		{warned, syscall.SIGTERM, "the report is skipped", "report", goesOn, leaving},
		{leaving, os.Interrupt, "ended at once", "", exitInterrupted, exited},
		{leaving, syscall.SIGTERM, "ended at once", "", exitInterrupted, exited},
		{done, os.Interrupt, "", "", 3, exited},
		{done, syscall.SIGTERM, "", "", 3, exited},
	}
	if want := 2 * int(exited); len(cases) != want || len(reactions) != int(exited) {
		t.Errorf("%d cases and %d reactions, want %d and %d: every stage, and both signals", len(cases), len(reactions), want, exited)
	}
	for _, c := range cases {
		s := newSignalled(t)
		s.come(c.found)
		if s.at != c.found {
			t.Fatalf("the program is in stage %d, want %d", s.at, c.found)
		}
		before := s.ended()
		code, exits := s.handle(c.sent)
		if !exits {
			code = goesOn
		}
		ends := strings.TrimPrefix(strings.Join(s.ended(), " "), strings.Join(before, " "))
		reported := strings.Join(s.reported, "\n")
		if strings.TrimSpace(ends) != c.ends || code != c.code || s.at != c.becomes {
			t.Errorf("stage %d, %v: ends %q, code %d, becomes %d; want %q, %d, %d", c.found, c.sent, ends, code, s.at, c.ends, c.code, c.becomes)
		}
		if (reported == "") != (c.reported == "") || !strings.Contains(reported, c.reported) {
			t.Errorf("stage %d, %v: reported %q, want %q", c.found, c.sent, reported, c.reported)
		}
	}
}

func TestAHoldThatWasEndedIsNotEndedAgain(t *testing.T) {
	s := newSignalled(t)
	s.hold(true)
	s.handle(os.Interrupt)
	s.hold(true) // its rate changes
	s.handle(os.Interrupt)
	if s.at != stopping || s.workErr() == nil {
		t.Errorf("stage %d after the second signal, want that the run is interrupted", s.at)
	}
	s.hold(true)
	if s.at != stopping {
		t.Errorf("stage %d after a hold began late, want still %d", s.at, stopping)
	}
}

func TestAHoldThatIsOverIsInterruptedAsAnyWork(t *testing.T) {
	s := newSignalled(t)
	s.hold(true)
	s.hold(false)
	if s.handle(os.Interrupt); s.at != stopping || isClosed(s.endHold) {
		t.Errorf("stage %d, hold ended: %t; want the run interrupted", s.at, isClosed(s.endHold))
	}
}

// TestASignalDoesItsWorkWhileNothingCanBeReported has a stdout that nobody reads.
func TestASignalDoesItsWorkWhileNothingCanBeReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		work, stop := context.WithCancel(t.Context())
		read := make(chan struct{})
		defer close(read)
		i := newInterrupts(stop, func(string) { <-read })
		if _, ends := i.handle(os.Interrupt); ends || work.Err() == nil {
			t.Errorf("the first signal ends at once: %t, work: %v; want the work ended in order", ends, work.Err())
		}
		if code, ends := i.handle(os.Interrupt); !ends || code != exitInterrupted {
			t.Errorf("the second signal ends at once: %t, with %d; want it to, with %d", ends, code, exitInterrupted)
		}
	})
}

// TestTheExitCodeFollowsWhatIsPrinted ends runs in every way, with and without a
// signal before and while they are judged.
func TestTheExitCodeFollowsWhatIsPrinted(t *testing.T) {
	failed := errors.New("write the record: no space left on device")
	cases := []struct {
		name           string
		runErr         error
		before, during int    // signals before, and while, it is judged
		code           int    // of what is printed and written: INCONCLUSIVE, for nothing was observed
		reported       string // "": nothing more
		withReport     bool
		broken         string // a file of the folder that cannot be written
		stderr         string // in the error
	}{
		{"it ended by itself", nil, 0, 0, 3, "", true, "", ""},
		{"it ended by itself, just before a Ctrl-C", nil, 1, 0, 3, "shutting down", true, "", ""},
		{"Ctrl-C while it is judged", nil, 0, 1, 3, "press Ctrl-C again to skip the report", true, "", ""},
		{"two while it is judged", nil, 0, 2, 3, "the report is skipped", false, "", ""},
		{"it was interrupted", context.Canceled, 1, 0, exitInterrupted, "ended early: " + byTheUser, true, "", ""},
		{"it was interrupted, and so was the report", context.Canceled, 1, 1, exitInterrupted, "the report is skipped", false, "", ""},
		{"it failed", failed, 0, 0, 3, "ended early: write the record", true, "", "no space left"},
		{"its report cannot be written", nil, 0, 0, exitMisuse, "", false, reports.PlotsDir, "`secondwind report "},
		{"its verdict cannot be written", nil, 0, 0, exitMisuse, "", true, runlog.VerdictFile, "`secondwind judge "},
		{"it failed, and its record ends before that", failed, 0, 0, exitMisuse, "ended early: write", true, runlog.LoadFile, "is not whole"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			var b bytes.Buffer
			out := &output{stdout: &b, stderr: &b}
			out.interrupts = newInterrupts(stop, nil)
			start := time.Now()
			reporter := out.reporter(start)
			w, _, err := newRun(t.TempDir(), runlog.CommandSoak, scenario.Default(), start, nil)
			if err != nil {
				t.Fatal(err)
			}
			breakFile(t, w, c.broken)
			for range c.before {
				out.interrupts.handle(os.Interrupt)
			}
			_, err = finishing{out, signalling{reporter, out.interrupts, c.during}, w, start, nil}.finish(ctx, c.runErr)
			if code := codeOf(interruptedError(ctx, err)); code != c.code {
				t.Errorf("exit code = %d, want %d\n%s", code, c.code, b.String())
			}
			if c.stderr != "" && !strings.Contains(err.Error(), c.stderr) {
				t.Errorf("error = %v, want %q", err, c.stderr)
			}
			if m, err := runlog.Open(w.Dir()); err != nil || !m.Manifest.Complete {
				t.Errorf("the folder is not sealed: %v", err)
			}
			if c.reported != "" && !strings.Contains(b.String(), c.reported) {
				t.Errorf("reported:\n%s\nwant %q", b.String(), c.reported)
			}
			verdictIsPrinted(t, b.String(), w.Dir(), c.withReport, c.broken == runlog.VerdictFile)
			if said := strings.Contains(b.String(), "The run ended early: "+byTheUser); said != (c.code == exitInterrupted) {
				t.Errorf("exit code %d under:\n%s", c.code, b.String())
			}
		})
	}
}

// breakFile keeps a file of a run's folder from being written.
func breakFile(t *testing.T, w *runlog.Writer, name string) {
	t.Helper()
	var err error
	switch path := filepath.Join(w.Dir(), name); name {
	case "":
	case runlog.LoadFile:
		err = w.Close()
	case reports.PlotsDir:
		err = os.WriteFile(path, nil, 0o600)
	default:
		err = os.Mkdir(path, 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// verdictIsPrinted checks the last line of a verdict, and that the report's files are
// all there, or none of them.
func verdictIsPrinted(t *testing.T, printed, dir string, withReport, withoutVerdict bool) {
	t.Helper()
	shown := dir
	if withReport && !withoutVerdict {
		shown = filepath.Join(dir, reports.HTMLFile)
	}
	if want := fmt.Sprintf("\n%s  %s\n", judge.Inconclusive, shown); !strings.Contains(printed, want) {
		t.Errorf("printed:\n%s\nwant the line %q", printed, want)
	}
	for _, name := range []string{reports.HTMLFile, reports.MarkdownFile, reports.JUnitFile, reports.PlotsDir} {
		if info, err := os.Stat(filepath.Join(dir, name)); (err == nil && info.Size() > 0) != withReport {
			t.Errorf("%s: %v, want it there: %t", name, err, withReport)
		}
	}
}

// signalling sends signals once a run is being judged.
type signalling struct {
	progress.Reporter
	interrupts *interrupts
	signals    int
}

func (s signalling) Event(at time.Duration, text string) {
	s.Reporter.Event(at, text)
	for range s.signals {
		if strings.HasPrefix(text, "judging") {
			s.interrupts.handle(os.Interrupt)
		}
	}
}

// codeOf is the exit code that an error stands for.
func codeOf(err error) int {
	exit, ok := errors.AsType[*exitError](err)
	switch {
	case ok:
		return exit.code
	case err == nil:
		return 0
	}
	return exitMisuse
}

func TestACommandThatIsInterruptedExitsWith130(t *testing.T) {
	interrupted, stop := context.WithCancel(t.Context())
	stop()
	cancelled := fmt.Errorf("describe the group: %w", context.Canceled)
	verdict := &exitError{code: 3}
	cases := []struct {
		name        string
		interrupted bool
		err         error
		want        int
	}{
		{"it succeeded all the same", true, nil, 0},
		{"what it was doing was cancelled", true, cancelled, exitInterrupted},
		{"it has an exit code of its own", true, errors.Join(cancelled, verdict), 3},
		{"it failed for another reason", true, errors.New("no such group"), exitMisuse},
		{"something else was cancelled", false, cancelled, exitMisuse},
	}
	for _, c := range cases {
		ctx := t.Context()
		if c.interrupted {
			ctx = interrupted
		}
		if got := codeOf(interruptedError(ctx, c.err)); got != c.want {
			t.Errorf("%s: exit code %d, want %d", c.name, got, c.want)
		}
	}
}

package main_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"secondwind/loadgen/summary"
	"secondwind/runlog"
)

// loadProcess starts a load in a folder of its own.
func loadProcess(t *testing.T, dir string, args ...string) (cmd *exec.Cmd, stdout *bytes.Buffer) {
	t.Helper()
	cmd = exec.Command(filepath.Join(bin, "secondwind"), append([]string{"load", "--runs", filepath.Join(dir, "runs"), "--json"}, args...)...)
	stdout = new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // it has ended unless the test failed before
	return cmd, stdout
}

// total reads the last line that a load printed.
func total(t *testing.T, stdout string) (s summary.Summary) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &s); err != nil {
		t.Fatalf("%v\n%s", err, stdout)
	}
	return s
}

// onlyRun is the only record below dir.
func onlyRun(t *testing.T, dir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "runs", "*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("records %q, %v; want one", found, err)
	}
	return found[0]
}

// TestALoadThatIsKilledGoesOn kills the process at a request, and cuts its last line short.
func TestALoadThatIsKilledGoesOn(t *testing.T) {
	t.Parallel()
	var served atomic.Int64
	reached := map[int64]chan struct{}{60: make(chan struct{}), 160: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "Bearer 7" {
			t.Errorf("Authorization: %q", got)
		}
		if c := reached[served.Add(1)]; c != nil {
			close(c)
		}
	}))
	defer server.Close()
	dir := t.TempDir()
	cmd, _ := loadProcess(t, dir, server.URL, "--rate", "50/s", "--duration", "6s", "--raw", "json", "--header", "Authorization: Bearer 7")
	<-reached[60]
	run := onlyRun(t, dir)
	credential := []string{"--header", "Authorization: Bearer 7"}
	resume := func(more ...string) result {
		return secondwindIn(t, dir, append([]string{"load", "--json", "--resume", run}, more...)...)
	}
	if got := resume(credential...); got.code != 2 || !strings.Contains(got.stderr, "still written by another process") {
		t.Errorf("resume of a load under way = %+v", got)
	}
	<-reached[160]
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	appendTo(t, filepath.Join(run, runlog.LoadFile), `{"time":"2026`)
	before, err := runlog.Open(run)
	if err != nil || len(before.Load) < 2 {
		t.Fatalf("%d lines, %v", len(before.Load), err)
	}
	for flag, want := range map[string]string{"--header=Authorization": "--header is", "--rate=1": "--rate cannot be combined"} {
		if got := resume(flag); got.code != 2 || !strings.Contains(got.stderr, want) {
			t.Errorf("resume with %s = %+v", flag, got)
		}
	}
	if got := resume(); got.code != 2 || !strings.Contains(got.stderr, "--header Authorization is left out of records") {
		t.Errorf("resume without its credential = %+v", got)
	}
	if got := resume(append(credential, "--metrics", "none")...); got.code != 2 || !strings.Contains(got.stderr, `--metrics is "none"`) {
		t.Errorf("resume with a bad --metrics = %+v", got)
	}
	got := resume(credential...)
	sum := total(t, got.stdout)
	if got.code != 0 || sum.Offered != 300 || sum.Sent+sum.Dropped != 300 || len(sum.Gaps) != 1 ||
		sum.Completed != sum.Sent-sum.Gaps[0].Unanswered {
		t.Errorf("resume = %+v, %s; want 300 offered in all", got.code, got.stdout)
	}
	after, err := runlog.Open(run)
	if err != nil || !after.Manifest.Complete || len(after.Load) < 6 || after.Load[len(before.Load)].Gap == nil {
		t.Errorf("%d lines, %v; want a sealed record with a gap", len(after.Load), err)
	}
	checkResults(t, run, int(sum.Completed))
	if got := resume(credential...); got.code != 2 || !strings.Contains(got.stderr, "ended in order") {
		t.Errorf("resume of a load that has ended = %+v", got)
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// checkResults wants each request at most once among the raw results, and as many as completed.
func checkResults(t *testing.T, run string, completed int) {
	t.Helper()
	packed, err := filepath.Glob(filepath.Join(run, "results-*.gz"))
	if err != nil || len(packed) != 1 {
		t.Fatalf("%q, %v; want the results of the first part", packed, err)
	}
	seen := map[int]bool{}
	for _, path := range append(packed, filepath.Join(run, "results-002.json")) {
		for line := range strings.Lines(readResults(t, path)) {
			var r struct{ Seq int }
			if err := json.Unmarshal([]byte(line), &r); err != nil || seen[r.Seq] {
				t.Fatalf("%s: %v: %s", path, err, line)
			}
			seen[r.Seq] = true
		}
	}
	if len(seen) < completed {
		t.Errorf("%d results, %d completed", len(seen), completed)
	}
}

// TestAnInterruptedLoadWaitsForItsGrace interrupts a load whose requests get no answer.
func TestAnInterruptedLoadWaitsForItsGrace(t *testing.T) {
	t.Parallel()
	var served atomic.Int64
	tenth, ending := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if served.Add(1) == 10 {
			close(tenth)
		}
		<-ending
	}))
	defer server.Close()
	defer close(ending)
	dir := t.TempDir()
	cmd, stdout := loadProcess(t, dir, server.URL, "--rate", "20/s", "--duration", "1h", "--timeout", "30m", "--grace", "100ms")
	<-tenth
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	sum := total(t, stdout.String())
	if code := cmd.ProcessState.ExitCode(); code != 130 || sum.Sent != served.Load() || sum.Failed != sum.Sent ||
		sum.Errors["ended before it was answered"] != sum.Sent || sum.Offered < 10 || sum.Offered > 10_000 {
		t.Errorf("exit code %d after %d requests:\n%s", code, served.Load(), stdout)
	}
	if record, err := runlog.Open(onlyRun(t, dir)); err != nil || !record.Manifest.Complete ||
		record.Load[len(record.Load)-1].Interrupted == nil {
		t.Errorf("the record is not sealed, or does not tell of the interruption: %v", err)
	}
}

func readResults(t *testing.T, path string) string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var from io.Reader = file
	if filepath.Ext(path) == ".gz" {
		if from, err = gzip.NewReader(file); err != nil {
			t.Fatal(err)
		}
	}
	text, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestOnlyALoadIsResumed names records of other commands.
func TestOnlyALoadIsResumed(t *testing.T) {
	t.Parallel()
	for _, command := range []runlog.Command{runlog.CommandSoak, runlog.CommandObserve} {
		started := time.Now()
		runs := t.TempDir()
		dir := filepath.Join(runs, runlog.NewID(started))
		w, err := runlog.Create(dir, runlog.Manifest{RunID: filepath.Base(dir), Command: command, Started: started})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		for want, args := range map[string][]string{
			"only a load can be resumed":         {"--resume", dir},
			"only records of " + string(command): {"--resume", "latest", "--runs", runs},
		} {
			if got := secondwind(t, append([]string{"load"}, args...)...); got.code != 2 || !strings.Contains(got.stderr, want) {
				t.Errorf("resume of a record of %s = %+v, want %q", command, got, want)
			}
		}
	}
}

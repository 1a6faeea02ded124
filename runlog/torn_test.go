package runlog_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"secondwind/runlog"
)

// text is values as JSON lines.
func text[T any](t testing.TB, values ...T) string {
	t.Helper()
	var b strings.Builder
	for _, v := range values {
		line, err := json.Marshal(v)
		must(t, err)
		b.Write(append(line, '\n'))
	}
	return b.String()
}

// TestARunThatWasKilledAtAnyByteIsReadUpToThere cuts each file at every byte.
func TestARunThatWasKilledAtAnyByteIsReadUpToThere(t *testing.T) {
	again := observation(2)
	again.Answer, again.Unchanged = nil, 1
	load, cloud := text(t, second(1), second(2)), text(t, observation(1), again)
	for name, whole := range map[string]string{runlog.LoadFile: load, runlog.CloudFile: cloud} {
		dir := filled(t, map[string]string{runlog.LoadFile: load, runlog.CloudFile: cloud})
		for i := range len(whole) + 1 {
			must(t, os.WriteFile(filepath.Join(dir, name), []byte(whole[:i]), 0o600))
			r, err := runlog.Open(dir)
			if err != nil {
				t.Fatalf("Open with %s cut after %d bytes = %v", name, i, err)
			}
			got := map[string]int{runlog.LoadFile: len(r.Load), runlog.CloudFile: len(r.Cloud)}[name]
			if want := strings.Count(whole[:i], "\n"); got != want {
				t.Fatalf("Open with %s cut after %d bytes has %d lines, want %d", name, i, got, want)
			}
			var torn []string
			if i > 0 && whole[i-1] != '\n' {
				torn = []string{name}
			}
			if diff := cmp.Diff(torn, r.Torn); diff != "" {
				t.Fatalf("Open with %s cut after %d bytes: torn files differ: %s", name, i, diff)
			}
		}
	}
}

func TestASealedRunMayNotBeTorn(t *testing.T) {
	dir := filled(t, map[string]string{runlog.LoadFile: text(t, second(1)) + `{"time":`})
	must(t, runlog.Seal(dir))
	_, err := runlog.Open(dir)
	if err == nil || !strings.Contains(err.Error(), "load.jsonl:2: the last line has no end, though the run is sealed") {
		t.Errorf("Open of a torn run that was sealed = %v, want line 2 refused", err)
	}
}

// TestTheLongestLineIsOfMaxLineBytes: writer and reader draw the line at the same byte.
func TestTheLongestLineIsOfMaxLineBytes(t *testing.T) {
	padded := func(bytes int) runlog.LoadLine {
		l := second(1)
		l.Second.Errors = map[string]int64{"": 1}
		l.Second.Errors = map[string]int64{strings.Repeat("x", bytes-len(text(t, l))): 1}
		return l
	}
	w, dir := create(t)
	must(t, w.WriteLoad(padded(runlog.MaxLine)))
	if err := w.WriteLoad(padded(runlog.MaxLine + 1)); err == nil || !strings.Contains(err.Error(), "over the limit of 16777216") {
		t.Errorf("WriteLoad of a line of MaxLine and a byte = %v, want it over the limit", err)
	}
	must(t, w.Close())
	if n := size(t, filepath.Join(dir, runlog.LoadFile)); n != runlog.MaxLine {
		t.Errorf("load.jsonl has %d bytes, want one line of MaxLine", n)
	}
	if r, err := runlog.Open(dir); err != nil || len(r.Load) != 1 {
		t.Errorf("Open with a line of MaxLine bytes = %v, want it read", err)
	}
	_, err := opened(t, text(t, second(1), padded(runlog.MaxLine+1)), "")
	if err == nil || !strings.Contains(err.Error(), "load.jsonl:2: the line has") {
		t.Errorf("Open with a line of MaxLine and a byte = %v, want line 2 refused", err)
	}
}

// TestEveryLineThatWasTakenIsInTheFile: however writers, Flush and Close meet, a
// line whose write gave no error is in the record, whole and once.
func TestEveryLineThatWasTakenIsInTheFile(t *testing.T) {
	w, dir := create(t)
	var writers sync.WaitGroup
	taken := make([][]int, 4)
	for g := range taken {
		writers.Go(func() {
			for i := range 500 {
				x := g*500 + i
				if w.WriteLoad(second(x)) != nil {
					return // closed meanwhile
				}
				taken[g] = append(taken[g], x)
				if i == 250 && g == 0 {
					_ = w.Close()
				}
				if i%50 == 0 {
					_ = w.Flush()
				}
			}
		})
	}
	writers.Wait()
	must(t, w.Close())
	data, err := os.ReadFile(filepath.Join(dir, runlog.LoadFile))
	must(t, err)
	lines, total := bytes.Count(data, []byte("\n")), 0
	for _, of := range taken {
		for _, x := range of {
			total++
			if n := strings.Count(string(data), text(t, second(x))); n != 1 {
				t.Fatalf("line %d is in the file %d times, want once", x, n)
			}
		}
	}
	if lines != total {
		t.Errorf("load.jsonl has %d lines, want the %d that were taken", lines, total)
	}
}

func TestAClosedRecordTakesNothing(t *testing.T) {
	w, dir := create(t)
	must(t, w.WriteObservation(observation(1)))
	must(t, w.Close())
	before := size(t, filepath.Join(dir, runlog.CloudFile))
	for name, err := range map[string]error{
		"WriteLoad": w.WriteLoad(second(1)), "WriteObservation": w.WriteObservation(observation(2)), "Flush": w.Flush(),
	} {
		if err == nil || !strings.Contains(err.Error(), "the record is closed") {
			t.Errorf("%s after Close = %v, want that the record is closed", name, err)
		}
	}
	must(t, w.Close())
	if after := size(t, filepath.Join(dir, runlog.CloudFile)); after != before || before == 0 {
		t.Errorf("cloud.jsonl has %d bytes after Close and %d later, want one line", before, after)
	}
}

// TestARunThatCannotBeginLeavesNoManifest: what is no run must not look like one.
func TestARunThatCannotBeginLeavesNoManifest(t *testing.T) {
	for _, inTheWay := range []string{runlog.LoadFile, runlog.CloudFile, runlog.ManifestFile + ".part/x"} {
		dir := t.TempDir()
		must(t, os.MkdirAll(filepath.Join(dir, filepath.FromSlash(inTheWay)), 0o700))
		if _, err := runlog.Create(dir, runlog.Manifest{RunID: runID, Started: began}); err == nil {
			t.Errorf("Create with %s in the way = nil, want an error", inTheWay)
		}
		if _, err := runlog.Open(dir); err == nil || !strings.Contains(err.Error(), "this is not the folder of a run") {
			t.Errorf("Open after %s was in the way = %v, want no run", inTheWay, err)
		}
	}
}

func TestAFolderInPlaceOfAFileIsNamed(t *testing.T) {
	for _, name := range []string{runlog.ManifestFile, runlog.ScenarioFile, runlog.HypothesisFile, runlog.LoadFile, "plots/cpu.svg"} {
		dir := sealed(t)
		path := filepath.Join(dir, filepath.FromSlash(name))
		must(t, os.Remove(path))
		must(t, os.Mkdir(path, 0o700))
		if _, err := runlog.Open(dir); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("Open with a folder in place of %s = %v, want an error that names it", name, err)
		}
	}
}

package runlog_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"secondwind/runlog"
)

func size(t testing.TB, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	must(t, err)
	return info.Size()
}

func TestALineWaitsForASecondAtMost(t *testing.T) {
	dir := filepath.Join(t.TempDir(), runID)
	synctest.Test(t, func(t *testing.T) {
		w, err := runlog.Create(dir, runlog.Manifest{RunID: runID, Started: began})
		must(t, err)
		defer w.Close()
		must(t, w.WriteLoad(second(1)))
		must(t, w.WriteObservation(observation(1)))
		if n := size(t, filepath.Join(dir, runlog.LoadFile)); n > 0 {
			t.Errorf("load.jsonl has %d bytes at once, want the line to wait", n)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		for _, name := range []string{runlog.LoadFile, runlog.CloudFile} {
			if n := size(t, filepath.Join(dir, name)); n == 0 {
				t.Errorf("%s is empty after a second", name)
			}
		}
	})
}

func TestManyLinesDoNotWait(t *testing.T) {
	w, dir := create(t)
	long := second(1)
	long.Second.Errors = map[string]int64{strings.Repeat("x", 300<<10): 1}
	must(t, w.WriteLoad(long))
	if n := size(t, filepath.Join(dir, runlog.LoadFile)); n < 300<<10 {
		t.Errorf("load.jsonl has %d bytes after a line of 300 kB, want it there", n)
	}
}

func TestALineThatIsTooLongIsRefusedAndTheRestIsWritten(t *testing.T) {
	w, dir := create(t)
	must(t, w.WriteLoad(second(1)))
	long := second(2)
	long.Second.Errors = map[string]int64{strings.Repeat("x", runlog.MaxLine): 1}
	if err := w.WriteLoad(long); err == nil || !strings.Contains(err.Error(), "over the limit") {
		t.Errorf("WriteLoad of 16 MiB = %v, want it over the limit", err)
	}
	must(t, w.WriteLoad(second(3)))
	must(t, w.Close())
	r, err := runlog.Open(dir)
	must(t, err)
	if len(r.Load) != 2 || !r.Load[1].Time.Equal(second(3).Time) {
		t.Errorf("%d lines, want the first and the third", len(r.Load))
	}
}

func TestWhatCannotBeEncodedLeavesNoHalfLine(t *testing.T) {
	w, dir := create(t)
	bad := observation(1)
	bad.Answer = json.RawMessage(`{"not":`)
	if err := w.WriteObservation(bad); err == nil {
		t.Error("WriteObservation of half an answer = nil, want an error")
	}
	must(t, w.WriteObservation(observation(1)))
	must(t, w.Close())
	if r, err := runlog.Open(dir); err != nil || len(r.Cloud) != 1 {
		t.Errorf("Open = %v, want one observation", err)
	}
}

// TestAnErrorOfTheDiskStays: a file with a hole is no record, so after a failed
// write nothing is written any more, and every call says so.
func TestAnErrorOfTheDiskStays(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full on this system")
	}
	w, dir := create(t)
	// The file is open already: its place is taken by a device that is full.
	path := filepath.Join(dir, runlog.LoadFile)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	must(t, err)
	defer full.Close()
	restore := replaceFile(t, path, full)
	must(t, w.WriteLoad(second(1)))
	first := w.Flush()
	restore()
	if first == nil {
		t.Skip("this system does not let an open file be replaced")
	}
	if err := w.WriteLoad(second(2)); err == nil || err.Error() != first.Error() {
		t.Errorf("WriteLoad after a full disk = %v, want %v again", err, first)
	}
	if err := w.Close(); err == nil {
		t.Error("Close after a full disk = nil, want the error")
	}
}

func TestARunNeedsAnIDAStartAndAFolderOfItsOwn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	used := t.TempDir()
	must(t, os.WriteFile(filepath.Join(used, runlog.LoadFile), nil, 0o600))
	cases := []struct {
		name, dir string
		manifest  runlog.Manifest
		want      string
	}{
		{"no id", t.TempDir(), runlog.Manifest{Started: began}, "not of the form"},
		{"an id with a path", t.TempDir(), runlog.Manifest{RunID: "../20260314T120000Z-3fa9", Started: began}, "not of the form"},
		{"no start", t.TempDir(), runlog.Manifest{RunID: runID}, "when the run started"},
		{"a file in place of the folder", file, runlog.Manifest{RunID: runID, Started: began}, "file"},
		{"a folder with a record", used, runlog.Manifest{RunID: runID, Started: began}, "exist"},
	}
	for _, c := range cases {
		if _, err := runlog.Create(c.dir, c.manifest); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Create with %s = %v, want %q", c.name, err, c.want)
		}
	}
}

func TestIDsSortByTimeAndAreTold(t *testing.T) {
	first, second := runlog.NewID(began), runlog.NewID(began.Add(time.Second))
	if !(first < second) {
		t.Errorf("ids %s and %s do not sort by time", first, second)
	}
	seen := map[string]bool{}
	for range 100 {
		seen[runlog.NewID(began)] = true
	}
	if len(seen) < 90 {
		t.Errorf("100 ids of one second are %d different ones", len(seen))
	}
	for _, bad := range []string{"", "20260314T120000Z", "20260314T120000Z-3FA9", "20260314T120000Z-3fa", " 20260314T120000Z-3fa9",
		"20260314T120000Z-3fa9\n"} {
		if runlog.ValidID(bad) {
			t.Errorf("ValidID(%q) = true, want false", bad)
		}
	}
}

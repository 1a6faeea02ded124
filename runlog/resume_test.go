package runlog_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"secondwind/runlog"
)

// TestARunThatWasKilledAtAnyByteGoesOnFromThere cuts each file at one byte of seven.
func TestARunThatWasKilledAtAnyByteGoesOnFromThere(t *testing.T) {
	load, cloud := text(t, second(1), second(2)), text(t, observation(1), observation(2))
	for name, whole := range map[string]string{runlog.LoadFile: load, runlog.CloudFile: cloud} {
		for i := len(whole); i >= 0; i -= 7 {
			files := map[string]string{runlog.LoadFile: load, runlog.CloudFile: cloud}
			files[name] = whole[:i]
			dir := filled(t, files)
			w, before, err := runlog.Resume(dir)
			if err != nil {
				t.Fatalf("Resume with %s cut after %d bytes = %v", name, i, err)
			}
			must(t, w.WriteLoad(second(3)))
			must(t, w.WriteObservation(observation(int64(len(before.Cloud))+1)))
			must(t, w.Close())
			after, err := runlog.Open(dir)
			must(t, err)
			if diff := cmp.Diff(append(before.Load, second(3)), after.Load); diff != "" || len(after.Cloud) != len(before.Cloud)+1 {
				t.Fatalf("Resume with %s cut after %d bytes: %d observations before and %d after; lines differ: %s",
					name, i, len(before.Cloud), len(after.Cloud), diff)
			}
			if want := strings.Count(files[runlog.LoadFile], "\n"); len(before.Load) != want {
				t.Fatalf("Resume with %s cut after %d bytes has %d lines, want %d", name, i, len(before.Load), want)
			}
		}
	}
}

func TestALongLineThatWasCutShortIsRemoved(t *testing.T) {
	whole := text(t, second(1))
	dir := filled(t, map[string]string{runlog.LoadFile: whole + strings.Repeat("x", 200<<10)})
	w, _, err := runlog.Resume(dir)
	must(t, err)
	must(t, w.Close())
	if got := size(t, filepath.Join(dir, runlog.LoadFile)); got != int64(len(whole)) {
		t.Errorf("load.jsonl has %d bytes, want the %d of its whole line", got, len(whole))
	}
}

func TestARunThatLivesOrHasEndedIsNotResumed(t *testing.T) {
	w, dir := create(t)
	must(t, w.WriteLoad(second(1)))
	if _, _, err := runlog.Resume(dir); !errors.Is(err, runlog.ErrLiving) {
		t.Errorf("Resume of a run under way = %v, want %v", err, runlog.ErrLiving)
	}
	must(t, w.Close())
	resumed, _, err := runlog.Resume(dir)
	must(t, err)
	if _, _, err := runlog.Resume(dir); !errors.Is(err, runlog.ErrLiving) {
		t.Errorf("Resume of a resumed run = %v, want %v", err, runlog.ErrLiving)
	}
	must(t, resumed.Close())
	must(t, runlog.Seal(dir))
	if _, _, err := runlog.Resume(dir); !errors.Is(err, runlog.ErrEnded) {
		t.Errorf("Resume of a sealed run = %v, want %v", err, runlog.ErrEnded)
	}
	_, err = runlog.Open(dir) // it was not touched
	must(t, err)
	must(t, os.Remove(filepath.Join(dir, runlog.LoadFile)))
	if _, _, err := runlog.Resume(dir); err == nil || !strings.Contains(err.Error(), runlog.LoadFile) {
		t.Errorf("Resume without load.jsonl = %v, want it named", err)
	}
}

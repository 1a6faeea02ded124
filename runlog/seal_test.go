package runlog_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"secondwind/runlog"
)

var evidence = []string{runlog.ScenarioFile, runlog.HypothesisFile, runlog.LoadFile, runlog.CloudFile}

// TestEveryByteOfASealedRunCounts flips each byte of each file in turn.
func TestAFileThatIsAsItShouldBeIsNotWrittenAgain(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	must(t, runlog.WriteFile(dir, "a", []byte("one")))
	before, err := os.Stat(path)
	must(t, err)
	must(t, runlog.WriteFile(dir, "a", []byte("one")))
	same, err := os.Stat(path)
	must(t, err)
	must(t, runlog.WriteFile(dir, "a", []byte("two")))
	other, err := os.Stat(path)
	must(t, err)
	if !os.SameFile(before, same) || os.SameFile(before, other) {
		t.Error("a file was written again with the same bytes, or not with others")
	}
}

func TestEveryByteOfASealedRunCounts(t *testing.T) {
	dir := sealed(t)
	for _, name := range append([]string{"plots/cpu.svg"}, evidence...) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		whole, err := os.ReadFile(path)
		must(t, err)
		for i := range whole {
			changed := append([]byte{}, whole...)
			changed[i] ^= 1
			must(t, os.WriteFile(path, changed, 0o600))
			var tampered *runlog.TamperedError
			if _, err := runlog.Open(dir); !errors.As(err, &tampered) || tampered.File != name {
				t.Fatalf("Open with byte %d of %s changed = %v, want a TamperedError of it", i, name, err)
			}
		}
		must(t, os.WriteFile(path, whole, 0o600))
	}
	if _, err := runlog.Open(dir); err != nil {
		t.Errorf("Open of the run as it was = %v", err)
	}
}

func TestASealedRunThatWasCutOrGrewIsRefused(t *testing.T) {
	for _, name := range evidence {
		for what, change := range map[string]func([]byte) []byte{
			"emptied":         func([]byte) []byte { return nil },
			"cut by a byte":   func(b []byte) []byte { return b[:len(b)-1] },
			"grown by a line": func(b []byte) []byte { return append(b, '\n') },
			"doubled":         func(b []byte) []byte { return append(b, b...) },
		} {
			dir := sealed(t)
			path := filepath.Join(dir, name)
			whole, err := os.ReadFile(path)
			must(t, err)
			must(t, os.WriteFile(path, change(whole), 0o600))
			var tampered *runlog.TamperedError
			if _, err := runlog.Open(dir); !errors.As(err, &tampered) || !strings.Contains(err.Error(), name) {
				t.Errorf("Open with %s %s = %v, want a TamperedError that names it", name, what, err)
			}
			if err := runlog.Seal(dir); !errors.As(err, &tampered) {
				t.Errorf("Seal with %s %s = %v, want a TamperedError", name, what, err)
			}
		}
	}
}

func TestEvidenceThatComesAfterTheSealIsRefused(t *testing.T) {
	w, dir := create(t)
	must(t, w.Close())
	must(t, runlog.Seal(dir))
	for _, name := range []string{runlog.ScenarioFile, runlog.HypothesisFile, runlog.HistoryFile} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(`{"version":1}`), 0o600))
		var tampered *runlog.TamperedError
		if _, err := runlog.Open(dir); !errors.As(err, &tampered) || tampered.File != name {
			t.Errorf("Open with a later %s = %v, want a TamperedError of it", name, err)
		}
		must(t, os.Remove(filepath.Join(dir, name)))
	}
	must(t, os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("by a reader"), 0o600))
	if _, err := runlog.Open(dir); err != nil {
		t.Errorf("Open with a reader's notes next to the evidence = %v, want none", err)
	}
}

func TestWhatIsNoFileCannotBeSealed(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped on Windows: symbolic links need a privilege there")
	}
	w, dir := create(t)
	must(t, w.Close())
	must(t, os.Symlink("/etc/hostname", filepath.Join(dir, "link")))
	if err := runlog.Seal(dir); err == nil || !strings.Contains(err.Error(), "link is not a regular file") {
		t.Errorf("Seal of a folder with a link = %v, want it refused by name", err)
	}
}

func TestALinkInPlaceOfEvidenceIsNotFollowedOut(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped on Windows: symbolic links need a privilege there")
	}
	dir := sealed(t)
	outside := filepath.Join(t.TempDir(), "load.jsonl")
	data, err := os.ReadFile(filepath.Join(dir, runlog.LoadFile))
	must(t, err)
	must(t, os.WriteFile(outside, data, 0o600))
	must(t, os.Remove(filepath.Join(dir, runlog.LoadFile)))
	must(t, os.Symlink(outside, filepath.Join(dir, runlog.LoadFile)))
	if _, err := runlog.Open(dir); err == nil {
		t.Error("Open reads evidence from outside the run's folder")
	}
}

func TestAFileThatWasBeingWrittenIsNoPartOfARun(t *testing.T) {
	w, dir := create(t)
	must(t, w.Close())
	must(t, os.WriteFile(filepath.Join(dir, "report.html.part"), []byte("half"), 0o600))
	must(t, runlog.Seal(dir))
	r, err := runlog.Open(dir)
	must(t, err)
	if _, sealed := r.Manifest.Files["report.html.part"]; sealed || len(r.Manifest.Files) != 2 {
		t.Errorf("sealed files = %v, want load.jsonl and cloud.jsonl", r.Manifest.Files)
	}
}

func TestWriteFileLeavesTheOldOneOrPutsTheNewOne(t *testing.T) {
	dir := t.TempDir()
	must(t, runlog.WriteFile(dir, "a.txt", []byte("old")))
	must(t, runlog.WriteFile(dir, "a.txt", []byte("new")))
	if text, err := os.ReadFile(filepath.Join(dir, "a.txt")); err != nil || string(text) != "new" {
		t.Errorf("a.txt = %q, %v; want new", text, err)
	}
	if err := runlog.WriteFile(dir, "nowhere/a.txt", nil); err == nil || !strings.Contains(err.Error(), "nowhere/a.txt") {
		t.Errorf("WriteFile into a folder that is not there = %v, want an error that names the file", err)
	}
	must(t, os.Mkdir(filepath.Join(dir, "folder"), 0o700))
	if err := runlog.WriteFile(dir, "folder", []byte("x")); err == nil {
		t.Error("WriteFile over a folder = nil, want an error")
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.part")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestFilesArePutIntoPlaceTogetherOrNotAtAll(t *testing.T) {
	text := func(dir, name string) string {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		return string(data)
	}
	old := []runlog.File{{Name: "a.txt", Data: []byte("old a")}, {Name: "plots/b.txt", Data: []byte("old b")}}
	for name, c := range map[string]struct{ file, a, b string }{
		"all can be written":    {"", "new", "new"},
		"one cannot be written": {"c.txt.part", "old a", "old b"}, // a folder is where its temporary file would be
		"one cannot be renamed": {"c.txt", "", ""},                // a folder is where it would be
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			must(t, os.Mkdir(filepath.Join(dir, "plots"), 0o700))
			must(t, runlog.WriteFiles(dir, old))
			if c.file != "" {
				must(t, os.MkdirAll(filepath.Join(dir, c.file, "taken"), 0o700))
			}
			err := runlog.WriteFiles(dir, []runlog.File{
				{Name: "a.txt", Data: []byte("new")}, {Name: "plots/b.txt", Data: []byte("new")}, {Name: "c.txt", Data: []byte("new")},
			})
			if failed := c.file != ""; (err != nil) != failed || failed && !strings.Contains(err.Error(), "write c.txt") {
				t.Errorf("WriteFiles = %v, want an error that names c.txt: %t", err, failed)
			}
			if a, b := text(dir, "a.txt"), text(dir, "plots/b.txt"); a != c.a || b != c.b {
				t.Errorf("a.txt is %q and b.txt %q, want %q and %q", a, b, c.a, c.b)
			}
			for _, left := range []string{"a.txt.part", "plots/b.txt.part"} {
				if _, err := os.Stat(filepath.Join(dir, left)); err == nil {
					t.Errorf("%s is left behind", left)
				}
			}
		})
	}
}

func TestSealAndOpenNameAFolderThatIsNoRun(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "nowhere")
	for name, dir := range map[string]string{"a folder that is not there": missing, "an empty folder": t.TempDir()} {
		if err := runlog.Seal(dir); err == nil || !strings.Contains(err.Error(), dir) {
			t.Errorf("Seal of %s = %v, want an error that names it", name, err)
		}
		if _, err := runlog.Open(dir); err == nil || !strings.Contains(err.Error(), dir) {
			t.Errorf("Open of %s = %v, want an error that names it", name, err)
		}
	}
	w, dir := create(t)
	must(t, w.Close())
	must(t, os.Remove(filepath.Join(dir, runlog.CloudFile)))
	if _, err := runlog.Open(dir); err == nil || !strings.Contains(err.Error(), "cloud.jsonl: the file is missing") {
		t.Errorf("Open without cloud.jsonl = %v, want that it is missing", err)
	}
}

func TestAManifestThatListsFilesAndIsNotCompleteIsRefused(t *testing.T) {
	dir := sealed(t)
	path := filepath.Join(dir, runlog.ManifestFile)
	text, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, []byte(strings.Replace(string(text), `"complete": true`, `"complete": false`, 1)), 0o600))
	if _, err := runlog.Open(dir); err == nil || !strings.Contains(err.Error(), "it lists files, but is not complete") {
		t.Errorf("Open with the seal taken off = %v, want it refused", err)
	}
}

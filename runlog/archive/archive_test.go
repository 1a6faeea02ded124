package archive_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"secondwind/runlog"
	"secondwind/runlog/archive"
)

const id = "20261128T120000Z-0001"

// sealed makes the sealed folder of a run.
func sealed(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "renamed")
	w, err := runlog.Create(dir, runlog.Manifest{RunID: id, Command: runlog.CommandSoak, Started: time.Unix(1e9, 0)})
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(w.Close(), os.Mkdir(filepath.Join(dir, "plots"), 0o700), runlog.WriteFile(dir, "plots/cpu.svg", []byte("<svg/>")),
		runlog.Seal(dir), runlog.WriteFile(dir, runlog.AttestationFile, []byte("{}")))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAnArchiveHasTheSameBytesEveryTimeAndTheSameRun(t *testing.T) {
	dir := sealed(t)
	var first, again bytes.Buffer
	if err := errors.Join(archive.Write(&first, dir), os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(filepath.Join(dir, runlog.LoadFile), later, later); err != nil {
		t.Fatal(err)
	}
	if err := archive.Write(&again, dir); err != nil || !bytes.Equal(first.Bytes(), again.Bytes()) {
		t.Errorf("written again: %v, SHA-256 %x, want %x", err, sha256.Sum256(again.Bytes()), sha256.Sum256(first.Bytes()))
	}
	path := filepath.Join(t.TempDir(), "run.zip")
	if err := os.WriteFile(path, first.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	into := t.TempDir()
	got, err := archive.Extract(path, into)
	if err != nil || got != filepath.Join(into, id) {
		t.Fatalf("Extract() = %q, %v", got, err)
	}
	record, err := runlog.Open(got)
	if err != nil || !record.Manifest.Complete || !runlog.Signed(got) {
		t.Errorf("the run unpacked: %v, %+v", err, record)
	}
	if _, err := os.Stat(filepath.Join(got, "notes.txt")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("notes.txt, which is not of the run: %v", err)
	}
}

func TestOnlyARunThatIsWholeIsPacked(t *testing.T) {
	dir := filepath.Join(t.TempDir(), id)
	w, err := runlog.Create(dir, runlog.Manifest{RunID: id, Started: time.Unix(1e9, 0)})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := archive.Write(io.Discard, dir); err == nil || !strings.Contains(err.Error(), "not sealed") {
		t.Errorf("a run that goes on: %v", err)
	}
	changed := sealed(t)
	if err := os.WriteFile(filepath.Join(changed, "plots", "cpu.svg"), []byte("<svg></svg>"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := archive.Write(io.Discard, changed); err == nil || !strings.Contains(err.Error(), "plots/cpu.svg was changed") {
		t.Errorf("a run that was changed: %v", err)
	}
}

// entry is a file of an archive that is made by hand.
type entry struct {
	name string
	mode fs.FileMode
	size uint64 // that the directory gives; 0: what it is
}

func zipped(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Store}
		h.SetMode(e.mode)
		var w io.Writer
		var err error
		if e.size > 0 {
			h.UncompressedSize64 = e.size
			w, err = z.CreateRaw(h)
		} else {
			w, err = z.CreateHeader(h)
		}
		if err == nil && e.size == 0 && !strings.HasSuffix(e.name, "/") {
			_, err = w.Write([]byte("text"))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWhatIsNoArchiveOfARunIsRefused(t *testing.T) {
	manifest := entry{name: id + "/manifest.json"}
	in := func(name string) entry { return entry{name: id + "/" + name} }
	many := make([]entry, 10_001)
	for i := range many {
		many[i] = in("f" + strings.Repeat("x", i%7) + time.Duration(i).String())
	}
	whole := zipped(t, manifest, in("load.jsonl"))
	damaged := bytes.Replace(whole, []byte("text"), []byte("tEXt"), 1)
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"no archive":         {[]byte("PK, but no more"), "no zip archive"},
		"nothing":            {nil, "no zip archive"},
		"its end is missing": {whole[:len(whole)-30], "its end is missing"},
		"no file":            {zipped(t), "no manifest.json"},
		"no manifest":        {zipped(t, in("load.jsonl")), "no manifest.json"},
		"no folder":          {zipped(t, entry{name: "manifest.json"}), "not in the folder of one run"},
		"two folders":        {zipped(t, manifest, entry{name: "20261128T120000Z-0002/load.jsonl"}), "not in the folder of one run"},
		"above the folder":   {zipped(t, manifest, in("../../evil")), "not a path inside"},
		"an absolute path":   {zipped(t, manifest, entry{name: "/etc/passwd"}), "not in the folder of one run"},
		"a path of Windows":  {zipped(t, manifest, in(`..\evil`)), "not a path inside"},
		"a drive":            {zipped(t, manifest, in("C:evil")), "not a path inside"},
		"a folder":           {zipped(t, manifest, in("plots/")), "not a path inside"},
		"a link":             {zipped(t, manifest, entry{in("load.jsonl").name, fs.ModeSymlink | 0o777, 0}), "is a link"},
		"a device":           {zipped(t, manifest, entry{in("load.jsonl").name, fs.ModeDevice | 0o777, 0}), "is a link or no regular file"},
		"a name twice":       {zipped(t, manifest, manifest), "in it twice"},
		"a name in capitals": {zipped(t, manifest, in("Manifest.json")), "in it twice"},
		"a file too large":   {zipped(t, manifest, entry{in("a").name, 0, 1 << 40}), "more than 2 GiB"},
		"files too large":    {zipped(t, manifest, entry{in("a").name, 0, 2 << 30}, entry{in("b").name, 0, 1 << 62}), "more than 2 GiB"},
		"too many files":     {zipped(t, append(many, manifest)...), "more than 10000"},
		"a wrong checksum":   {damaged, "the archive is damaged"},
		"a size that is not": {zipped(t, manifest, entry{in("a").name, 0, 1000}), "the archive is damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			path, into := filepath.Join(t.TempDir(), "run.zip"), t.TempDir()
			if err := os.WriteFile(path, c.data, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := archive.Extract(path, into); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Extract() = %v, want %q", err, c.want)
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(into), "evil")); err == nil {
				t.Error("a file was written outside")
			}
		})
	}
}

// TestABombIsNotUnpacked gives a small size for a file that is large once unpacked.
func TestABombIsNotUnpacked(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range []string{runlog.ManifestFile, runlog.LoadFile} {
		w, err := z.Create(id + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, 10<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	small := bytes.ReplaceAll(b.Bytes(), []byte{0, 0, 0xa0, 0}, []byte{9, 0, 0, 0}) // 10 MiB as the directory writes it
	path := filepath.Join(t.TempDir(), "run.zip")
	if err := os.WriteFile(path, small, 0o600); err != nil {
		t.Fatal(err)
	}
	into := t.TempDir()
	if _, err := archive.Extract(path, into); err == nil {
		t.Fatal("a file that is larger than its archive says was unpacked")
	}
	if info, err := os.Stat(filepath.Join(into, id, runlog.ManifestFile)); err == nil && info.Size() > 100 {
		t.Errorf("%d bytes of it were written", info.Size())
	}
}

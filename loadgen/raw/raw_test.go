package raw

import (
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

func result(seq int) *vegeta.Result {
	return &vegeta.Result{
		Attack: "a", Seq: uint64(seq), Code: 200, Timestamp: time.Unix(1_700_000_000, int64(seq)).UTC(),
		Latency: time.Duration(seq) * time.Microsecond, BytesIn: 3, Method: "GET", URL: "http://a/",
	}
}

// read returns the results of all files in order, with Vegeta's own decoders.
func read(t *testing.T, folder string) (all []vegeta.Result) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		var from io.Reader = file
		if strings.HasSuffix(path, ".gz") {
			if from, err = gzip.NewReader(file); err != nil {
				t.Fatal(err)
			}
		}
		decode := vegeta.DecoderFor(from)
		if decode == nil {
			t.Fatalf("Vegeta does not know the format of %s", path)
		}
		for {
			var r vegeta.Result
			if err := decode.Decode(&r); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			all = append(all, r)
		}
	}
	return all
}

func TestVegetaReadsEveryResultOfEveryFile(t *testing.T) {
	for _, format := range []string{"gob", "json", "csv"} {
		t.Run(format, func(t *testing.T) {
			folder := t.TempDir()
			w, err := Create(folder, format)
			if err != nil {
				t.Fatal(err)
			}
			w.max = 10_000
			for seq := range 1000 {
				if err := w.Write(result(seq)); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			all := read(t, folder)
			if len(all) != 1000 {
				t.Fatalf("%d results, want 1000", len(all))
			}
			for seq := range all {
				if want := result(seq); !all[seq].Equal(*want) {
					t.Fatalf("result %d = %+v, want %+v", seq, all[seq], want)
				}
			}
			packed, _ := filepath.Glob(filepath.Join(folder, "*.gz"))
			others, _ := filepath.Glob(filepath.Join(folder, "*"))
			if len(packed) < 5 || len(others) != len(packed)+1 {
				t.Errorf("files %q, want several compressed and the last one not", others)
			}
		})
	}
}

func TestManyMayWriteAtOnceAndAFlushLosesNothing(t *testing.T) {
	folder := t.TempDir()
	w, err := Create(folder, "json")
	if err != nil {
		t.Fatal(err)
	}
	w.max = 5_000
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for seq := range 250 {
				if err := w.Write(result(seq)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	w.packing.Wait()
	if n := len(read(t, folder)); n != 1000 { // without Close, as after a crash
		t.Errorf("%d results, want 1000", n)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAnErrorIsKept(t *testing.T) {
	if _, err := Create(t.TempDir(), "xml"); err == nil || !strings.Contains(err.Error(), "gob, json and csv") {
		t.Errorf("Create(xml) = %v, want an error that names the formats", err)
	}
	folder := t.TempDir()
	w, err := Create(folder, "csv")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create(folder, "csv"); err == nil {
		t.Error("Create over results that are there = nil error")
	}
	w.max = 1
	if err := os.WriteFile(filepath.Join(folder, "results-002.csv"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	first := w.Write(result(1))
	if again := w.Write(result(2)); first == nil || again == nil || again.Error() != first.Error() {
		t.Errorf("Write() = %v, then %v; want the same error twice", first, again)
	}
}

// TestTheVegetaCommandReadsThem gives it every file at once, those that are packed unpacked.
func TestTheVegetaCommandReadsThem(t *testing.T) {
	vegeta, err := exec.LookPath("vegeta")
	if err != nil {
		t.Skip("skipped: vegeta is not installed, so that nobody reads the raw results but this program")
	}
	for format := range formats {
		folder := t.TempDir()
		w, err := Create(folder, format)
		if err != nil {
			t.Fatal(err)
		}
		w.max = 2000
		for seq := range 100 {
			if err := w.Write(result(seq)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(folder, "*"))
		if err != nil || len(files) < 3 {
			t.Fatalf("files %q, %v; want several", files, err)
		}
		for i, file := range files {
			files[i] = unpacked(t, file)
		}
		out, err := exec.Command(vegeta, append([]string{"report"}, files...)...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "100, ") {
			t.Errorf("%s: vegeta report: %v\n%s", format, err, out)
		}
		out, err = exec.Command(vegeta, append([]string{"plot"}, files...)...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "</html>") {
			t.Errorf("%s: vegeta plot: %v\n%.200s", format, err, out)
		}
	}
}

func unpacked(t *testing.T, path string) string {
	t.Helper()
	if !strings.HasSuffix(path, ".gz") {
		return path
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	from, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	path = strings.TrimSuffix(path, ".gz")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

package raw

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestAKilledAttackKeepsTheResultsThatItsRecordHas cuts the last file at any byte, and leaves
// what a kill in the midst of packing leaves.
func TestAKilledAttackKeepsTheResultsThatItsRecordHas(t *testing.T) {
	for format := range formats {
		whole := t.TempDir()
		w, err := Create(whole, format)
		if err != nil {
			t.Fatal(err)
		}
		for _, seq := range []int{0, 2, 1, 3, 5, 4} { // 5 and 4 after the last line
			if err := w.Write(result(seq)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		first := "results-001." + format
		text, err := os.ReadFile(filepath.Join(whole, first))
		if err != nil {
			t.Fatal(err)
		}
		for cut := len(text); cut >= 0; cut -= 9 {
			folder := t.TempDir()
			for name, data := range map[string][]byte{first: text[:cut], first + ".123": text, "results.txt": nil} {
				if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if cut%2 == 0 { // it was packed, and not yet removed
				if err := os.WriteFile(filepath.Join(folder, first+".gz"), packed(t, whole, first), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			w, err := Resume(folder, 4)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Write(result(4)); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			check(t, folder, format, cut%2 == 0 || cut == len(text))
		}
	}
}

func check(t *testing.T, folder, format string, all bool) {
	t.Helper()
	if err := os.Remove(filepath.Join(folder, "results.txt")); err != nil {
		t.Fatal(err)
	}
	var names []string
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	want, second := []string{"results-001." + format + ".gz"}, "results-002."+format
	if !slices.Equal(names, append(want, second)) && (all || !slices.Equal(names, []string{second})) {
		t.Errorf("files %q, want %q", names, append(want, second))
	}
	var seqs []uint64
	for _, r := range read(t, folder) {
		seqs = append(seqs, r.Seq)
	}
	right := []uint64{0, 2, 1, 3, 4}
	if all && !slices.Equal(seqs, right) || len(seqs) > len(right) || !slices.Equal(seqs[:len(seqs)-1], right[:len(seqs)-1]) {
		t.Errorf("%s: results %v, want %v, or its beginning and its last one", format, seqs, right)
	}
}

// packed is the compressed form of a file's first four results.
func packed(t *testing.T, folder, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := repair(path, filepath.Ext(name)[1:], 4); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path + ".gz")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestAnAttackWithoutResultsGoesOnWithout(t *testing.T) {
	if w, err := Resume(t.TempDir(), 1); w != nil || err != nil {
		t.Errorf("Resume() = %v, %v; want nothing", w, err)
	}
	if _, err := Resume(filepath.Join(t.TempDir(), "none"), 1); err == nil {
		t.Error("Resume() without a folder = nil error")
	}
	folder := t.TempDir()
	for _, n := range []int{999, 1000} {
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("results-%03d.json.gz", n)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w, err := Resume(folder, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if want := filepath.Join(folder, "results-1001.json"); w.path() != want {
		t.Errorf("path() = %s, want %s", w.path(), want)
	}
}

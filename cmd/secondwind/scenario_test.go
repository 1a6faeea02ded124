package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"secondwind/loadgen/scenario"
	"secondwind/runlog"
)

// shop writes a scenario of another service, and the file that it names.
func shop(t *testing.T, rows string) (file string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"shop.yaml": "version: 2\nname: shop\nrequests:\n- path: /{{word}}\n  rows: words.csv\nidentity: {cookie: served_by}\n",
		"words.csv": rows,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "shop.yaml")
}

// TestARunsScenarioReproducesIt: whatever becomes of the files that it was made of.
func TestARunsScenarioReproducesIt(t *testing.T) {
	file := shop(t, "word\nshoes\n")
	s, err := readScenario(t.Context(), soakOptions{scenario: file}, func(string) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	w, kept, err := newRun(t.TempDir(), runlog.CommandSoak, s, time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Dir(file)); err != nil {
		t.Fatal(err)
	}
	if found := kept.Check(kept.Open); found != nil {
		t.Errorf("the run itself is not of the copies: %v", found)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := runlog.Seal(w.Dir()); err != nil {
		t.Fatal(err)
	}
	again, err := scenario.Read(t.Context(), filepath.Join(w.Dir(), runlog.ScenarioFile))
	if err != nil || !reflect.DeepEqual(again, kept) {
		t.Errorf("Read() of the run's scenario = %+v, %v, want %+v", again, err, kept)
	}
	record, err := runlog.Open(w.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if got := record.Manifest.Files[kept.Requests[0].Rows]; got.Size != int64(len("word\nshoes\n")) {
		t.Errorf("the manifest has %+v of %s", got, kept.Requests[0].Rows)
	}
}

// TestARunWithoutWhatItsScenarioNamesIsNotBegun: nothing is started for it.
func TestARunWithoutWhatItsScenarioNamesIsNotBegun(t *testing.T) {
	file := shop(t, "name\nshoes\n")
	got := secondwind(t, "soak", "-f", file)
	if got.code != 2 || !strings.Contains(got.stderr, "shop.yaml:4:3: requests[0].path: ") || !strings.Contains(got.stderr, "{{word}}") {
		t.Errorf("soak = %+v, want exit code 2 and where the column is missing", got)
	}
	targets := filepath.Join(filepath.Dir(file), "targets")
	if err := os.WriteFile(targets, []byte("GET http://127.0.0.1:1/a"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("version: 2\nload_only: {targets: targets}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := secondwind(t, "soak", "-f", file); got.code != 2 || !strings.Contains(got.stderr, "a proof does not read targets") {
		t.Errorf("soak of targets = %+v, want exit code 2, and what to write instead", got)
	}
	s, err := scenario.Read(t.Context(), shop(t, "word\nshoes\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(s.Dir, "words.csv")); err != nil {
		t.Fatal(err)
	}
	runs := t.TempDir()
	if _, _, err := newRun(runs, runlog.CommandSoak, s, time.Now(), nil); err == nil || !strings.Contains(err.Error(), "words.csv") {
		t.Errorf("newRun() = %v, want that words.csv is gone", err)
	}
}

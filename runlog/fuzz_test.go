package runlog_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"secondwind/runlog"
)

// FuzzOpen feeds the readers of lines: whatever a folder holds, it is read as far
// as its whole lines go, or refused with file and line.
func FuzzOpen(f *testing.F) {
	o, err := json.Marshal(observation(1))
	must(f, err)
	l, err := json.Marshal(second(1))
	must(f, err)
	f.Add(string(l)+"\n", string(o)+"\n")
	f.Add(string(l)+"\n{\"ti", string(o)+"\n"+strings.Replace(string(o), `"seq":1`, `"seq":2`, 1)+"\n")
	f.Add("\n", "null\n")
	f.Add(string(l), "{}")
	f.Fuzz(func(t *testing.T, load, cloud string) {
		r, err := opened(t, load, cloud)
		if err != nil {
			var format *runlog.FormatError
			if !errors.As(err, &format) || format.Line < 1 {
				t.Fatalf("Open = %v, want a FormatError with its line", err)
			}
			return
		}
		if len(r.Load) != strings.Count(load, "\n") || len(r.Cloud) != strings.Count(cloud, "\n") {
			t.Fatalf("Open read %d and %d lines of\n%q\n%q", len(r.Load), len(r.Cloud), load, cloud)
		}
		var torn []string
		for name, text := range map[string]string{runlog.LoadFile: load, runlog.CloudFile: cloud} {
			if text != "" && !strings.HasSuffix(text, "\n") {
				torn = append(torn, name)
			}
		}
		if len(torn) != len(r.Torn) {
			t.Fatalf("Open found %v torn, want %v", r.Torn, torn)
		}
		for i, o := range r.Cloud {
			if o.Seq != int64(i+1) || (o.Error == nil && len(o.Answer) == 0) {
				t.Fatalf("Open let observation %d through with seq %d and answer %q", i+1, o.Seq, o.Answer)
			}
		}
	})
}

// FuzzDecoders feeds the readers of whole files: what they take, the writer takes
// too, and it comes back as it was.
func FuzzDecoders(f *testing.F) {
	hypothesis, err := json.Marshal(runlog.Hypothesis{Version: 1, RunID: runID, Declared: began, Deadlines: deadlines()})
	must(f, err)
	h := sessions()
	h.Version = runlog.Version
	history, err := json.Marshal(h)
	must(f, err)
	f.Add(manifestText, hypothesis, history)
	f.Add(strings.Replace(manifestText, `"complete":false`, `"complete":true,"files":{"../x":{}}`, 1), []byte("[]"), []byte("null"))
	f.Add("null", []byte(`{"version":2,"deadlines":[{"link":"e1"}]}`), []byte(`{"version":2,"notAudited":"x"}`))
	f.Fuzz(func(t *testing.T, manifest string, hypothesis, history []byte) {
		dir := filled(t, map[string]string{
			runlog.ManifestFile: manifest, runlog.HypothesisFile: string(hypothesis), runlog.HistoryFile: string(history),
		})
		r, err := runlog.Open(dir)
		if err != nil {
			return
		}
		if !runlog.ValidID(r.Manifest.RunID) || r.Manifest.Version < 1 || r.Manifest.Version > runlog.Version {
			t.Fatalf("Open let the manifest %+v through", r.Manifest)
		}
		copied := filepath.Join(t.TempDir(), "copy")
		w, err := runlog.Create(copied, r.Manifest)
		must(t, err)
		_, err = w.WriteHypothesis(*r.Hypothesis)
		must(t, errors.Join(err, w.WriteHistory(*r.History), w.Close(), runlog.Seal(copied)))
		again, err := runlog.Open(copied)
		must(t, err)
		for what, pair := range map[string][2]any{"hypothesis": {r.Hypothesis, again.Hypothesis}, "history": {r.History, again.History}} {
			if was, is := unversioned(t, pair[0]), unversioned(t, pair[1]); !bytes.Equal(was, is) {
				t.Fatalf("the %s came back changed: %s", what, cmp.Diff(string(was), string(is)))
			}
		}
	})
}

// unversioned is a value as JSON without its version, and without the difference
// between nothing and an empty list.
func unversioned(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	must(t, err)
	var members map[string]any
	must(t, json.Unmarshal(text, &members))
	delete(members, "version")
	if sessions, ok := members["sessions"].([]any); ok && len(sessions) == 0 {
		members["sessions"] = nil
	}
	text, err = json.Marshal(members)
	must(t, err)
	return text
}

// filled is the folder of a run that was written by hand: Create syncs to disk,
// which is slow. Files that are not named are those of a run that did nothing.
func filled(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, nothing := range map[string]string{runlog.ManifestFile: manifestText, runlog.LoadFile: "", runlog.CloudFile: ""} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(nothing), 0o600))
	}
	for name, content := range files {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	return dir
}

// manifestText is the manifest of a run that is not sealed.
const manifestText = `{"version":1,"runId":"20260314T120000Z-3fa9","started":"2026-03-14T12:00:00Z",` +
	`"machine":{"os":"","arch":"","cpus":1,"goVersion":""},"complete":false}`

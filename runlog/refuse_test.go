package runlog_test

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"secondwind/runlog"
)

// refused reports how Open refuses a folder with this content of a file.
func refused(t *testing.T, file, content string) *runlog.FormatError {
	t.Helper()
	_, err := runlog.Open(filled(t, map[string]string{file: content}))
	var format *runlog.FormatError
	if !errors.As(err, &format) || format.File != file || format.Line != 0 {
		t.Fatalf("Open with %s = %v, want a FormatError of the whole %s", content, err, file)
	}
	return format
}

// TestEachVersionIsReadOrRefused: a reader takes older records, and never guesses
// at a newer one.
func TestEachVersionIsReadOrRefused(t *testing.T) {
	files := map[string]string{
		runlog.ManifestFile:   manifestText,
		runlog.HypothesisFile: `{"version":1,"threshold":20,"periodSeconds":10}`,
		runlog.HistoryFile:    `{"version":1,"kept":false,"visits":[],"notAudited":"none is kept"}`,
	}
	for file, text := range files {
		for version, want := range map[string]string{
			"1": "", "2": "", "3": "",
			"-1": "version is -1, want 1 to 3", "0": "version is 0, want 1 to 3", "null": "version is 0",
			"4":             "the record has version 4, this program reads up to 3: use a newer one",
			`1,"news":true`: `unknown field "news"`, `4,"news":true`: "use a newer one",
			`"2"`: "cannot unmarshal", "1.5": "cannot unmarshal", "2e20": "cannot unmarshal",
		} {
			content := strings.Replace(text, `"version":1`, `"version":`+version, 1)
			if want == "" {
				if _, err := runlog.Open(filled(t, map[string]string{file: content})); err != nil {
					t.Errorf("Open with version %s of %s = %v, want it read", version, file, err)
				}
				continue
			}
			if err := refused(t, file, content); !strings.Contains(err.Error(), want) {
				t.Errorf("Open with version %s of %s = %v, want %q", version, file, err, want)
			}
		}
		for _, content := range []string{"", "null", "[]", "{}", `"x"`, text + "{}", text + "x", text[:len(text)-1], "\x00"} {
			refused(t, file, content)
		}
	}
}

// TestARecordNamesTheCommandThatMadeIt: those of load and observe are no proofs.
func TestARecordNamesTheCommandThatMadeIt(t *testing.T) {
	s := compiled(t, "manifest.json")
	for command, claims := range map[string]bool{"": true, "soak": true, "load": false, "observe": false} {
		text := strings.Replace(manifestText, `"version":1`, `"version":1,"command":"`+command+`"`, 1)
		m, err := runlog.ReadManifest(filled(t, map[string]string{runlog.ManifestFile: text}))
		if err != nil || m.Claims() != claims || string(m.Command) != command {
			t.Errorf("command %q: %+v, %v; want it to claim something: %t", command, m, err, claims)
		}
		if err := valid(t, s, []byte(text)); (err == nil) == (command == "") {
			t.Errorf("the schema says of command %q: %v", command, err)
		}
	}
	text := strings.Replace(manifestText, `"version":1`, `"version":1,"command":"loaf"`, 1)
	if err := refused(t, runlog.ManifestFile, text); !strings.Contains(err.Error(), `"loaf", want soak, load or observe`) {
		t.Errorf("another command: %v, want it refused by name", err)
	}
	if _, err := runlog.ReadManifest(t.TempDir()); err == nil || !strings.Contains(err.Error(), "not the folder of a run") {
		t.Errorf("ReadManifest of an empty folder = %v, want what is wrong", err)
	}
}

func TestAManifestThatIsNoneIsNeitherReadNorSealed(t *testing.T) {
	sealing := func(files string) string {
		return strings.Replace(manifestText, `"complete":false`, `"complete":true,"files":`+files, 1)
	}
	replaced := func(old, with string) string { return strings.Replace(manifestText, old, with, 1) }
	for name, c := range map[string]struct{ text, want string }{
		"no id":           {replaced(`"runId":"20260314T120000Z-3fa9",`, ``), `runId ""`},
		"an id of a path": {replaced(`20260314T120000Z-3fa9`, `../x`), `runId "../x" is not of the form`},
		"no start":        {replaced(`"started":"2026-03-14T12:00:00Z",`, ``), "started is missing"},
		"a start at noon": {replaced(`2026-03-14T12:00:00Z`, `noon`), "parsing time"},
		"a negative seed": {replaced(`"complete"`, `"seeds":{"payload":-1},"complete"`), "cannot unmarshal"},
		"a list of files": {sealing(`[]`), "cannot unmarshal"},
		"an unknown part": {sealing(`{"load.jsonl":{"sha1":""}}`), `unknown field "sha1"`},
	} {
		if err := refused(t, runlog.ManifestFile, c.text); !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Open = %v, want %q", name, err, c.want)
		}
		err := runlog.Seal(filled(t, map[string]string{runlog.ManifestFile: c.text}))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Seal = %v, want %q", name, err, c.want)
		}
	}
	for _, path := range []string{"../secret", "/etc/passwd", "plots/../../secret", ""} {
		quoted, err := json.Marshal(path)
		must(t, err)
		text := sealing(`{` + string(quoted) + `:{"sha256":"","size":0}}`)
		if err := refused(t, runlog.ManifestFile, text); !strings.Contains(err.Error(), "is not a path inside the folder") {
			t.Errorf("Open of a manifest that names %q = %v, want it to be no path inside", path, err)
		}
	}
}

// TestAHypothesisThatContradictsItselfIsNeitherWrittenNorRead: the judge asks for
// one deadline by its link and for the sum of several, which must agree.
func TestAHypothesisThatContradictsItselfIsNeitherWrittenNorRead(t *testing.T) {
	of := func(l runlog.Link, terms ...runlog.Term) runlog.Deadline {
		return runlog.Deadline{Link: l, Terms: terms}
	}
	second := runlog.Term{Name: "one second", Seconds: 1}
	for name, c := range map[string]struct {
		deadlines []runlog.Deadline
		want      string
	}{
		"of the load step":  {[]runlog.Deadline{of(runlog.LinkLoadStep, second)}, "e0 follows e0"},
		"twice":             {[]runlog.Deadline{of(runlog.LinkAlarm, second), of(runlog.LinkAlarm, second)}, "e2 follows e2"},
		"out of order":      {[]runlog.Deadline{of(runlog.LinkInService), of(runlog.LinkAlarm)}, "e2 follows e4"},
		"before the event":  {[]runlog.Deadline{of(runlog.LinkAlarm, second, runlog.Term{Name: "x", Seconds: -2})}, `"x" of -2 seconds`},
		"of nameless terms": {[]runlog.Deadline{of(runlog.LinkLoadShared, runlog.Term{Seconds: 1})}, `e7 has the term ""`},
	} {
		w, dir := create(t)
		h := runlog.Hypothesis{RunID: runID, Declared: began, Deadlines: c.deadlines}
		if _, err := w.WriteHypothesis(h); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("a deadline %s: WriteHypothesis = %v, want %q", name, err, c.want)
		}
		if _, err := os.Stat(filepath.Join(dir, runlog.HypothesisFile)); err == nil {
			t.Errorf("a deadline %s: a hypothesis.json was written", name)
		}
		h.Version = runlog.Version
		text, err := json.Marshal(h)
		must(t, err)
		if err := refused(t, runlog.HypothesisFile, string(text)); !strings.Contains(err.Error(), c.want) {
			t.Errorf("a deadline %s: Open = %v, want %q", name, err, c.want)
		}
	}
	for name, content := range map[string]string{
		"a link that there is not":  `{"version":2,"deadlines":[{"link":"e8"}]}`,
		"a misspelt link":           `{"version":2,"deadlines":[{"link":"alarm"}]}`,
		"a misspelt member":         `{"version":2,"treshold":20}`,
		"a misspelt term":           `{"version":2,"deadlines":[{"link":"e1","terms":[{"name":"x","secs":1}]}]}`,
		"a threshold in words":      `{"version":2,"threshold":"20"}`,
		"a step to nowhere":         `{"version":3,"fromCapacity":2,"toCapacity":2}`,
		"evidence of another kind":  `{"version":3,"fromCapacity":1,"toCapacity":2,"identity":"rumour"}`,
		"half an instance at least": `{"version":2,"minSize":0.5}`,
	} {
		t.Run(name, func(t *testing.T) { refused(t, runlog.HypothesisFile, content) })
	}
}

func TestAHypothesisThatCouldNotBeWrittenMayStillBeDeclared(t *testing.T) {
	w, dir := create(t)
	if _, err := w.WriteHypothesis(runlog.Hypothesis{Threshold: math.NaN()}); err == nil || !strings.Contains(err.Error(), "NaN") {
		t.Errorf("WriteHypothesis with no number as threshold = %v, want it refused", err)
	}
	inTheWay := filepath.Join(dir, runlog.HypothesisFile+".part")
	must(t, os.MkdirAll(filepath.Join(inTheWay, "x"), 0o700))
	if _, err := w.WriteHypothesis(runlog.Hypothesis{}); err == nil || !strings.Contains(err.Error(), runlog.HypothesisFile) {
		t.Errorf("WriteHypothesis where it cannot write = %v, want an error that names the file", err)
	}
	must(t, os.RemoveAll(inTheWay))
	_, err := w.WriteHypothesis(runlog.Hypothesis{})
	must(t, err)
	if _, err := w.WriteHypothesis(runlog.Hypothesis{}); err == nil || !strings.Contains(err.Error(), "declared already") {
		t.Errorf("WriteHypothesis a second time = %v, want that it was declared already", err)
	}
}

func TestErrorsNameFileLineAndCause(t *testing.T) {
	cause := errors.New("seq is 3, want 2")
	whole, line := &runlog.FormatError{File: "manifest.json", Err: cause}, &runlog.FormatError{File: "cloud.jsonl", Line: 2, Err: cause}
	if whole.Error() != "manifest.json: seq is 3, want 2" || line.Error() != "cloud.jsonl:2: seq is 3, want 2" {
		t.Errorf("FormatErrors read %q and %q", whole, line)
	}
	if !errors.Is(line, cause) {
		t.Error("a FormatError hides its cause")
	}
	const want = "load.jsonl is missing: it was there when the run was sealed; use an unchanged copy of the folder"
	if err := (&runlog.TamperedError{File: "load.jsonl", What: "is missing: it was there when the run was sealed"}); err.Error() != want {
		t.Errorf("the TamperedError reads %q, want %q", err, want)
	}
	if got := runlog.Link(9).Code(); got != "e9" {
		t.Errorf("the code of a link that there is not = %q, want e9", got)
	}
}

package runlog_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"secondwind/runlog"
)

var began = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

const runID = "20260314T120000Z-3fa9"

func create(t testing.TB) (*runlog.Writer, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "runs", runID)
	w, err := runlog.Create(dir, runlog.Manifest{RunID: runID, Started: began, Seeds: map[string]uint64{"payload": 1},
		Versions: map[string]string{"secondwind": "v1"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w, dir
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func observation(seq int64) runlog.Observation {
	return runlog.Observation{Seq: seq, Operation: runlog.OpDescribeAlarms, Sent: began, Received: began, RequestID: "r",
		Input: json.RawMessage(`{"a":1}`), Answer: json.RawMessage(`{"MetricAlarms":[]}`)}
}

func second(x int) runlog.LoadLine {
	return runlog.LoadLine{Time: began.Add(time.Duration(x) * time.Second), Second: &runlog.LoadSecond{Phase: runlog.PhaseLoad,
		IntervalSeconds: 1, Counts: runlog.Counts{Offered: 3, Sent: 3, Completed: 3}}}
}

// sealed writes a small whole run.
func sealed(t testing.TB) string {
	w, dir := create(t)
	_, err := w.WriteScenario([]byte("version: 1\n"))
	must(t, err)
	sum, err := w.WriteHypothesis(runlog.Hypothesis{RunID: runID, Declared: began, Claim: "a <second> instance"})
	must(t, err)
	must(t, w.WriteLoad(runlog.LoadLine{Time: began, Phase: &runlog.PhaseChange{Phase: runlog.PhasePremises, HypothesisSHA256: sum}}))
	must(t, w.WriteLoad(second(1)))
	must(t, w.WriteObservation(observation(1)))
	again := observation(2)
	again.Answer, again.Unchanged = nil, 1
	must(t, w.WriteObservation(again))
	must(t, w.Close())
	must(t, os.Mkdir(filepath.Join(dir, "plots"), 0o755))
	must(t, runlog.WriteFile(dir, "plots/cpu.svg", []byte("<svg/>")))
	must(t, runlog.Seal(dir))
	return dir
}

func TestASealedRunIsReadBackWhole(t *testing.T) {
	r, err := runlog.Open(sealed(t))
	must(t, err)
	if !r.Manifest.Complete || len(r.Manifest.Files) != 5 {
		t.Errorf("Open: complete %t with %d files, want true with 5", r.Manifest.Complete, len(r.Manifest.Files))
	}
	if r.Load[0].Phase.HypothesisSHA256 != r.HypothesisSHA256 || r.Hypothesis.Claim != "a <second> instance" {
		t.Errorf("Open: hypothesis %q with SHA-256 %s, declared %s", r.Hypothesis.Claim, r.HypothesisSHA256, r.Load[0].Phase.HypothesisSHA256)
	}
	if len(r.Cloud) != 2 || &r.Cloud[0].Answer[0] != &r.Cloud[1].Answer[0] {
		t.Errorf("Open: the unchanged answer does not share the bytes of the first")
	}
	if len(r.Torn) != 0 {
		t.Errorf("Open: torn %v, want none", r.Torn)
	}
}

func TestAChangedFileOfASealedRunIsNamed(t *testing.T) {
	for _, name := range []string{"scenario.yaml", "hypothesis.json", "load.jsonl", "cloud.jsonl", "plots/cpu.svg"} {
		for what, change := range map[string]func(path string) error{
			"changed": func(path string) error { return os.WriteFile(path, []byte("{}\n"), 0o644) },
			"removed": os.Remove,
		} {
			t.Run(name+" "+what, func(t *testing.T) {
				dir := sealed(t)
				must(t, change(filepath.Join(dir, filepath.FromSlash(name))))
				_, err := runlog.Open(dir)
				var tampered *runlog.TamperedError
				if !errors.As(err, &tampered) || tampered.File != name {
					t.Errorf("Open(%s %s) = %v, want a TamperedError of it", name, what, err)
				}
			})
		}
	}
}

func TestSealingAgainTakesNewReportsButNoNewEvidence(t *testing.T) {
	dir := sealed(t)
	must(t, runlog.WriteFile(dir, "report.md", []byte("# report\n")))
	must(t, runlog.Seal(dir))
	if r, err := runlog.Open(dir); err != nil || len(r.Manifest.Files) != 6 {
		t.Errorf("Open after a new report and Seal: %v, want 6 files", err)
	}
	must(t, os.WriteFile(filepath.Join(dir, "load.jsonl"), nil, 0o644))
	var tampered *runlog.TamperedError
	if err := runlog.Seal(dir); !errors.As(err, &tampered) || tampered.File != "load.jsonl" {
		t.Errorf("Seal after load.jsonl was emptied = %v, want a TamperedError of it", err)
	}
}

func TestAKilledRunIsReadUpToItsTornLine(t *testing.T) {
	w, dir := create(t)
	must(t, w.WriteLoad(second(1)))
	must(t, w.WriteLoad(second(2)))
	must(t, w.Flush())
	path := filepath.Join(dir, "load.jsonl")
	data, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, data[:len(data)-10], 0o644))
	r, err := runlog.Open(dir)
	must(t, err)
	if len(r.Load) != 1 || !cmp.Equal(r.Torn, []string{"load.jsonl"}) || r.Hypothesis != nil || r.Manifest.Complete {
		t.Errorf("Open(killed run) = %d lines, torn %v, want 1 line and load.jsonl torn", len(r.Load), r.Torn)
	}
	if r.Manifest.RunID != runID || r.Manifest.Machine.CPUs < 1 || r.Manifest.Seeds["payload"] != 1 {
		t.Errorf("Open(killed run): manifest %+v, want id, machine and seeds", r.Manifest)
	}
}

func TestUnreadableRecordsAreRefusedWithFileAndLine(t *testing.T) {
	line := func(v any) string {
		data, err := json.Marshal(v)
		must(t, err)
		return string(data) + "\n"
	}
	other := observation(2)
	other.Answer, other.Unchanged, other.Input = nil, 1, json.RawMessage(`{"a":2}`)
	ahead := observation(2)
	ahead.Answer, ahead.Unchanged = nil, 2
	tests := []struct{ name, file, content, want string }{
		{"a gap in seq", "cloud.jsonl", line(observation(1)) + line(observation(3)), "cloud.jsonl:2: seq is 3, want 2"},
		{"a doubled seq", "cloud.jsonl", line(observation(1)) + line(observation(1)), "cloud.jsonl:2: seq is 1, want 2"},
		{"an unchanged answer of another question", "cloud.jsonl", line(observation(1)) + line(other),
			"cloud.jsonl:2: unchanged points to seq 1, which has another input"},
		{"an unchanged answer that points to itself", "cloud.jsonl", line(observation(1)) + line(ahead), "cloud.jsonl:2: unchanged is 2"},
		{"an unknown member", "load.jsonl", `{"time":"2026-03-14T12:00:00Z","colour":1}` + "\n", `load.jsonl:1: json: unknown field "colour"`},
		{"an empty line", "load.jsonl", line(second(1)) + "\n", "load.jsonl:2: the JSON value is not whole"},
		{"two values in a line", "load.jsonl", strings.TrimSpace(line(second(1))) + "{}\n", "load.jsonl:1: something follows"},
		{"a line that says nothing", "load.jsonl", `{"time":"2026-03-14T12:00:00Z"}` + "\n", "load.jsonl:1: 0 of phase, second"},
		{"an unknown phase", "load.jsonl", `{"time":"2026-03-14T12:00:00Z","phase":{"phase":"lunch","offeredRate":1}}` + "\n",
			`load.jsonl:1: phase "lunch"`},
		{"a negative count", "load.jsonl", `{"time":"2026-03-14T12:00:00Z","second":{"phase":"load","intervalSeconds":1,"sent":-1}}` + "\n",
			"load.jsonl:1: a count is -1"},
		{"a line that is too long", "load.jsonl", `{"x":"` + strings.Repeat("x", runlog.MaxLine) + `"}` + "\n", "load.jsonl:1: the line has"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w, dir := create(t)
			must(t, w.Close())
			must(t, os.WriteFile(filepath.Join(dir, test.file), []byte(test.content), 0o644))
			_, err := runlog.Open(dir)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Open(%s) = %v, want an error with %q", test.name, err, test.want)
			}
			var format *runlog.FormatError
			if !errors.As(err, &format) || format.File != test.file {
				t.Errorf("Open(%s) = %T, want a FormatError of %s", test.name, err, test.file)
			}
		})
	}
	if _, err := runlog.Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "not the folder of a run") {
		t.Errorf("Open(empty folder) = %v, want it to say that it is no run", err)
	}
}

func TestTheWriterRefusesWhatNoReaderWouldTake(t *testing.T) {
	w, dir := create(t)
	if _, err := runlog.Create(dir, runlog.Manifest{RunID: runID, Started: began}); err == nil {
		t.Error("Create(folder of a run) = nil, want an error")
	}
	if _, err := runlog.Create(t.TempDir(), runlog.Manifest{RunID: "../x", Started: began}); err == nil {
		t.Error("Create(bad id) = nil, want an error")
	}
	if err := w.WriteObservation(observation(2)); err == nil {
		t.Error("WriteObservation(seq 2 first) = nil, want an error")
	}
	if err := w.WriteLoad(runlog.LoadLine{Time: began}); err == nil {
		t.Error("WriteLoad(empty line) = nil, want an error")
	}
	_, err := w.WriteHypothesis(runlog.Hypothesis{})
	must(t, err)
	if _, err := w.WriteHypothesis(runlog.Hypothesis{}); err == nil {
		t.Error("WriteHypothesis(second time) = nil, want an error")
	}
	must(t, w.Close())
	must(t, w.Close())
	if err := w.WriteLoad(second(1)); err == nil {
		t.Error("WriteLoad(after Close) = nil, want an error")
	}
}

func TestWhatIsWrittenAtOnceComesBackWhole(t *testing.T) {
	w, dir := create(t)
	done := make(chan error)
	for g := range 8 {
		go func() {
			var err error
			for i := range 200 {
				err = errors.Join(err, w.WriteLoad(second(g*200+i)))
			}
			done <- err
		}()
	}
	for range 8 {
		must(t, <-done)
	}
	must(t, w.Close())
	r, err := runlog.Open(dir)
	must(t, err)
	if len(r.Load) != 1600 {
		t.Errorf("Open: %d lines, want 1600", len(r.Load))
	}
}

func TestEveryRecordSurvivesTheRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		must(t, err)
		w, err := runlog.Create(dir, runlog.Manifest{RunID: runID, Started: began})
		must(t, err)
		var load []runlog.LoadLine
		for range rapid.IntRange(0, 20).Draw(rt, "lines") {
			l := second(rapid.IntRange(0, 1e6).Draw(rt, "x"))
			l.Second.Errors = rapid.MapOf(rapid.String(), rapid.Int64Range(0, 9)).Draw(rt, "errors")
			if len(l.Second.Errors) == 0 {
				l.Second.Errors = nil
			}
			l.Second.OfferedRate = rapid.Float64Range(0, 1e9).Draw(rt, "rate")
			load = append(load, l)
			must(t, w.WriteLoad(l))
		}
		var cloud []runlog.Observation
		for i := range rapid.IntRange(0, 20).Draw(rt, "observations") {
			o := observation(int64(i + 1))
			o.RequestID = rapid.StringMatching(`[a-z<>&"é ]{0,8}`).Draw(rt, "id")
			if i > 0 && rapid.Bool().Draw(rt, "unchanged") {
				o.Unchanged = 1
			}
			cloud = append(cloud, o)
			if o.Unchanged != 0 {
				o.Answer = nil
			}
			must(t, w.WriteObservation(o))
		}
		must(t, w.Close())
		must(t, runlog.Seal(dir))
		r, err := runlog.Open(dir)
		must(t, err)
		if diff := cmp.Diff(load, r.Load); diff != "" {
			rt.Errorf("load differs: %s", diff)
		}
		if diff := cmp.Diff(cloud, r.Cloud); diff != "" {
			rt.Errorf("cloud differs: %s", diff)
		}
	})
}

package judge_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"secondwind/runlog"
	"secondwind/verify/judge"
)

// The fixtures in testdata/real are the evidence of real proved runs on the
// local cloud: scenario, hypothesis, load.jsonl and cloud.jsonl as they were
// written, less the latency histograms, which the judge does not read, and an
// unsealed manifest. To keep another run:
//
//	go test ./verify/judge -run TestKeepARealRun -keep ../../reports/runs/<id>
var keep = flag.String("keep", "", "the folder of a proved run to keep as a fixture")

// The runs in testdata/real. The facts of the first one are those of its record.
const (
	realRun, otherRun      = "20261123T133835Z-4ad2", "20261123T135624Z-a809"
	realOld, realNew       = "i-057ec35105c35c2db", "i-0e61f859479aebd29"
	realHigh, realLow      = "secondwind-cpu-high", "secondwind-cpu-low"
	realPolicy, realBreach = "secondwind-scale-out", "27.61955676"
	realSecond             = "2026-11-23T13:40:11" // of the transition and of the activity
	realTrigger            = "a monitor alarm " + realHigh + " in state ALARM triggered policy " + realPolicy
)

// A raw is a run's files, line by line, as a forger edits them. Nothing in it is
// resolved: an observation that says Unchanged has no answer of its own.
type raw struct {
	t          testing.TB
	manifest   runlog.Manifest
	scenario   []byte
	hypothesis []byte
	loadLines  []byte // load.jsonl as it was read
	load       []runlog.LoadLine
	cloud      []runlog.Observation
}

func TestKeepARealRun(t *testing.T) {
	if *keep == "" {
		t.Skip("-keep names no run")
	}
	r, err := read(os.DirFS(*keep))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range r.load {
		if l.Second == nil {
			continue
		}
		for _, i := range l.Second.Instances {
			i.FromSchedule, i.FromSending = "", ""
		}
	}
	r.manifest.Complete, r.manifest.Files = false, nil
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	if err := z.AddFS(os.DirFS(r.folder(t))); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("testdata", "real", r.manifest.RunID+".zip"), packed.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// unpacked holds the fixtures that were read: parsing one takes longer than
// judging it.
var unpacked = map[string]func() (*raw, error){realRun: once(realRun), otherRun: once(otherRun)}

func once(id string) func() (*raw, error) {
	return sync.OnceValues(func() (*raw, error) { return unpack(id) })
}

// fixture is a copy of a run of testdata/real, to be edited at will.
func fixture(t testing.TB, id string) *raw {
	t.Helper()
	kept, err := unpacked[id]()
	if err != nil {
		t.Fatal(err)
	}
	r := *kept
	// Answers are replaced whole, never edited in place; load lines are edited.
	r.t, r.cloud = t, slices.Clone(kept.cloud)
	if r.load, err = parsed[runlog.LoadLine](kept.loadLines); err != nil {
		t.Fatal(err)
	}
	return &r
}

func unpack(id string) (*raw, error) {
	z, err := zip.OpenReader(filepath.Join("testdata", "real", id+".zip"))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	return read(z)
}

func read(dir fs.FS) (*raw, error) {
	files := map[string][]byte{}
	for _, name := range []string{runlog.ScenarioFile, runlog.HypothesisFile, runlog.ManifestFile, runlog.LoadFile, runlog.CloudFile} {
		data, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, err
		}
		files[name] = data
	}
	r := &raw{scenario: files[runlog.ScenarioFile], hypothesis: files[runlog.HypothesisFile], loadLines: files[runlog.LoadFile]}
	if err := json.Unmarshal(files[runlog.ManifestFile], &r.manifest); err != nil {
		return nil, err
	}
	var loadErr, cloudErr error
	r.load, loadErr = parsed[runlog.LoadLine](r.loadLines)
	r.cloud, cloudErr = parsed[runlog.Observation](files[runlog.CloudFile])
	return r, errors.Join(loadErr, cloudErr)
}

func parsed[T any](data []byte) ([]T, error) {
	var all []T
	for line := range bytes.Lines(data) {
		var v T
		if err := json.Unmarshal(line, &v); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

func printed[T any](t testing.TB, all []T) []byte {
	t.Helper()
	var data bytes.Buffer
	enc := json.NewEncoder(&data)
	enc.SetEscapeHTML(false)
	for _, v := range all {
		if err := enc.Encode(v); err != nil {
			t.Fatal(err)
		}
	}
	return data.Bytes()
}

// folder writes the run as an unsealed folder.
func (r *raw) folder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	manifest, err := json.Marshal(r.manifest)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		runlog.ManifestFile: manifest, runlog.ScenarioFile: r.scenario, runlog.HypothesisFile: r.hypothesis,
		runlog.LoadFile: printed(t, r.load), runlog.CloudFile: printed(t, r.cloud),
	} {
		if data == nil && name == runlog.HypothesisFile { // the only file that a run may not have
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// judged is the outcome and the reason.
func (r *raw) judged(t testing.TB) (judge.Outcome, string, string) {
	t.Helper()
	v := judge.Judge(r.record(t))
	return v.Outcome, v.Reason, v.Summary
}

// record is the run as Open reads it from the folder, without the folder; what
// Open itself refuses is tested with the folder.
func (r *raw) record(t testing.TB) *runlog.Record {
	t.Helper()
	record := &runlog.Record{Manifest: r.manifest, Scenario: r.scenario, Load: r.load, Cloud: slices.Clone(r.cloud)}
	if r.hypothesis != nil {
		record.Hypothesis, record.HypothesisSHA256 = &runlog.Hypothesis{}, digestOf(r.hypothesis)
		if err := json.Unmarshal(r.hypothesis, record.Hypothesis); err != nil {
			t.Fatal(err)
		}
		record.Hypothesis.Upgrade()
	}
	for i := range record.Cloud {
		if o := &record.Cloud[i]; o.Unchanged != 0 {
			o.Answer = record.Cloud[o.Unchanged-1].Answer
		}
	}
	return record
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// renumber gives the lines the numbers of an unbroken record. A line whose answer
// was reported by one that is gone reports it itself.
func (r *raw) renumber(answers map[int64]json.RawMessage) {
	is := map[int64]int64{}
	for i := range r.cloud {
		o := &r.cloud[i]
		was := o.Seq
		o.Seq = int64(i + 1)
		if o.Unchanged != 0 {
			if at, there := is[o.Unchanged]; there {
				o.Unchanged = at
			} else {
				o.Answer, is[o.Unchanged], o.Unchanged = answers[o.Unchanged], o.Seq, 0
			}
		}
		if _, there := is[was]; !there {
			is[was] = o.Seq
		}
	}
}

// answers are the record's answers by the number of the line that has them.
func (r *raw) answers() map[int64]json.RawMessage {
	all := map[int64]json.RawMessage{}
	for _, o := range r.cloud {
		if o.Answer != nil {
			all[o.Seq] = o.Answer
		}
	}
	return all
}

// restate declares the hypothesis anew and puts its digest into load.jsonl.
func (r *raw) restate(edit func(*runlog.Hypothesis)) {
	var h runlog.Hypothesis
	if err := json.Unmarshal(r.hypothesis, &h); err != nil {
		panic(err)
	}
	edit(&h)
	r.hypothesis, _ = json.MarshalIndent(h, "", "  ")
	sum := digestOf(r.hypothesis)
	for _, l := range r.load {
		if l.Phase != nil && l.Phase.HypothesisSHA256 != "" {
			l.Phase.HypothesisSHA256 = sum
		}
	}
}

func TestRealRunsAreProved(t *testing.T) {
	for _, id := range []string{realRun, otherRun} {
		r := fixture(t, id)
		opened, err := runlog.Open(r.folder(t))
		if err != nil {
			t.Fatal(err)
		}
		v := judge.Judge(opened)
		if v.Outcome != judge.Proved {
			t.Errorf("Judge(%s) = %s %s, want PROVED\n%s", id, v.Outcome, v.Reason, v.Summary)
		}
		fromFolder, err := v.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		golden(t, filepath.Join("real", id+".verdict.json"), fromFolder)
		if inMemory, err := judge.Judge(r.record(t)).Marshal(); err != nil || !bytes.Equal(fromFolder, inMemory) {
			t.Errorf("Judge(%s) differs between the folder and its lines, error %v", id, err)
		}
	}
}

package judge_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"secondwind/runlog"
	"secondwind/runlog/schema"
	"secondwind/verify/judge"
)

func compiled(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	data, err := schema.FS.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(name, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func check(t *testing.T, s *jsonschema.Schema, what string, data []byte) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(v); err != nil {
		t.Errorf("schema of %s refuses what is written: %v\n%s", what, err, data)
	}
}

func TestEverythingThatIsWrittenFitsItsSchema(t *testing.T) {
	w := perfect()
	w.interrupted = "signal"
	w.skip = failing(runlog.OpDescribeTargetHealth, 10, 12)
	dir := w.folder(t)
	for file, name := range map[string]string{"hypothesis.json": "hypothesis.json", "manifest.json": "manifest.json"} {
		data, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		check(t, compiled(t, name), file, data)
	}
	for file, name := range map[string]string{"load.jsonl": "load-line.json", "cloud.jsonl": "observation.json"} {
		data, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		s := compiled(t, name)
		for line := range bytes.Lines(data) {
			check(t, s, file, line)
		}
	}
	checkHistory(t)
	s := compiled(t, "verdict.json")
	mutants := append(premiseMutants(), mutant{name: "a perfect run"}, mutant{record: func(r *runlog.Record) { *r = runlog.Record{} }})
	slices.Reverse(mutants)
	for i, m := range mutants {
		if i > 1 && i%4 != 0 {
			continue
		}
		data, err := judge.Judge(m.made(t)).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		check(t, s, m.name, data)
	}
}

// checkHistory is of history.json, which the judge does not read.
func checkHistory(t *testing.T) {
	t.Helper()
	now := time.Now().UTC()
	for _, h := range []runlog.History{
		{NotAudited: "the calculators keep no history"},
		{
			Kept: true, Sessions: []runlog.HistorySession{
				{Time: now, ListedBy: "i-a", Made: 1, Listed: 1, Foreign: 2, CalculatedBy: "i-b", Error: "x"},
			},
			Audit: &runlog.HistoryAudit{
				Time: now, Store: "s", Key: "k", Records: 1, Checks: []runlog.HistoryCheck{{Name: "n"}},
			},
		},
	} {
		w, err := runlog.Create(t.TempDir(), runlog.Manifest{RunID: runlog.NewID(now), Started: now})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.WriteHistory(h), w.Close()); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(w.Dir(), runlog.HistoryFile))
		if err != nil {
			t.Fatal(err)
		}
		check(t, compiled(t, "history.json"), "history.json", data)
	}
}

func TestSchemasRefuseWhatIsWrong(t *testing.T) {
	tests := map[string][]string{
		"load-line.json": {`{}`, `{"time":"2026-03-14T12:00:00Z"}`, `{"time":"noon","interrupted":{"reason":"x"}}`,
			`{"time":"2026-03-14T12:00:00Z","interrupted":{"reason":"x"},"extra":1}`},
		"observation.json": {
			`{}`,
			`{"seq":0,"operation":"x","sent":"2026-03-14T12:00:00Z","received":"2026-03-14T12:00:00Z","requestId":"","answer":{}}`,
		},
		"hypothesis.json": {`{}`, `{"version":2}`},
		"manifest.json":   {`{}`, `{"version":1,"runId":"x","started":"2026-03-14T12:00:00Z","machine":{},"complete":false}`},
		"verdict.json":    {`{}`, `{"outcome":"MAYBE"}`},
		"history.json": {
			`{}`, `{"version":1,"kept":true,"sessions":[]}`,
			`{"version":1,"kept":true,"sessions":[{"time":"noon","made":0,"listed":0}],"notAudited":"x"}`,
			`{"version":1,"kept":true,"sessions":[],"audit":{"passed":true}}`,
		},
	}
	for name, documents := range tests {
		s := compiled(t, name)
		for _, d := range documents {
			var v any
			if err := json.Unmarshal([]byte(d), &v); err != nil {
				t.Fatal(err)
			}
			if s.Validate(v) == nil {
				t.Errorf("schema %s takes %s, want it refused", name, d)
			}
		}
	}
}

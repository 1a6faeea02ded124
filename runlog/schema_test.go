package runlog_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"secondwind/runlog"
	"secondwind/runlog/schema"
)

func compiled(t testing.TB, name string) *jsonschema.Schema {
	t.Helper()
	text, err := schema.FS.ReadFile(name)
	must(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	must(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	must(t, c.AddResource(name, doc))
	s, err := c.Compile(name)
	must(t, err)
	return s
}

// valid validates JSON against a schema.
func valid(t testing.TB, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	must(t, err)
	return s.Validate(v)
}

// TestASealedRunFitsItsSchemas holds every file of a run against the schema that
// is published for it.
func TestASealedRunFitsItsSchemas(t *testing.T) {
	dir := sealed(t)
	for file, name := range map[string]string{
		runlog.HypothesisFile: "hypothesis.json", runlog.ManifestFile: "manifest.json", runlog.LoadFile: "load-line.json",
		runlog.CloudFile: "observation.json",
	} {
		text, err := os.ReadFile(filepath.Join(dir, file))
		must(t, err)
		lines := [][]byte{text}
		if strings.HasSuffix(file, ".jsonl") {
			lines = bytes.Split(bytes.TrimSpace(text), []byte("\n"))
		}
		s := compiled(t, name)
		for i, line := range lines {
			if err := valid(t, s, line); err != nil {
				t.Errorf("%s:%d does not fit %s: %v", file, i+1, name, err)
			}
		}
	}
}

// TestSchemasRefuseWhatTheReaderRefuses: whoever reads a run by its schema must
// not take what this reader would not.
func TestSchemasRefuseWhatTheReaderRefuses(t *testing.T) {
	hypothesis, err := json.Marshal(runlog.Hypothesis{Version: runlog.Version, RunID: runID, Declared: began, Metric: runlog.CPUOf("web"),
		Deadlines: deadlines()})
	must(t, err)
	observed, err := json.Marshal(observation(1))
	must(t, err)
	line, err := json.Marshal(second(1))
	must(t, err)
	cases := []struct{ schema, name, text, old, with string }{
		{"hypothesis.json", "a newer version", string(hypothesis), `"version":3`, `"version":4`},
		{"hypothesis.json", "version 0", string(hypothesis), `"version":3`, `"version":0`},
		{"hypothesis.json", "an unknown member", string(hypothesis), `"claim"`, `"claims"`},
		{"hypothesis.json", "a link that there is not", string(hypothesis), `"link":"e1"`, `"link":"e9"`},
		{"hypothesis.json", "a time that is none", string(hypothesis), `2026-03-14T12:00:00Z`, `noon`},
		{"hypothesis.json", "a metric without a name", string(hypothesis), `"metricName":"CPUUtilization",`, ``},
		{"observation.json", "no operation", string(observed), `"operation":"cloudwatch:DescribeAlarms",`, ``},
		{"observation.json", "a number below 1", string(observed), `"seq":1`, `"seq":0`},
		{"load-line.json", "a phase without a name", string(line), `"phase":"load"`, `"phase":""`},
		{"load-line.json", "fewer than none", string(line), `"sent":3`, `"sent":-3`},
		{"load-line.json", "an unknown member", string(line), `"sent":3`, `"sent":3,"colour":1`},
	}
	for _, c := range cases {
		s := compiled(t, c.schema)
		if err := valid(t, s, []byte(c.text)); err != nil {
			t.Errorf("%s refuses what is right: %v", c.schema, err)
		}
		changed := strings.Replace(c.text, c.old, c.with, 1)
		if changed == c.text {
			t.Errorf("%s: %s: the text has no %s:\n%s", c.schema, c.name, c.old, c.text)
		}
		if err := valid(t, s, []byte(changed)); err == nil {
			t.Errorf("%s takes %s: %s", c.schema, c.name, changed)
		}
	}
}

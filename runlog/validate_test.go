package runlog_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"secondwind/runlog"
)

// opened writes a run of these lines by hand, without a writer, and opens it.
func opened(t testing.TB, load, cloud string) (*runlog.Record, error) {
	t.Helper()
	return runlog.Open(filled(t, map[string]string{runlog.LoadFile: load, runlog.CloudFile: cloud}))
}

const noon = `"time":"2026-03-14T12:00:00Z"`

func TestLinesOfTheLoadThatSayNothingSensibleAreRefused(t *testing.T) {
	second := func(members string) string {
		return `{` + noon + `,"second":{"phase":"load","intervalSeconds":1,"offeredRate":1,"offered":1,"sent":1,"completed":1,"failed":0,` +
			`"dropped":0,"bytesIn":1,"bytesOut":1,"lagMaxSeconds":0` + members + `}}`
	}
	replaced := func(old, with string) string { return strings.Replace(second(""), old, with, 1) }
	if _, err := opened(t, second("")+"\n", ""); err != nil {
		t.Fatalf("Open(a sensible line) = %v", err)
	}
	cases := []struct{ name, line, want string }{
		{"no time", `{"interrupted":{"reason":"x"}}`, "time is missing"},
		{"a time that is none", `{"time":"noon","interrupted":{"reason":"x"}}`, "parsing time"},
		{"a phase and an end in one line", `{` + noon + `,"phase":{"phase":"load","offeredRate":1},"interrupted":{"reason":"x"}}`, "2 of phase"},
		{"a negative rate", `{` + noon + `,"phase":{"phase":"load","offeredRate":-1}}`, "offeredRate is -1"},
		{"a phase without a name", `{` + noon + `,"phase":{"offeredRate":1}}`, `phase ""`},
		{"an interval of nothing", replaced(`"intervalSeconds":1`, `"intervalSeconds":0`), "intervalSeconds is 0"},
		{"an interval backwards", replaced(`"intervalSeconds":1`, `"intervalSeconds":-1`), "intervalSeconds is -1"},
		{"fewer than none offered", replaced(`"offered":1`, `"offered":-1`), "a count is -1"},
		{"fewer than none completed", replaced(`"completed":1`, `"completed":-2`), "a count is -2"},
		{"fewer than none failed", replaced(`"failed":0`, `"failed":-3`), "a count is -3"},
		{"fewer than none dropped", replaced(`"dropped":0`, `"dropped":-4`), "a count is -4"},
		{"fewer than no bytes in", replaced(`"bytesIn":1`, `"bytesIn":-5`), "a count is -5"},
		{"fewer than no bytes out", replaced(`"bytesOut":1`, `"bytesOut":-6`), "a count is -6"},
		{"half a request", replaced(`"sent":1`, `"sent":0.5`), "cannot unmarshal"},
		{"an instance of nothing", second(`,"instances":{"i-1":null}`), `instance "i-1"`},
		{"an instance with a debt", second(`,"instances":{"i-1":{"completed":-1,"failed":0}}`), `instance "i-1"`},
		{"fewer than no errors", second(`,"errors":{"EOF":-1}`), "a count is -1"},
		{"fewer than no connections", second(`,"opened":{"a:80":-1}`), "a count is -1"},
		{"fewer than none that were used again", second(`,"reused":-1`), "a count is -1"},
		{"a kind of requests of nothing", second(`,"requests":{"search":null}`), `requests "search"`},
		{"a kind of requests with a debt", second(`,"requests":{"search":{"completed":1,"failed":-1}}`), `requests "search"`},
		{"a misspelt member of the generator", second(`,"generator":{"CPU2":1}`), `unknown field "CPU2"`},
		{"a phase that there is not", replaced(`"phase":"load"`, `"phase":"Load"`), `phase "Load"`},
		{"an array", `[]`, "cannot unmarshal"},
		{"null", `null`, "time is missing"},
		{"a text", `"x"`, "cannot unmarshal"},
		{"no JSON", `x`, "invalid character"},
		{"a misspelt member of a second", second(`,"Sent2":1`), `unknown field "Sent2"`},
		{"two values", second("") + second(""), "something follows"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := opened(t, c.line+"\n", "")
			if err == nil || !strings.Contains(err.Error(), "load.jsonl:1: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Open(%s) = %v, want load.jsonl:1 and %q", c.line, err, c.want)
			}
		})
	}
}

func TestObservationsThatSayNothingSensibleAreRefused(t *testing.T) {
	const first = `{"seq":1,"operation":"a:B","sent":"2026-03-14T12:00:00Z","received":"2026-03-14T12:00:01Z","requestId":"r","answer":{}}`
	replaced := func(old, with string) string { return strings.Replace(first, old, with, 1) }
	if _, err := opened(t, "", first+"\n"); err != nil {
		t.Fatalf("Open(a sensible observation) = %v", err)
	}
	follow := func(members string) string {
		return first + "\n" + `{"seq":2,"sent":"2026-03-14T12:00:02Z","received":"2026-03-14T12:00:03Z","requestId":"s",` + members + `}`
	}
	cases := []struct{ name, lines, want string }{
		{"no number", replaced(`"seq":1`, `"seq":0`), "cloud.jsonl:1: seq is 0"},
		{"a number below", replaced(`"seq":1`, `"seq":-1`), "cloud.jsonl:1: seq is -1"},
		{"no operation", replaced(`"operation":"a:B",`, ``), "cloud.jsonl:1: operation is missing"},
		{"not sent", replaced(`"sent":"2026-03-14T12:00:00Z",`, ``), "cloud.jsonl:1: sent or received is missing"},
		{"not received", replaced(`"received":"2026-03-14T12:00:01Z",`, ``), "cloud.jsonl:1: sent or received is missing"},
		{"neither answer nor error", replaced(`,"answer":{}`, ``), "cloud.jsonl:1: 0 of answer, unchanged, error and snapshot"},
		{"answer and error", replaced(`{}}`, `{},"error":{"message":"x"}}`), "cloud.jsonl:1: 2 of answer, unchanged, error and snapshot"},
		{"unchanged from nothing", replaced(`"answer":{}`, `"unchanged":-1`), "cloud.jsonl:1: unchanged is -1"},
		{"unchanged from itself", replaced(`"answer":{}`, `"unchanged":1`), "cloud.jsonl:1: unchanged is 1"},
		{"unchanged from another operation", follow(`"operation":"a:C","unchanged":1`), "cloud.jsonl:2: unchanged points to seq 1, which is a:B"},
		{"unchanged from another input", follow(`"operation":"a:B","input":{"x":1},"unchanged":1`), "another input"},
		{"unchanged from an error", strings.Replace(follow(`"operation":"a:B","unchanged":1`), `"answer":{}`, `"error":{"message":"x"}`, 1),
			"has no answer"},
		{"a snapshot of what comes later", follow(`"operation":"snapshot","snapshot":{"unchanged":[1,2]}`), "snapshot.unchanged names 2"},
		{"a snapshot by another name", follow(`"operation":"a:B","snapshot":{"unchanged":[1]}`), `operation is "a:B"`},
		{"a misspelt member", replaced(`"requestId"`, `"requestID2"`), "unknown field"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, err := opened(t, "", c.lines+"\n"); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Open(%s) = %v, want %q", c.lines, err, c.want)
			}
		})
	}
}

func TestAnUnchangedAnswerMayRepeatOneThatRepeats(t *testing.T) {
	line := func(o runlog.Observation) string {
		text, err := json.Marshal(o)
		must(t, err)
		return string(text) + "\n"
	}
	again := func(seq, of int64) string {
		o := observation(seq)
		o.Answer, o.Unchanged = nil, of
		return line(o)
	}
	r, err := opened(t, "", line(observation(1))+again(2, 1)+again(3, 2))
	must(t, err)
	if string(r.Cloud[2].Answer) != string(r.Cloud[0].Answer) || r.Cloud[2].Unchanged != 2 {
		t.Errorf("the third answer is %s, unchanged from %d; want that of the first", r.Cloud[2].Answer, r.Cloud[2].Unchanged)
	}
}

func TestALoadHasPhasesOfItsOwn(t *testing.T) {
	for _, c := range []struct {
		command runlog.Command
		phase   runlog.Phase
		want    string // "": it is taken
	}{
		{runlog.CommandLoad, "warm-up", ""}, {runlog.CommandLoad, "load", ""}, {runlog.CommandLoad, runlog.Phase(strings.Repeat("ä", 32)), ""},
		{runlog.CommandLoad, "", `phase "" is no name`},
		{runlog.CommandLoad, "a)", "without parentheses"}, {runlog.CommandLoad, "a\nb", "is no name"},
		{runlog.CommandLoad, " a", "is no name"}, {runlog.CommandLoad, runlog.Phase(strings.Repeat("a", 65)), "use 1 to 64"},
		{runlog.CommandSoak, "warm-up", `phase "warm-up" is none of`}, {"", "warm-up", `phase "warm-up" is none of`},
		{runlog.CommandSoak, "hold", ""},
	} {
		dir := filepath.Join(t.TempDir(), "run")
		w, err := runlog.Create(dir, runlog.Manifest{RunID: runID, Started: began, Command: c.command})
		must(t, err)
		line := second(1)
		line.Second.Phase = c.phase
		if err := w.WriteLoad(line); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: WriteLoad of phase %q = %v, want %q", c.command, c.phase, err, c.want)
		}
		must(t, w.Close())
		if _, err := runlog.Open(dir); err != nil {
			t.Errorf("%s: Open of phase %q = %v", c.command, c.phase, err)
		}
	}
}

func TestPhasesHaveAnOrderAndAreAllTaken(t *testing.T) {
	phases := runlog.Phases()
	if len(phases) != 8 || phases[0] != runlog.PhaseSetup || phases[7] != runlog.PhaseDone {
		t.Errorf("Phases = %v, want setup to done", phases)
	}
	for _, p := range phases {
		if _, err := opened(t, `{`+noon+`,"phase":{"phase":"`+string(p)+`","offeredRate":0}}`+"\n", ""); err != nil {
			t.Errorf("phase %s is refused: %v", p, err)
		}
	}
}

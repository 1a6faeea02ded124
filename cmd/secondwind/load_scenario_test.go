package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"secondwind/loadgen/generator"
	"secondwind/loadgen/scenario"
	"secondwind/loadgen/summary"
	"secondwind/runlog"
	"secondwind/runlog/threshold"
)

const shopping = `
requests:
  - {name: search, weight: 3, path: "/search?q={{word}}", rows: words.csv}
  - {name: order, path: /orders, headers: {Authorization: secret}, body: "7", expect: {status: 201}}
load_only:
  profile: constant:40
  duration: 30s
  require: [errors(search) < 1%, "p99(order) < 1m"]
`

// shopFile is a scenario file with what it names beside it.
func shopFile(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"shop.yaml": text, "words.csv": "word\nshoes\nhats\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "shop.yaml")
}

// TestALoadOfAScenarioIsKeptAndCanBeRepeated loads a shop, overrides the file by flags, and
// loads the same again from the record alone.
func TestALoadOfAScenarioIsKeptAndCanBeRepeated(t *testing.T) {
	var got sync.Map
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got.Store(r.Method+" "+r.RequestURI+" "+r.Header.Get("Authorization")+" "+r.Header.Get("X-A"), true)
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusCreated)
		}
	}))
	defer server.Close()
	file, runs := shopFile(t, shopping), t.TempDir()
	load := func(args ...string) (last struct {
		summary.Summary
		Required []summary.Requirement
		Report   string
	}) {
		t.Helper()
		result := secondwind(t, append([]string{"load", "--json", "--runs", runs}, args...)...)
		lines := strings.Split(strings.TrimSpace(result.stdout), "\n")
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || result.code != 0 && !last.Generator.Invalid {
			t.Fatalf("load %v = %+v, %v", args, result, err)
		}
		return last
	}
	url := strings.Replace(server.URL, "//", "//me:password@", 1)
	first := load(url, "--scenario", file, "--duration", "1s", "--header", "X-A: 1")
	if first.Offered != 40 || first.Completed != 40 || first.Requests["search"].Completed < 29 || len(first.Required) != 2 {
		t.Errorf("first = %+v, want 40 requests, 30 of them searches", first.Summary)
	}
	for _, r := range first.Required {
		if !r.Met {
			t.Errorf("required: %+v, want it met", r)
		}
	}
	for _, want := range []string{
		"GET /search?q=shoes Basic bWU6cGFzc3dvcmQ= 1", "GET /search?q=hats Basic bWU6cGFzc3dvcmQ= 1", "POST /orders secret 1",
	} {
		if _, sent := got.Load(want); !sent {
			t.Errorf("not sent: %q", want)
		}
	}
	if page, err := os.ReadFile(first.Report); err != nil || !strings.HasSuffix(first.Report, "report.html") ||
		bytes.Contains(page, []byte("not sealed")) {
		t.Errorf("report %q: %v, want one of a record that is whole", first.Report, err)
	}
	record := filepath.Join(newestIn(t, runs), runlog.ScenarioFile)
	text, err := os.ReadFile(record)
	if err != nil || bytes.Contains(text, []byte("password")) || bytes.Contains(text, []byte("secret")) {
		t.Errorf("the record shows secrets, %v:\n%s", err, text)
	}
	for want, args := range map[string][]string{
		"requests[1].headers.Authorization: is left out of records": {"--scenario", record, server.URL},
		"load_only.url: lacks its password":                         {"--scenario", record},
	} {
		isMisuse(t, secondwind(t, append([]string{"load"}, args...)...), []string{want})
	}
	again := load(server.URL, "--scenario", record, "--header", "Authorization: secret", "--no-report")
	if again.Completed != 40 || again.Requests["search"].Completed != first.Requests["search"].Completed {
		t.Errorf("again = %+v, want the same requests", again.Summary)
	}
}

func TestARecordsScenarioLoadsTheSameAgain(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	runs := t.TempDir()
	args := []string{server.URL + "/a", "--body", "x", "--rate", "90/m", "--duration", "2s", "--timeout", "3s", "--max-late", "2s",
		"--require", "cpu < 100%", "--no-report"}
	if got := secondwind(t, append([]string{"load", "--no-report", "--runs", runs}, args...)...); got.code != 0 && got.code != exitInvalid {
		t.Fatalf("load = %+v", got)
	}
	first := newestIn(t, runs)
	if _, err := os.Stat(filepath.Join(first, "report.html")); err == nil {
		t.Error("a report was made in spite of --no-report")
	}
	record := filepath.Join(first, runlog.ScenarioFile)
	s, err := scenario.Read(t.Context(), record)
	if err != nil {
		t.Fatal(err)
	}
	l := s.LoadOnly
	if l.URL != server.URL+"/a" || l.Profile != "constant:1.5" || l.Duration != 2*time.Second || s.Timeout != 3*time.Second ||
		s.Limits.MaxLate != 2*time.Second || s.Requests[0].Body != "x" {
		t.Errorf("the record's scenario is %+v", s)
	}
	if got := secondwind(t, "load", "--no-report", "--runs", runs, "--scenario", record); got.code != 0 && got.code != exitInvalid ||
		!strings.Contains(got.stdout, "offered 3, sent 3, completed 3") {
		t.Errorf("again: %+v", got)
	}
}

func TestWhatAScenarioLacksOrFlagsMakeWrongIsRefused(t *testing.T) {
	const here = "http://127.0.0.1:1"
	file := shopFile(t, shopping)
	byUsers := shopFile(t, "requests: [{path: /}]\nload_only: {users: 5, think: 1s}\n")
	tooLarge := filepath.Join(t.TempDir(), "large")
	if err := errors.Join(os.WriteFile(tooLarge, nil, 0o600), os.Truncate(tooLarge, 65<<20)); err != nil { // of holes, beyond the pool
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"names no server; give its URL":                  {"--scenario", file},
		"--method cannot be combined with --scenario":    {here, "--scenario", file, "--method", "PUT"},
		`--require "p99(buy) < 1s": there are no`:        {here, "--scenario", file, "--require", "p99(buy) < 1s"},
		`--abort "errors(buy) > 1%": there are no`:       {here, "--scenario", file, "--abort", "errors(buy) > 1%"},
		"or a larger pool in a scenario":                 {here, "--body-file", tooLarge}, // there is no such flag
		`there are ["GET /x"]`:                           {here + "/x", "--require", "p99(buy) < 1s"},
		"--duration is -1s":                              {here, "--scenario", file, "--duration", "-1s"},
		"--timeout is 2h0m0s; give 1ms to 1h":            {here, "--scenario", file, "--timeout", "2h"},
		"--max-late is -1s; give 1ms to a year":          {here, "--max-late", "-1s"},
		"--connection-age is 0s":                         {here, "--connection-age", "0s"},
		"--max-in-flight and --max-late are of a rate":   {here, "--scenario", byUsers, "--max-late", "1s"},
		"--precise is of a rate":                         {here, "--scenario", byUsers, "--precise"},
		"--max-late cannot be combined with --users":     {here, "--users", "5", "--max-late", "1s"},
		`"http://***@127.0.0.1:99999" has port 99999`:    {"http://me:password@127.0.0.1:99999"},
		`the URL is "/?q=a b", and ' ' cannot be sent`:   {here + "/?q=a b"},
		`"http://***@host" is not an http`:               {"http://me:pass/wo rd@host"},
		"--targets name their URLs themselves; leave ht": {"http://me:password@127.0.0.1:1", "--targets", file},
	} {
		got := secondwind(t, append([]string{"load"}, args...)...)
		isMisuse(t, got, []string{want})
		if strings.Contains(got.stderr, "password") {
			t.Errorf("%v shows the password: %s", args, got.stderr)
		}
	}
}

// TestFlagsOfTheRateReplaceWhatTheFileSaysOfIt asks users away, and a rate.
func TestFlagsOfTheRateReplaceWhatTheFileSaysOfIt(t *testing.T) {
	for file, c := range map[string]struct {
		args []string
		want scenario.LoadOnly
	}{
		"requests: [{path: /}]\nload_only: {users: 5, think: 1s}\n": {
			[]string{"--rate", "7/s"}, scenario.LoadOnly{Profile: "constant:7", Arrivals: "even"},
		},
		"requests: [{path: /}]\nload_only: {profile: 7, arrivals: poisson, precise: true}\n": {
			[]string{"--users", "3"}, scenario.LoadOnly{Users: "3", Arrivals: "even"},
		},
		"requests: [{path: /}]\nload_only: {think: 1s, phases: [{name: a, users: 5, duration: 5s}]}\n": {
			[]string{"--rate", "7/s"}, scenario.LoadOnly{Profile: "constant:7", Arrivals: "even"},
		},
		"requests: [{path: /}]\nload_only: {users: 5, think: 1s, abort: [cpu > 90%]}\n": {
			[]string{"--think", "2s"}, scenario.LoadOnly{Users: "5", Think: "2s", Arrivals: "even", Abort: []string{"cpu > 90%"}},
		},
	} {
		f := pflag.NewFlagSet("", pflag.ContinueOnError)
		var o loadOptions
		o.offerFlags(f)
		o.requestFlags(f)
		if err := f.Parse(append(c.args, "--scenario", shopFile(t, file))); err != nil {
			t.Fatal(err)
		}
		s, err := o.read(t.Context(), f, []string{"http://127.0.0.1:1"}, nil)
		c.want.URL = "http://127.0.0.1:1"
		if err != nil || !reflect.DeepEqual(s.LoadOnly, c.want) {
			t.Errorf("%v over %s = %+v, %v, want %+v", c.args, file, s.LoadOnly, err, c.want)
		}
	}
}

// TestAPipeIsReadOnce has standard input as body, which the requests and the record need.
func TestAPipeIsReadOnce(t *testing.T) {
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	var o loadOptions
	o.offerFlags(f)
	o.requestFlags(f)
	if err := f.Parse([]string{"--body-file", "-"}); err != nil {
		t.Fatal(err)
	}
	s, err := o.read(t.Context(), f, []string{"http://127.0.0.1:1"}, strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := newLoading(s)
	if err != nil {
		t.Fatal(err)
	}
	if _, wire := l.attack.Requests.Describe(0); !strings.HasSuffix(string(wire), "\r\n\r\nhello") {
		t.Errorf("sent: %q", wire)
	}
	kept, err := l.scenario.CopyTo(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(kept.Dir, kept.Requests[0].BodyFile)); string(text) != "hello" {
		t.Errorf("kept: %q, %v", text, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	nobody, typing := io.Pipe()
	defer typing.Close()
	if _, err := o.read(ended, f, []string{"http://127.0.0.1:1"}, nobody); err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("waiting for a pipe after Ctrl-C = %v", err)
	}
}

func TestTheExitCodeOfALoad(t *testing.T) {
	unmet := []summary.Requirement{{Met: true}, {}}
	invalid := summary.Summary{Counts: runlog.Counts{Failed: 5}, Generator: generator.Judgement{Invalid: true, Reason: "no ports."}}
	for name, c := range map[string]struct {
		sum         summary.Summary
		required    []summary.Requirement
		interrupted bool
		aborted     *abortedError
		want        int
	}{
		"all is well":           {sum: summary.Summary{Counts: runlog.Counts{Completed: 1, Failed: 99}}},
		"nothing was sent":      {},
		"all failed":            {sum: summary.Summary{Counts: runlog.Counts{Failed: 1}}, want: exitFailed},
		"a threshold":           {sum: summary.Summary{Counts: runlog.Counts{Completed: 1}}, required: unmet, want: exitFailed},
		"invalid":               {sum: invalid, required: unmet, want: exitInvalid},
		"invalid, interrupted":  {sum: invalid, interrupted: true, want: exitInterrupted},
		"aborted":               {sum: invalid, aborted: &abortedError{"cpu"}, want: exitFailed},
		"threshold interrupted": {required: unmet, interrupted: true, want: exitInterrupted},
	} {
		got := loadResult{Summary: &c.sum, Required: c.required}.exit(c.interrupted, c.aborted)
		if got.code != c.want || c.want == exitInvalid && !strings.Contains(got.Error(), "no ports") {
			t.Errorf("%s: %v, want code %d", name, got, c.want)
		}
	}
}

func TestTheGeneratorsOwnCPUEndsALoad(t *testing.T) {
	condition, err := summary.Measures.Parse("cpu > 94.9%")
	if err != nil {
		t.Fatal(err)
	}
	ctx, abort := context.WithCancelCause(t.Context())
	a := aborting{conditions: []threshold.Threshold{condition}, abort: abort}
	for second := range 14 {
		used := &runlog.GeneratorSecond{Procs: 1, CPU: 0.5}
		if second >= 4 {
			used.CPU = 0.95
		}
		if ctx.Err() != nil {
			t.Fatalf("it ended in second %d", second)
		}
		if err := a.add(&runlog.LoadSecond{IntervalSeconds: 1, Generator: used}); err != nil {
			t.Fatal(err)
		}
	}
	var aborted *abortedError
	if !errors.As(context.Cause(ctx), &aborted) || !strings.Contains(aborted.reason, "cpu > 94.9% over the last 10 s: 95 %") {
		t.Errorf("cause = %v, want the CPU of ten seconds", context.Cause(ctx))
	}
}

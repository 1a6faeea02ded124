package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"secondwind/loadgen/scenario"
	"secondwind/loadgen/summary"
	"secondwind/reports"
	"secondwind/runlog"
	"secondwind/runlog/threshold"
)

// newestIn is the folder of the newest record below runs.
func newestIn(t *testing.T, runs string) string {
	t.Helper()
	dir, err := latestRun(runs, func(runlog.Manifest) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// recordIn opens the newest record below runs.
func recordIn(t *testing.T, runs string) *runlog.Record {
	t.Helper()
	record, err := runlog.Open(newestIn(t, runs))
	if err != nil {
		t.Fatal(err)
	}
	return record
}

// busy is reported where other programs keep the load generator from sending on time.
const busy = "the load generator was the limit"

func TestALoadThatIsInterruptedKeepsItsRecordAndExitsWith130(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		interrupt()
		w.WriteHeader(http.StatusTeapot)
	}))
	defer server.Close()
	runs := t.TempDir()
	var stdout, stderr bytes.Buffer
	args := []string{"load", server.URL, "--duration", "1h", "--digits", "10", "--users", "1", "--json", "--runs", runs}
	code := run(ctx, args, &stdout, &stderr)
	if code != exitInterrupted {
		t.Errorf("exit code = %d, want %d\n%s", code, exitInterrupted, stderr.String())
	}
	lines := strings.Split(strings.TrimSpace(stdout.String()), "\n")
	var total struct {
		summary.Summary
		Recorded string
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &total); err != nil || total.Failed == 0 || filepath.Dir(total.Recorded) != runs {
		t.Errorf("last line = %q, %v, want what was sent, and the record's folder", lines[len(lines)-1], err)
	}
	if page, err := os.ReadFile(filepath.Join(newestIn(t, runs), reports.HTMLFile)); err != nil || bytes.Contains(page, []byte("not sealed")) {
		t.Errorf("%v; the report of a record that is sealed says that it is not", err)
	}
	if record := recordIn(t, runs); !record.Manifest.Complete {
		t.Error("the record is not sealed")
	}
}

// TestALoadSaysWhatBecameOfItAndOfWhatIsRequired loads a server of which every third
// answer is an error.
func TestALoadSaysWhatBecameOfItAndOfWhatIsRequired(t *testing.T) {
	var served atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if got := r.Method + " " + r.RequestURI + " " + r.Header.Get("X-A") + " " + string(body); got != "PUT /b?c=d 1, 2 hello" {
			t.Errorf("received %q", got)
		}
		w.Header().Set("X-Served-By", "i-7")
		if served.Add(1)%3 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	load := func(more ...string) (int, string) {
		var stdout, stderr bytes.Buffer
		args := append([]string{"load", server.URL + "/b?c=d", "--method", "PUT", "--header", "X-A: 1", "--header", "X-A:2", "--body", "hello",
			"--no-report", "--instance-header", "X-Served-By", "--rate", "60/s", "--duration", "500ms", "--runs", t.TempDir()}, more...)
		return run(t.Context(), args, &stdout, &stderr), stdout.String() + stderr.String()
	}
	code, text := load("--require", "errors < 34%", "--require", "p99 < 1m", "--raw", "json")
	if strings.Contains(text, busy) {
		t.Skip("skipped: other programs left the load generator no CPU to send 30 requests in half a second; " +
			"what it reports of them is not tested")
	}
	for _, want := range []string{
		"offered 30, sent 30, completed 20, failed 10, dropped 0", "10 × status 503", "100.0 %  i-7",
		"✓ errors < 34%: it is 33.33 %", "✓ p99 < 1m: it is ",
	} {
		if code != 0 || !strings.Contains(text, want) {
			t.Errorf("exit code %d, want 0 and %q in\n%s", code, want, text)
		}
	}
	folder := strings.TrimSpace(text[strings.LastIndex(text, "recorded")+len("recorded"):])
	raw, err := os.ReadFile(filepath.Join(folder, "results-001.json"))
	want := `"method":"PUT","url":"` + server.URL + `/b?c=d"`
	if err != nil || strings.Count(string(raw), "\n") != 30 || !strings.Contains(string(raw), want) {
		t.Errorf("raw results: %v, want 30 lines with %s in\n%s", err, want, raw)
	}
	code, text = load("--require", "errors < 33%", "--require", "share(i-8) > 0%")
	for _, want := range []string{"✗ errors < 33%: it is 33.33 %", "✗ share(i-8) > 0%: it is 0 %"} {
		if code != exitFailed || !strings.Contains(text, want) {
			t.Errorf("exit code %d, want %d and %q in\n%s", code, exitFailed, want, text)
		}
	}
}

// TestUsersWaitForTheirAnswers has a server that takes 50 ms for an answer.
func TestUsersWaitForTheirAnswers(t *testing.T) {
	var now, most atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer now.Add(-1)
		<-time.After(50 * time.Millisecond)
	}))
	defer server.Close()
	var stdout, stderr bytes.Buffer
	args := []string{"load", server.URL, "--users", "3", "--think", "1ms", "--duration", "1s", "--json", "--no-report", "--runs", t.TempDir()}
	if code := run(t.Context(), args, &stdout, &stderr); code != 0 || most.Load() != 3 {
		t.Errorf("exit code %d, at most %d at once, want 0 and 3\n%s%s", code, most.Load(), stdout.String(), stderr.String())
	}
}

func TestALoadEndsWhenItsConditionHoldsOverTenSeconds(t *testing.T) {
	condition, err := summary.Measures.Parse("errors > 50%")
	if err != nil {
		t.Fatal(err)
	}
	ctx, abort := context.WithCancelCause(t.Context())
	a := aborting{conditions: []threshold.Threshold{condition}, abort: abort}
	failed := []int64{9, 9, 9, 0, 0, 0, 0, 0, 0, 0, 9, 9, 9, 9, 9, 9}
	for i, n := range failed {
		if err := a.add(&runlog.LoadSecond{IntervalSeconds: 1, Counts: runlog.Counts{Sent: 10, Failed: n, Completed: 10 - n}}); err != nil {
			t.Fatal(err)
		}
		if want := i == len(failed)-1; (ctx.Err() != nil) != want {
			t.Fatalf("second %d: %v, want it to end: %v", i, context.Cause(ctx), want)
		}
	}
	if got, want := context.Cause(ctx).Error(), "the load was ended: errors > 50% over the last 10 s: 54 %"; got != want {
		t.Errorf("cause = %q, want %q", got, want)
	}
}

// TestPrometheusSeesALoad scrapes from within the loaded server.
func TestPrometheusSeesALoad(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	scraped := make(chan string, 1)
	began := time.Now()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Instance-Id", "i-1")
		if time.Since(began) < 1500*time.Millisecond { // a line is written each second
			return
		}
		response, err := http.Get("http://" + address + "/metrics")
		if err != nil {
			t.Error(err)
			return
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		select {
		case scraped <- string(text):
		default:
		}
	}))
	defer server.Close()
	var stdout, stderr bytes.Buffer
	args := []string{"load", server.URL, "--rate", "20", "--duration", "3s", "--metrics", address, "--no-report", "--runs", t.TempDir()}
	if code := run(t.Context(), args, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, stdout.String(), stderr.String())
	}
	text := <-scraped
	for _, want := range []string{
		"secondwind_load_offered_rate 20\n", `secondwind_load_requests_total{outcome="dropped"} 0`,
		`secondwind_load_completed_total{answered_by="i-1"} `, `secondwind_load_latency_seconds{from="schedule",quantile="0.99"} `,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("/metrics lacks %q:\n%s", want, text)
		}
	}
	if _, err := http.Get("http://" + address + "/metrics"); err == nil {
		t.Error("/metrics is served after the load")
	}
}

func TestALoadOfTargetsReadsFilesAndStandardInput(t *testing.T) {
	var paths sync.Map
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { paths.Store(r.Method+r.URL.Path, true) }))
	defer server.Close()
	text := "GET " + server.URL + "/a\n\nDELETE " + server.URL + "/b"
	file := filepath.Join(t.TempDir(), "targets")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{file, "-"} {
		paths.Clear()
		runs := t.TempDir()
		root := newRoot(&output{stdout: io.Discard, colour: "auto", interrupts: newInterrupts(func() {}, func(string) {})})
		root.SetArgs([]string{"load", "--targets", name, "--duration", "100ms", "--no-report", "--runs", runs})
		root.SetIn(strings.NewReader(text))
		var end *exitError
		if err := root.ExecuteContext(t.Context()); !errors.As(err, &end) || end.code != 0 && end.code != exitInvalid {
			t.Fatal(err)
		}
		_, a := paths.Load("GET/a")
		_, b := paths.Load("DELETE/b")
		if !a || !b {
			t.Errorf("targets of %s: not all arrived", name)
		}
		again, err := scenario.Read(t.Context(), filepath.Join(newestIn(t, runs), runlog.ScenarioFile))
		if err != nil || again.LoadOnly.Duration != 100*time.Millisecond {
			t.Errorf("the record's scenario is %+v, %v", again, err)
		}
	}
}

// TestALoadIsRateTimesTime loads a server that answers every request, and one that
// answers none as expected.
func TestALoadIsRateTimesTime(t *testing.T) {
	for _, c := range []struct {
		status, code int
		stderr       string
	}{
		{http.StatusOK, 0, ""},
		{http.StatusTeapot, exitFailed, "failed"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var in struct{ Operands []json.Number }
			_ = json.NewDecoder(r.Body).Decode(&in)
			x, _ := new(big.Int).SetString(in.Operands[0].String(), 10)
			y, _ := new(big.Int).SetString(in.Operands[1].String(), 10)
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, `{"result":"`+x.Mul(x, y).String()+`"}`)
		}))
		defer server.Close()
		var stdout, stderr bytes.Buffer
		args := []string{
			"load", server.URL + "/a", "--duration", "1s", "--profile", "constant:3", "--digits", "10", "--no-report", "--runs", t.TempDir(),
		}
		if code := run(t.Context(), args, &stdout, &stderr); code != c.code || !strings.Contains(stderr.String(), c.stderr) {
			t.Errorf("status %d: exit code %d, %q; want %d, %q", c.status, code, stderr.String(), c.code, c.stderr)
		}
		if want := "loading " + server.URL + "/a with 3/s for 1 s"; !strings.Contains(stdout.String(), want) {
			t.Errorf("status %d: %s\nwant it to begin with what it does: %s", c.status, stdout.String(), want)
		}
		if want := "offered 3, sent 3"; !strings.Contains(stdout.String(), want) || !strings.Contains(stdout.String(), "dropped 0") {
			t.Errorf("status %d: %s\nwant %s, and none dropped", c.status, stdout.String(), want)
		}
	}
}

// TestALoadReachesAServerInEveryWay loads one over TLS and HTTP/2 and another over a Unix socket,
// with a URL that has a password, which must be printed nowhere.
func TestALoadReachesAServerInEveryWay(t *testing.T) {
	var protocols sync.Map
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		protocols.Store(r.Proto+" "+password, true)
	})
	secure := httptest.NewUnstartedServer(handler)
	secure.EnableHTTP2 = true
	secure.StartTLS()
	defer secure.Close()
	roots := filepath.Join(t.TempDir(), "roots.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	if err := os.WriteFile(roots, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := nettest.NewLocalListener("unix")
	if err != nil {
		t.Fatal(err)
	}
	local := httptest.NewUnstartedServer(handler)
	local.Listener.Close()
	local.Listener = listener
	local.Start()
	defer local.Close()
	for want, args := range map[string][]string{
		"HTTP/2.0 geheim": {strings.Replace(secure.URL, "//", "//me:geheim@", 1), "--http", "2", "--root-certs", roots},
		"HTTP/1.1 geheim": {"http://me:geheim@shop.example", "--unix-socket", listener.Addr().String()},
	} {
		runs := t.TempDir()
		var stdout, stderr bytes.Buffer
		args = append(append([]string{"load"}, args...), "--duration", "200ms", "--no-report", "--runs", runs)
		if code := run(t.Context(), args, &stdout, &stderr); code != 0 && code != exitInvalid {
			t.Errorf("%q: exit code %d\n%s%s", args, code, stdout.String(), stderr.String())
		}
		if _, ok := protocols.Load(want); !ok {
			t.Errorf("%q: no request came by %s", args, want)
		}
		written := stdout.String() + stderr.String()
		err := filepath.WalkDir(runs, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			written += string(text)
			return err
		})
		if err != nil || strings.Contains(written, "geheim") {
			t.Errorf("%q: the password is printed or recorded, or the record cannot be read: %v", args, err)
		}
	}
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"secondwind/loadgen/profile"
	"secondwind/loadgen/scenario"
	"secondwind/runlog"
)

// recordIn opens the only record below runs.
func recordIn(t *testing.T, runs string) *runlog.Record {
	t.Helper()
	dir, err := latestRun(runs)
	if err != nil {
		t.Fatal(err)
	}
	record, err := runlog.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return record
}

func TestALoadThatIsInterruptedKeepsItsRecordAndExitsWith130(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		interrupt()
		w.WriteHeader(http.StatusTeapot)
	}))
	defer server.Close()
	runs := t.TempDir()
	var stdout, stderr bytes.Buffer
	args := []string{"load", "--url", server.URL, "--for", "1h", "--digits", "10", "--users", "1", "--json", "--runs", runs}
	code := run(ctx, args, &stdout, &stderr)
	if code != exitInterrupted {
		t.Errorf("exit code = %d, want %d\n%s", code, exitInterrupted, stderr.String())
	}
	lines := strings.Split(strings.TrimSpace(stdout.String()), "\n")
	var total struct {
		runlog.LoadSecond
		Recorded string
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &total); err != nil || total.Failed == 0 || filepath.Dir(total.Recorded) != runs {
		t.Errorf("last line = %q, %v, want what was sent, and the record's folder", lines[len(lines)-1], err)
	}
	if record := recordIn(t, runs); !record.Manifest.Complete {
		t.Error("the record is not sealed")
	}
}

func TestALoadThatCannotBeMadeClosesItsRecord(t *testing.T) {
	runs := t.TempDir()
	out := &output{stdout: io.Discard, interrupts: newInterrupts(func() {}, nil)}
	err := runLoad(t.Context(), out, runs, loading{"no URL", "1", profile.Constant(1), scenario.Default()})
	if err == nil || !strings.Contains(err.Error(), "no URL") {
		t.Errorf("runLoad = %v, want what is wrong with the URL", err)
	}
	if record := recordIn(t, runs); !record.Manifest.Complete {
		t.Error("the record is not sealed")
	}
}

func TestTheErrorThatCameMostOftenComesFirst(t *testing.T) {
	total := runlog.LoadSecond{Offered: 9, Sent: 9, Failed: 9, Errors: map[string]int64{"refused": 2, "timeout": 5, "reset": 2}}
	const want = "9 offered, 9 sent, 0 answered, 9 failed, 0 dropped\n  5 × timeout\n  2 × refused\n  2 × reset\nrecorded  runs/1\n"
	for range 20 {
		var b bytes.Buffer
		if err := writeTraffic(&output{stdout: &b}, total, "runs/1"); err != nil {
			t.Fatal(err)
		}
		if b.String() != want {
			t.Fatalf("wrote %q, want %q", b.String(), want)
		}
	}
}

func TestWhatALoadMeasuredIsAllThatItReports(t *testing.T) {
	total := runlog.LoadSecond{Offered: 6, Sent: 6, Completed: 6, IntervalSeconds: 2, BytesIn: 10, BytesOut: 20}
	const want = `{"intervalSeconds":2,"offered":6,"sent":6,"completed":6,"failed":0,"dropped":0,"bytesIn":10,"bytesOut":20,` +
		`"lagMaxSeconds":0,"recorded":"runs/1"}` + "\n"
	var b bytes.Buffer
	if err := writeTraffic(&output{stdout: &b, json: true}, total, "runs/1"); err != nil || b.String() != want {
		t.Errorf("wrote %s, %v, want %s", b.String(), err, want)
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
		{http.StatusTeapot, exitAllFailed, "every request failed: check that a calculator answers at http://127.0.0.1"},
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
		args := []string{"load", "--url", server.URL, "--for", "1s", "--profile", "constant:3", "--digits", "10", "--runs", t.TempDir()}
		if code := run(t.Context(), args, &stdout, &stderr); code != c.code || !strings.Contains(stderr.String(), c.stderr) {
			t.Errorf("status %d: exit code %d, %q; want %d, %q", c.status, code, stderr.String(), c.code, c.stderr)
		}
		if want := "with constant:3 for 1s"; !strings.Contains(stdout.String(), want) {
			t.Errorf("status %d: %s\nwant it to begin with what it does: %s", c.status, stdout.String(), want)
		}
		if want := "3 offered, 3 sent"; !strings.Contains(stdout.String(), want) || !strings.Contains(stdout.String(), "0 dropped") {
			t.Errorf("status %d: %s\nwant %s, and none dropped", c.status, stdout.String(), want)
		}
	}
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
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
	err := runLoad(t.Context(), &output{stdout: io.Discard}, runs, loading{"no URL", profile.Constant{PerSecond: 1}, scenario.Default()})
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

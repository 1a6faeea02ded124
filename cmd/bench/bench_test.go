//go:build linux

package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	psutil "github.com/shirou/gopsutil/v4/process"

	"secondwind/server"
)

// TestContestantsAnswerTheSame: a comparison of servers that do different things
// would say nothing.
func TestContestantsAnswerTheSame(t *testing.T) {
	ours, err := server.New(server.Config{})
	if err != nil {
		t.Fatal(err)
	}
	answers := map[string]string{}
	for name, handler := range map[string]http.Handler{"calculator": ours.Handler(), "bare": http.HandlerFunc(bare)} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, smallQuestion, nil))
		answers[name] = resultOf(t, w.Body)
	}
	folder := t.TempDir()
	if err := prepareOriginal(t.Context(), folder); err != nil {
		t.Log("the original is left out:", err)
	} else {
		p, err := startOriginal(t.Context(), folder)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := p.stop(); err != nil {
				t.Error(err)
			}
		}()
		r, err := http.Get(p.url(smallQuestion))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		answers["original"] = resultOf(t, r.Body)
	}
	for name, answer := range answers {
		if answer != "408" {
			t.Errorf("%s answers %s with %q, want 408 (of %v)", name, smallQuestion, answer, answers)
		}
	}
}

func resultOf(t *testing.T, body io.Reader) string {
	t.Helper()
	var answer struct{ Result json.Number }
	if err := json.NewDecoder(body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return answer.Result.String()
}

// TestAServerThatEndsIsReportedAtOnce: not after the time that a slow one has.
func TestAServerThatEndsIsReportedAtOnce(t *testing.T) {
	_, err := start(t.Context(), "/", nil, "sh", "-c", "echo no such module >&2; exit 3")
	if err == nil || !strings.Contains(err.Error(), "ended before it answered: exit status 3") {
		t.Errorf("start = %v, want that it ended with status 3", err)
	}
}

func TestWhatAProcessUsesIsRead(t *testing.T) {
	p := &process{command: exec.Command("bench.test"), measured: &psutil.Process{Pid: int32(os.Getpid())}}
	for used := time.Duration(0); used == 0; { // until asking has taken a hundredth of a second
		var err error
		if used, err = p.cpu(t.Context()); err != nil || used < 0 {
			t.Fatalf("cpu = %v, %v, want some", used, err)
		}
	}
	if bytes, err := p.resident(t.Context()); err != nil || bytes < 1<<20 {
		t.Errorf("resident = %d, %v, want more than a mebibyte", bytes, err)
	}
}

func TestMedianIsTheLowerMiddle(t *testing.T) {
	if got := median([]time.Duration{9, 1, 5, 7}); got != 5 {
		t.Errorf("median of 1 5 7 9 = %d, want 5", got)
	}
}

func TestRunNamesAnUnknownSection(t *testing.T) {
	if err := run(t.Context(), []string{"-only", "digits,colour"}); err == nil {
		t.Error("run -only colour = nil, want an error that names the sections")
	}
}

//go:build linux

package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"testing"
	"time"

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
	if gunicorn, err := exec.LookPath("gunicorn"); err == nil {
		p, err := startOriginal(t.Context(), gunicorn, t.TempDir())
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
	} else {
		t.Log("the original is left out: gunicorn is not installed (Debian: apt install gunicorn python3-flask)")
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

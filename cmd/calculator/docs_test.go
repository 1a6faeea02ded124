package main

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"secondwind/server"
)

const manual = "../../docs/calculator.md"

// documented is a command of the manual, and what it says that comes of it.
var documented = regexp.MustCompile("(?s)```sh\n(.*?)```\n```(?:json|text)\n(.*?)```")

func TestExamplesOfTheManual(t *testing.T) {
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the manual's examples need %s, which is not installed", tool)
		}
	}
	text, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	_, address := start(t, built(t), "CALCULATOR_HISTORY=sqlite:"+filepath.Join(dir, "history.db"))
	awaitReady(t, address)
	examples := documented.FindAllStringSubmatch(string(text), -1)
	if len(examples) < 8 {
		t.Fatalf("the manual has %d examples, want one for each part of the API", len(examples))
	}
	for _, e := range examples {
		cmd := exec.CommandContext(t.Context(), "bash", "-euc", e[1])
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "CALCULATOR=http://"+address)
		out, err := cmd.Output()
		if err != nil || strings.TrimSpace(string(out)) != strings.TrimSpace(e[2]) {
			t.Errorf("%s= %v\n%s\nwant\n%s", e[1], err, out, e[2])
		}
	}
}

// awaitReady returns when the history can be reached.
func awaitReady(t *testing.T, address string) {
	t.Helper()
	for t.Context().Err() == nil {
		got, err := http.Get("http://" + address + "/readyz")
		if err != nil {
			t.Fatalf("GET /readyz: %v", err)
		}
		got.Body.Close()
		if got.StatusCode == http.StatusOK {
			return
		}
	}
}

func TestManualHasEveryLimitAndMetric(t *testing.T) {
	text, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range settings(new(server.Config)) {
		if !strings.Contains(string(text), "| `"+s.name+"` |") {
			t.Errorf("%s lacks the limit %s", manual, s.name)
		}
	}
	_, address := start(t, built(t), "CALCULATOR_HISTORY=off")
	got, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	metrics, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`(?m)^# HELP (calculator_\w+)`).FindAllSubmatch(metrics, -1)
	if len(names) < 5 {
		t.Errorf("/metrics has %d metrics of ours:\n%s", len(names), metrics)
	}
	for _, name := range names {
		if !strings.Contains(string(text), "| `"+string(name[1])+"` |") {
			t.Errorf("%s lacks the metric %s", manual, name[1])
		}
	}
}

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"secondwind/server/history"
	"secondwind/server/history/audit"
)

// The parts of a calculation that must stand nowhere in clear.
const (
	secretOperand = "982451653982451653982451653"
	secretResult  = "1964903307964903307964903306" // twice the operand
)

// TestCalculatorsShareAHistory runs two calculators as processes over one store,
// as a person with a browser and an operator with a shell meet them.
func TestCalculatorsShareAHistory(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no SIGTERM")
	}
	t.Setenv("CALCULATOR_HISTORY", "sqlite:"+filepath.Join(t.TempDir(), "history.db"))
	first, second := calculator(t), calculator(t)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	person := &browser{client: &http.Client{Jar: jar}}
	person.ask(t, "GET", first+"/", "", http.StatusOK) // gets the cookie
	person.ask(t, "POST", first+"/v1/calculate", `{"operation":"*","operands":["`+secretOperand+`","2"]}`, http.StatusOK)
	entry := person.awaits(t, second, 1)[0]
	if entry.Result != secretResult || entry.Operands[0] != secretOperand {
		t.Errorf("the second calculator lists %+v, want what the first calculated", entry)
	}
	if other := (&browser{client: &http.Client{}}); len(other.entries(t, second)) != 0 {
		t.Error("a request without the cookie sees entries")
	}

	auditPasses(t)
	if code, out, log := tried(t, "rotate-key"); code != exitDone {
		t.Errorf("rotate-key = %d, %s%s", code, out, log)
	}
	person.ask(t, "POST", second+"/v1/calculate", `{"expression":"`+secretOperand+`+1"}`, http.StatusOK)
	if after := person.awaits(t, first, 2); after[1].ID != entry.ID || after[1].Result != secretResult {
		t.Errorf("after the rotation the older entry is %+v, want it as before", after[1])
	}
	auditPasses(t)

	person.ask(t, "DELETE", second+"/v1/history/"+entry.ID, "", http.StatusNoContent)
	if left := person.entries(t, first); len(left) != 1 || left[0].ID == entry.ID {
		t.Errorf("after a delete at the second calculator the first lists %+v, want the other entry", left)
	}
	person.ask(t, "DELETE", first+"/v1/history", "", http.StatusNoContent)
	if left := person.entries(t, second); len(left) != 0 {
		t.Errorf("after everything was deleted there is %+v", left)
	}
}

// auditPasses audits the store of the environment with the program itself.
func auditPasses(t *testing.T) {
	t.Helper()
	code, out, log := tried(t, "audit", "--json", "--known", secretOperand, "--known", secretResult)
	var report audit.Report
	if err := json.Unmarshal([]byte(out), &report); err != nil || code != exitDone || !report.Passed || report.Records == 0 {
		t.Errorf("audit alongside running calculators = %d, error %v:\n%s%s", code, err, out, log)
	}
}

// calculator starts one as a process, stops it when the test ends, and returns
// its URL.
func calculator(t *testing.T) string {
	t.Helper()
	process := exec.CommandContext(context.Background(), os.Args[0], "--address", "127.0.0.1:0")
	process.Env = append(os.Environ(), asProgram+"=1", "AWS_EC2_METADATA_DISABLED=true")
	stderr, err := process.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	log := bufio.NewScanner(stderr)
	var listening struct{ Address string }
	for listening.Address == "" && log.Scan() {
		_ = json.Unmarshal(log.Bytes(), &listening)
	}
	var rest strings.Builder
	read := make(chan struct{})
	go func() {
		defer close(read)
		for log.Scan() {
			rest.WriteString(log.Text() + "\n")
		}
	}()
	t.Cleanup(func() {
		if err := process.Process.Signal(syscall.SIGTERM); err != nil {
			t.Errorf("stop the calculator: %v", err)
		}
		<-read
		if err := process.Wait(); err != nil {
			t.Errorf("the calculator ended with %v", err)
		}
		if text := rest.String(); strings.Contains(text, secretOperand) || strings.Contains(text, secretResult) ||
			strings.Contains(text, `"level":"ERROR"`) {
			t.Errorf("its log has an operand, a result or an error:\n%s", text)
		}
	})
	await(t, "the calculator's history", func() bool {
		answer, err := http.Get("http://" + listening.Address + "/readyz")
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
	return "http://" + listening.Address
}

// browser is a person's.
type browser struct{ client *http.Client }

func (b *browser) ask(t *testing.T, method, url, body string, want int) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	answer, err := b.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != want {
		t.Errorf("%s %s = %d, error %v, want %d:\n%s", method, url, answer.StatusCode, err, want, text)
	}
	return text
}

func (b *browser) entries(t *testing.T, calculator string) []history.Entry {
	t.Helper()
	var listed struct{ Entries []history.Entry }
	if err := json.Unmarshal(b.ask(t, "GET", calculator+"/v1/history", "", http.StatusOK), &listed); err != nil {
		t.Fatalf("GET /v1/history: %v", err)
	}
	return listed.Entries
}

// awaits returns the entries once there are so many.
func (b *browser) awaits(t *testing.T, calculator string, count int) (entries []history.Entry) {
	t.Helper()
	await(t, "an entry in the history", func() bool {
		entries = b.entries(t, calculator)
		return len(entries) == count
	})
	return entries
}

// await returns when true is, and fails the test if it never is.
func await(t *testing.T, what string, isTrue func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for !isTrue() {
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("never seen: %s", what)
		}
	}
}

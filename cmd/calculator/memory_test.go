package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"secondwind/server"
)

// build makes the calculator as users have it, once for all tests: the test binary
// may carry the race detector, whose memory is many times larger.
var build = sync.OnceValues(func() (path string, err error) {
	path = filepath.Join(scratch, "calculator")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

func built(t *testing.T) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// start runs a calculator until the test ends and returns its address.
func start(t *testing.T, path string, environment ...string) (cmd *exec.Cmd, address string) {
	t.Helper()
	cmd = exec.Command(path, "--address", "127.0.0.1:0")
	cmd.Env = append(append(os.Environ(), "AWS_EC2_METADATA_DISABLED=true"), environment...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start: %v", err)
	}
	log := bufio.NewReader(stderr)
	drained := make(chan struct{})
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		<-drained
		if err := cmd.Wait(); err != nil {
			t.Errorf("the calculator ended with %v, want exit 0", err)
		}
	})
	var started struct{ Msg, Address string }
	line, err := log.ReadBytes('\n')
	if err != nil || json.Unmarshal(line, &started) != nil || started.Msg != "listening" {
		close(drained)
		t.Fatalf("first line of the log = %q, want that it listens", line)
	}
	go func() { defer close(drained); io.Copy(io.Discard, log) }()
	return cmd, started.Address
}

// highWater is the most memory that the process has ever had, in bytes.
func highWater(t *testing.T, cmd *exec.Cmd) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		t.Fatal("/proc/…/status has no VmHWM")
	}
	kB, err := strconv.ParseInt(string(found[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kB << 10
}

// heldBack is a body that comes whole but for its end, which comes when all
// other clients have sent as much, or have their answer.
type heldBack struct {
	io.Reader
	once    sync.Once
	arrived func()
	all     <-chan struct{}
}

func (h *heldBack) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		h.once.Do(h.arrived)
		<-h.all
	}
	return n, err
}

func TestMemoryIsBoundedByTheLimits(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux reports the peak memory of a process, in /proc")
	}
	const clients, bodyBytes = 150, 4 << 20
	cmd, address := start(t, built(t), "CALCULATOR_HISTORY=sqlite:"+filepath.Join(t.TempDir(), "history.db"),
		"CALCULATOR_MAX_BODY_BYTES=4194304", "CALCULATOR_MAX_HELD_BYTES=8388608",
		"CALCULATOR_MAX_DIGITS=200000", "CALCULATOR_MAX_CALCULATIONS=4", "CALCULATOR_MAX_CONNECTIONS=200",
		"CALCULATOR_MAX_HEADER_BYTES=16384", "CALCULATOR_QUEUE_TIMEOUT=300ms")
	s, err := server.New(server.Config{MaxBodyBytes: bodyBytes, MaxHeldBytes: 2 * bodyBytes, MaxDigits: 200_000,
		MaxCalculations: 4, MaxConnections: 200, MaxHeaderBytes: 16 << 10})
	if err != nil {
		t.Fatal(err)
	}
	if all := int64(clients) * bodyBytes; s.MemoryBound() > all/2 {
		t.Fatalf("the bound is %d bytes, want one far below the %d that the clients send", s.MemoryBound(), all)
	}
	statuses := burst(t, "http://"+address+"/v1/calculate", clients, bodyBytes)
	if statuses[http.StatusServiceUnavailable] == 0 {
		t.Errorf("statuses = %v, want some refused (503)", statuses)
	}
	// On a busy machine all of them may be. One alone never is: its answer is 400, too many digits.
	if status := post(t.Context(), "http://"+address+"/v1/calculate", strings.NewReader(strings.Repeat("1", bodyBytes))); status != 400 {
		t.Errorf("the same body alone, after the burst = %d, want 400", status)
	}
	for _, question := range []string{
		strings.Repeat("2^660000+(", 400) + "1" + strings.Repeat(")", 400), // waits at every level
		"3^400000", "factorial(40000)", "gcd(" + strings.Repeat("2^660000,", 5000) + "1)", strings.Repeat("1+", 99_000) + "1",
	} {
		questions(t, "http://"+address+"/v1/calculate", question)
	}
	high := highWater(t, cmd)
	t.Logf("%d clients sent %d MB; VmHWM %d MB, bound %d MB", clients, clients*bodyBytes>>20, high>>20, s.MemoryBound()>>20)
	if high > s.MemoryBound() {
		t.Errorf("VmHWM = %d MB, want at most %d MB", high>>20, s.MemoryBound()>>20)
	}
}

// burst sends so many large bodies at once and counts the answers' statuses.
// Status 0 is a connection that was cut after the answer.
func burst(t *testing.T, url string, clients, bodyBytes int) map[int]int {
	t.Helper()
	body := bytes.Repeat([]byte("1"), bodyBytes)
	all := make(chan struct{})
	var arrived, ended sync.WaitGroup
	arrived.Add(clients)
	go func() { arrived.Wait(); close(all) }()
	var mu sync.Mutex
	statuses := make(map[int]int)
	for range clients {
		ended.Go(func() {
			b := &heldBack{Reader: bytes.NewReader(body), arrived: arrived.Done, all: all}
			status := post(t.Context(), url, b)
			b.once.Do(b.arrived)
			mu.Lock()
			defer mu.Unlock()
			statuses[status]++
		})
	}
	ended.Wait()
	return statuses
}

// questions asks one thing twenty times at once.
func questions(t *testing.T, url, text string) {
	t.Helper()
	var asked sync.WaitGroup
	for range 20 {
		asked.Go(func() {
			switch status := post(t.Context(), url, strings.NewReader(text)); status {
			case http.StatusOK, http.StatusBadRequest, http.StatusServiceUnavailable:
			default:
				t.Errorf("POST of %.20s… = %d, want an answer, or a refusal", text, status)
			}
		})
	}
	asked.Wait()
}

// post returns the status, or 0.
func post(ctx context.Context, url string, body io.Reader) int {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, body)
	if err != nil {
		return 0
	}
	r.Header.Set("Content-Type", "text/plain")
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	defer got.Body.Close()
	io.Copy(io.Discard, got.Body)
	return got.StatusCode
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"secondwind/server"
)

// asProgram makes the test binary behave as the calculator itself, so that
// signals and exit codes are those of a real process.
const asProgram = "CALCULATOR_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Setenv("CALCULATOR_HISTORY", "off") // what wants one says where
	os.Exit(func() int {
		folder, err := os.MkdirTemp("", "calculator-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(folder)
		scratch = folder
		return m.Run()
	}())
}

// scratch is a folder for what all tests share.
var scratch string

func TestRunRefusesMisuse(t *testing.T) {
	for _, tt := range []struct {
		name string
		args []string
		says string
	}{
		{"an unknown flag", []string{"--port", "80"}, "flag provided but not defined: -port"},
		{"an argument", []string{"8080"}, `unexpected argument "8080"`},
		{"an address without a port", []string{"--address", "localhost"}, "is not host:port"},
		{"a port that is no number", []string{"--address", "localhost:http!"}, "has no port from 0 to 65535"},
		{"profiles for everybody", []string{"--pprof", "0.0.0.0:6060"}, "is not on loopback"},
		{"profiles on a name", []string{"--pprof", "localhost:6060"}, "is not on loopback"},
		{"a port too high", []string{"--address", "localhost:65536"}, "has no port from 0 to 65535"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), tt.args, &stdout, &stderr)
			if code != exitMisuse || !strings.Contains(stderr.String(), tt.says) || strings.Count(stderr.String(), "\n") != 1 {
				t.Errorf("run(%q) = %d, %q, want %d and one line with %q", tt.args, code, stderr.String(), exitMisuse, tt.says)
			}
		})
	}
}

func TestEnvironmentReportsEverythingThatIsWrong(t *testing.T) {
	wrong := map[string]string{"CALCULATOR_LOG_LEVEL": "loud"}
	values := []string{"16MB", "-1", "0", "99999999999999999999"} // none is a size, a number or a duration
	for i, setting := range settings(new(server.Config)) {
		wrong[setting.name] = values[i%len(values)]
	}
	lookup := func(name string) (string, bool) { v, ok := wrong[name]; return v, ok }
	_, err := configuration(lookup, &bytes.Buffer{})
	for name := range wrong {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("configuration = %v, want %s named", err, name)
		}
	}
}

func TestFaultsOfLimitsAndHistoryAreReportedTogether(t *testing.T) {
	wrong := map[string]string{
		"CALCULATOR_MAX_DIGITS": "many", "CALCULATOR_HISTORY_RETENTION": "soon", "CALCULATOR_HISTORY": "mysql:", "CALCULATOR_KEY": "x",
	}
	for name, value := range wrong {
		t.Setenv(name, value)
	}
	var stderr bytes.Buffer
	if code := run(t.Context(), nil, &bytes.Buffer{}, &stderr); code != exitMisuse {
		t.Errorf("run = %d, want %d", code, exitMisuse)
	}
	for name, value := range wrong {
		if !strings.Contains(stderr.String(), name) || !strings.Contains(stderr.String(), value) {
			t.Errorf("stderr = %q, want %s=%s named", stderr.String(), name, value)
		}
	}
}

func TestVersionAndHelp(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"--version"}, &stdout, &stderr); code != exitDone || stdout.String() != "calculator dev\n" {
		t.Errorf("run(--version) = %d, %q, want 0 and calculator dev", code, stdout.String())
	}
	if code := run(t.Context(), []string{"--help"}, &stdout, &stderr); code != exitDone || !strings.Contains(stderr.String(), "-address") ||
		!strings.Contains(stderr.String(), "CALCULATOR_MAX_DIGITS") {
		t.Errorf("run(--help) = %d, %q, want 0, the flags and the environment", code, stderr.String())
	}
}

func TestPortThatIsTakenIsOneClearSentence(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	address := listener.Addr().String()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"--address", address}, &stdout, &stderr)
	want := "calculator: the address " + address + " is in use by another program: end that, or choose another with --address\n"
	if code != exitFailed || stderr.String() != want {
		t.Errorf("run on a taken port = %d, %q, want %d, %q", code, stderr.String(), exitFailed, want)
	}
}

func TestProcessServesUntilSIGTERM(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no SIGTERM")
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "--address", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), asProgram+"=1", "AWS_EC2_METADATA_DISABLED=true")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start: %v", err)
	}
	log := bufio.NewScanner(stderr)
	var started struct{ Msg, Address, Instance string }
	if !log.Scan() || json.Unmarshal(log.Bytes(), &started) != nil || started.Msg != "listening" {
		t.Fatalf("first line of the log = %q, want that it listens", log.Text())
	}
	got, err := http.Get("http://" + started.Address + "/healthz")
	if err != nil {
		t.Fatalf("GET /healthz: %v", err)
	}
	got.Body.Close()
	if got.StatusCode != http.StatusOK || got.Header.Get("X-Instance-Id") != started.Instance {
		t.Errorf("GET /healthz = %d from %q, want 200 from %q", got.StatusCode, got.Header.Get("X-Instance-Id"), started.Instance)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatalf("signal: %v", err)
	}
	var last string
	for log.Scan() {
		last = log.Text()
	}
	if err := cmd.Wait(); err != nil || !strings.Contains(last, `"drained"`) {
		t.Errorf("after SIGTERM the process ended with %v, last line %q, want exit 0 and drained", err, last)
	}
}

func TestProfilesAreOnTheirOwnAddressAlone(t *testing.T) {
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reader, writer := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		defer writer.Close()
		ended <- run(ctx, []string{"--address", "127.0.0.1:0", "--pprof", "127.0.0.1:0"}, io.Discard, writer)
	}()
	addresses := make(map[string]string) // by message
	log := bufio.NewScanner(reader)
	for len(addresses) < 2 && log.Scan() {
		var line struct{ Msg, Address string }
		if json.Unmarshal(log.Bytes(), &line) == nil && line.Address != "" {
			addresses[line.Msg] = line.Address
		}
	}
	go func() {
		for log.Scan() {
		}
	}()
	for message, want := range map[string]int{"profiles": http.StatusOK, "listening": http.StatusNotFound} {
		got, err := http.Get("http://" + addresses[message] + "/debug/pprof/cmdline")
		if err != nil {
			t.Fatalf("GET of %s: %v", message, err)
		}
		got.Body.Close()
		if got.StatusCode != want {
			t.Errorf("GET /debug/pprof/cmdline where it says %s = %d, want %d", message, got.StatusCode, want)
		}
	}
	cancel()
	if code := <-ended; code != exitDone {
		t.Errorf("run = %d, want %d", code, exitDone)
	}
}

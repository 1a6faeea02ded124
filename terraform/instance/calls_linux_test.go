package instance_test

import (
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// filters are systemd's sets of system calls, by name: names of calls and of sets.
func filters(t *testing.T) map[string][]string {
	t.Helper()
	program, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed: nobody says which system calls the unit allows")
	}
	out, err := exec.CommandContext(t.Context(), program, "syscall-filter", "--no-pager").Output()
	if err != nil {
		t.Fatalf("systemd-analyze syscall-filter: %v", err)
	}
	sets, set := make(map[string][]string), ""
	for line := range strings.Lines(string(out)) {
		name := strings.TrimSpace(line)
		switch {
		case name == "" || strings.HasPrefix(name, "#"):
		case strings.HasPrefix(line, "@"):
			set = name
		default:
			sets[set] = append(sets[set], name)
		}
	}
	return sets
}

// allowed are the system calls that the unit's SystemCallFilter lines leave.
func allowed(t *testing.T, unit string) map[string]bool {
	t.Helper()
	sets, calls := filters(t), make(map[string]bool)
	var apply func(name string, allow bool)
	apply = func(name string, allow bool) {
		calls[name] = allow
		for _, member := range sets[name] {
			apply(member, allow)
		}
	}
	for _, line := range regexp.MustCompile(`(?m)^SystemCallFilter=(~?)(.+)$`).FindAllStringSubmatch(unit, -1) {
		for _, name := range strings.Fields(line[2]) {
			apply(name, line[1] == "")
		}
	}
	return calls
}

// TestCalculatorStaysInsideItsUnit runs the calculator under strace: what it
// asks of the kernel must be what the unit allows.
func TestCalculatorStaysInsideItsUnit(t *testing.T) {
	t.Parallel()
	text := read(t, "calculator.service")
	calls := allowed(t, text)
	tracer, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed: the calculator's system calls are not seen")
	}
	trace := filepath.Join(folder(t), "trace")
	if out, err := exec.CommandContext(t.Context(), tracer, "-o", filepath.Join(t.TempDir(), "trace"), "true").CombinedOutput(); err != nil {
		t.Skipf("this system lets nobody trace: %s", out)
	}
	c := startCalculator(t, "127.0.0.1:0", tracer, "--follow-forks", "--quiet=all", "--string-limit=0", "--output", trace)
	for _, path := range []string{"/", "/healthz", "/readyz", "/metrics", "/_calculate?number1=6&operator=*&number2=7", "/v1/history"} {
		response, err := http.Get("http://" + c.address + path)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
	c.end(t)

	var refused []string
	traced := read(t, trace)
	for _, m := range regexp.MustCompile(`(?m)^\d+ +(\w+)\(`).FindAllStringSubmatch(traced, -1) {
		if name := m[1]; !calls[name] && !slices.Contains(refused, name) {
			refused = append(refused, name)
		}
	}

	if len(refused) > 0 {
		t.Errorf("the unit refuses %q, which the calculator calls", refused)
	}
	for what, wrong := range map[string]string{
		"RestrictAddressFamilies": `socket\(AF_(?:UNIX|NETLINK|PACKET)[^\n]*`,
		"MemoryDenyWriteExecute":  `(?:mmap|mprotect)\([^\n]*PROT_WRITE\|PROT_EXEC[^\n]*`,
	} {
		if found := regexp.MustCompile(wrong).FindString(traced); found != "" {
			t.Errorf("%s forbids %s", what, found)
		}
	}
	if !strings.Contains(traced, "accept4(") {
		t.Error("the trace has no connection in it: nothing was seen")
	}
}

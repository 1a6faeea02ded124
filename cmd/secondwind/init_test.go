package main_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const calculation = "/_calculate?number1=6&operator=*&number2=7"

// TestAnInitialScenarioIsTakenByDoctorAndSoakAsItIs starts a program that knows nothing of the
// local cloud, once for init and then as the first instance of a soak.
func TestAnInitialScenarioIsTakenByDoctorAndSoakAsItIs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	got := secondwindIn(t, dir, "init", "--program", filepath.Join(bin, "calculator")+" --address {address}", "--path", calculation)
	for _, part := range []string{`instance (header: "X-Instance-Id")`, "the health path /", "secondwind soak -f scaling.yaml\n"} {
		if got.code != 0 || !strings.Contains(got.stdout, part) {
			t.Fatalf("init = %+v, want %q", got, part)
		}
	}
	soak := startSoak(t, "-f", filepath.Join(dir, "scaling.yaml"))
	soak.waitFor(t, "doctor: fit for a proof")
	if again := secondwindIn(t, dir, "init", "--program", "true"); again.code != 2 || !strings.Contains(again.stderr, "is there already") {
		t.Errorf("init over a file = %+v, want it refused", again)
	}
}

func TestAnInitialScenarioOfAGroupPassesTheDoctor(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	c.awaitHealthy(t)
	group := c.env["SECONDWIND_GROUP"]
	file := filepath.Join(t.TempDir(), "scaling.yaml")
	_, got := c.command(t, "init", "--group", group, "--path", calculation, "--out", file, "--json")
	var report struct {
		File  string
		Lines []struct{ Kind, Text string }
		Next  []string
	}
	if err := json.Unmarshal([]byte(got.stdout), &report); err != nil || got.code != 0 || report.File != file || len(report.Next) != 2 {
		t.Fatalf("init --json = %+v, %v", got, err)
	}
	for _, line := range report.Lines {
		if strings.HasPrefix(line.Text, "doctor: ") && !strings.Contains(line.Text, "Initial health checks in progress") {
			t.Errorf("%s: %s", line.Kind, line.Text)
		}
	}
	if !strings.HasPrefix(c.env["SECONDWIND_URL"], strings.TrimPrefix(report.Lines[0].Text, "group "+group+" is reached by ")) {
		t.Errorf("init says %q first, want where the group is", report.Lines[0].Text)
	}
	if text, err := os.ReadFile(file); err != nil || strings.Contains(string(text), "local:") {
		t.Errorf("the scenario is %s, %v, want none for the local cloud", text, err)
	}
	_, missing := c.command(t, "init", "--group", "nobody", "--out", file+".2")
	if missing.code == 0 || !strings.Contains(missing.stderr, "nobody") || strings.Contains(missing.stdout, "wrote") {
		t.Errorf("init for a group that is not there = %+v", missing)
	}
	c.stop(t)
}

func TestAServiceThatCannotBeAskedGetsNoScenario(t *testing.T) {
	t.Parallel()
	wrong := httptest.NewServer(http.NotFoundHandler())
	defer wrong.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip("there is no program named sleep: what init says of services that do not answer is not tested")
	}
	idle := []string{"--environment", "PORT={port}", "--program"} // of what listens nowhere
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"answers an error":          {[]string{"--url", wrong.URL}, `GET ` + wrong.URL + `/ answered 404 Not Found: "404 page not found"`},
		"does not answer":           {[]string{"--url", gone.URL}, "connection refused"},
		"ends":                      {append(slices.Clone(idle), sleep+" 0"), "ended by itself"},
		"listens elsewhere":         {append(slices.Clone(idle), sleep+" 60", "--start-within", "200ms"), "did not answer at"},
		"is not there":              {[]string{"--program", "./nothing {port}"}, "/nothing\" does not exist"},
		"needs a shell":             {[]string{"--program", "a | b"}, "no shell runs"},
		"is not said":               {nil, "say what to prove: --program COMMAND"},
		"is said twice":             {[]string{"--program", "a", "--url", "http://a"}, "--url cannot be combined with --program"},
		"has no such identity":      {[]string{"--url", wrong.URL, "--identity", "name"}, "give header:NAME, cookie:NAME, json:PATH, or target"},
		"has a path of no kind":     {[]string{"--url", wrong.URL, "--path", "work"}, "--path is "},
		"has a health path of none": {[]string{"--program", "a {port}", "--health-path", "up"}, "--health-path: "},
		"has a fixed port":          {[]string{"--program", "a"}, "--program does not say where to listen"},
		"has headers of none":       {[]string{"--url", wrong.URL, "--header", "a"}, "give 'Name: value'"},
		"has a variable alone":      {[]string{"--program", "a", "--environment", "b"}, "give NAME=value"},
		"is no URL":                 {[]string{"--url", "shop"}, "--url "},
		"has flags for nothing":     {[]string{"--url", wrong.URL, "--alarm", "a"}, "--alarm does nothing without --group"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			got := secondwindIn(t, dir, append([]string{"init"}, c.args...)...)
			if got.code != 2 || !strings.Contains(got.stderr, c.want) {
				t.Errorf("init = %+v, want exit code 2 and %q", got, c.want)
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("it left %v behind", left)
			}
		})
	}
}

// walkthrough runs the commands of a section of docs/your-service.md word for word, with the
// binaries of the tests, in a folder of the checkout's name that has the examples. Of soak only
// the flags are looked at, and that the scenario is there: make verdicts runs whole ones.
func walkthrough(t *testing.T, folder, section string, env ...string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/your-service.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(text), "\n## "+section+"\n")
	_, after, code := strings.Cut(after, "\n```\n")
	block, _, closed := strings.Cut(after, "\n```\n")
	if !found || !code || !closed {
		t.Fatalf("docs/your-service.md has no commands in the section %q", section)
	}
	block = strings.TrimPrefix(block, "export AWS_REGION=eu-central-1 SECONDWIND_GROUP=web\n") // which the local cloud's lines replace
	const soak = `secondwind() {
	if [ "$1" != soak ]; then command secondwind "$@"; return; fi
	command secondwind "$@" --help >/dev/null; for last; do :; done; test -s "$last"
}
`
	cmd := exec.CommandContext(t.Context(), "bash", "-euc", soak+block)
	cmd.Dir, cmd.Env = folder, append(append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH")), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s\n%s", section, err, block, out)
	}
	return string(out)
}

// needs skips a test where a program is not installed.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed: the walkthrough of docs/your-service.md is not tried with it", program)
		}
	}
}

func TestTheWalkthroughRunsWordForWord(t *testing.T) {
	t.Parallel()
	for section, program := range map[string]string{"A Python service": "python3", "A Node service": "node"} {
		t.Run(section, func(t *testing.T) {
			needs(t, "bash", program)
			out := walkthrough(t, checkout(t), section)
			for _, part := range []string{`names its instance (header: "X-Instance-Id")`, "/healthz answers 200", "wrote    scaling.yaml"} {
				if !strings.Contains(out, part) || strings.Contains(out, "missing ") {
					t.Errorf("it prints\n%s\nwant %q, and nothing to be missing", out, part)
				}
			}
		})
	}
}

func TestTheWalkthroughOfAGroupRunsWordForWord(t *testing.T) {
	t.Parallel()
	needs(t, "bash", "python3")
	folder := checkout(t)
	server := filepath.Join(folder, "scenarios", "examples", "python", "server.py")
	c := startCloud(t, "--ami", "ami-shop=python3 '"+server+"' {host} {port} {instance_id}")
	timeout, ticker := time.NewTimer(time.Minute), time.NewTicker(time.Second)
	defer timeout.Stop()
	defer ticker.Stop()
	for fit := false; !fit; {
		select {
		case <-ticker.C:
			_, got := c.command(t, "doctor", "--group", c.env["SECONDWIND_GROUP"])
			fit = got.code == 0
		case <-timeout.C:
			t.Fatal("the group is not fit for a proof within a minute")
		}
	}
	var env []string
	for name, value := range c.env {
		env = append(env, name+"="+value)
	}
	out := walkthrough(t, folder, "A group on AWS", env...)
	for _, part := range []string{`names its instance (header: "X-Instance-Id")`, "wrote    aws.yaml", "secondwind-cpu-high"} {
		if !strings.Contains(out, part) || strings.Contains(out, "doctor: ") {
			t.Errorf("it prints\n%s\nwant %q, and nothing that the doctor would have changed", out, part)
		}
	}
	c.stop(t)
}

// checkout is a folder that has what the walkthrough copies from.
func checkout(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "secondwind")
	if err := os.CopyFS(filepath.Join(folder, "scenarios"), os.DirFS("../../scenarios")); err != nil {
		t.Fatal(err)
	}
	return folder
}

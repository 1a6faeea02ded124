package cpu

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

func TestPercentIsOfTheCoresSinceTheLastCall(t *testing.T) {
	epoch := time.Unix(0, 0)
	readings := []usage{
		{at: epoch, parts: map[string]float64{"a": 100, "b": 5}, cores: 2},
		{at: epoch.Add(10 * time.Second), parts: map[string]float64{"a": 104, "c": 50}, cores: 2}, // b has ended, c has begun
		{at: epoch.Add(20 * time.Second), parts: map[string]float64{"a": 1, "c": 58}, cores: 2},   // a began anew
	}
	s := Source{read: func(context.Context) (usage, error) {
		u := readings[0]
		readings = readings[1:]
		return u, nil
	}}
	_, _ = s.Percent(t.Context())
	for _, want := range []float64{20, 40} {
		if got, err := s.Percent(t.Context()); err != nil || math.Abs(got-want) > 1e-9 {
			t.Errorf("Percent() = %v, %v, want %v", got, err, want)
		}
	}
}

func TestTheMeanIsOfTheSourcesThatCanBeRead(t *testing.T) {
	failing := &Source{text: "gone", read: func(context.Context) (usage, error) { return usage{}, errors.New("it has ended") }}
	if _, known, err := Mean(t.Context(), []*Source{failing}); known || err == nil {
		t.Errorf("Mean() of a source that cannot be read = %t, %v", known, err)
	}
	var all []*Source
	for _, used := range []float64{1, 3} {
		n := 0.0
		all = append(all, &Source{read: func(context.Context) (usage, error) {
			n++
			return usage{at: time.Unix(int64(10*n), 0), parts: map[string]float64{"": used * n}, cores: 1}, nil
		}})
	}
	all = append(all, failing)
	_, _, _ = Mean(t.Context(), all)
	if got, known, err := Mean(t.Context(), all); math.Abs(got-20) > 1e-9 || !known || err == nil || err.Error() != "gone: it has ended" {
		t.Errorf("Mean() = %v, %t, %v, want 20 %%, and what is wrong with the third", got, known, err)
	}
}

func TestAnEndpointTellsAMachineOrAProcess(t *testing.T) {
	const process = "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total 12.5\n"
	for _, c := range []struct {
		name, text    string
		seconds, core float64
		fault         string
	}{
		{"a process", process, 12.5, 1, ""},
		{"a process that tells its cores", process + "# TYPE go_sched_gomaxprocs_threads gauge\ngo_sched_gomaxprocs_threads 4\n", 12.5, 4, ""},
		{"a machine, whose exporter tells its own", process + `# TYPE node_cpu_seconds_total counter
node_cpu_seconds_total{cpu="0",mode="idle"} 1000
node_cpu_seconds_total{cpu="0",mode="iowait"} 100
node_cpu_seconds_total{cpu="0",mode="user"} 20
node_cpu_seconds_total{cpu="1",mode="idle"} 1000
node_cpu_seconds_total{cpu="1",mode="system"} 1
`, 21, 2, ""},
		{"without types", "process_cpu_seconds_total 3\n", 3, 1, ""},
		{"something else", "up 1\n", 0, 0, "neither node_cpu_seconds_total nor"},
		{"a page", "<html>", 0, 0, "no text for Prometheus"},
		{"nothing", "", 0, 0, "status 404"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if c.text == "" {
				http.NotFound(w, r)
			}
			fmt.Fprint(w, c.text)
		}))
		s, err := ParseSource(server.URL + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		u, err := s.read(t.Context())
		server.Close()
		var sum float64
		for _, seconds := range u.parts {
			sum += seconds
		}
		if c.fault != "" {
			if err == nil || !strings.Contains(err.Error(), c.fault) {
				t.Errorf("%s: %v, want %s", c.name, err, c.fault)
			}
		} else if err != nil || sum != c.seconds || u.cores != c.core {
			t.Errorf("%s: %v s of %v cores, %v; want %v s of %v", c.name, sum, u.cores, err, c.seconds, c.core)
		}
	}
}

func TestAProcessOfThisMachineIsRead(t *testing.T) {
	s, err := ParseSource(fmt.Sprintf("pid %d", os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	if u, err := s.read(t.Context()); err != nil || u.cores < 1 || len(u.parts) == 0 {
		t.Errorf("read() = %+v, %v", u, err)
	}
	for _, text := range []string{"", "pid", "pid x", "pid 0", "1234", "ftp://a/b", "http://", "http://a:b@host/metrics"} {
		if _, err := ParseSource(text); err == nil || strings.Contains(err.Error(), "a:b") {
			t.Errorf("ParseSource(%q) = %v, want an error without a password", text, err)
		}
	}
	gone, _ := ParseSource("pid 2147483646")
	if _, err := gone.Percent(t.Context()); err == nil {
		t.Error("Percent() of no process has no error")
	}
}

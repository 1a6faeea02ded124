package cpu

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/shirou/gopsutil/v4/process"
)

// Source is where the CPU of a service, or of one of its instances, is read.
type Source struct {
	text string
	read func(context.Context) (usage, error)
	was  usage
}

// usage is what was used up to a time.
type usage struct {
	at    time.Time
	parts map[string]float64 // seconds of CPU, each of a part that may come and go
	cores float64
}

// ParseSource reads a source as a person writes it: "pid 1234", a process of this machine with
// its descendants, or the URL of a text for Prometheus.
func ParseSource(text string) (*Source, error) {
	if number, ok := strings.CutPrefix(text, "pid "); ok {
		if pid, err := strconv.ParseInt(strings.TrimSpace(number), 10, 32); err == nil && pid > 0 {
			return &Source{text: text, read: func(ctx context.Context) (usage, error) { return ofProcess(ctx, int32(pid)) }}, nil
		}
	} else if u, err := url.Parse(text); err == nil && u.User == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") {
		return &Source{text: text, read: func(ctx context.Context) (usage, error) { return ofEndpoint(ctx, text) }}, nil
	}
	return nil, errors.New("is neither a process nor a URL without a user; give for instance pid 1234, or http://10.0.0.7:9100/metrics")
}

// Percent is how many percent of its cores were in use since the last call, whose answer has no
// meaning if there was none before.
func (s *Source) Percent(ctx context.Context) (float64, error) {
	is, err := s.read(ctx)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", s.text, err)
	}
	var used float64
	for part, seconds := range is.parts {
		if before, known := s.was.parts[part]; known {
			used += max(0, seconds-before) // less only if it began anew
		}
	}
	elapsed := is.at.Sub(s.was.at).Seconds()
	s.was = is
	return 100 * used / elapsed / is.cores, nil
}

// Mean is the mean of the sources that can be read, and what is wrong with those that cannot.
func Mean(ctx context.Context, sources []*Source) (percent float64, known bool, err error) {
	n := 0
	for _, s := range sources {
		one, wrong := s.Percent(ctx)
		if err = errors.Join(err, wrong); wrong == nil {
			percent += one
			n++
		}
	}
	return percent / float64(max(1, n)), n > 0, err
}

// ofProcess is of a process of this machine and its descendants, on all cores.
func ofProcess(ctx context.Context, pid int32) (usage, error) {
	root, err := process.NewProcessWithContext(ctx, pid)
	if err != nil {
		return usage{}, err
	}
	u := usage{parts: map[string]float64{}, cores: float64(runtime.NumCPU())}
	for all := []*process.Process{root}; len(all) > 0; all = all[1:] {
		times, err := all[0].TimesWithContext(ctx)
		if err != nil && all[0] == root {
			return u, err
		}
		if err == nil { // one that has just ended is none any more
			u.parts[strconv.Itoa(int(all[0].Pid))] = times.User + times.System
		}
		children, _ := all[0].ChildrenWithContext(ctx) // it is an error to have none
		all = append(all, children...)
	}
	u.at = time.Now()
	return u, nil
}

// longestText is how long a text for Prometheus may be, in bytes.
const longestText = 16 << 20

// ofEndpoint is what a text for Prometheus says: node_exporter's of a machine, or a process's
// of itself.
func ofEndpoint(ctx context.Context, address string) (usage, error) {
	ctx, cancel := context.WithTimeout(ctx, Period/2)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return usage{}, err
	}
	answer, err := new(http.Client).Do(request)
	if err != nil {
		return usage{}, errors.Unwrap(err) // without the address, which is named already
	}
	defer func() { _ = answer.Body.Close() }() // it was only read
	if answer.StatusCode != http.StatusOK {
		return usage{}, fmt.Errorf("it is answered with status %s", answer.Status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(io.LimitReader(answer.Body, longestText))
	if err != nil {
		return usage{}, fmt.Errorf("it is no text for Prometheus: %w", err)
	}
	return inFamilies(families)
}

// inFamilies is the usage that a text's metrics tell. The exporter of a machine tells its own
// usage, too, which is not the one that is meant.
func inFamilies(families map[string]*dto.MetricFamily) (usage, error) {
	u := usage{at: time.Now(), parts: map[string]float64{}, cores: 1}
	cores := map[string]bool{}
	for _, m := range families["node_cpu_seconds_total"].GetMetric() {
		labels := map[string]string{}
		for _, l := range m.GetLabel() {
			labels[l.GetName()] = l.GetValue()
		}
		cores[labels["cpu"]] = true
		if mode := labels["mode"]; mode != "idle" && mode != "iowait" {
			u.parts[labels["cpu"]+" "+mode] = value(m)
		}
	}
	if len(cores) > 0 {
		u.cores = float64(len(cores))
		return u, nil
	}
	for _, m := range families["go_sched_gomaxprocs_threads"].GetMetric() {
		u.cores = max(1, value(m))
	}
	for _, m := range families["process_cpu_seconds_total"].GetMetric() {
		u.parts["process"] = value(m)
	}
	if len(u.parts) == 0 {
		return u, errors.New("it has neither node_cpu_seconds_total nor process_cpu_seconds_total")
	}
	return u, nil
}

func value(m *dto.Metric) float64 {
	return m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetUntyped().GetValue()
}

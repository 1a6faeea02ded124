// Package metrics shows a load under way to Prometheus.
package metrics

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"secondwind/loadgen/summary"
	"secondwind/runlog"
)

// Load shows a load under way to Prometheus, and to OpenTelemetry: counters of the whole
// load, and latencies of its last second. Its labels are bounded, and none is called instance
// or job: Prometheus gives these to what it scrapes.
type Load struct {
	mu    sync.Mutex
	total summary.Summary
	last  summary.Summary
	rate  float64 // offered in the last second
}

func metric(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("secondwind_load_"+name, help, labels, nil)
}

var (
	requestsDesc   = metric("requests_total", "Requests by what became of them.", "outcome")
	failuresDesc   = metric("failures_total", "Failed requests by cause.", "cause")
	answersDesc    = metric("completed_total", "Completed requests by who answered.", "answered_by")
	kindsDesc      = metric("kinds_total", "Requests by kind and what became of them, if there are several kinds.", "request", "outcome")
	openedDesc     = metric("connections_opened_total", "Connections that were opened.")
	rateDesc       = metric("offered_rate", "Requests per second that are offered; of users, how many there are.")
	throughputDesc = metric("throughput", "Requests completed per second, in the last second.")
	latencyDesc    = metric("latency_seconds", "Latency of the requests completed in the last second, from when they were due or sent.",
		"from", "quantile")
	lagDesc = metric("lag_seconds", "How long after they were due requests were sent, in the last second.", "quantile")
	cpuDesc = metric("generator_cpu", "Share of its cores that the load generator used, 0 to 1, in the last second.")
)

// Add takes a line into account.
func (m *Load) Add(line *runlog.LoadSecond) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last, m.rate = summary.Summary{}, line.OfferedRate
	return errors.Join(m.total.Add(line), m.last.Add(line))
}

// label is a label's value of what a service said, which may be anything.
func label(text string) string { return strings.ToValidUTF8(fmt.Sprintf("%.100s", text), "�") }

// Describe implements prometheus.Collector.
func (m *Load) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		requestsDesc, failuresDesc, answersDesc, kindsDesc, openedDesc, rateDesc, throughputDesc, latencyDesc, lagDesc, cpuDesc,
	} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (m *Load) Collect(to chan<- prometheus.Metric) {
	m.mu.Lock()
	defer m.mu.Unlock()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	m.count(func(d *prometheus.Desc, n int64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	})
	gauge(rateDesc, m.rate)
	gauge(throughputDesc, m.last.Throughput)
	gauge(cpuDesc, m.last.CPU)
	gauge(lagDesc, m.last.Lag.P99, "0.99")
	gauge(lagDesc, m.last.LagMaxSeconds, "1")
	for from, l := range map[string]summary.Latency{"schedule": m.last.FromSchedule, "sending": m.last.FromSending} {
		for quantile, v := range map[string]float64{"0.5": l.P50, "0.9": l.P90, "0.99": l.P99, "0.999": l.P999, "1": l.Max} {
			gauge(latencyDesc, v, from, quantile)
		}
	}
}

// count gives the counters out.
func (m *Load) count(counter func(d *prometheus.Desc, n int64, labels ...string)) {
	t := &m.total
	for outcome, n := range map[string]int64{
		"offered": t.Offered, "sent": t.Sent, "completed": t.Completed, "failed": t.Failed, "dropped": t.Dropped,
	} {
		counter(requestsDesc, n, outcome)
	}
	for cause, n := range t.Errors {
		counter(failuresDesc, n, cause)
	}
	answers := map[string]int64{}
	for id, n := range t.Instances {
		answers[label(id)] += n
	}
	for id, n := range answers {
		counter(answersDesc, n, id)
	}
	for kind, r := range t.Requests {
		counter(kindsDesc, r.Completed, kind, "completed")
		counter(kindsDesc, r.Failed, kind, "failed")
	}
	counter(openedDesc, t.Connections())
}

// Registry is what gathers the metrics.
func (m *Load) Registry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(m)
	return registry
}

// Serve answers /metrics until the returned function is called.
func Serve(listener net.Listener, from prometheus.Gatherer) (stop func() error) {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(from, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }() // it ends with stop
	return server.Close
}

package main

import (
	"context"
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

// loadMetrics shows a load under way to Prometheus, and to OpenTelemetry: counters of the whole
// load, and latencies of its last second. Its labels are bounded, and none is called instance
// or job: Prometheus gives these to what it scrapes.
type loadMetrics struct {
	mu      sync.Mutex
	total   summary.Summary
	last    summary.Summary
	rate    float64          // offered in the last second
	answers map[string]int64 // completed requests of the whole load, by who answered
}

// maxAnswering is how many instances have a series of their own.
const maxAnswering = 64

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

// add takes a line into account.
func (m *loadMetrics) add(line *runlog.LoadSecond) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.answers == nil {
		m.answers = map[string]int64{}
	}
	for id, i := range line.Instances {
		id = label(id)
		if _, known := m.answers[id]; !known && len(m.answers) >= maxAnswering {
			id = runlog.OtherError
		}
		m.answers[id] += i.Completed
	}
	m.last, m.rate = summary.Summary{}, line.OfferedRate
	return errors.Join(m.total.Add(line), m.last.Add(line))
}

// label is a label's value of what a service said, which may be anything.
func label(text string) string { return strings.ToValidUTF8(fmt.Sprintf("%.100s", text), "�") }

// Describe implements prometheus.Collector.
func (m *loadMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		requestsDesc, failuresDesc, answersDesc, kindsDesc, openedDesc, rateDesc, throughputDesc, latencyDesc, lagDesc, cpuDesc,
	} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (m *loadMetrics) Collect(to chan<- prometheus.Metric) {
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
func (m *loadMetrics) count(counter func(d *prometheus.Desc, n int64, labels ...string)) {
	t := &m.total
	for outcome, n := range map[string]int64{
		"offered": t.Offered, "sent": t.Sent, "completed": t.Completed, "failed": t.Failed, "dropped": t.Dropped,
	} {
		counter(requestsDesc, n, outcome)
	}
	for cause, n := range t.Errors {
		counter(failuresDesc, n, cause)
	}
	for instance, n := range m.answers {
		counter(answersDesc, n, instance)
	}
	for kind, r := range t.Requests {
		counter(kindsDesc, r.Completed, kind, "completed")
		counter(kindsDesc, r.Failed, kind, "failed")
	}
	counter(openedDesc, t.Connections())
}

// registry is what gathers the metrics.
func (m *loadMetrics) registry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(m)
	return registry
}

// listenForMetrics takes the address of /metrics, nil for none. It does so before anything is
// recorded: a record that is sealed cannot be resumed.
func listenForMetrics(ctx context.Context, address string) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("--metrics is %q, which cannot be listened on: %w; give a free one, for instance 127.0.0.1:9100", address, err)
	}
	return listener, nil
}

// serveMetrics answers /metrics until the returned function is called.
func serveMetrics(listener net.Listener, from prometheus.Gatherer) (stop func() error) {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(from, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }() // it ends with stop
	return server.Close
}

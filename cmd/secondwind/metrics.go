package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"secondwind/loadgen/summary"
	"secondwind/runlog"
)

// loadMetrics shows a load under way to Prometheus: counters of the whole load, and
// latencies of its last second.
type loadMetrics struct {
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
	answersDesc    = metric("completed_total", "Completed requests by who answered.", "instance")
	rateDesc       = metric("offered_rate", "Requests per second that are offered; of users, how many there are.")
	throughputDesc = metric("throughput", "Requests completed per second, in the last second.")
	latencyDesc    = metric("latency_seconds", "Latency of the requests completed in the last second, from when they were due or sent.",
		"from", "quantile")
)

// add takes a line into account.
func (m *loadMetrics) add(line *runlog.LoadSecond) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last, m.rate = summary.Summary{}, line.OfferedRate
	return errors.Join(m.total.Add(line), m.last.Add(line))
}

// Describe implements prometheus.Collector.
func (m *loadMetrics) Describe(to chan<- *prometheus.Desc) { prometheus.DescribeByCollect(m, to) }

// Collect implements prometheus.Collector.
func (m *loadMetrics) Collect(to chan<- prometheus.Metric) {
	m.mu.Lock()
	defer m.mu.Unlock()
	count := func(d *prometheus.Desc, n int64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	t := &m.total
	for outcome, n := range map[string]int64{
		"offered": t.Offered, "sent": t.Sent, "completed": t.Completed, "failed": t.Failed, "dropped": t.Dropped,
	} {
		count(requestsDesc, n, outcome)
	}
	for cause, n := range t.Errors {
		count(failuresDesc, n, cause)
	}
	for instance, n := range t.Instances {
		count(answersDesc, n, instance)
	}
	gauge(rateDesc, m.rate)
	gauge(throughputDesc, m.last.Throughput)
	for from, l := range map[string]summary.Latency{"schedule": m.last.FromSchedule, "sending": m.last.FromSending} {
		for quantile, v := range map[string]float64{"0.5": l.P50, "0.9": l.P90, "0.99": l.P99, "0.999": l.P999, "1": l.Max} {
			gauge(latencyDesc, v, from, quantile)
		}
	}
}

// serve answers /metrics at an address until the returned function is called.
func (m *loadMetrics) serve(ctx context.Context, address string) (stop func() error, err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("--metrics: %w", err)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(m)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }() // it ends with stop
	return server.Close, nil
}

package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"

	"secondwind/server/bignum"
)

// metrics are what /metrics reports to Prometheus. Each gets the label
// instance when it is asked for: its value may be known late.
type metrics struct {
	registry     *prometheus.Registry
	requests     *prometheus.CounterVec   // by route, status
	durations    *prometheus.HistogramVec // by route
	calculations *prometheus.CounterVec   // by outcome
	seconds      prometheus.Histogram
	asks         prometheus.Histogram
	answers      prometheus.Histogram
	entries      *prometheus.CounterVec // by outcome
	panics       prometheus.Counter

	routes   map[string]*routeMetrics // filled before the first request, then only read
	outcomes map[string]prometheus.Counter
}

// routeMetrics are a route's, looked up once: finding one by its labels costs
// more than a small calculation.
type routeMetrics struct {
	duration prometheus.Observer
	ok       prometheus.Counter // status 200
}

// know prepares for the routes that are served. All others share one name, so
// that nobody can make up labels.
func (m *metrics) know(routes gin.RoutesInfo) {
	m.routes = make(map[string]*routeMetrics)
	for _, r := range append(routes, gin.RouteInfo{Path: otherRoute}) {
		m.routes[r.Path] = &routeMetrics{m.durations.WithLabelValues(r.Path), m.requests.WithLabelValues(r.Path, "200")}
	}
	m.outcomes = make(map[string]prometheus.Counter)
	for _, o := range []string{"answered", "refused", "timeout", "failed"} {
		m.outcomes[o] = m.calculations.WithLabelValues(o)
	}
}

const otherRoute = "other"

const namespace = "calculator"

func newMetrics(admission *admissionLimiter, memory *budget, r *recorder) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets []float64) prometheus.Histogram {
		return prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets})
	}
	gauge := func(name, help string, read func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, read)
	}
	sizes := prometheus.ExponentialBuckets(16, 8, 8) // 16 bytes to 33 MB
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: counter("requests_total", "Requests answered.", "route", "status"),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "request_seconds", Help: "Time from a request's header to the end of its answer.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 4, 10), // 0.1 ms to 26 s
		}, []string{"route"}),
		calculations: counter("calculations_total",
			"Calculations by outcome: answered, refused (the client's fault), timeout or failed.", "outcome"),
		seconds: histogram("calculation_seconds", "Time that a calculation computed, without waiting.",
			prometheus.ExponentialBuckets(0.000001, 10, 8)),
		asks:    histogram("operand_bytes", "Length of what was asked: the operands, or the expression.", sizes),
		answers: histogram("result_bytes", "Length of a result.", sizes),
		entries: counter("history_entries_total", "Calculations for the history by outcome: stored, failed or dropped.", "outcome"),
		panics: prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: "panics_total",
			Help: "Requests that ended in a panic, which was caught."}),
	}
	m.registry.MustRegister(m.requests, m.durations, m.calculations, m.seconds, m.asks, m.answers, m.entries, m.panics,
		gauge("calculations_running", "Calculations that compute now.", func() float64 { return float64(admission.turns.used.Load()) }),
		gauge("calculations_waiting", "Calculations that wait for their turn.", func() float64 { return float64(admission.queued.Load()) }),
		gauge("held_bytes", "Bodies and answers held in memory.", func() float64 { return float64(memory.used.Load()) }),
		gauge("history_waiting", fmt.Sprintf("Calculations that were answered, or are about to be, and are not yet in the history: "+
			"what a kill loses now, %d at most.", maxWaiting), func() float64 { return float64(r.places.used.Load()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: namespace, Name: "history_losses_total",
			Help: "How often the history's store or key was lost."}, r.losses),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// asked counts what a calculation was asked with.
func (m *metrics) asked(bytes int64) { m.asks.Observe(float64(bytes)) }

// calculated counts a calculation that has ended.
func (m *metrics) calculated(took time.Duration, resultBytes int, err error) {
	m.seconds.Observe(took.Seconds())
	m.outcomes[outcome(err)].Inc()
	if err == nil {
		m.answers.Observe(float64(resultBytes))
	}
}

func outcome(err error) string {
	if _, refused := errors.AsType[*bignum.InputError](err); refused {
		return "refused"
	}
	switch {
	case err == nil:
		return "answered"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "timeout"
	}
	return "failed"
}

func (m *metrics) answered(route string, status int, took time.Duration) {
	r, known := m.routes[route]
	if !known {
		route, r = otherRoute, m.routes[otherRoute]
	}
	r.duration.Observe(took.Seconds())
	if status == http.StatusOK {
		r.ok.Inc()
		return
	}
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
}

// handler is GET /metrics.
func (m *metrics) handler(instance func() string) gin.HandlerFunc {
	gather := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		families, err := m.registry.Gather()
		label(families, "instance", instance())
		return families, err
	})
	return gin.WrapH(promhttp.HandlerFor(gather, promhttp.HandlerOpts{MaxRequestsInFlight: 4, ErrorHandling: promhttp.HTTPErrorOnError}))
}

// label adds a label to every metric; labels are sorted by name.
func label(families []*dto.MetricFamily, name, value string) {
	for _, f := range families {
		for _, m := range f.Metric {
			m.Label = append(slices.Clone(m.Label), &dto.LabelPair{Name: &name, Value: &value})
			slices.SortFunc(m.Label, func(a, b *dto.LabelPair) int { return cmp.Compare(a.GetName(), b.GetName()) })
		}
	}
}

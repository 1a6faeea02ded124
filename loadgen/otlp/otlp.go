// Package otlp pushes the metrics of a Prometheus registry to an OpenTelemetry collector, as
// OTLP over HTTP: who scrapes and who collects see the same ones.
package otlp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/slim/otlp/metrics/v1"
	resource "go.opentelemetry.io/proto/slim/otlp/resource/v1"
	"google.golang.org/protobuf/proto"
)

// Collector is where metrics go. ParseCollector and FromEnvironment make it.
type Collector struct {
	URL     *url.URL // of the metrics, with their path
	Header  http.Header
	Timeout time.Duration // of a push

	transport http.RoundTripper
}

const (
	defaultTimeout = 5 * time.Second
	interval       = 10 * time.Second
	metricsPath    = "v1/metrics"
)

// ParseCollector reads the URL of a collector, without the path of the metrics.
func ParseCollector(text string) (*Collector, error) {
	c, err := parse(text)
	if err == nil {
		c.URL = c.URL.JoinPath(metricsPath)
	}
	return c, err
}

func parse(text string) (*Collector, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("it is not the http or https URL of a collector; give for instance http://127.0.0.1:4318")
	}
	// Unlike the default transport it takes no proxy from the environment.
	return &Collector{URL: u, Header: http.Header{}, Timeout: defaultTimeout, transport: new(http.Transport)}, nil
}

// FromEnvironment is the collector that the variables OTEL_EXPORTER_OTLP_* name; get
// returns the value of one. Those for metrics go before those for all.
// Source: OpenTelemetry specification, "OpenTelemetry Protocol Exporter".
func FromEnvironment(get func(string) string) (c *Collector, err error) {
	either := func(name string) (value, from string) {
		from = "OTEL_EXPORTER_OTLP_METRICS_" + name
		if value = get(from); value == "" {
			from = "OTEL_EXPORTER_OTLP_" + name
			value = get(from)
		}
		return value, from
	}
	endpoint, from := either("ENDPOINT")
	read := ParseCollector
	if from == "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT" {
		read = parse // it stands as it is
	}
	if endpoint == "" {
		return nil, errors.New("neither OTEL_EXPORTER_OTLP_METRICS_ENDPOINT nor OTEL_EXPORTER_OTLP_ENDPOINT is set")
	}
	if c, err = read(endpoint); err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	if protocol, from := either("PROTOCOL"); protocol != "" && protocol != "http/protobuf" {
		return nil, fmt.Errorf("%s is %q; only http/protobuf is spoken here", from, protocol)
	}
	headers, from := either("HEADERS")
	for pair := range strings.SplitSeq(headers, ",") {
		name, value, ok := strings.Cut(pair, "=")
		if value, err = url.PathUnescape(strings.TrimSpace(value)); ok && err == nil {
			c.Header.Add(strings.TrimSpace(name), value)
		} else if strings.TrimSpace(pair) != "" {
			return nil, fmt.Errorf("%s: give name=value, and commas between several", from) // it may hold a key: it is not printed
		}
	}
	if timeout, from := either("TIMEOUT"); timeout != "" {
		if c.Timeout, err = time.ParseDuration(timeout + "ms"); err != nil || c.Timeout <= 0 {
			return nil, fmt.Errorf("%s is %q; give milliseconds", from, timeout)
		}
	}
	return c, nil
}

// Source is what is pushed.
type Source struct {
	Gatherer prometheus.Gatherer // of counters and gauges
	Started  time.Time           // since when the counters count
	Resource map[string]string   // attributes of who is measured
}

// Run pushes every ten seconds until ctx ends, and then once more. Pushes that fail are no
// error of the load: each first one of several in a row is reported, and the counters of a
// later one hold what an earlier one had.
func (c *Collector) Run(ctx context.Context, s Source, report func(error)) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	var last error
	push := func(ctx context.Context) {
		err := c.Push(ctx, s)
		if err != nil && last == nil {
			report(err)
		}
		last = err
	}
	for {
		select {
		case <-ctx.Done():
			if last == nil { // the end does not wait for a collector that does not answer
				push(context.WithoutCancel(ctx))
			}
			return
		case <-ticker.C:
			push(ctx)
		}
	}
}

// Push sends the metrics as they are now.
func (c *Collector) Push(ctx context.Context, s Source) error {
	body, err := s.marshal(time.Now())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL.String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header = c.Header.Clone()
	request.Header.Set("Content-Type", "application/x-protobuf")
	client := http.Client{Transport: c.transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request) // whose error names the URL, without a password
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered with status %d", c.URL.Redacted(), response.StatusCode)
	}
	_, err = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20)) // so that the connection is used again
	return err
}

// marshal makes an ExportMetricsServiceRequest, which has the fields of MetricsData.
func (s Source) marshal(now time.Time) ([]byte, error) {
	families, err := s.Gatherer.Gather()
	if err != nil {
		return nil, err
	}
	scope := &metrics.ScopeMetrics{Scope: &common.InstrumentationScope{Name: "secondwind/loadgen"}}
	for _, f := range families {
		metric := &metrics.Metric{Name: f.GetName(), Description: f.GetHelp()}
		points, err := s.points(f, uint64(now.UnixNano()))
		switch {
		case err != nil:
			return nil, err
		case f.GetType() == dto.MetricType_COUNTER:
			metric.Data = &metrics.Metric_Sum{Sum: &metrics.Sum{
				DataPoints: points, IsMonotonic: true, AggregationTemporality: metrics.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE,
			}}
		default:
			metric.Data = &metrics.Metric_Gauge{Gauge: &metrics.Gauge{DataPoints: points}}
		}
		scope.Metrics = append(scope.Metrics, metric)
	}
	return proto.Marshal(&metrics.MetricsData{ResourceMetrics: []*metrics.ResourceMetrics{{
		Resource: &resource.Resource{Attributes: attributes(s.Resource)}, ScopeMetrics: []*metrics.ScopeMetrics{scope},
	}}})
}

func (s Source) points(f *dto.MetricFamily, now uint64) (all []*metrics.NumberDataPoint, err error) {
	for _, m := range f.GetMetric() {
		labels := map[string]string{}
		for _, l := range m.GetLabel() {
			labels[l.GetName()] = l.GetValue()
		}
		point := &metrics.NumberDataPoint{TimeUnixNano: now, Attributes: attributes(labels)}
		switch f.GetType() {
		case dto.MetricType_COUNTER:
			point.StartTimeUnixNano = uint64(s.Started.UnixNano())
			point.Value = &metrics.NumberDataPoint_AsDouble{AsDouble: m.GetCounter().GetValue()}
		case dto.MetricType_GAUGE:
			point.Value = &metrics.NumberDataPoint_AsDouble{AsDouble: m.GetGauge().GetValue()}
		default:
			return nil, fmt.Errorf("%s is a %s; only counters and gauges are pushed", f.GetName(), f.GetType())
		}
		all = append(all, point)
	}
	return all, nil
}

func attributes(of map[string]string) (all []*common.KeyValue) {
	for name, value := range of {
		all = append(all, &common.KeyValue{
			Key: name, Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: value}},
		})
	}
	slices.SortFunc(all, func(a, b *common.KeyValue) int { return strings.Compare(a.Key, b.Key) })
	return all
}

package otlp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	metrics "go.opentelemetry.io/proto/slim/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"
)

// source has a counter at 3 and a gauge at 0.5.
func source(t *testing.T, more ...prometheus.Collector) Source {
	t.Helper()
	registry := prometheus.NewRegistry()
	count := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total", Help: "Requests."}, []string{"outcome"})
	gauge := prometheus.NewGauge(prometheus.GaugeOpts{Name: "latency_seconds", Help: "Latency."})
	count.WithLabelValues("sent").Add(3)
	gauge.Set(0.5)
	registry.MustRegister(append(more, count, gauge)...)
	return Source{Gatherer: registry, Started: time.Unix(100, 0), Resource: map[string]string{"service.name": "secondwind"}}
}

// decode reads what was pushed: name{attributes} kind value.
func decode(t *testing.T, body io.Reader) (lines []string) {
	t.Helper()
	data, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	var all metrics.MetricsData
	if err := proto.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	r := all.GetResourceMetrics()[0]
	lines = append(lines, fmt.Sprint(r.GetResource().GetAttributes()[0].GetValue().GetStringValue()))
	for _, m := range r.GetScopeMetrics()[0].GetMetrics() {
		kind, points := "gauge", m.GetGauge().GetDataPoints()
		if sum := m.GetSum(); sum != nil {
			kind, points = fmt.Sprint("sum monotonic=", sum.GetIsMonotonic(), " ", sum.GetAggregationTemporality()), sum.GetDataPoints()
		}
		for _, p := range points {
			labels := map[string]string{}
			for _, a := range p.GetAttributes() {
				labels[a.GetKey()] = a.GetValue().GetStringValue()
			}
			since := time.Duration(p.GetStartTimeUnixNano())
			lines = append(lines, fmt.Sprint(m.GetName(), " ", labels, " ", kind, " ", p.GetAsDouble(), " since ", since))
		}
	}
	return lines
}

func TestACollectorReceivesWhatPrometheusWouldScrape(t *testing.T) {
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		got = append(decode(t, r.Body), r.Method, r.URL.Path, r.Header.Get("Content-Type"), user+":"+password, r.Header.Get("X-Key"))
	}))
	defer server.Close()
	c, err := ParseCollector(strings.Replace(server.URL, "http://", "http://u:secret@", 1) + "/below/")
	if err != nil {
		t.Fatal(err)
	}
	c.Header.Set("X-Key", "k")
	if err := c.Push(t.Context(), source(t)); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"secondwind", "latency_seconds map[] gauge 0.5 since 0s",
		"requests_total map[outcome:sent] sum monotonic=true AGGREGATION_TEMPORALITY_CUMULATIVE 3 since 1m40s",
		"POST", "/below/v1/metrics", "application/x-protobuf", "u:secret", "k",
	}
	if !slices.Equal(got, want) {
		t.Errorf("received\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestACollectorThatDoesNotTakeThemIsAnErrorWithoutItsPassword(t *testing.T) {
	moved := httptest.NewServer(http.RedirectHandler("/elsewhere", http.StatusMovedPermanently))
	defer moved.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for url, want := range map[string]string{moved.URL: "status 301", gone.URL: "refused"} {
		c, err := ParseCollector(strings.Replace(url, "http://", "http://u:secret@", 1))
		if err != nil {
			t.Fatal(err)
		}
		err = c.Push(t.Context(), source(t))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("Push() = %v, want %q and no password", err, want)
		}
	}
	c, err := ParseCollector("http://127.0.0.1:4318")
	if err != nil {
		t.Fatal(err)
	}
	histogram := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "sizes"})
	if err := c.Push(t.Context(), source(t, histogram)); err == nil || !strings.Contains(err.Error(), "sizes is a HISTOGRAM") {
		t.Errorf("Push() of a histogram = %v, want an error", err)
	}
}

// answers is a transport that answers at once, or not at all.
type answers func() error

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := a(); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
}

func TestFailuresAreReportedOnceARowAndDelayNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pushes := 0
		failing := map[int]bool{2: true, 3: true, 5: true, 6: true}
		c := &Collector{URL: mustParse(t, "http://collector.test").URL, Header: http.Header{}, Timeout: time.Second}
		c.transport = answers(func() error {
			if pushes++; failing[pushes] {
				return errors.New("no route")
			}
			return nil
		})
		var reported []string
		ctx, cancel := context.WithTimeout(t.Context(), 65*time.Second)
		defer cancel()
		began := time.Now()
		c.Run(ctx, source(t), func(err error) { reported = append(reported, fmt.Sprint(time.Since(began), " ", err)) })
		if pushes != 6 || len(reported) != 2 || !strings.HasPrefix(reported[0], "20s ") || !strings.HasPrefix(reported[1], "50s ") {
			t.Errorf("%d pushes, reported %q; want 6 without a last one, and the 2nd and 5th", pushes, reported)
		}
		if took := time.Since(began); took != 65*time.Second {
			t.Errorf("Run() took %v, want no longer than the load", took)
		}
	})
}

func TestTheLastPushHasTheWholeLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pushes := 0
		c := mustParse(t, "http://collector.test")
		c.transport = answers(func() error { pushes++; return nil })
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
		defer cancel()
		c.Run(ctx, source(t), func(err error) { t.Error(err) })
		if pushes != 3 {
			t.Errorf("%d pushes, want two and the last one", pushes)
		}
	})
}

func mustParse(t *testing.T, text string) *Collector {
	t.Helper()
	c, err := ParseCollector(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestACollectorIsReadFromTheEnvironmentAsTheSpecificationSays(t *testing.T) {
	base := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:4318"}
	for _, tt := range []struct {
		more      map[string]string
		url, want string // want: of the header Api-Key with the timeout, or the error
	}{
		{nil, "http://a:4318/v1/metrics", " 5s"},
		{map[string]string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://b/mine"}, "http://b/mine", " 5s"},
		{map[string]string{
			"OTEL_EXPORTER_OTLP_HEADERS":         " api-key = a%20b , x=y",
			"OTEL_EXPORTER_OTLP_METRICS_TIMEOUT": "1500", "OTEL_EXPORTER_OTLP_TIMEOUT": "9",
		}, "http://a:4318/v1/metrics", "a b 1.5s"},
		{map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "", `OTEL_EXPORTER_OTLP_PROTOCOL is "grpc"; only http/protobuf`},
		{map[string]string{"OTEL_EXPORTER_OTLP_HEADERS": "secret"}, "", "OTEL_EXPORTER_OTLP_HEADERS: give name=value, and commas"},
		{map[string]string{"OTEL_EXPORTER_OTLP_TIMEOUT": "5s"}, "", `OTEL_EXPORTER_OTLP_TIMEOUT is "5s"; give milliseconds`},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, "", "neither "},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "a:4318"}, "", "OTEL_EXPORTER_OTLP_ENDPOINT: it is not"},
	} {
		set := maps.Clone(base)
		maps.Copy(set, tt.more)
		c, err := FromEnvironment(func(name string) string { return set[name] })
		switch {
		case tt.url == "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)):
			t.Errorf("%v: %v, want %q", tt.more, err, tt.want)
		case tt.url != "" && err != nil:
			t.Errorf("%v: %v", tt.more, err)
		case tt.url != "" && (c.URL.String() != tt.url || c.Header.Get("Api-Key")+" "+c.Timeout.String() != tt.want):
			t.Errorf("%v: %s, %q, %s; want %s, %q", tt.more, c.URL, c.Header, c.Timeout, tt.url, tt.want)
		}
	}
}

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	metrics "go.opentelemetry.io/proto/slim/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"

	"secondwind/loadgen/attack"
	"secondwind/loadgen/executor"
	"secondwind/loadgen/profile"
	"secondwind/runlog"
)

// loadOn is a load on a server.
func loadOn(t *testing.T, server, text string, users *executor.Behavior) loading {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	p, err := profile.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return loading{attack: attack.Config{Server: u, Users: users}, offered: profile.Until(p, time.Hour)}
}

func TestALoadThatIsMoreThanMeantIsRefused(t *testing.T) {
	for _, c := range []struct {
		server, offered string
		users           *executor.Behavior
		change          func(*loadOptions)
		want            string // "": it is allowed
	}{
		{"http://127.0.0.1:80", "constant:50000", nil, func(o *loadOptions) { o.maxRequests = 1e9 }, ""},
		{"http://localhost", "constant:10", nil, func(*loadOptions) {}, ""},
		{"http://[::1]:80", "constant:10", nil, func(*loadOptions) {}, ""},
		{"http://a.example", "constant:10", nil, func(*loadOptions) {}, "add --mine"},
		{"http://a.example", "constant:10", nil, func(o *loadOptions) { o.mine = true }, ""},
		{"http://localhost", "ramp:10..50001/5m", nil, func(*loadOptions) {}, "comes to 50001 requests/s; --max-rate is 50000"},
		{"http://localhost", "constant:100", nil, func(o *loadOptions) { o.maxRequests = 359_999 }, "360000 requests; --max-requests is 359999"},
		{"http://localhost", "constant:100", nil, func(o *loadOptions) { o.maxRequests = 360_000 }, ""},
		{"http://localhost", "constant:100", new(executor.Behavior), func(o *loadOptions) { o.maxRequests, o.maxRate = 1, 1 }, ""},
		{"http://localhost", "constant:1", nil, func(o *loadOptions) { o.maxRate = 0 }, "above 0"},
		{"http://localhost", "constant:1", nil, func(o *loadOptions) { o.grace = -1 }, "--grace"},
		{"http://localhost", "constant:1", nil, func(o *loadOptions) { o.grace = 9999 * time.Hour }, "--grace is 9999h0m0s"},
	} {
		o := loadOptions{maxRate: defaultMaxRate, maxRequests: defaultMaxRequests}
		c.change(&o)
		err := o.allowed(loadOn(t, c.server, c.offered, c.users))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s with %s: %v, want %q", c.server, c.offered, err, c.want)
		}
	}
}

func TestASteepRiseIsWarnedOfUnlessTheServerIsOnThisMachine(t *testing.T) {
	for _, c := range []struct {
		server, offered string
		users           *executor.Behavior
		want            string
	}{
		{"http://a.example", "ramp:100..1000/10m", nil, "rises from 0 to 549 requests/s within 5 min;"},
		{"http://a.example", "steps:100,1000/10m", nil, "rises from 100 to 1000 requests/s within 1 s; AWS"},
		{"http://a.example", "steps:100,1000/10m", new(executor.Behavior), "from 100 to 1000 users"},
		{"http://127.0.0.1", "steps:100,1000/10m", nil, ""},
		{"http://a.example", "steps:100,140/10m", nil, ""},
	} {
		got := loadOn(t, c.server, c.offered, c.users).steep()
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s with %s: %q, want %q", c.server, c.offered, got, c.want)
		}
	}
}

// TestUsersEndAtTheMostRequests has users who send as fast as they are answered.
func TestUsersEndAtTheMostRequests(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	var stdout, stderr bytes.Buffer
	args := []string{"load", server.URL, "--users", "2", "--duration", "1h", "--max-requests", "10", "--no-report", "--runs", t.TempDir()}
	code := run(t.Context(), args, &stdout, &stderr)
	if text := stdout.String() + stderr.String(); code != exitFailed || !strings.Contains(text, "--max-requests is 10") ||
		!strings.Contains(text, " sent 10,") {
		t.Errorf("exit code %d\n%s", code, text)
	}
}

// TestACollectorSeesTheWholeLoad pushes to one, and to none.
func TestACollectorSeesTheWholeLoad(t *testing.T) {
	var names []string
	var sent float64
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var all metrics.MetricsData
		if err := proto.Unmarshal(body, &all); err != nil {
			t.Error(err)
		}
		for _, m := range all.GetResourceMetrics()[0].GetScopeMetrics()[0].GetMetrics() {
			names = append(names, m.GetName())
			for _, p := range m.GetSum().GetDataPoints() {
				if m.GetName() == "secondwind_load_requests_total" && p.GetAttributes()[0].GetValue().GetStringValue() == "sent" {
					sent = p.GetAsDouble()
				}
			}
		}
	}))
	defer collector.Close()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	load := func(otlp string) (int, string) {
		var stdout, stderr bytes.Buffer
		args := []string{"load", server.URL, "--rate", "40", "--duration", "500ms", "--otlp", otlp, "--no-report", "--runs", t.TempDir()}
		return run(t.Context(), args, &stdout, &stderr), stdout.String() + stderr.String()
	}
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	if code, text := load("env"); code != 0 || sent != 20 || len(names) < 8 || strings.Contains(text, "warning") {
		t.Errorf("exit code %d, %v requests pushed, metrics %q\n%s", code, sent, names, text)
	}
	names = nil
	collector.Close()
	if code, text := load(collector.URL); code != 0 || strings.Count(text, "warning: metrics were not pushed: ") != 2 || names != nil {
		t.Errorf("exit code %d, want 0, and a warning at once and in the result\n%s", code, text)
	}
	if code, text := load("127.0.0.1:4317"); code != exitMisuse || !strings.Contains(text, "--otlp: it is not the http or https URL") {
		t.Errorf("exit code %d\n%s", code, text)
	}
}

func TestUsersWhoSendMoreThanIsMeantEndTheLoad(t *testing.T) {
	for _, c := range []struct {
		sent int64
		line runlog.LoadSecond
		want string
	}{
		{500, runlog.LoadSecond{IntervalSeconds: 1, Counts: runlog.Counts{Sent: 100}}, ""},
		{500, runlog.LoadSecond{IntervalSeconds: 2, Counts: runlog.Counts{Sent: 200}}, ""},
		{500, runlog.LoadSecond{IntervalSeconds: 0.1, Counts: runlog.Counts{Sent: 90}}, ""},
		{500, runlog.LoadSecond{IntervalSeconds: 2, Counts: runlog.Counts{Sent: 300}}, "150 requests/s were sent, and --max-rate is 100"},
		{1000, runlog.LoadSecond{IntervalSeconds: 1, Counts: runlog.Counts{Sent: 1}}, "1000 requests were sent, and --max-requests is 1000"},
	} {
		ctx, abort := context.WithCancelCause(t.Context())
		loading{maxRate: 100, maxRequests: 1000}.endAboveLimits(c.sent, &c.line, abort)
		var got string
		if aborted, is := errors.AsType[*abortedError](context.Cause(ctx)); is {
			got = aborted.reason
		}
		if got != c.want {
			t.Errorf("%d sent, %d of them in %v s: %q, want %q", c.sent, c.line.Sent, c.line.IntervalSeconds, got, c.want)
		}
		abort(nil)
	}
}

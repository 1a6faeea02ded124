package server_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"secondwind/server"
)

func TestLogHoldsNoNumbers(t *testing.T) {
	var log bytes.Buffer
	s := newServer(t, server.Config{Log: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	const secret, product = "31415926", "986960406437476"
	question := `{"operation":"*","operands":["` + secret + `","` + secret + `"]}`
	bad := `{"operation":"*","operands":["` + secret + `","x` + secret + `"]}`
	named := post(question, "application/json")
	named.Header.Set("X-Amzn-Trace-Id", "Root="+secret)
	named.Header.Set("X-Request-Id", secret)
	for i, r := range []*http.Request{
		submit(url.Values{"expression": {secret + "*" + secret}}),
		submit(url.Values{"expression": {"x" + secret}}),
		httptest.NewRequest(http.MethodGet, "/_calculate?number1="+secret+"&operator=*&number2="+secret, nil),
		httptest.NewRequest(http.MethodGet, "/"+secret, nil),
		httptest.NewRequest(http.MethodGet, "/v1/history?search="+secret, nil),
		httptest.NewRequest(http.MethodDelete, "/v1/history/"+secret, nil),
		httptest.NewRequest("X"+secret, "/", nil),
		post(question, "application/json"), post(bad, "application/json"), named,
		send("/v1/calculate", "text/plain", secret+"*"+secret), send("/v1/calculate?operation="+secret, "text/plain", secret),
		send("/v1/batch", "application/jsonl", question+"\n"+bad), send("/v1/batch", "application/json", "["+question+",x"+secret),
		send("/v1/statistics", "text/csv", secret+"\n"+secret), send("/v1/statistics?column=x"+secret, "text/csv", "x"+secret+"\n"+secret),
	} {
		got := answer(t, s, r)
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		if len(lines) != i+1 {
			t.Fatalf("%s %s: the log has %d lines at the debug level, want one for each of %d requests:\n%s", r.Method, r.URL, len(lines), i+1, &log)
		}
		if id := got.Header.Get(server.HeaderRequestID); id == "" || !strings.Contains(lines[i], `"request":"`+id+`"`) {
			t.Errorf("%s %s: the log says %s, want the request id %q of the answer", r.Method, r.URL, lines[i], id)
		}
	}
	for _, number := range []string{secret, product} {
		if strings.Contains(log.String(), number) {
			t.Errorf("the log contains %s:\n%s", number, log.String())
		}
	}
}

func TestLoadBalancersTraceIsLogged(t *testing.T) {
	var log bytes.Buffer
	s := newServer(t, server.Config{Log: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	r := httptest.NewRequest(http.MethodGet, "/healthz", nil)
	const trace = "Root=1-67891233-abcdef012345678912345678"
	r.Header.Set("X-Amzn-Trace-Id", trace)
	answer(t, s, r)
	if !strings.Contains(log.String(), trace) {
		t.Errorf("the log says %s, want the trace %s", &log, trace)
	}
}

func TestMetricsCountRequestsAndCalculations(t *testing.T) {
	s := newServer(t, server.Config{})
	answer(t, s, post(example, "application/json"))
	answer(t, s, post(`{"expression":"1/0"}`, "application/json"))
	answer(t, s, httptest.NewRequest(http.MethodGet, "/_calculate?number1=1", nil))
	answer(t, s, httptest.NewRequest(http.MethodGet, "/wp-admin", nil))
	got := answer(t, s, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	text, instance := read(t, got), `instance="`+got.Header.Get(server.HeaderInstanceID)+`"`
	for _, want := range []string{
		`calculator_requests_total{` + instance + `,route="/v1/calculate",status="200"} 1`,
		`calculator_requests_total{` + instance + `,route="/v1/calculate",status="400"} 1`,
		`calculator_requests_total{` + instance + `,route="/_calculate",status="200"} 1`,
		`calculator_requests_total{` + instance + `,route="other",status="404"} 1`,
		`calculator_request_seconds_count{` + instance + `,route="/v1/calculate"} 2`,
		`calculator_calculations_total{` + instance + `,outcome="answered"} 2`,
		`calculator_calculations_total{` + instance + `,outcome="refused"} 1`,
		`calculator_calculation_seconds_count{` + instance + `} 3`,
		`calculator_operand_bytes_count{` + instance + `} 3`,
		`calculator_result_bytes_count{` + instance + `} 2`,
		`calculator_calculations_running{` + instance + `} 0`,
		`calculator_held_bytes{` + instance + `} 0`,
		`go_goroutines{` + instance + `}`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
	if got.StatusCode != http.StatusOK || strings.Contains(text, "wp-admin") {
		t.Errorf("GET /metrics = %d, want 200 without what clients make up", got.StatusCode)
	}
}

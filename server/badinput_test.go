package server_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"secondwind/server"
)

// quoted is a text as JSON. It leaves bytes that are no UTF-8 as they are.
func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text) + `"`
}

// Each is asked as an expression in text and in JSON, as an operand, in a batch
// and as a number of statistics, of a real server over a real connection.
func TestBadInputIsRefusedClearly(t *testing.T) {
	// Ten times fewer digits than by default: what is refused is refused at any limit.
	address, _ := serve(t, newServer(t, server.Config{InstanceID: unknown, MaxDigits: 200_000}))
	for _, tt := range []struct {
		name, text string
		says       string // by expressions
	}{
		{"an exponent beyond all bounds", "1e999999999", "longer than is allowed"},
		{"an exponent beyond all bounds, below", "1e-999999999", "longer than is allowed"},
		{"an exponent that no integer holds", "1e99999999999999999999", "longer than is allowed"},
		{"a tower of powers", "9^9^9^9", "more than 200000 digits"},
		{"a tower of factorials", "9!!!!", "more than 200000 digits"},
		{"a Fibonacci number beyond all bounds", "fibonacci(10^9)", "more than 200000 digits"},
		{"a binomial beyond all bounds", "binomial(10^12,10^11)", "digits"},
		{"a division by zero", "1/0", "nothing can be divided by zero"},
		{"NaN", "NaN", "neither a number nor a function"},
		{"infinity", "Infinity", "neither a number nor a function"},
		{"nothing", "", "empty"},
		{"spaces", "  ", ""},
		{"a megabyte of digits", strings.Repeat("9", 1<<20), "at most 200000 are allowed"},
		{"a megabyte of sums", strings.Repeat("1+", 1<<19) + "1", "more than 100000 numbers"},
		{"a megabyte of signs and nothing", strings.Repeat("-", 1<<20), "more than 500 signs"},
		{"a megabyte of parentheses", strings.Repeat("(", 1<<20), "nested more than 500"},
		{"deeply nested parentheses", strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000), "nested more than 500"},
		{"deeply nested functions", strings.Repeat("gcd(", 5000) + "1" + strings.Repeat(")", 5000), "nested more than 500"},
		{"deeply nested powers", strings.Repeat("2^", 5000) + "1", "nested more than 500"},
		{"long numbers that wait at each level", strings.Repeat("2^660000+(", 400) + "1" + strings.Repeat(")", 400), "digits in total"},
		{"invalid UTF-8", "1\xff", ""},
		{"a zero byte", "1\x002", ""},
		{"a program", "__import__('os').system('id')", "neither a number nor a function"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			requests := []struct{ path, contentType, body string }{
				{"/v1/calculate", "text/plain", tt.text},
				{"/v1/calculate", "application/json", `{"expression":` + quoted(tt.text) + `}`},
				{"/v1/calculate", "application/json", `{"operation":"is-prime","operands":[` + quoted(tt.text) + `]}`},
				{"/v1/calculate?operation=%2B", "text/plain", tt.text + "\n1"},
				{"/v1/statistics", "text/csv", tt.text + "\n"},
				{"/v1/statistics", "application/jsonl", quoted(tt.text) + "\n"},
			}
			for _, r := range requests {
				status, body := asked(t, address, r.path, r.contentType, r.body)
				if status < 400 || status >= 500 || !strings.Contains(body, `"detail":"`) {
					t.Errorf("POST %s of %.30q as %s = %d %.200s, want a clear 4xx", r.path, tt.text, r.contentType, status, body)
				}
				if r.path == "/v1/calculate" && strings.Contains(r.body, "expression") && !strings.Contains(body, tt.says) && tt.text != "" {
					t.Errorf("POST %s of %.30q = %.200s, want it to say %s", r.path, tt.text, body, tt.says)
				}
			}
			line := strings.ReplaceAll(`{"expression":`+quoted(tt.text)+`}`, "\n", "")
			status, body := asked(t, address, "/v1/batch", "application/jsonl", line+"\n"+example)
			if status != http.StatusOK || !strings.HasPrefix(body, `{"problem":{`) ||
				!strings.HasSuffix(body, "{\"result\":\"6\",\"exact\":true}\n") {
				t.Errorf("POST /v1/batch of %.30q = %d %.200s, want a problem, then the other answer", tt.text, status, body)
			}
		})
	}
	if status, body := asked(t, address, "/v1/calculate", "application/json", example); status != http.StatusOK {
		t.Errorf("after all that, a good question = %d %s, want 200", status, body)
	}
}

// asked sends a body over a connection and returns the answer.
func asked(t *testing.T, address, path, contentType, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatalf("POST %s: %v", path, err)
	}
	defer got.Body.Close()
	return got.StatusCode, read(t, got)
}

func TestThousandsOfOperands(t *testing.T) {
	s := newServer(t, server.Config{})
	operands := func(n int) string { return strings.TrimSuffix(strings.Repeat(`"1",`, n), ",") }
	for _, tt := range []struct {
		name   string
		count  int
		status int
		says   string
	}{
		{"as many as are allowed", 100_000, 200, `{"result":"100000","exact":true}`},
		{"one more", 100_001, 400, "more than 100000"},
		{"many more", 500_000, 400, "more than 100000"},
	} {
		got := answer(t, s, post(`{"operation":"+","operands":[`+operands(tt.count)+`]}`, "application/json"))
		if body := read(t, got); got.StatusCode != tt.status || !strings.Contains(body, tt.says) {
			t.Errorf("%s = %d %.100s, want %d %s", tt.name, got.StatusCode, body, tt.status, tt.says)
		}
		got = answer(t, s, send("/v1/calculate?operation=%2B", "text/plain", strings.Repeat("1\n", tt.count)))
		if body := read(t, got); got.StatusCode != tt.status {
			t.Errorf("%s a line = %d %.100s, want %d", tt.name, got.StatusCode, body, tt.status)
		}
	}
}

func TestJSONNestedTooDeepIsRefused(t *testing.T) {
	s := newServer(t, server.Config{})
	for _, path := range []string{"/v1/calculate", "/v1/batch"} {
		got := answer(t, s, send(path, "application/json", strings.Repeat("[", 1_000_000)))
		if body := read(t, got); got.StatusCode != http.StatusBadRequest && !strings.Contains(body, `"status":400`) {
			t.Errorf("POST %s of a million brackets = %d %.200s, want 400", path, got.StatusCode, body)
		}
	}
}

// dribble is what a client sends, and then nothing more for ever.
func dribble(t *testing.T, address, text string) *bufio.Reader {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	t.Cleanup(func() { conn.Close() })
	// Far beyond the server's time-outs: the test must end even if it has none.
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatalf("send: %v", err)
	}
	return bufio.NewReader(conn)
}

func TestSlowClientsAreCutOff(t *testing.T) {
	const soon = 100 * time.Millisecond
	address, _ := serve(t, newServer(t, server.Config{InstanceID: unknown, ReadHeaderTimeout: soon, ReadTimeout: soon, IdleTimeout: soon}))
	const header = "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: 1000\r\n\r\n%s"
	for _, tt := range []struct{ name, sent, says string }{
		{"nothing at all", "", ""},
		{"half a header", "GET / HTTP/1.1\r\nHost: x\r\nX-a:", ""},
		{"half a body", fmt.Sprintf(header, "/v1/calculate", "application/json", `{"expr`), "408"},
		{"half a text", fmt.Sprintf(header, "/v1/calculate", "text/plain", `1+`), "408"},
		{"half a batch", fmt.Sprintf(header, "/v1/batch", "application/jsonl", example+"\n"+`{"expr`), `"status":408`},
		{"half an array", fmt.Sprintf(header, "/v1/batch", "application/json", `[`+example+`,{"expr`), `"status":408`},
		{"half of the statistics", fmt.Sprintf(header, "/v1/statistics", "text/csv", "1\n2"), "408"},
		{"half a form", fmt.Sprintf(header, "/", "application/x-www-form-urlencoded", "expression=1"), "408"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := io.ReadAll(dribble(t, address, tt.sent))
			if slow, ok := errors.AsType[net.Error](err); ok && slow.Timeout() {
				t.Fatalf("the server still waits for a client that has sent %q", tt.sent)
			}
			if !strings.Contains(string(got), tt.says) {
				t.Errorf("the answer to %q = %q, want %s", tt.sent, got, tt.says)
			}
		})
	}
}

func TestHeaderBeyondItsLimitIsRefused(t *testing.T) {
	address, _ := serve(t, newServer(t, server.Config{InstanceID: unknown}))
	for _, tt := range []struct {
		name   string
		length int
		want   string
	}{
		{"digits that fit", 50_000, "200 OK"},
		{"digits that do not", 200_000, "431 Request Header Fields Too Large"},
	} {
		in := dribble(t, address, "GET /_calculate?number1="+strings.Repeat("9", tt.length)+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		if line, err := in.ReadString('\n'); err != nil || !strings.Contains(line, tt.want) {
			t.Errorf("GET /_calculate with %s = %q, %v, want %s", tt.name, line, err, tt.want)
		}
	}
}

func FuzzBatch(f *testing.F) {
	f.Add(example+"\n"+badBatchLine, "application/jsonl", "")
	f.Add("["+example+","+badBatchLine+"]", "application/json", "application/jsonl")
	f.Add("[[[{", "application/json", "application/json;q=0.1,*/*;q=0")
	f.Add("\n\n\r\n{", "application/x-ndjson", "text/*")
	s := newServer(f, server.Config{MaxDigits: 1000, MaxBodyBytes: 2000, MaxStreamBytes: 5000})
	f.Fuzz(func(t *testing.T, body, contentType, accept string) {
		got := answer(t, s, accepting(send("/v1/batch", contentType, body), accept))
		text := read(t, got)
		if got.StatusCode >= 500 {
			t.Errorf("POST /v1/batch of %q = %d %s, want no failure of the server's own", body, got.StatusCode, text)
		}
		if got.Header.Get("Content-Type") == "application/json" && !json.Valid([]byte(text)) {
			t.Errorf("POST /v1/batch of %q = %q, want JSON", body, text)
		}
	})
}

func FuzzStatistics(f *testing.F) {
	f.Add("a,b\n1,2\n3,4\n", "text/csv", "column=2&quantiles=0.1,0.9")
	f.Add("1\n\"2e5\"\n", "application/jsonl", "precision=5")
	f.Add("1e999,\"\n", "text/csv", "quantiles=none")
	f.Add("\ufeff-0.1\r\n", "text/plain", "column=x")
	s := newServer(f, server.Config{MaxDigits: 1000, MaxBodyBytes: 2000, MaxStreamBytes: 5000})
	f.Fuzz(func(t *testing.T, body, contentType, query string) {
		r := send("/v1/statistics", contentType, body)
		r.URL.RawQuery = query
		got := answer(t, s, r)
		if text := read(t, got); got.StatusCode >= 500 || !json.Valid([]byte(text)) {
			t.Errorf("POST /v1/statistics?%s of %q = %d %q, want JSON and no failure of the server's own", query, body, got.StatusCode, text)
		}
	})
}

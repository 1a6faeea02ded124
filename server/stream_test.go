package server_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"secondwind/server"
)

// send is a POST with a body of a media type.
func send(path, contentType, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	return r
}

func accepting(r *http.Request, accept string) *http.Request {
	r.Header.Set("Accept", accept)
	return r
}

func TestCalculateReadsText(t *testing.T) {
	s := newServer(t, server.Config{})
	for _, tt := range []struct {
		name, path, body string
		status           int
		want             string
	}{
		{"an expression", "/v1/calculate", "2^10 + 1\n", 200, "1025\n"},
		{"an expression over lines", "/v1/calculate", "1 +\n2", 200, "3\n"},
		{"operands a line", "/v1/calculate?operation=gcd", "12\r\n18\r\n", 200, "6\n"},
		{"a precision", "/v1/calculate?operation=/&precision=3", "1\n3\n", 200, "0.333\n"},
		{"a sign in an address", "/v1/calculate?operation=%2B", "1\n2\n", 200, "3\n"},
		{"an empty body", "/v1/calculate", "\n", 400, "the body is empty"},
		{"a precision that is none", "/v1/calculate?precision=x", "1", 400, "not a number of digits"},
		{"a slip", "/v1/calculate", "1+(2", 400, `"position":3`},
		{"invalid UTF-8", "/v1/calculate", "1+\xff2", 400, `"position":3`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := answer(t, s, accepting(send(tt.path, "text/plain", tt.body), "text/plain"))
			if body := read(t, got); got.StatusCode != tt.status || !strings.Contains(body, tt.want) {
				t.Errorf("POST %s of %q = %d %s, want %d %s", tt.path, tt.body, got.StatusCode, body, tt.status, tt.want)
			}
		})
	}
}

func TestGzipIsRead(t *testing.T) {
	s := newServer(t, server.Config{})
	r := send("/v1/calculate", "application/json", gzipped(t, example))
	r.Header.Set("Content-Encoding", "gzip")
	if got := answer(t, s, r); got.StatusCode != http.StatusOK {
		t.Errorf("POST /v1/calculate with gzip = %d %s, want 200", got.StatusCode, read(t, got))
	}
}

const badBatchLine = `{"expression":"1/0"}`

func TestBatchAnswersInOrderAndGoesOnAfterFaults(t *testing.T) {
	s := newServer(t, server.Config{MaxBodyBytes: 2000, MaxStreamBytes: 100_000})
	slow, quick := `{"expression":"2^100000 % 1000"}`, `{"operation":"+","operands":["1","2"]}`
	long := `{"expression":"` + strings.Repeat("1", 3000) + `"}`
	for _, tt := range []struct {
		name, contentType, accept, body string
		want                            []string // of each line
	}{
		{"lines", "application/jsonl", "", slow + "\n" + quick + "\n\n" + quick, []string{
			`{"result":"376","exact":true}`, `{"result":"3","exact":true}`, `{"result":"3","exact":true}`}},
		{"lines with faults", "application/x-ndjson", "*/*",
			strings.Join([]string{badBatchLine, "{", `{"x":1}`, long, `"1"`, quick}, "\n"), []string{
				`"status":400,"detail":"at character 2: operand 2 of / is zero`, `"detail":"the body is not a calculation (it ends early)`,
				`unknown field`,
				`{"problem":{"type":"about:blank","title":"Request Entity Too Large","status":413,`, `not a JSON object`,
				`{"result":"3","exact":true}`}},
		{"an array", "application/json", "", "[" + slow + "," + badBatchLine + " , " + quick + "]", []string{
			`[{"result":"376","exact":true},`, `"line":2`, `{"result":"3","exact":true}]`}},
		{"no calculation", "application/json", "", "[]", []string{"[]"}},
		{"an array as lines", "application/json", "application/jsonl", "[" + quick + "," + quick + "]", []string{
			`{"result":"3","exact":true}`, `{"result":"3","exact":true}`}},
		{"lines as an array", "application/jsonl", "application/json", quick + "\n" + quick, []string{
			`[{"result":"3","exact":true},`, `{"result":"3","exact":true}]`}},
		{"an array that breaks off", "application/json", "", "[" + quick + "," + quick, []string{
			`[{"result":"3","exact":true},`, `{"result":"3","exact":true},`, `"detail":"the batch is not a JSON array`}},
		{"more than an array", "application/json", "", "[" + quick + "] 5", []string{
			`[{"result":"3","exact":true},`, `more after the JSON array`}},
		{"an array with an element too long", "application/json", "", "[" + quick + "," + long + "]", []string{
			`[{"result":"3","exact":true},`, `"status":413`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := answer(t, s, accepting(send("/v1/batch", tt.contentType, tt.body), tt.accept))
			text := read(t, got)
			lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
			if got.StatusCode != http.StatusOK || len(lines) != len(tt.want) {
				t.Fatalf("POST /v1/batch = %d with %d lines, want %d:\n%s", got.StatusCode, len(lines), len(tt.want), text)
			}
			for i, want := range tt.want {
				if !strings.Contains(lines[i], want) {
					t.Errorf("line %d = %s, want %s", i+1, lines[i], want)
				}
			}
			if got.Header.Get("Content-Type") == "application/json" && !json.Valid([]byte(text)) {
				t.Errorf("the array is not JSON:\n%s", text)
			}
		})
	}
}

func TestBatchRefusesWhatIsNone(t *testing.T) {
	s := newServer(t, server.Config{MaxStreamBytes: 1000})
	for name, tt := range map[string]struct {
		contentType, accept, body string
		status                    int
	}{
		"text":            {"text/plain", "", "1+1", 415},
		"an object":       {"application/json", "", example, 400},
		"nothing":         {"application/json", "", "", 400},
		"a picture asked": {"application/jsonl", "image/png", example, 406},
		"too long":        {"application/jsonl", "", strings.Repeat(example+"\n", 100), 413},
	} {
		got := answer(t, s, accepting(send("/v1/batch", tt.contentType, tt.body), tt.accept))
		if body := read(t, got); got.StatusCode != tt.status || got.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("POST /v1/batch of %s = %d %s, want the problem %d", name, got.StatusCode, body, tt.status)
		}
	}
}

// The client reads each answer before it sends the next question, so a server
// that waits for the end of the body would never answer.
func TestBatchStreams(t *testing.T) {
	address, _ := serve(t, newServer(t, server.Config{InstanceID: unknown}))
	ours, theirs := io.Pipe()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/v1/batch", ours)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/jsonl")
	go fmt.Fprintln(theirs, `{"expression":"1*1"}`)
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatalf("POST /v1/batch: %v", err)
	}
	defer got.Body.Close()
	in := bufio.NewScanner(got.Body)
	for i := 1; i <= 50; i++ {
		if want := fmt.Sprintf(`{"result":"%d","exact":true}`, i*i); !in.Scan() || in.Text() != want {
			t.Fatalf("answer %d = %q, want %s", i, in.Text(), want)
		}
		if i < 50 {
			fmt.Fprintf(theirs, "{\"expression\":\"%d*%d\"}\n", i+1, i+1)
		}
	}
	theirs.Close()
	if in.Scan() {
		t.Errorf("after the last answer comes %q, want nothing", in.Text())
	}
}

func TestStatistics(t *testing.T) {
	s := newServer(t, server.Config{})
	const quartiles = `"quantiles":[{"p":"0.25","value":"1.75"},{"p":"0.5","value":"2.5"},{"p":"0.75","value":"3.25"}],"exact":true}`
	const four = `{"count":4,"sum":"10","minimum":"1","maximum":"4","mean":"2.5","variance":"5/3","populationVariance":"1.25",` + quartiles
	for _, tt := range []struct {
		name, query, contentType, accept, body string
		status                                 int
		want                                   string
	}{
		{"a column", "", "text/csv", "", "value\n1\n2\n\n3\n4\n", 200, four},
		{"rows", "", "text/csv", "", "\ufeff1, 2\r\n3,\"4\"", 200, four},
		{"a column by its name", "?column=b,c", "text/csv", "", "a,\"b,c\"\nx,1\nx,2\nx,3\nx,4", 200, four},
		{"a column by its number below a header", "?column=2", "text/csv", "", "a,b\nx,1\nx,2\nx,3\nx,4", 200, four},
		{"JSON lines", "", "application/jsonl", "", "1\n\"2\"\n3e0\n4.0", 200, four},
		{"plain text", "", "text/plain", "", "4\n3\n2\n1", 200, four},
		{"text asked for", "?quantiles=none&precision=2", "text/csv", "text/plain", "1\n2\n4", 200,
			"count 3\nsum 7\nminimum 1\nmaximum 4\nmean 2.3\nvariance 2.3\npopulationVariance 1.6\n"},
		{"nothing", "", "text/csv", "", "", 400, "no numbers"},
		{"a header alone", "", "text/csv", "", "value\n", 400, "no numbers"},
		{"NaN", "", "text/csv", "", "NaN\n1", 400, `"line":1`},
		{"a number beyond all bounds", "", "text/csv", "", "1\n1e999999999", 400, `more than 499980 digits`},
		{"a text", "", "application/jsonl", "", "1\n2\ntrue\n", 400, `line 3: \"true\" is not a decimal number`},
		{"a gap", "", "text/csv", "", "1,2\n3,\n", 400, `"line":2`},
		{"a short row", "?column=2", "text/csv", "", "1,2\n3\n", 400, "it has 1 columns, not 2"},
		{"an unknown column", "?column=speed", "text/csv", "", "a,b\n1,2\n", 400, "there is no column"},
		{"a quote that stays open", "", "text/csv", "", "1,\"2\n", 400, "not CSV"},
		{"a quantile that is none", "?quantiles=50", "text/csv", "", "1", 400, "from 0 to 1"},
		{"a precision that is none", "?precision=-1", "text/csv", "", "1", 400, "precision"},
		{"JSON", "", "application/json", "", "[1]", 415, "text/csv"},
		{"invalid UTF-8", "", "text/csv", "", "1\n\xff\n", 400, `"line":2`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := answer(t, s, accepting(send("/v1/statistics"+tt.query, tt.contentType, tt.body), tt.accept))
			body := read(t, got)
			if got.StatusCode != tt.status || !strings.Contains(body, tt.want) {
				t.Errorf("POST /v1/statistics%s of %q = %d %s, want %d %s", tt.query, tt.body, got.StatusCode, body, tt.status, tt.want)
			}
		})
	}
}

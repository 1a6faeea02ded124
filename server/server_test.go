package server_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"secondwind/server"
)

// newServer returns a calculator that asks no metadata service.
func newServer(t testing.TB, cfg server.Config) *server.Server {
	t.Helper()
	s, err := server.New(cfg)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return s
}

// answer sends one request through the handler.
func answer(t testing.TB, s *server.Server, r *http.Request) *http.Response {
	t.Helper()
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w.Result()
}

func post(body, contentType string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/v1/calculate", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	return r
}

func read(t testing.TB, r *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatalf("read the answer: %v", err)
	}
	return string(body)
}

func TestOriginalCalculator(t *testing.T) {
	s := newServer(t, server.Config{})
	for _, tt := range []struct{ name, query, want string }{
		{"without a question it is 0 + 0", "", `{"result":0}`},
		{"one number and the defaults", "number1=5", `{"result":5}`},
		{"a sum", "number1=2&operator=%2B&number2=3", `{"result":5}`},
		{"a plus that was not escaped is a space, which is no operator", "number1=2&operator=+&number2=3", `{"result":"Error!"}`},
		{"a float", "number1=0.1&operator=%2B&number2=0.2", `{"result":0.30000000000000004}`},
		{"an exponent passes as a JSON number", "number1=10000000000000000.0", `{"result":1e+16}`},
		{"a division by zero", "number1=1&operator=/&number2=0", `{"result":"Error!"}`},
		{"a program as a number", "number1=1&number2=__import__('os')", `{"result":"Error!"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := answer(t, s, httptest.NewRequest(http.MethodGet, "/_calculate?"+tt.query, nil))
			if body := read(t, got); got.StatusCode != http.StatusOK || body != tt.want {
				t.Errorf("GET /_calculate?%s = %d %s, want 200 %s", tt.query, got.StatusCode, body, tt.want)
			}
		})
	}
}

func TestCalculateAnswersAsAsked(t *testing.T) {
	s := newServer(t, server.Config{})
	for _, tt := range []struct{ name, accept, wantType, want string }{
		{"JSON by default", "", "application/json; charset=utf-8", `{"result":"0.3","exact":true}`},
		{"JSON for a browser's anything", "*/*", "application/json; charset=utf-8", `{"result":"0.3","exact":true}`},
		{"text on request", "text/plain", "text/plain; charset=utf-8", "0.3\n"},
		{"text rather than JSON", "application/json;q=0.5, text/*", "text/plain; charset=utf-8", "0.3\n"},
		{"anything but JSON", "*/*, application/json;q=0", "text/plain; charset=utf-8", "0.3\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := post(`{"operation":"+","operands":["0.1","0.2"]}`, "application/json; charset=utf-8")
			r.Header.Set("Accept", tt.accept)
			got := answer(t, s, r)
			if body := read(t, got); body != tt.want || got.Header.Get("Content-Type") != tt.wantType {
				t.Errorf("POST /v1/calculate = %s %q, want %s %q", got.Header.Get("Content-Type"), body, tt.wantType, tt.want)
			}
		})
	}
}

func TestCalculateMultipliesLongNumbers(t *testing.T) {
	s := newServer(t, server.Config{})
	const digits = 20_000
	nines := strings.Repeat("9", digits)
	got := answer(t, s, post(`{"operation":"*","operands":["`+nines+`","`+nines+`"]}`, "application/json"))
	want := strings.Repeat("9", digits-1) + "8" + strings.Repeat("0", digits-1) + "1"
	if body := read(t, got); body != `{"result":"`+want+`","exact":true}` {
		t.Errorf("POST /v1/calculate of two numbers of %d nines = %d %.40s…, want 99…9800…01", digits, got.StatusCode, body)
	}
}

const example = `{"operation":"*","operands":["2","3"]}`

func gzipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEveryFailureIsAProblem(t *testing.T) {
	s := newServer(t, server.Config{MaxBodyBytes: 1000, MaxDigits: 300})
	long := strings.Repeat("9", 200)
	request := httptest.NewRequest
	encoded := func(encoding, body string) *http.Request {
		r := post(body, "application/json")
		r.Header.Set("Content-Encoding", encoding)
		return r
	}
	picture := post(`{"operation":"+","operands":["1","2"]}`, "application/json")
	picture.Header.Set("Accept", "image/png")
	unannounced := post(`{"operation":"`+strings.Repeat("x", 2000), "application/json")
	unannounced.ContentLength = -1
	for _, tt := range []struct {
		name   string
		r      *http.Request
		status int
		says   string
	}{
		{"an unknown path", request(http.MethodGet, "/admin", nil), 404, "calculator is at /"},
		{"an unknown file", request(http.MethodGet, "/assets/passwd", nil), 404, "no such file"},
		{"a template is no file", request(http.MethodGet, "/assets/calculator.html", nil), 404, "no such file"},
		{"a wrong method", request(http.MethodGet, "/v1/calculate", nil), 405, "use POST"},
		{"no media type", post(`{}`, ""), 415, "application/json"},
		{"a form", post(`operation=%2B`, "application/x-www-form-urlencoded"), 415, "application/json"},
		{"another charset", post(`{}`, "application/json; charset=utf-16"), 415, "UTF-8"},
		{"an unknown compression", encoded("br", "{}"), 415, "Content-Encoding"},
		{"a gzip that is none", encoded("gzip", "{}{}{}{}{}{}{}"), 400, "not gzip"},
		{"half a gzip", encoded("gzip", gzipped(t, example)[:20]), 400, "ends early"},
		{"a damaged gzip", encoded("gzip", gzipped(t, example)[:len(gzipped(t, example))-8]+"12345678"), 400, "gzip"},
		{"a gzip that unfolds too far", encoded("gzip", gzipped(t, strings.Repeat(" ", 5000))), 413, "larger than 1000 bytes"},
		{"a picture as the answer", picture, 406, "accept application/json or text/plain"},
		{"a body too large", post(strings.Repeat(" ", 1001), "application/json"), 413, "larger than 1000 bytes"},
		{"a body too large that says nothing of it", unannounced, 413, "larger than 1000 bytes"},
		{"no body", post("", "application/json"), 400, "ends early"},
		{"half a body", post(`{"operation":`, "application/json"), 400, "ends early"},
		{"no JSON", post(`{1+1}`, "application/json"), 400, "not JSON at byte"},
		{"no object", post(`[1]`, "application/json"), 400, "not a JSON object"},
		{"more than an object", post(`{"operation":"+","operands":["1","2"]} {}`, "application/json"), 400, "there is more after"},
		{"an unknown field", post(`{"operator":"+"}`, "application/json"), 400, `unknown field \"operator\"`},
		{"numbers that lose digits", post(`{"operation":"+","operands":[1,2]}`, "application/json"), 400, "numbers are quoted"},
		{"one operand", post(`{"operation":"+","operands":["1"]}`, "application/json"), 400, "takes at least 2 operands, not 1"},
		{"three operands", post(`{"operation":"-","operands":["1","2","3"]}`, "application/json"), 400, "takes 2 operands, not 3"},
		{"an expression with a slip", post(`{"expression":"1+(2*3"}`, "application/json"), 400, `"position":3`},
		{"a bad operand", post(`{"operation":"+","operands":["1","x"]}`, "application/json"), 400, "operand 2 is not a decimal number"},
		{"an unknown operation", post(`{"operation":"&","operands":["1","2"]}`, "application/json"), 400, "use one of"},
		{"a division by zero", post(`{"operation":"/","operands":["1","0"]}`, "application/json"), 400, "divided by zero"},
		{"a result too long", post(`{"operation":"*","operands":["`+long+`","`+long+`"]}`, "application/json"), 400, "more than 300 digits"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := answer(t, s, tt.r)
			body := read(t, got)
			var p struct {
				Type, Title, Detail string
				Status              int
			}
			if err := json.Unmarshal([]byte(body), &p); err != nil {
				t.Fatalf("%s %s = %s: %v", tt.r.Method, tt.r.URL, body, err)
			}
			if got.StatusCode != tt.status || p.Status != tt.status || !strings.Contains(body, tt.says) {
				t.Errorf("%s %s = %d %s, want %d %q", tt.r.Method, tt.r.URL, got.StatusCode, body, tt.status, tt.says)
			}
			if p.Type != "about:blank" || p.Title != http.StatusText(tt.status) || got.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s %s = %s %+v, want problem details as RFC 9457 has them", tt.r.Method, tt.r.URL, got.Header.Get("Content-Type"), p)
			}
			if got.Header.Get(server.HeaderInstanceID) == "" {
				t.Errorf("%s %s has no %s", tt.r.Method, tt.r.URL, server.HeaderInstanceID)
			}
		})
	}
}

func submit(fields url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(fields.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func TestPageWorksWithoutJavaScript(t *testing.T) {
	s := newServer(t, server.Config{})
	for _, tt := range []struct {
		name, expression, precision string
		status                      int
		want                        []string
	}{
		{"a result", "2^100", "", 200, []string{`>1267650600228229401496703205376</output>`, `>31 digits</span>`, `autofocus>2^100</textarea>`}},
		{"a fraction", " 1 / 3\r\n", "0", 200, []string{`>1/3</output>`}},
		{"a rounded root", "sqrt(2)", "10", 200, []string{`>1.414213562</output>`, `>rounded</span>`, `value="10" selected`}},
		{"a long result is folded", "10^999-1", "", 200, []string{
			`<output id="result" for="expression" tabindex="0" hidden></output>`, `>999 digits</span>`,
			`<summary id="ends">` + strings.Repeat("9", 40) + "…" + strings.Repeat("9", 40) + `</summary>`,
			`aria-label="The whole result">` + strings.Repeat("9", 999) + `</pre>`}},
		{"a fault", "1/0", "", 400, []string{`<p id="fault" class="fault">at character 2: operand 2 of / is zero`, `aria-invalid="true"`}},
		{"nothing", "", "", 400, []string{`>Type a calculation first`}},
		{"a precision that is none", "1", "many", 400, []string{`>the precision &#34;many&#34; is not a number of digits`}},
		{"a calculation that is markup", `"</textarea><script>`, "", 400, []string{`&#34;&lt;/textarea&gt;&lt;script&gt;</textarea>`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := answer(t, s, submit(url.Values{"expression": {tt.expression}, "precision": {tt.precision}, "do": {"calculate"}}))
			body := read(t, got)
			for _, want := range tt.want {
				if got.StatusCode != tt.status || !strings.Contains(body, want) {
					t.Errorf("POST / of %q = %d %s, want %d with %s", tt.expression, got.StatusCode, body, tt.status, want)
				}
			}
		})
	}
}

func TestPageOffersTheResultAsAFile(t *testing.T) {
	s := newServer(t, server.Config{})
	got := answer(t, s, submit(url.Values{"expression": {"2^10"}, "do": {"download"}}))
	if body := read(t, got); body != "1024\n" || got.Header.Get("Content-Disposition") != `attachment; filename="result.txt"` {
		t.Errorf("download = %q as %q, want 1024 as an attachment", body, got.Header.Get("Content-Disposition"))
	}
}

func TestPageRefusesWhatNoFormSends(t *testing.T) {
	s := newServer(t, server.Config{})
	for name, tt := range map[string]struct {
		contentType, body string
		status            int
	}{
		"JSON":              {"application/json", `{}`, 415},
		"an unknown button": {"application/x-www-form-urlencoded", "do=launch", 400},
		"a broken escape":   {"application/x-www-form-urlencoded", "expression=%zz", 400},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(tt.body))
		r.Header.Set("Content-Type", tt.contentType)
		if got := answer(t, s, r); got.StatusCode != tt.status || got.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("POST / with %s = %d %s, want %d and a problem", name, got.StatusCode, read(t, got), tt.status)
		}
	}
}

func TestPageNeedsNothingFromElsewhere(t *testing.T) {
	s := newServer(t, server.Config{})
	got := answer(t, s, httptest.NewRequest(http.MethodGet, "/", nil))
	html := read(t, got)
	if !strings.Contains(html, got.Header.Get(server.HeaderInstanceID)) {
		t.Errorf("GET / does not show the instance %s", got.Header.Get(server.HeaderInstanceID))
	}
	if policy := got.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") ||
		strings.Contains(policy, "unsafe") {
		t.Errorf("GET / has the policy %q, want one that allows nothing by default", policy)
	}
	// The policy forbids what stands in the HTML itself.
	if found := regexp.MustCompile(`(?i)<style|<script>| style=| on[a-z]+=|https?://`).FindString(html); found != "" {
		t.Errorf("GET / contains %q, which its own policy forbids", found)
	}
	links := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(html, -1)
	if len(links) != 3 {
		t.Fatalf("GET / links to %d files, want its style, script and icon", len(links))
	}
	for _, link := range links {
		file := answer(t, s, httptest.NewRequest(http.MethodGet, link[1], nil))
		if file.StatusCode != http.StatusOK || file.Header.Get("ETag") == "" {
			t.Fatalf("GET %s = %d with ETag %q, want 200 with one", link[1], file.StatusCode, file.Header.Get("ETag"))
		}
		again := httptest.NewRequest(http.MethodGet, link[1], nil)
		again.Header.Set("If-None-Match", file.Header.Get("ETag"))
		if got := answer(t, s, again); got.StatusCode != http.StatusNotModified {
			t.Errorf("GET %s again = %d, want 304", link[1], got.StatusCode)
		}
	}
}

func TestConfigReportsEverythingThatIsWrong(t *testing.T) {
	_, err := server.New(server.Config{MaxDigits: -1, DrainTimeout: -1})
	if err == nil || !strings.Contains(err.Error(), "max digits") || !strings.Contains(err.Error(), "drain timeout") {
		t.Errorf("New with two negative limits = %v, want both named", err)
	}
}

func FuzzCalculate(f *testing.F) {
	f.Add(`{"operation":"*","operands":["2","3"]}`, "application/json")
	f.Add(`{"operation":"^","operands":["-0.5","-3"]}`, "application/json")
	f.Add(`{"operation":"/","operands":["1","3"],"x":1}`, "application/json; charset=utf-8")
	f.Add(`{"expression":"sqrt(2)*3!","precision":9}`, "application/json")
	f.Add(`{"operands":[[[[`, "text/json")
	s := newServer(f, server.Config{MaxDigits: 1000, MaxBodyBytes: 4000})
	f.Fuzz(func(t *testing.T, body, contentType string) {
		got := answer(t, s, post(body, contentType))
		text := read(t, got)
		if !json.Valid([]byte(text)) || got.Header.Get(server.HeaderInstanceID) == "" {
			t.Errorf("POST %q = %d %q, want JSON from a named instance", body, got.StatusCode, text)
		}
		if got.StatusCode >= 500 {
			t.Errorf("POST %q = %d, want no failure of the server's own", body, got.StatusCode)
		}
	})
}

func FuzzPage(f *testing.F) {
	f.Add("number1=1&operator=%2B&number2=2")
	f.Add("expression=2^100&precision=10&do=calculate")
	f.Add("expression=%3Cscript%3E&do=%22")
	f.Add("number1=%zz;&")
	s := newServer(f, server.Config{MaxDigits: 1000})
	f.Fuzz(func(t *testing.T, query string) {
		original := httptest.NewRequest(http.MethodGet, "/_calculate", nil)
		original.URL.RawQuery = query
		form := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(query))
		form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for _, r := range []*http.Request{original, form} {
			got := answer(t, s, r)
			if text := read(t, got); got.StatusCode >= 500 || strings.Count(text, "<script") > 1 {
				t.Errorf("%s %s with %q = %d %s, want no failure and no script but its own", r.Method, r.URL.Path, query, got.StatusCode, text)
			}
		}
	})
}

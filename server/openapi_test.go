package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"secondwind/server/bignum"
)

// document loads what the server serves.
func document(t *testing.T, s *Server) *openapi3.T {
	t.Helper()
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	doc, err := openapi3.NewLoader().LoadFromData(w.Body.Bytes())
	if err != nil {
		t.Fatalf("load /openapi.json: %v", err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatalf("validate /openapi.json: %v", err)
	}
	return doc
}

func TestOpenAPIDescribesExactlyTheRoutes(t *testing.T) {
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	var served, described []string
	parameter := regexp.MustCompile(`:(\w+)`)
	for _, r := range s.engine.Routes() {
		served = append(served, r.Method+" "+parameter.ReplaceAllString(r.Path, "{$1}"))
	}
	for path, item := range document(t, s).Paths.Map() {
		for method := range item.Operations() {
			described = append(described, method+" "+path)
		}
	}
	slices.Sort(served)
	slices.Sort(described)
	if !slices.Equal(served, described) {
		t.Errorf("served\n%s\ndescribed\n%s\nwant the same", strings.Join(served, "\n"), strings.Join(described, "\n"))
	}
}

func TestOpenAPINamesExactlyTheOperations(t *testing.T) {
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	var described []string
	for _, name := range document(t, s).Components.Schemas["Operation"].Value.Enum {
		described = append(described, name.(string))
	}
	var want []string
	for _, o := range bignum.Operations() {
		want = append(want, string(o))
	}
	if !slices.Equal(described, want) {
		t.Errorf("operations described %q, want %q", described, want)
	}
}

// linesDecoder reads JSON lines as a list, for the validation.
func linesDecoder(body io.Reader, _ http.Header, _ *openapi3.SchemaRef, _ openapi3filter.EncodingFn) (any, error) {
	var all []any
	d := json.NewDecoder(body)
	for {
		var one any
		err := d.Decode(&one)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
}

func TestRealAnswersAreAsDescribed(t *testing.T) {
	for _, form := range []string{typeJSONLines, typeNDJSON} {
		openapi3filter.RegisterBodyDecoder(form, linesDecoder)
		t.Cleanup(func() { openapi3filter.UnregisterBodyDecoder(form) })
	}
	openapi3filter.RegisterBodyDecoder("text/html", openapi3filter.PlainBodyDecoder)
	t.Cleanup(func() { openapi3filter.UnregisterBodyDecoder("text/html") })
	s, err := New(Config{History: newShelf(), MaxBodyBytes: 10_000, MaxDigits: 1000})
	if err != nil {
		t.Fatal(err)
	}
	router, err := gorillamux.NewRouter(document(t, s))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range describedRequests {
		t.Run(tt.method+" "+tt.path+" "+tt.body, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, tt.path, strings.NewReader(tt.body))
			r.Header.Set("Content-Type", tt.contentType)
			r.Header.Set("Accept", tt.accept)
			r.AddCookie(&http.Cookie{Name: userCookie, Value: strings.Repeat("0a", 16)})
			route, parameters, err := router.FindRoute(r)
			if err != nil {
				t.Fatal(err)
			}
			asked := &openapi3filter.RequestValidationInput{Request: r, PathParams: parameters, Route: route,
				Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true,
					SkipSettingDefaults: true}}
			if err := openapi3filter.ValidateRequest(t.Context(), asked); (err == nil) != tt.described {
				t.Errorf("ValidateRequest = %v, want it described: %v", err, tt.described)
			}
			r.Body = io.NopCloser(strings.NewReader(tt.body))
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, r)
			if w.Code != tt.status {
				t.Errorf("status = %d %s, want %d", w.Code, w.Body, tt.status)
			}
			validateAnswer(t, asked, w)
		})
	}
}

func validateAnswer(t *testing.T, asked *openapi3filter.RequestValidationInput, w *httptest.ResponseRecorder) {
	t.Helper()
	answered := &openapi3filter.ResponseValidationInput{RequestValidationInput: asked, Status: w.Code, Header: w.Result().Header,
		Body: io.NopCloser(bytes.NewReader(w.Body.Bytes())), Options: asked.Options}
	if err := openapi3filter.ValidateResponse(context.Background(), answered); err != nil {
		t.Errorf("the answer %d %s is not as described: %v", w.Code, w.Body, err)
	}
}

var describedRequests = []struct {
	method, path, contentType, accept, body string
	described                               bool // a request that is not described gets a problem
	status                                  int
}{
	{"GET", "/", "", "", "", true, 200},
	{"POST", "/", "application/x-www-form-urlencoded", "", "expression=1%2B1", true, 200},
	{"POST", "/", "application/x-www-form-urlencoded", "", "expression=1%2F0", true, 400},
	{"GET", "/assets/none", "", "", "", true, 404},
	{"GET", "/healthz", "", "", "", true, 200},
	{"GET", "/readyz", "", "", "", true, 200},
	{"GET", "/metrics", "", "", "", true, 200},
	{"GET", "/openapi.json", "", "", "", true, 200},
	{"GET", "/_calculate?number1=2&operator=*&number2=3.5", "", "", "", true, 200},
	{"GET", "/_calculate?number1=x", "", "", "", true, 200},
	{"POST", "/v1/calculate", typeJSON, "", example, true, 200},
	{"POST", "/v1/calculate", typeJSON, "", `{"expression":"sqrt(2)","precision":9}`, true, 200},
	{"POST", "/v1/calculate", typeText, typeText, "1+1", true, 200},
	{"POST", "/v1/calculate?operation=gcd", typeText, typeText, "4\n6", true, 200},
	{"POST", "/v1/calculate", typeJSON, "", `{"operation":"/","operands":["1","0"]}`, true, 400},
	{"POST", "/v1/calculate", typeJSON, "", `{"expression":"1+("}`, true, 400},
	{"POST", "/v1/calculate", typeJSON, "", `{"operation":"?","operands":["1"]}`, false, 400},
	{"POST", "/v1/calculate", typeJSON, "", `{"operation":"+","operands":[1,2]}`, false, 400},
	{"POST", "/v1/calculate", typeCSV, "", "1", false, 415},
	{"POST", "/v1/calculate", typeJSON, "image/png", example, true, 406},
	{"POST", "/v1/calculate", typeText, "", strings.Repeat("1", 10_001), true, 413},
	{"POST", "/v1/batch", typeJSON, "", "[" + example + `,{"expression":"1/0"}]`, true, 200},
	{"POST", "/v1/batch", typeJSONLines, "", example + "\n" + `{"expression":"1/0"}`, true, 200},
	{"POST", "/v1/batch", typeJSONLines, typeJSON, example, true, 200},
	{"POST", "/v1/batch", typeJSON, "", example, false, 400},
	{"POST", "/v1/statistics", typeCSV, "", "1\n2\n", true, 200},
	{"POST", "/v1/statistics?quantiles=none", typeJSONLines, typeText, "1\n\"2\"\n", true, 200},
	{"POST", "/v1/statistics", typeText, "", "one", true, 400},
	{"GET", "/v1/version", "", "", "", true, 200},
	{"GET", "/v1/history?limit=1", "", "", "", true, 200},
	{"GET", "/v1/history?limit=1000", "", "", "", false, 400},
	{"DELETE", "/v1/history/none", "", "", "", true, 404},
	{"DELETE", "/v1/history", "", "", "", true, 204},
}

package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"secondwind/server/history"
)

const (
	alice = "0123456789abcdef0123456789abcdef"
	bob   = "fedcba9876543210fedcba9876543210"
)

// ask sends a request through the handler, with a user's cookie unless user is "".
func ask(t *testing.T, s *Server, user, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", typeJSON)
	if user != "" {
		r.AddCookie(&http.Cookie{Name: userCookie, Value: user})
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

func withHistory(t *testing.T, cfg Config) (*Server, *shelf) {
	t.Helper()
	kept := newShelf()
	cfg.History = kept
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s, kept
}

// listed is the answer to GET /v1/history.
func listed(t *testing.T, s *Server, user, query string) entries {
	t.Helper()
	w := ask(t, s, user, http.MethodGet, "/v1/history"+query, "")
	var got entries
	if err := json.Unmarshal(w.Body.Bytes(), &got); w.Code != http.StatusOK || err != nil {
		t.Fatalf("GET /v1/history%s = %d %s, want 200", query, w.Code, w.Body)
	}
	return got
}

func TestHistoryIsOfTheUserAlone(t *testing.T) {
	s, kept := withHistory(t, Config{})
	ask(t, s, alice, http.MethodPost, "/v1/calculate", `{"expression":"6*7"}`)
	ask(t, s, alice, http.MethodGet, "/_calculate?number1=20&operator=%2B&number2=3", "")
	ask(t, s, bob, http.MethodPost, "/v1/calculate", example)
	ask(t, s, "", http.MethodPost, "/v1/calculate", example)
	ask(t, s, "no-user-of-ours", http.MethodPost, "/v1/calculate", example)
	ask(t, s, alice, http.MethodPost, "/v1/calculate", `{"expression":"1/0"}`) // has no result
	ask(t, s, alice, http.MethodPost, "/v1/batch", "["+example+"]")            // is not added
	s.recorder.settle(t.Context())
	if len(kept.entries) != 2 {
		t.Errorf("the store holds entries of %d users, want those of the two who have a cookie of ours", len(kept.entries))
	}
	got := listed(t, s, alice, "")
	if len(got.Entries) != 2 || got.Next != "" {
		t.Fatalf("history = %+v, want the two calculations that had a result", got)
	}
	newest, oldest := got.Entries[0], got.Entries[1]
	if newest.Operation != "+" || strings.Join(newest.Operands, " ") != "20 3" || newest.Result != "23" {
		t.Errorf("newest = %+v, want 20 + 3 = 23", newest)
	}
	if oldest.Expression != "6*7" || oldest.Result != "42" || oldest.Instance != s.instance.name() || oldest.Time.IsZero() {
		t.Errorf("oldest = %+v, want 6*7 = 42 by this instance, with its time", oldest)
	}
	if got := listed(t, s, bob, ""); len(got.Entries) != 1 {
		t.Errorf("history of the other user = %+v, want their own entry", got)
	}
	if got := listed(t, s, "", ""); got.Entries == nil || len(got.Entries) != 0 {
		t.Errorf("history without a cookie = %+v, want an empty list", got)
	}
}

func TestHistoryIsListedInPages(t *testing.T) {
	s, _ := withHistory(t, Config{})
	for _, e := range []string{"1", "20", "3", "40", "5"} {
		ask(t, s, alice, http.MethodPost, "/v1/calculate", `{"expression":"`+e+`"}`)
	}
	var seen []string
	query := "?limit=2"
	for {
		page := listed(t, s, alice, query)
		for _, e := range page.Entries {
			seen = append(seen, e.Result)
		}
		if page.Next == "" {
			break
		}
		query = "?limit=2&before=" + page.Next
	}
	if got := strings.Join(seen, " "); got != "5 40 3 20 1" {
		t.Errorf("history in pages of two = %s, want 5 40 3 20 1", got)
	}
	if got := listed(t, s, alice, "?search=0"); len(got.Entries) != 2 || got.Entries[0].Result != "40" {
		t.Errorf("history with 0 = %+v, want 40 and 20", got)
	}
	for _, query := range []string{"?limit=0", "?limit=101", "?limit=x", "?search=" + strings.Repeat("1", 1001), "?before=%ff"} {
		if w := ask(t, s, alice, http.MethodGet, "/v1/history"+query, ""); w.Code != http.StatusBadRequest {
			t.Errorf("GET /v1/history%.20s = %d, want 400", query, w.Code)
		}
	}
}

func TestDeletingIsOfTheUserAlone(t *testing.T) {
	s, _ := withHistory(t, Config{})
	for range 3 {
		ask(t, s, alice, http.MethodPost, "/v1/calculate", example)
	}
	id := listed(t, s, alice, "").Entries[1].ID
	for _, step := range []struct {
		name, user, path string
		status, left     int
	}{
		{"another user's entry", bob, "/v1/history/" + id, 404, 3},
		{"without a cookie", "", "/v1/history/" + id, 404, 3},
		{"all without a cookie", "", "/v1/history", 404, 3},
		{"one's own", alice, "/v1/history/" + id, 204, 2},
		{"it again", alice, "/v1/history/" + id, 404, 2},
		{"another user's all", bob, "/v1/history", 204, 2},
		{"all", alice, "/v1/history", 204, 0},
	} {
		w := ask(t, s, step.user, http.MethodDelete, step.path, "")
		if left := len(listed(t, s, alice, "").Entries); w.Code != step.status || left != step.left {
			t.Errorf("deleting %s = %d %s, %d left, want %d, %d left", step.name, w.Code, w.Body, left, step.status, step.left)
		}
	}
}

func TestWithoutAHistoryThereIsNone(t *testing.T) {
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		if w := ask(t, s, alice, method, "/v1/history", ""); w.Code != http.StatusNotFound ||
			!strings.Contains(w.Body.String(), "no history is kept") {
			t.Errorf("%s /v1/history = %d %s, want 404 that says so", method, w.Code, w.Body)
		}
	}
	if w := ask(t, s, "", http.MethodGet, "/", ""); w.Header().Get("Set-Cookie") != "" {
		t.Errorf("GET / sets %q, want no cookie where no history is kept", w.Header().Get("Set-Cookie"))
	}
}

func TestCalculatingGoesOnWithoutTheStore(t *testing.T) {
	var log bytes.Buffer
	s, kept := withHistory(t, Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	kept.fail(history.ErrUnavailable)
	for range 5 {
		if w := ask(t, s, alice, http.MethodPost, "/v1/calculate", example); w.Code != http.StatusOK {
			t.Errorf("POST /v1/calculate = %d %s, want 200", w.Code, w.Body)
		}
	}
	s.recorder.settle(t.Context())
	if logged := strings.Count(log.String(), "not added to the history"); logged != 1 {
		t.Errorf("the log has %d times that calculations are not added, want once:\n%s", logged, &log)
	}
	for _, path := range []string{"/readyz", "/v1/history"} {
		if w := ask(t, s, alice, http.MethodGet, path, ""); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
			t.Errorf("GET %s = %d, want 503 with Retry-After", path, w.Code)
		}
	}
	if w := ask(t, s, alice, http.MethodGet, "/healthz", ""); w.Code != http.StatusOK {
		t.Errorf("GET /healthz = %d, want 200: the process is well", w.Code)
	}
	kept.fail(errors.New("secret 31415926"))
	if w := ask(t, s, alice, http.MethodDelete, "/v1/history", ""); w.Code != http.StatusInternalServerError ||
		strings.Contains(w.Body.String(), "31415926") {
		t.Errorf("DELETE /v1/history of a store that fails = %d %s, want 500 without its words", w.Code, w.Body)
	}
}

// The store never ends while this test asks: an answer that waited for it would
// never come.
func TestAnswersDoNotWaitForTheStore(t *testing.T) {
	s, kept := withHistory(t, Config{})
	kept.hold = make(chan struct{})
	for range maxWaiting + 10 {
		if w := ask(t, s, alice, http.MethodPost, "/v1/calculate", example); w.Code != http.StatusOK {
			t.Fatalf("POST /v1/calculate = %d %s, want 200", w.Code, w.Body)
		}
	}
	close(kept.hold)
	s.recorder.settle(t.Context())
	if got := len(kept.entries[alice]); got != maxWaiting {
		t.Errorf("stored = %d, want the %d that could wait", got, maxWaiting)
	}
	metrics := ask(t, s, "", http.MethodGet, "/metrics", "").Body.String()
	if want := `calculator_history_entries_total{instance="` + s.instance.name() + `",outcome="dropped"} 10`; !strings.Contains(metrics,
		want) {
		t.Errorf("/metrics lacks %s", want)
	}
}

func TestCookieIsSafe(t *testing.T) {
	s, _ := withHistory(t, Config{})
	cookie := func(change func(*http.Request)) *http.Cookie {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		change(r)
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		for _, c := range w.Result().Cookies() {
			if c.Name == userCookie {
				return c
			}
		}
		t.Fatalf("GET / sets no %s", userCookie)
		return nil
	}
	plain := cookie(func(*http.Request) {})
	if !plain.HttpOnly || plain.SameSite != http.SameSiteLaxMode || plain.Path != "/" || plain.Secure || len(plain.Value) != 32 {
		t.Errorf("cookie over HTTP = %v, want HttpOnly, SameSite=Lax, Path=/ and 128 bits", plain)
	}
	if other := cookie(func(*http.Request) {}); other.Value == plain.Value {
		t.Errorf("two users have the cookie %s, want each their own", plain.Value)
	}
	if tls := cookie(func(r *http.Request) { r.Header.Set("X-Forwarded-Proto", "https") }); !tls.Secure {
		t.Errorf("cookie behind TLS = %v, want Secure", tls)
	}
	if known := cookie(func(r *http.Request) { r.AddCookie(plain) }); known.Value != plain.Value {
		t.Errorf("cookie of a user who is known = %s, want %s", known.Value, plain.Value)
	}
	if forged := cookie(func(r *http.Request) { r.AddCookie(&http.Cookie{Name: userCookie, Value: "admin"}) }); forged.Value == "admin" {
		t.Error("GET / takes over a cookie that it did not make")
	}
	if w := ask(t, s, "", http.MethodPost, "/v1/calculate", example); w.Header().Get("Set-Cookie") != "" {
		t.Error("POST /v1/calculate sets a cookie, want GET / alone to")
	}
}

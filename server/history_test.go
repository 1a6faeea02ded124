package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"

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

// The store hangs while this test asks. One answer waits for it, as long as any may; those
// after it do not, and each says what has become of its entry.
func TestAnswersDoNotWaitForAStoreThatHangs(t *testing.T) {
	for _, durability := range []Durability{Written, Queued} {
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			s, kept := withHistory(t, Config{Durability: durability, Log: slog.New(slog.NewTextHandler(&log, nil))})
			kept.hold = make(chan struct{})
			start := time.Now()
			became := map[string]int{}
			for range maxWaiting + 10 {
				w := ask(t, s, alice, http.MethodPost, "/v1/calculate", example)
				if w.Code != http.StatusOK {
					t.Fatalf("POST /v1/calculate = %d %s, want 200", w.Code, w.Body)
				}
				became[w.Header().Get(headerHistory)]++
			}
			if waited := time.Since(start); waited != commitTimeout {
				t.Errorf("%s: the answers waited for %v, want %v in all", durability, waited, commitTimeout)
			}
			if became["queued"] != maxWaiting || became["dropped"] != 10 {
				t.Errorf("%s: the answers say %v, want %d queued and 10 dropped", durability, became, maxWaiting)
			}
			has(t, s, `calculator_history_waiting{instance="`+s.instance.name()+`"} 256`)
			ended, end := context.WithCancel(t.Context())
			end()
			s.recorder.end(ended)
			if !strings.Contains(log.String(), "lost to the history\" lost=266") {
				t.Errorf("%s: at the end the log has %s, want the 266 that a kill loses now", durability, &log)
			}
			close(kept.hold)
			s.recorder.settle(t.Context())
			if got := len(kept.entries[alice]); got != maxWaiting {
				t.Errorf("%s: stored = %d, want the %d that could wait", durability, got, maxWaiting)
			}
			has(t, s, `calculator_history_entries_total{instance="`+s.instance.name()+`",outcome="dropped"} 10`)
			w := ask(t, s, alice, http.MethodPost, "/v1/calculate", example)
			if became := w.Header().Get(headerHistory); became != string(durability) {
				t.Errorf("%s: when it works again an answer says %q", durability, became)
			}
			s.recorder.settle(t.Context())
		})
	}
}

// has holds /metrics to a line.
func has(t *testing.T, s *Server, line string) {
	t.Helper()
	if metrics := ask(t, s, "", http.MethodGet, "/metrics", "").Body.String(); !strings.Contains(metrics, line) {
		t.Errorf("/metrics lacks %s", line)
	}
}

// What waits while the store is busy is kept with one commit.
func TestEntriesThatWaitAreCommittedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, kept := withHistory(t, Config{Durability: Queued})
		kept.hold = make(chan struct{})
		for range 33 {
			ask(t, s, alice, http.MethodPost, "/v1/calculate", example)
			synctest.Wait() // the first is being kept
		}
		close(kept.hold)
		s.recorder.settle(t.Context())
		if kept.commits != 2 || len(kept.entries[alice]) != 33 {
			t.Errorf("%d entries with %d commits, want 33: the first, and those that waited meanwhile", len(kept.entries[alice]), kept.commits)
		}
	})
}

func TestThePageAndWhoAsksForItGetWritten(t *testing.T) {
	s, kept := withHistory(t, Config{Durability: Queued})
	for _, tt := range []struct {
		path, body, prefer string
		fault              error
		want               string
	}{
		{"/v1/calculate", example, "", nil, "queued"},
		{"/v1/calculate", example, "history=written", nil, "written"},
		{"/", "expression=1", "", nil, "written"},
		{"/", "expression=1", "", history.ErrUnavailable, "dropped"},
	} {
		kept.fail(tt.fault)
		r := httptest.NewRequest(http.MethodPost, tt.path, strings.NewReader(tt.body))
		r.Header.Set("Content-Type", typeJSON)
		if tt.path == "/" {
			r.Header.Set("Content-Type", gin.MIMEPOSTForm)
		}
		r.Header.Set("Prefer", tt.prefer)
		r.AddCookie(&http.Cookie{Name: userCookie, Value: alice})
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if got := w.Header().Get(headerHistory); w.Code != http.StatusOK || got != tt.want {
			t.Errorf("POST %s with Prefer: %q = %d, %s: %q, want 200 and %s", tt.path, tt.prefer, w.Code, headerHistory, got, tt.want)
		}
	}
	s.recorder.settle(t.Context())
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

package client

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestASessionSendsBackTheCookiesThatTheServiceSets has a service that counts a user's requests
// in a cookie, limits one to a path and lets another end.
func TestASessionSendsBackTheCookiesThatTheServiceSets(t *testing.T) {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if values := r.Header.Values("Cookie"); len(values) > 1 {
			t.Errorf("%d Cookie headers, want at most one", len(values))
		}
		switch r.URL.Path {
		case "/in":
			w.Header().Add("Set-Cookie", "session=abc; Path=/; HttpOnly")
			w.Header().Add("Set-Cookie", "limited=1; Path=/deep")
			w.Header().Add("Set-Cookie", "=; nonsense")
			w.Header().Add("Set-Cookie", "other=2; Domain=elsewhere.example")
		case "/out":
			http.SetCookie(w, &http.Cookie{Name: "session", Path: "/", MaxAge: -1})
		}
		_, _ = io.WriteString(w, strings.Join(r.Header.Values("Cookie"), "|"))
	}))
	defer service.Close()
	server := serverOf(t, service.URL, Options{})
	user, another := server.Session(), server.Session()
	defer user.Close()
	defer another.Close()
	for _, tt := range []struct {
		client        Client
		path, headers string
		want          string
	}{
		{user, "/", "", ""},
		{user, "/in", "", ""},
		{user, "/", "", "session=abc"},
		{user, "/deep/er?q=1", "", "limited=1; session=abc"},
		{user, "/", "X: y\r\ncookie: own=3\r\nZ: z\r\n", "own=3; session=abc"},
		{user, "/", "Cookie: own=3\r\n", "own=3; session=abc"},
		{another, "/", "", ""},
		{another, "/", "Cookie: own=3\r\n", "own=3"},
		{user, "/out", "", "session=abc"},
		{user, "/", "", ""},
	} {
		head := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n", tt.path, tt.headers)
		a, err := tt.client.Exchange(&Request{Head: []byte(head), Keep: 1000}, time.Now().Add(20*time.Second))
		if err != nil || string(a.Body) != tt.want {
			t.Fatalf("GET %s with %q: cookies %q, %v; want %q", tt.path, tt.headers, a.Body, err, tt.want)
		}
	}
}

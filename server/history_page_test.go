package server_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/device"
	"github.com/chromedp/chromedp/kb"

	"secondwind/server"
	"secondwind/server/history"
)

// keptHistory is a real one: SQLite and a key file in a folder of the test's.
func keptHistory(t *testing.T) *history.History {
	t.Helper()
	h, err := history.New(history.Config{Store: "sqlite:" + filepath.Join(t.TempDir(), "history.db")})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the history ended with %u", err)
		}
	})
	for h.Ready(t.Context()) != nil { // it is making its file and its key
		select {
		case <-t.Context().Done():
			t.Fatalf("the history is not ready: %u", h.Ready(context.Background()))
		case <-time.After(time.Millisecond):
		}
	}
	return h
}

// pageUser uses the page without JavaScript, and keeps its cookie.
type pageUser struct {
	t      *testing.T
	server *server.Server
	cookie *http.Cookie
}

func open(t *testing.T, s *server.Server) *pageUser {
	t.Helper()
	u := &pageUser{t: t, server: s}
	got := answer(t, s, httptest.NewRequest(http.MethodGet, "/", nil))
	for _, cookie := range got.Cookies() {
		u.cookie = cookie
	}
	if u.cookie == nil {
		t.Fatal("GET / gives no cookie")
	}
	return u
}

func (u *pageUser) page() string {
	return read(u.t, u.do(httptest.NewRequest(http.MethodGet, "/", nil)))
}

func (u *pageUser) do(r *http.Request) *http.Response {
	u.t.Helper()
	r.AddCookie(u.cookie)
	return answer(u.t, u.server, r)
}

func (u *pageUser) submit(fields url.Values) string {
	u.t.Helper()
	return read(u.t, u.do(submit(fields)))
}

var entryID = regexp.MustCompile(`name="id" value="([^"]+)"`)

func TestHistoryOnThePageWithoutJavaScript(t *testing.T) {
	s := newServer(t, server.Config{History: keptHistory(t)})
	u := open(t, s)
	if html := u.page(); !strings.Contains(html, "What you calculate is kept here.") {
		t.Fatalf("GET / = %s, want an empty history that says so", html)
	}
	u.submit(url.Values{"expression": {"6*7"}})
	html := u.submit(url.Values{"expression": {"2^3000"}})
	for _, want := range []string{`<p class="asked">6*7</p>`, `<p class="outcome">= 42</p>`, `<p class="asked">2^3000</p>`,
		`<p class="outcome">= 1230231922`, "…"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page after two calculations = %s, want %s", html, want)
		}
	}
	if html := u.submit(url.Values{"do": {"search"}, "search": {"6*7"}}); strings.Contains(html, "2^3000") ||
		!strings.Contains(html, "= 42<") || !strings.Contains(html, `value="6*7"`) {
		t.Errorf("the search for 6*7 shows %s, want 6*7 alone", html)
	}
	if html := u.submit(url.Values{"do": {"search"}, "search": {"nothing has this"}}); !strings.Contains(html,
		"Nothing in the history has that.") {
		t.Errorf("a search without a hit shows %s", html)
	}
	other := open(t, s)
	ids := entryID.FindAllStringSubmatch(u.page(), -1)
	if len(ids) != 2 {
		t.Fatalf("the page has %d entries with an id, want 2", len(ids))
	}
	other.submit(url.Values{"do": {"delete"}, "id": {ids[0][1]}})
	if got := len(entryID.FindAllString(u.page(), -1)); got != 2 {
		t.Fatalf("after another user deleted an entry there are %d, want 2", got)
	}
	gone := u.do(submit(url.Values{"do": {"delete"}, "id": {ids[0][1]}}))
	if html := u.page(); gone.StatusCode != http.StatusSeeOther || strings.Contains(html, "2^3000") || !strings.Contains(html, "6*7") {
		t.Errorf("deleting the newest = %d, then %s, want a way back to a page with the other", gone.StatusCode, html)
	}
	u.submit(url.Values{"do": {"delete-all"}})
	if html := u.page(); entryID.MatchString(html) {
		t.Errorf("after deleting all the page shows %s", html)
	}
	u.submit(url.Values{"expression": {"1+1"}})
	u.submit(url.Values{"do": {"delete"}}) // without an id
	if html := u.page(); !entryID.MatchString(html) {
		t.Error("deleting nothing deleted everything")
	}
}

func TestHistoryInABrowser(t *testing.T) {
	ctx, address := openPage(t, server.Config{History: keptHistory(t)})
	for _, expression := range []string{"2^64-1", "sqrt(144)", "gcd(12,18)", "10^400/7"} {
		do(t, ctx, chromedp.SendKeys("#expression", kb.Escape+expression+kb.Enter), shows("#entries li:first-child .asked", expression))
	}
	picture(t, ctx, "history")
	entries := func() int { return evaluates[int](t, ctx, `document.querySelectorAll("#entries li").length`) }
	if got := entries(); got != 4 {
		t.Errorf("four calculations make %d entries", got)
	}
	do(t, ctx, chromedp.SendKeys("#search", "gcd"), has("#entries li", 1), shows("#entries .outcome", "= 6"))
	do(t, ctx, chromedp.SendKeys("#search", kb.Escape), has("#entries li", 4))
	do(t, ctx, chromedp.Click(`#entries li:nth-child(3) button[aria-label="Delete sqrt(144)"]`), has("#entries li", 3))
	do(t, ctx, chromedp.Click(`#entries li:nth-child(3) .reuse`), shows("#expression", "2^64-1"))
	do(t, ctx, chromedp.Navigate(address), shows("#entries li:nth-child(3) .outcome", "= 18446744073709551615"))
	do(t, ctx, chromedp.Emulate(device.IPhoneSE), chromedp.Navigate(address),
		shows("#entries li:nth-child(3) .outcome", "= 18446744073709551615"))
	picture(t, ctx, "history-phone")
	if wide := evaluates[int](t, ctx, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
		t.Errorf("the page with a history is %d pixels wider than the phone", wide)
	}
}

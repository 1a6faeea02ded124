package probe

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"secondwind/loadgen/mix"
)

const instance = "i-0123456789abcdef0"

// ask asks a handler.
func ask(t *testing.T, s Service, handler http.HandlerFunc) (Found, error) {
	t.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	s.URL, s.Client = server.URL, server.Client()
	s.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return Ask(t.Context(), s)
}

func header(name, value string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { w.Header().Set(name, value) }
}

func TestWhatNamesTheInstanceIsFoundWhereverItStands(t *testing.T) {
	n := 0
	for name, c := range map[string]struct {
		instance string
		answer   func(http.ResponseWriter)
		want     mix.Identity
		similar  string
		sticky   string
	}{
		"the usual header before others": {
			instance, func(w http.ResponseWriter) {
				w.Header().Set("X-Backend", instance)
				w.Header().Set("X-Instance-Id", instance)
			}, mix.Calculator, "", "",
		},
		"another header": {"", header("X-Served-By", instance), mix.Identity{Header: "X-Served-By"}, "", ""},
		"a cookie": {
			"", func(w http.ResponseWriter) { http.SetCookie(w, &http.Cookie{Name: "from", Value: instance}) },
			mix.Identity{Cookie: "from"}, "", "",
		},
		"deep in JSON": {
			"", func(w http.ResponseWriter) {
				fmt.Fprintf(w, `{"meta":[{"a.b":%q,"who":%[1]q}],"result":"i-1"}`, instance)
			},
			mix.Identity{JSON: "meta.0.who"}, "", "",
		},
		"a host name is none": {"", header("X-Host", "ip-10-0-0-7"), mix.Identity{}, "X-Host=ip-10-0-0-7", ""},
		"nor is another instance": {
			"i-00000000000000000", header("X-Instance-Id", instance), mix.Identity{}, "X-Instance-Id=" + instance, "",
		},
		"one that is not always there": {
			"", func(w http.ResponseWriter) {
				if n++; n%2 == 0 {
					w.Header().Set("X-Instance-Id", instance)
				}
			}, mix.Identity{}, "", "",
		},
		"what a load balancer sets": {
			"", func(w http.ResponseWriter) { http.SetCookie(w, &http.Cookie{Name: "AWSALB", Value: instance}) },
			mix.Identity{}, "", "AWSALB",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ask(t, Service{Instance: c.instance}, func(w http.ResponseWriter, _ *http.Request) { c.answer(w) })
			if err != nil || got.Identity != c.want || got.Sticky != c.sticky {
				t.Errorf("Ask() = %+v, %q, %v, want %+v, %q", got.Identity, got.Sticky, err, c.want, c.sticky)
			}
			similar := ""
			for _, s := range got.Similar {
				similar += s.By.Header + "=" + s.Value
			}
			if similar != c.similar {
				t.Errorf("similar = %q, want %q", similar, c.similar)
			}
		})
	}
}

func TestTheHealthPathIsTheFirstThatIsHealthy(t *testing.T) {
	for name, c := range map[string]struct {
		asked   string
		healthy string // paths
		want    string
		all     bool
	}{
		"an endpoint":               {"", " /work /healthz /status ", "/healthz", false},
		"the root":                  {"", " /work / ", "/", false},
		"none":                      {"", " /work ", "", false},
		"one that is named":         {"/up", " /work /up /health ", "/up", false},
		"one that is named, absent": {"/up", " /work /health ", "", false},
		"everything":                {"", "*", "/health", true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ask(t, Service{Health: c.asked, Request: mix.Request{Path: "/work"}}, func(w http.ResponseWriter, r *http.Request) {
				if c.healthy != "*" && !strings.Contains(c.healthy, " "+r.URL.Path+" ") {
					w.WriteHeader(http.StatusNotFound)
				}
			})
			if beside := c.want != "" && c.want != "/" && !c.all; (got.Beside > 0) != beside {
				t.Errorf("%s beside the request's own work, want some: %t", got.Beside, beside)
			}
			if err != nil || got.Health != c.want || got.AnswersEverything != c.all {
				t.Errorf("Ask() = health %q, everything %t, %v, want %q, %t", got.Health, got.AnswersEverything, err, c.want, c.all)
			}
		})
	}
}

func TestTheRequestIsSentAsItStandsUntilItsCostIsKnown(t *testing.T) {
	requests, used := 0, time.Duration(0)
	request := mix.Request{Path: "/work?n=1", Body: `{"n":1}`, Headers: map[string]string{"Host": "shop", "X-A": "b"}}
	handler := func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/work" {
			return
		}
		if r.Method != "POST" || r.URL.RawQuery != "n=1" || r.Host != "shop" || r.Header.Get("X-A") != "b" {
			t.Errorf("it was sent %s %s of %s", r.Method, r.URL, r.Host)
		}
		requests++
		used += 10 * time.Millisecond
	}
	got, err := ask(t, Service{Request: request, CPU: func() (time.Duration, error) { return used, nil }}, handler)
	if err != nil || got.CPU != 10*time.Millisecond || got.Latency <= 0 || requests != 1+10 {
		t.Errorf("Ask() = %v of CPU, %v, %v after %d requests, want 10ms after 11", got.CPU, got.Latency, err, requests)
	}
}

func TestAnAnswerThatIsNoneIsShown(t *testing.T) {
	for want, handler := range map[string]http.HandlerFunc{
		`/ answered 404 Not Found: "no such page"`: func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no such page", 404) },
		"/ answered 302 Found to /login, and redirects are not followed": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/login", http.StatusFound)
		},
		"EOF": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		if _, err := ask(t, Service{Request: mix.Request{Path: "/"}}, handler); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Ask() = %v, want %q", err, want)
		}
	}
}

package attack

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"secondwind/loadgen/client"
	"secondwind/loadgen/mix"
)

// fault is a server that fails every request over a real connection.
type fault struct {
	url     string
	options client.Options
}

// serving starts a server; change, if it is not nil, is made before.
func serving(t *testing.T, h http.HandlerFunc, secure bool, change func(*httptest.Server)) string {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	if change != nil {
		change(s)
	}
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s.URL
}

func noAnswer(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

const firstPart = "the first part"

func cutOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, firstPart)
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func loop(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }

func speaksHTTP2(s *httptest.Server) {
	s.EnableHTTP2 = true
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetHTTP2(true)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
}

// faults make a request fail, by the cause that is to be named.
var faults = map[string]map[string]func(t *testing.T) fault{
	"host not found": {"a name that cannot be": func(*testing.T) fault { return fault{url: "http://no..such.host"} }},
	"connection refused": {
		"nothing listens": func(t *testing.T) fault {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			listener.Close()
			return fault{url: "http://" + listener.Addr().String()}
		},
		"a socket of a server that is gone": func(t *testing.T) fault { return fault{"http://a", socketOfNobody(t, true)} },
	},
	"socket not found": {"a socket that is gone": func(t *testing.T) fault { return fault{"http://a", socketOfNobody(t, false)} }},
	"connection closed without an answer": {"no answer": func(t *testing.T) fault {
		return fault{url: serving(t, noAnswer, false, nil)}
	}},
	"answer cut off": {
		"with TLS":    func(t *testing.T) fault { return fault{url: serving(t, cutOff, true, nil)} },
		"without TLS": func(t *testing.T) fault { return fault{url: serving(t, cutOff, false, nil)} },
	},
	"stream reset by the server": {
		"no answer": func(t *testing.T) fault {
			return fault{serving(t, noAnswer, true, speaksHTTP2), client.Options{HTTP2: true}}
		},
		"cut off": func(t *testing.T) fault {
			return fault{serving(t, cutOff, false, speaksHTTP2), client.Options{HTTP2: true}}
		},
	},
	"answer is not HTTP/2": {"without TLS": func(t *testing.T) fault {
		return fault{serving(t, loop, false, nil), client.Options{HTTP2: true}}
	}},
	"TLS: the server does not offer HTTP/2": {"TLS": func(t *testing.T) fault {
		return fault{serving(t, loop, true, nil), client.Options{HTTP2: true}}
	}},
	"status 302 (a redirect, which is not followed)": {
		"HTTP/1.1": func(t *testing.T) fault { return fault{url: serving(t, loop, false, nil)} },
		"HTTP/2": func(t *testing.T) fault {
			return fault{serving(t, loop, true, speaksHTTP2), client.Options{HTTP2: true}}
		},
	},
	"TLS: the server does not speak it": {"plain": func(t *testing.T) fault {
		return fault{url: strings.Replace(serving(t, loop, false, nil), "http:", "https:", 1)}
	}},
	"TLS: certificate not trusted": {"another root": func(t *testing.T) fault {
		return fault{serving(t, loop, true, nil), client.Options{TLS: &tls.Config{RootCAs: x509.NewCertPool()}}}
	}},
	"TLS: certificate expired": {"years later": func(t *testing.T) fault {
		later := func() time.Time { return time.Now().AddDate(500, 0, 0) }
		return fault{serving(t, loop, true, nil), client.Options{TLS: &tls.Config{Time: later}}}
	}},
	"TLS: refused by the server: certificate required": {
		"HTTP/1.1": func(t *testing.T) fault { return fault{url: serving(t, loop, true, wantsCertificate)} },
	},
}

func wantsCertificate(s *httptest.Server) { s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert} }

// socketOfNobody is a Unix socket where nobody listens; its file is there or not.
func socketOfNobody(t *testing.T, file bool) client.Options {
	t.Helper()
	dir, err := os.MkdirTemp("", "s") // that of a test may be too long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "socket")
	listener, err := new(net.ListenConfig).Listen(context.Background(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(!file)
	listener.Close()
	return client.Options{UnixSocket: path}
}

// failsAsOne loads a server, and requires that every request was sent on the schedule and failed for one
// cause, of which an example is kept.
func failsAsOne(t *testing.T, cause string, f fault) {
	t.Helper()
	cfg := getting(t, f.url, mix.Request{Path: "/x"})
	cfg.Connections = f.options
	s, _ := load(t, cfg)
	if s.Offered != 10 || s.Sent != 10 || s.Failed != 10 || len(s.Errors) != 1 || s.Errors[cause] != 10 {
		t.Errorf("offered %d, sent %d, failed %d: %v; want 10 for %q\n%v", s.Offered, s.Sent, s.Failed, s.Errors, cause, s.Examples)
	}
	if partly := strings.HasPrefix(cause, "answer cut off"); partly && s.BytesIn != 10*int64(len(firstPart)) {
		t.Errorf("%d bytes came in, want those that came before it was cut off", s.BytesIn)
	}
	if e := s.Examples[cause]; len(s.Examples) != 1 || e.Error == "" || !strings.Contains(e.Request, "GET /x") {
		t.Errorf("examples %+v, want one", s.Examples)
	}
}

// TestEveryFaultOfARealServerIsOneCause runs all loads at once: they mostly wait.
func TestEveryFaultOfARealServerIsOneCause(t *testing.T) {
	var all sync.WaitGroup
	defer all.Wait()
	for cause, ways := range faults {
		for name, start := range ways {
			all.Go(func() {
				t.Run(cause+"/"+name, func(t *testing.T) { failsAsOne(t, cause, start(t)) })
			})
		}
	}
}

package attack

import (
	"bytes"
	"cmp"
	"context"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"secondwind/loadgen/client"
	"secondwind/loadgen/mix"
	"secondwind/loadgen/profile"
	"secondwind/loadgen/summary"
	"secondwind/runlog"
)

// TestMain has this process trust the certificate of httptest's servers, if the system reads it.
func TestMain(m *testing.M) {
	server := httptest.NewTLSServer(nil)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	server.Close()
	dir, err := os.MkdirTemp("", "attack")
	if err != nil {
		panic(err)
	}
	file := filepath.Join(dir, "roots.pem")
	if err := cmp.Or(os.WriteFile(file, certificate, 0o600), os.Setenv("SSL_CERT_FILE", file)); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// getting sends GETs to a server, with credentials.
func getting(t testing.TB, server string, requests ...mix.Request) Config {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	if requests == nil {
		requests = []mix.Request{{
			Path: "/x", Headers: map[string]string{"Authorization": "Basic dTpnZWhlaW0=", "Cookie": "sid=geheim"},
			Expect: mix.Expect{Text: "good"},
		}}
	}
	m, err := mix.Make(mix.Spec{Requests: requests}, u, nil)
	if err != nil {
		t.Fatal(err)
	}
	return Config{Server: u, Requests: m, Timeout: 2 * time.Second}
}

// load sends at 10 requests/s for a second, and sums up.
func load(t *testing.T, cfg Config) (*summary.Summary, []runlog.LoadLine) {
	t.Helper()
	var s summary.Summary
	var r lines
	cfg.Sink = func(l runlog.LoadLine) error { return errors.Join(r.add(l), s.Add(l.Second)) }
	a := New(cfg)
	a.SetPhase(runlog.PhaseLoad, profile.Until(profile.Constant(10), time.Second))
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := a.Run(ctx); err != nil {
		t.Fatal(err)
	}
	return &s, r.kept
}

// fails dials nothing.
func fails(err error) client.Options {
	return client.Options{Dial: func(context.Context, string, string) (net.Conn, error) { return nil, err }}
}

// answers answers every request with the same bytes, and closes the connection.
func answers(bytes string) client.Options {
	return client.Options{Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer func() { _ = theirs.Close() }()
			if _, err := theirs.Read(make([]byte, 4096)); err == nil {
				_, _ = io.WriteString(theirs, bytes)
			}
		}()
		return ours, nil
	}}
}

func TestEveryCauseOfFailureHasOneNameAndOneExample(t *testing.T) {
	system := func(call string, n syscall.Errno) client.Options {
		return fails(&net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError(call, n)})
	}
	silent := client.Options{Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() { _, _ = io.Copy(io.Discard, theirs) }()
		return ours, nil
	}}
	nobody := client.Options{Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: ctx.Err()}
	}}
	for _, c := range []struct {
		cause, example string
		connections    client.Options
	}{
		{"host not found", "no such host", fails(&net.DNSError{Err: "no such host", Name: "a.test", IsNotFound: true})},
		{"name server failed", "misbehaving", fails(&net.DNSError{Err: "server misbehaving", Name: "a.test"})},
		{"no file descriptor left", "too many open files", fails(&net.DNSError{Err: "dial udp: socket: too many open files", Name: "a.test"})},
		{"no file descriptor left", "too many open files", system("socket", syscall.EMFILE)},
		{"no file descriptor left", "in system", system("socket", syscall.ENFILE)},
		{"no port left", "cannot assign", system("connect", syscall.EADDRNOTAVAIL)},
		{"connection refused", "connect: connection refused", system("connect", syscall.ECONNREFUSED)},
		{"connection reset", "reset by peer", system("read", syscall.ECONNRESET)},
		{"host unreachable", "no route", system("connect", syscall.EHOSTUNREACH)},
		{"cannot connect", "no idea", fails(errors.New("no idea"))},
		{"time-out while connecting", "dial tcp", nobody},
		{"time-out while waiting for the answer", "timeout", silent},
		{"connection closed without an answer", "", answers("")},
		{"answer cut off", "", answers("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx")},
		{"answer too long", "more than", answers("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx")},
		{"answer is not HTTP/1.1", "", answers("SSH-2.0-OpenSSH_9.2 Authorization: Basic dTpnZWhlaW0=\r\n\r\n")},
		{"status 503", "has status 503", answers("HTTP/1.1 503 No\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")},
		{"status 404", `begins with "not here: ***"; expected: status 200-399 without redirects; the text "good"`,
			answers("HTTP/1.1 404 No\r\nConnection: close\r\n\r\nnot \x01\n here: dTpnZWhlaW0=")},
		{"text not found", "body of 2 bytes", answers("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")},
	} {
		synctest.Test(t, func(t *testing.T) {
			cfg := getting(t, "http://a.test")
			cfg.Connections = c.connections
			s, _ := load(t, cfg)
			if s.Failed != 10 || s.Offered != 10 || len(s.Errors) != 1 || s.Errors[c.cause] != 10 {
				t.Errorf("%s: offered %d, failed %d: %v; want 10 for the one cause", c.cause, s.Offered, s.Failed, s.Errors)
			}
			e := s.Examples[c.cause]
			if len(s.Examples) != 1 || !strings.Contains(e.Error, c.example) || !strings.Contains(e.Request, "GET /x") {
				t.Errorf("%s: examples %+v, want one with %q", c.cause, s.Examples, c.example)
			}
			if strings.Contains(e.Error+e.Request, "geheim") || strings.Contains(e.Error+e.Request, "dTpn") {
				t.Errorf("%s: the example has a secret: %+v", c.cause, e)
			}
		})
	}
}

func TestFailuresOfTLSAreToldApart(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	_, port, err := net.SplitHostPort(secure.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	hangUp := client.Options{Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() { _, _ = theirs.Read(make([]byte, 1)); _ = theirs.Close() }()
		return ours, nil
	}}
	for _, c := range []struct {
		cause, server string
		connections   client.Options
	}{
		{"TLS: the server does not speak it", "https://" + plain.Listener.Addr().String(), client.Options{}},
		{"TLS: certificate of another host", "https://localhost:" + port, client.Options{Dial: func(
			ctx context.Context, network, _ string,
		) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, secure.Listener.Addr().String()) // has no certificate for localhost
		}}},
		{"TLS handshake failed", "https://a.test", hangUp},
	} {
		cfg := getting(t, c.server)
		cfg.Connections = c.connections
		if s, _ := load(t, cfg); s.Failed == 0 || s.Errors[c.cause] != s.Failed || s.Examples[c.cause].Error == "" {
			t.Errorf("%s: %d failed: %v, examples %v", c.cause, s.Failed, s.Errors, s.Examples)
		}
	}
}

func TestSecretsAreHidden(t *testing.T) {
	wire := []byte("GET / HTTP/1.1\r\nHost: a\r\nauthorization: Bearer tok-1\r\nX-Api-Key: key-2\r\nCookie: sid=ses-3\r\n\r\nAuthorization: x")
	secrets := secretsOf(wire)
	for text, want := range map[string]string{
		"dial tcp 10.0.0.1:80: connection refused": "dial tcp 10.0.0.1:80: connection refused",
		"http://me:pass@a/b and https://you@c/":    "http://***@a/b and https://***@c/",
		`malformed: "Authorization: Digest abc"`:   `malformed: "Authorization: ***"`,
		"first line \"tok-1\" key-2 sid=ses-3":     "first line \"***\" *** ***",
		"Set-Cookie: a=b; Path=/":                  "Set-Cookie: ***",
		"GET /a?token=abc&x=1&password=q":          "GET /a?token=***&x=1&password=***",
		"a\xff":                                    "a",
		`{"accessToken": "abc", "n": 1}`:           `{"accessToken": "***", "n": 1}`,
	} {
		if got := hide(text, secrets); got != want {
			t.Errorf("hide(%q) = %q, want %q", text, got, want)
		}
	}
	if got := hide(strings.Repeat("x", 10_000), nil); len(got) > maxExample+len("…") {
		t.Errorf("an example has %d bytes", len(got))
	}
	if got := beginning([]byte("you sent tok-"), secrets); got != ` that begins with "you sent"` {
		t.Errorf("beginning of what was cut off = %s", got)
	}
	if got := beginning([]byte(strings.Repeat("é\n", 1000)), nil); len(got) > 2*mostOfBody || !strings.HasSuffix(got, `…"`) {
		t.Errorf("beginning of what is long = %s", got)
	}
	if got := secretsOf(bytes.Repeat([]byte("x"), 99)); got != nil {
		t.Errorf("secretsOf(no header) = %q", got)
	}
}

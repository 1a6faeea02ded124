package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/nettest"
)

// reached is a server, and how it is reached.
type reached struct {
	url    string
	access Access
}

// everyWay starts a server for each way in which one can be reached. The certificate that one
// with TLS asks for is its own.
func everyWay(t *testing.T, h http.Handler) map[string]reached {
	t.Helper()
	ways := map[string]reached{}
	for _, version := range []string{HTTP1, HTTP2} {
		for _, way := range []string{"TCP", "TLS", "Unix"} {
			server := httptest.NewUnstartedServer(h)
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.Config.Protocols = new(http.Protocols)
			server.Config.Protocols.SetHTTP1(version == HTTP1)
			server.Config.Protocols.SetHTTP2(version == HTTP2)
			server.Config.Protocols.SetUnencryptedHTTP2(version == HTTP2)
			server.EnableHTTP2 = version == HTTP2
			access := DefaultAccess
			access.HTTP = version
			switch way {
			case "TCP":
				server.Start()
			case "TLS":
				server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
				server.StartTLS()
				access.TLS = filesOf(t, server)
			case "Unix":
				listener, err := nettest.NewLocalListener("unix")
				if err != nil {
					t.Fatal(err)
				}
				server.Listener.Close()
				server.Listener = listener
				server.Start()
				server.URL, access.UnixSocket = "http://service.example", listener.Addr().String()
			}
			t.Cleanup(server.Close)
			ways["HTTP/"+version+" "+way] = reached{server.URL, access}
		}
	}
	return ways
}

// filesOf writes the certificate of a server, and its key.
func filesOf(t *testing.T, server *httptest.Server) TLS {
	t.Helper()
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pair := server.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	certificate := write("cert.pem", "CERTIFICATE", pair.Certificate[0])
	return TLS{RootCerts: certificate, Cert: certificate, Key: write("key.pem", "PRIVATE KEY", key)}
}

// options are those of an access, which must have no fault.
func options(t *testing.T, a Access) Options {
	t.Helper()
	good := func(ok bool, key, format string, args ...any) {
		if !ok {
			t.Fatal(key + " " + fmt.Sprintf(format, args...))
		}
	}
	a.Faults(good)
	return a.Options(os.ReadFile, good)
}

func TestRequestsAndAnswersArriveInEveryWay(t *testing.T) {
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got := []string{r.Method, r.RequestURI, r.Host, r.Header.Get("X-A"), r.Header.Get("Cookie")}
		w.Header().Set("X-Got", strings.TrimSpace(strings.Join(got, " ")))
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: "7"})
		_, _ = w.Write(body)
	})
	for name, way := range everyWay(t, echo) {
		t.Run(name, func(t *testing.T) {
			s := serverOf(t, way.url, options(t, way.access))
			user := s.Session()
			defer user.Close()
			for i, size := range []int{0, 1, 4000, 1 << 20} {
				body := bytes.Repeat([]byte("7"), size)
				head := fmt.Sprintf("POST /a%%20b//c?d=%%2F HTTP/1.1\r\nHost: h.example\r\nX-A: 1\r\nContent-Length: %d\r\n\r\n", size)
				a, err := user.Exchange(&Request{Head: []byte(head), Body: body, Keep: 2 << 20}, time.Now().Add(20*time.Second))
				if err != nil || a.Status != 200 || !bytes.Equal(a.Body, body) || a.Length != int64(size) || a.First.IsZero() {
					t.Fatalf("%d bytes: %v, %v", size, a, err)
				}
				want := "POST /a%20b//c?d=%2F h.example 1" + map[bool]string{true: " sid=7"}[i > 0]
				if got := string(a.Header("x-got")); got != want {
					t.Errorf("the server received %q, want %q", got, want)
				}
			}
			a, err := user.Exchange(&Request{Head: []byte("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"), BodyLess: true}, time.Now().Add(20*time.Second))
			if err != nil || a.Length != 0 {
				t.Errorf("HEAD: %+v, %v", a, err)
			}
			if got := s.Connections(); got.Reused != 4 || len(got.Opened) != 1 {
				t.Errorf("Connections() = %+v, want 4 of 5 requests over the same one", got)
			}
		})
	}
}

// TestAHugeAnswerTakesNoMemory reads answers of 100 MB that nobody needs, and one that is to be
// kept up to a limit.
func TestAHugeAnswerTakesNoMemory(t *testing.T) {
	const pieces = 100
	piece := make([]byte, 1<<20)
	huge := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/announced" {
			w.Header().Set("Content-Length", strconv.Itoa(pieces*len(piece)))
		}
		for range pieces {
			if _, err := w.Write(piece); err != nil {
				return // the client has enough
			}
		}
	})
	for name, way := range everyWay(t, huge) {
		c := serverOf(t, way.url, options(t, way.access)).Client()
		for _, path := range []string{"/", "/announced"} {
			r := &Request{Head: []byte("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n")}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			a, err := c.Exchange(r, time.Now().Add(time.Minute))
			runtime.ReadMemStats(&after)
			if err != nil || a.Length != pieces<<20 || cap(a.Body) != 0 {
				t.Errorf("%s, %s: %+v, %v; want %d MiB, none kept", name, path, a, err, pieces)
			}
			if grown := (after.HeapSys - before.HeapSys) >> 20; grown > 20 && after.HeapSys > before.HeapSys {
				t.Errorf("%s, %s: the heap grew by %d MiB", name, path, grown)
			}
			r.Keep = 3 << 20
			if _, err := c.Exchange(r, time.Now().Add(time.Minute)); !errors.Is(err, ErrTooLong) {
				t.Errorf("%s, %s: %v, want %v", name, path, err, ErrTooLong)
			}
		}
		c.Close()
	}
}

func TestADeadlineEndsAnExchangeInEveryWay(t *testing.T) {
	release := make(chan struct{})
	for name, way := range everyWay(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			_, _ = io.WriteString(w, "a")
			_ = http.NewResponseController(w).Flush()
		}
		<-release
	})) {
		c := serverOf(t, way.url, options(t, way.access)).Client()
		for _, path := range []string{"/", "/body"} {
			_, err := c.Exchange(&Request{Head: []byte("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n")}, time.Now().Add(50*time.Millisecond))
			if !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s, %s: %v, want a deadline", name, path, err)
			}
		}
		c.Close()
	}
	close(release)
}

// TestAnAddressThatRefusesIsPassedOver has a name of two addresses, as localhost often is.
func TestAnAddressThatRefusesIsPassedOver(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	s := serverOf(t, "http://a.example:"+port, Options{})
	s.lookUp = func(context.Context, string) ([]netip.Addr, time.Duration, error) {
		return []netip.Addr{netip.MustParseAddr("::1"), netip.MustParseAddr("127.0.0.1")}, 0, nil
	}
	for range 4 {
		c := s.Client()
		if _, err := c.Exchange(get(0), time.Now().Add(10*time.Second)); err != nil {
			t.Error(err)
		}
		c.Close()
	}
	if got := s.Connections().Opened; got["127.0.0.1:"+port] != 4 {
		t.Errorf("Opened = %v, want 4 to the address that answers", got)
	}
}

// TestARenewalKeepsNoRequestWaiting has connections that take a second to open.
func TestARenewalKeepsNoRequestWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, refuses := new(pipes), false
		s := serverOf(t, "http://a.example", Options{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			time.Sleep(time.Second)
			if refuses {
				return nil, errors.New("refused")
			}
			return p.dial(ctx, network, address)
		}})
		c := s.Client()
		for i := range 100 { // 10 s
			began := time.Now()
			_, err := c.Exchange(get(0), began.Add(5*time.Second))
			if took := time.Since(began); err != nil || took > 0 && i > 0 {
				t.Fatalf("request %d took %v: %v", i, took, err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if n := s.Connections().Opened["a.example:80"]; n < 3 || n > 5 {
			t.Errorf("%d connections in 10 s, want one each 3 s: its age, and what the next one takes to open", n)
		}
		refuses = true
		time.Sleep(3 * time.Second)
		for failed := false; !failed; time.Sleep(100 * time.Millisecond) { // a server that refuses is noticed
			_, err := c.Exchange(get(0), time.Now().Add(5*time.Second))
			failed = err != nil
		}
		c.Close()
		synctest.Wait()
		if p.open != 0 || s.open.Load() != 0 {
			t.Errorf("%d connections are left open, %d are counted", p.open, s.open.Load())
		}
	})
}

func TestManyConnectionsBecomeOlder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := new(pipes)
		s := serverOf(t, "http://a.example", Options{Dial: p.dial})
		s.open.Store(2000)
		c := s.Client()
		defer c.Close()
		for began := time.Now(); time.Since(began) < 60*time.Second; time.Sleep(100 * time.Millisecond) {
			if _, err := c.Exchange(get(0), time.Now().Add(time.Second)); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(p.dialed); n < 5 || n > 7 {
			t.Errorf("opened %d times in 60 s, want one each 10 s: 200 a second of 2000", n)
		}
	})
}

func TestAnAccessThatCannotBeIsRefusedByItsKeys(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "text")
	if err := os.WriteFile(file, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		change func(*Access)
		want   string
	}{
		{func(a *Access) { a.HTTP = "3" }, `http is "3"; give 1.1 or 2`},
		{func(a *Access) { a.ConnectionAge = 0 }, "connection_age is 0s"},
		{func(a *Access) { a.DNSInterval = -1 }, "dns_interval is -1ns"},
		{func(a *Access) { a.UnixSocket = strings.Repeat("x", 104) }, "too long for a socket"},
		{func(a *Access) { a.UnixSocket = "gone" }, "no such file"},
		{func(a *Access) { a.UnixSocket = "text" }, "is no socket"},
		{func(a *Access) { a.TLS.Cert = "text" }, "tls.cert is given without its key"},
		{func(a *Access) { a.TLS.Key = "text" }, "tls.key is given without its certificate"},
		{func(a *Access) { a.TLS.Insecure, a.TLS.RootCerts = true, "text" }, "tls.insecure trusts every server"},
		{func(a *Access) { a.TLS.RootCerts = "gone" }, "cannot be read"},
		{func(a *Access) { a.TLS.RootCerts = "text" }, "has no certificate in PEM"},
		{func(a *Access) { a.TLS.Cert, a.TLS.Key = "text", "text" }, "cannot be used"},
	} {
		a := DefaultAccess
		tt.change(&a)
		var found []string
		check := func(ok bool, key, format string, args ...any) {
			if !ok {
				found = append(found, key+" "+fmt.Sprintf(format, args...))
			}
		}
		if a.Faults(check); len(found) == 0 {
			a.In(dir).Options(os.ReadFile, check)
		}
		if len(found) != 1 || !strings.Contains(found[0], tt.want) {
			t.Errorf("%+v: faults %q, want one with %q", a, found, tt.want)
		}
	}
}

package server_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"secondwind/server"
)

// metadata is an instance metadata service of version 2 with one instance id.
func metadata(t *testing.T, id string) *httptest.Server {
	t.Helper()
	const token = "a-token"
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /latest/api/token", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", r.Header.Get("X-Aws-Ec2-Metadata-Token-Ttl-Seconds"))
		fmt.Fprint(w, token)
	})
	mux.HandleFunc("GET /latest/meta-data/instance-id", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Aws-Ec2-Metadata-Token") != token {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, id)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", s.URL)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "")
	return s
}

// serve runs s on a free port until the test ends, or stop is called, which
// returns what Serve returned.
func serve(t *testing.T, s *server.Server) (address string, stop func() error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ended <- s.Serve(ctx, listener)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return listener.Addr().String(), func() error { cancel(); return <-ended }
}

func TestFirstAnswerNamesTheInstanceOfTheMetadataService(t *testing.T) {
	metadata(t, "i-0123456789abcdef0")
	// The wait is as long as the test may take: the answer ends it much sooner.
	address, stop := serve(t, newServer(t, server.Config{InstanceIDWait: time.Minute}))
	got, err := http.Get("http://" + address + "/healthz")
	if err != nil {
		t.Fatalf("GET /healthz: %v", err)
	}
	defer got.Body.Close()
	if id, body := got.Header.Get(server.HeaderInstanceID), read(t, got); id != "i-0123456789abcdef0" || body != "ok" {
		t.Errorf("GET /healthz = %q from %q, want ok from i-0123456789abcdef0", body, id)
	}
	if err := stop(); err != nil {
		t.Errorf("Serve = %v, want nil after its context ended", err)
	}
}

func TestAnInstanceIDThatIsNoNameIsNotUsed(t *testing.T) {
	asked := make(chan struct{}, 1)
	s := newServer(t, server.Config{InstanceIDWait: time.Minute, InstanceID: func(context.Context) (string, error) {
		asked <- struct{}{}
		return "i-1\r\nSet-Cookie: a=b", nil
	}})
	address, _ := serve(t, s)
	<-asked
	got, err := http.Get("http://" + address + "/healthz")
	if err != nil {
		t.Fatalf("GET /healthz: %v", err)
	}
	got.Body.Close()
	if id := got.Header.Get(server.HeaderInstanceID); !strings.HasPrefix(id, "local-") {
		t.Errorf("%s = %q, want the local name", server.HeaderInstanceID, id)
	}
}

// unknown is a metadata service that is not there.
func unknown(context.Context) (string, error) { return "", errors.New("no metadata service") }

// expecting is the header of a calculation whose client waits for "100 Continue",
// with the body's length.
const expecting = "POST /v1/calculate HTTP/1.1\r\nHost: calculator.example\r\n" +
	"Content-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n"

func TestDrainingAnswersWhatIsInFlightAndClosesItsConnection(t *testing.T) {
	address, stop := serve(t, newServer(t, server.Config{InstanceID: unknown}))
	// The body is sent in two halves: the request is in flight from the first on.
	const body = `{"operation":"*","operands":["6","7"]}`
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, expecting, len(body))
	in := bufio.NewReader(conn)
	// "100 Continue" says that the handler is reading the body.
	if line, err := in.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("first line = %q, %v, want 100 Continue", line, err)
	}
	if _, err := in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	awaitRefusal(t, address)
	if _, err := io.WriteString(conn, body); err != nil {
		t.Fatalf("send the body: %v", err)
	}
	got, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatalf("read the answer: %v", err)
	}
	defer got.Body.Close()
	if text := read(t, got); text != `{"result":"42","exact":true}` || !got.Close {
		t.Errorf("answer while draining = %q, close %v, want {\"result\":\"42\"} with Connection: close", text, got.Close)
	}
	if err := <-ended; err != nil {
		t.Errorf("Serve = %v, want nil: everything was answered", err)
	}
}

// awaitRefusal returns when nothing listens at address any more.
func awaitRefusal(t *testing.T, address string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		conn.Close()
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatal("the draining server still accepts connections")
		}
	}
}

func TestDrainingCutsWhatDoesNotEnd(t *testing.T) {
	address, stop := serve(t, newServer(t, server.Config{InstanceID: unknown, DrainTimeout: 20 * time.Millisecond}))
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, expecting, 5)
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("first line = %q, %v, want 100 Continue", line, err)
	}
	if err := stop(); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "in flight") {
		t.Errorf("Serve = %v, want an error that says requests were still in flight", err)
	}
}

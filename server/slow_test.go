package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener in memory.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { close(p.closed); return nil }
func (p pipes) Addr() net.Addr { return new(net.IPAddr) }

// dial returns the client's end of a new connection.
func (p pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.conns <- server
	return client
}

// inPipes serves in the test's bubble.
func inPipes(t *testing.T, cfg Config) pipes {
	t.Helper()
	cfg.InstanceID = func(context.Context) (string, error) { return "i-1", nil }
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	p := pipes{make(chan net.Conn), make(chan struct{})}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, p) }()
	t.Cleanup(func() { stop(); <-ended })
	return p
}

const slowHeader = "POST %s HTTP/1.1\r\nHost: calculator\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n"

// trickle sends a body of so many bytes, a part every second, and returns the answer's
// status and when it came.
func trickle(conn net.Conn, path string, bytes, part int) (status int, after time.Duration) {
	start := time.Now()
	sent := make(chan struct{})
	defer func() { conn.Close(); <-sent }()
	go func() {
		defer close(sent)
		fmt.Fprintf(conn, slowHeader, path, bytes)
		for sent := 0; sent < bytes; sent += part {
			time.Sleep(time.Second)
			text := []byte("1+1+1+1+1+")[:1]
			for len(text) < min(part, bytes-sent) {
				text = append(text, ' ')
			}
			if _, err := conn.Write(text); err != nil {
				return
			}
		}
	}()
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, time.Since(start)
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, time.Since(start)
}

func TestABodyArrivesAtALeastRate(t *testing.T) {
	for _, tt := range []struct {
		name, path  string
		bytes, part int
		status      int
		after       time.Duration
	}{
		{"a byte a second", "/v1/calculate", 1000, 1, http.StatusRequestTimeout, 5 * time.Second},
		{"below the least rate", "/v1/calculate", 20_000, 430, http.StatusRequestTimeout, 30 * time.Second},
		{"above the least rate", "/v1/calculate", 20_000, 1000, http.StatusBadRequest, 20 * time.Second},
		{"a long one, for too long", "/v1/calculate", 1_000_000, 1000, http.StatusRequestTimeout, time.Minute},
		{"one that nobody reads", "/nothing", 1000, 1, http.StatusNotFound, 5 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			status, after := trickle(inPipes(t, Config{}).dial(), tt.path, tt.bytes, tt.part)
			if status != tt.status || after.Round(time.Second) != tt.after {
				t.Errorf("%s: %d after %v, want %d after %v", tt.name, status, after, tt.status, tt.after)
			}
		})
	}
}

// TestWhoClosesTheirHalfGetsTheAnswer: net/http takes such a client for one that has gone.
func TestWhoClosesTheirHalfGetsTheAnswer(t *testing.T) {
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/v1/calculate": `{"result":"6","exact":true}`, "/v1/batch": `{"result":"6","exact":true}`, "/v1/statistics": `"count":1`,
		"/_calculate?number1=2&operator=*&number2=3":                             `{"result":6}`,
		"/_calculate?number1=2&operator=*&number2=3" + strings.Repeat("0", 1000): `{"result":60`,
	} {
		ctx, gone := context.WithCancel(t.Context())
		gone()
		method, body, mediaType := http.MethodPost, example, typeJSONLines
		switch {
		case strings.HasPrefix(path, "/_calculate"):
			method = http.MethodGet
		case path == "/v1/calculate":
			mediaType = typeJSON
		case path == "/v1/statistics":
			body = "2"
		}
		r := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", mediaType)
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s %.20s = %d %.100s, want 200 and %s", method, path, w.Code, w.Body, want)
		}
	}
}

// TestHealthIsAnsweredWhateverOthersDo: slow clients hold every place, and more come. A
// balancer asks for the health on a connection of its own.
func TestHealthIsAnsweredWhateverOthersDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const places = 20
		p := inPipes(t, Config{MaxConnections: places})
		for i := range places + 2*spare {
			conn := p.dial()
			defer conn.Close()
			if i%3 == 0 {
				continue // it sends nothing
			}
			go func() {
				fmt.Fprintf(conn, slowHeader, "/v1/calculate", 1000)
				_, _ = io.Copy(io.Discard, conn)
			}()
			synctest.Wait()
		}
		start := time.Now()
		for _, tt := range []struct {
			path   string
			status int
			after  time.Duration
		}{
			{"/healthz", http.StatusOK, 0},
			{"/metrics", http.StatusOK, 0},
			{"/openapi.json", http.StatusServiceUnavailable, 3 * time.Second}, // after Config.QueueTimeout
			{"/healthz", http.StatusOK, 3 * time.Second},
		} {
			conn := p.dial()
			defer conn.Close()
			go fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: calculator\r\n\r\n", tt.path)
			answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatalf("GET %s: %v", tt.path, err)
			}
			if _, err := io.Copy(io.Discard, answer.Body); err != nil {
				t.Fatal(err)
			}
			if after := time.Since(start); answer.StatusCode != tt.status || after != tt.after {
				t.Errorf("GET %s = %d after %v, want %d after %v", tt.path, answer.StatusCode, after, tt.status, tt.after)
			}
		}
		time.Sleep(10 * time.Second) // the slow ones were cut
		if status, _ := trickle(p.dial(), "/v1/calculate", 3, 3); status != http.StatusOK {
			t.Errorf("POST /v1/calculate when the slow ones are gone = %d, want 200", status)
		}
	})
}

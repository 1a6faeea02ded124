package client

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"
)

// memory is a connection whose other side has said all it will ever say.
type memory struct {
	net.Conn
	io.Reader
	written bytes.Buffer
}

func (m *memory) Read(p []byte) (int, error)  { return m.Reader.Read(p) }
func (m *memory) Write(p []byte) (int, error) { return m.written.Write(p) }
func (m *memory) SetDeadline(time.Time) error { return nil }
func (m *memory) Close() error                { return nil }
func get(keep int) *Request {
	return &Request{Head: []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), Keep: keep}
}
func exchange(answer io.Reader, r *Request) (*Answer, *conn, error) {
	c := newConn(&memory{Reader: answer})
	a, err := c.exchange(r, time.Time{})
	return a, c, err
}

// chunks is the header of an answer whose body comes in chunks.
const chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

func TestAnAnswerIsReadToItsEndAndNoFurther(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	tests := []struct {
		name, answer string
		status       int
		body         string
		usable       bool
	}{
		{"a length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 200, "abc", true},
		{"nothing", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "", true},
		{"longer than any buffer", fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(long), long), 200, long, true},
		{"chunks", chunks + "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", 200, "abcde", true},
		{"a trailer", chunks + "A\r\n0123456789\r\n0\r\nExpires: 0\r\nX: y\r\n\r\n", 200, "0123456789", true},
		{"until the end", "HTTP/1.1 200 OK\r\n\r\nabc", 200, "abc", false},
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", 200, "abc", false},
		{"close", "HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc", 503, "abc", false},
		{"no content", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", true},
		{"not modified", "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", 304, "", true},
		{"hints before", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" +
			"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", 200, "a", true},
		{"more than was asked for", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\n", 200, "abc", false},
		{"HTTP/1.0 that stays", "HTTP/1.0 200 OK\r\nconnection: Keep-Alive\r\nContent-Length: 3\r\n\r\nabc", 200, "abc", true},
		{"close among others", "HTTP/1.1 200 OK\r\nConnection: x, close, keep-alive\r\nContent-Length: 0\r\n\r\n", 200, "", false},
		{"one length twice", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", 200, "a", true},
		{"chunks and a length", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n" + chunks[len("HTTP/1.1 200 OK\r\n"):] + "0\r\n\r\n", 200, "", true},
		{"a folded line", "HTTP/1.1 200 OK\r\nX: y\r\n Content-Length: 9\r\nContent-Length: 1\r\n\r\na", 200, "a", true},
		{"bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 1\n\na", 200, "a", true},
		{"no reason phrase", "HTTP/1.1 200\r\nContent-Length: 1\r\n\r\na", 200, "a", true},
	}
	for _, tt := range tests {
		for read, reader := range map[string]io.Reader{
			"at once": strings.NewReader(tt.answer), "byte by byte": iotest.OneByteReader(strings.NewReader(tt.answer)),
		} {
			t.Run(tt.name+" "+read, func(t *testing.T) {
				a, c, err := exchange(reader, get(1<<20))
				if err != nil {
					t.Fatalf("Exchange() = %v", err)
				}
				if a.Status != tt.status || string(a.Body) != tt.body || a.Length != int64(len(tt.body)) {
					t.Errorf("Exchange() = %d %.50q of %d bytes, want %d %.50q", a.Status, a.Body, a.Length, tt.status, tt.body)
				}
				if read == "at once" && c.usable(time.Now()) != tt.usable {
					t.Errorf("Usable() = %v, want %v", c.usable(time.Now()), tt.usable)
				}
			})
		}
	}
}

func TestWhatIsNoWholeAnswerIsAnErrorOfItsKind(t *testing.T) {
	tests := []struct {
		name, answer string
		want         error
	}{
		{"nothing", "", ErrNoAnswer},
		{"half a status line", "HTTP/1.1 20", ErrCutOff},
		{"half a header", "HTTP/1.1 200 OK\r\nContent-Le", ErrCutOff},
		{"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nabc", ErrCutOff},
		{"half a chunk", chunks + "30\r\nabc", ErrCutOff},
		{"no last chunk", chunks + "3\r\nabc\r\n", ErrCutOff},
		{"half a trailer", chunks + "0\r\nX: y\r\n", ErrCutOff},
		{"not HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n", ErrMalformed},
		{"TLS", "\x15\x03\x01\x00\x02\x02\x46\r\n\r\n", ErrMalformed},
		{"no status", "HTTP/1.1 abc OK\r\n\r\n", ErrMalformed},
		{"a line without a colon", "HTTP/1.1 200 OK\r\nX\r\n\r\n", ErrMalformed},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", ErrMalformed},
		{"a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", ErrMalformed},
		{"compressed unasked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", ErrMalformed},
		{"many lines of header", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", headerSize), ErrMalformed},
		{"a chunk that is no number", chunks + "xyz\r\nabc\r\n", ErrMalformed},
		{"a chunk longer than it says", chunks + "2\r\nabc\r\n0\r\n\r\n", ErrMalformed},
		{"a chunk of endless size", chunks + "ffffffffffffffffff\r\nabc\r\n", ErrMalformed},
		{"an endless header", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", headerSize), ErrMalformed},
		{"an endless trailer", chunks + "0\r\n" + strings.Repeat("X: y\r\n", headerSize), ErrMalformed},
		{"more than is kept", "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", ErrTooLong},
		{"chunks of more than is kept", chunks + "41\r\n" +
			strings.Repeat("x", 65) + "\r\n41\r\n", ErrTooLong},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, c, err := exchange(strings.NewReader(tt.answer), get(100))
			if !errors.Is(err, tt.want) {
				t.Errorf("Exchange() = %v, want %v", err, tt.want)
			}
			if came := int64(strings.Count(tt.answer, "abc") * 3); errors.Is(tt.want, ErrCutOff) && came > 0 && (a == nil || a.Length != came) {
				t.Errorf("Exchange() = %+v, want the %d bytes of the body that came", a, came)
			}
			if c.usable(time.Now()) {
				t.Error("Usable() = true after an error")
			}
		})
	}
}

func TestHeadersAreFoundByTheirNames(t *testing.T) {
	a, _, err := exchange(strings.NewReader("HTTP/1.1 204 x\r\nSET-Cookie: a=1; Path=/\r\nset-cookie:b=2\r\n"+
		"X_1:  y \r\nEmpty:\r\n\r\n"), get(0))
	if err != nil {
		t.Fatal(err)
	}
	var cookies []string
	for value := range a.Headers("Set-Cookie") {
		cookies = append(cookies, string(value))
	}
	if got := strings.Join(cookies, "|"); got != "a=1; Path=/|b=2" {
		t.Errorf("Headers(Set-Cookie) = %s", got)
	}
	// Bytes that differ in the bit of the case are the same in letters only.
	if x := string(a.Header("x_1")); x != "y" || a.Header("X\x7f1") != nil || a.Header("Empty") != nil || a.Header("Path") != nil {
		t.Errorf("Header(x_1) = %q, Header(Empty) = %q", x, a.Header("Empty"))
	}
}

func TestABodyThatNobodyNeedsIsNotKept(t *testing.T) {
	const length = 100 << 20
	a, _, err := exchange(io.MultiReader(
		strings.NewReader("HTTP/1.1 200 OK\r\nContent-Length: "+strconv.Itoa(length)+"\r\n\r\n"), io.LimitReader(zeros{}, length)), get(0))
	if err != nil || a.Length != length || cap(a.Body) != 0 {
		t.Errorf("Exchange() = %d bytes, %d kept, %v; want %d, none kept", a.Length, cap(a.Body), err, length)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestHEADHasNoBodyWhateverItsHeaderSays(t *testing.T) {
	r := get(10)
	r.BodyLess = true
	a, c, err := exchange(strings.NewReader("HTTP/1.1 200 OK\r\nContent-Length: 3000\r\nx-instance-id: i-1\r\n\r\n"), r)
	if err != nil || a.Length != 0 || !c.usable(time.Now()) || string(a.Header("X-Instance-Id")) != "i-1" || a.Header("X-None") != nil {
		t.Errorf("Exchange(HEAD) = %+v, %v", a, err)
	}
}

// TestAgainstARealServer sends small and large bodies over plain and TLS connections, and
// reads what net/http makes of its answers.
func TestAgainstARealServer(t *testing.T) {
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	})
	for name, start := range map[string]func(http.Handler) *httptest.Server{"plain": httptest.NewServer, "TLS": httptest.NewTLSServer} {
		t.Run(name, func(t *testing.T) {
			server := start(echo)
			defer server.Close()
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			if name == "TLS" {
				config := server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
				config.ServerName = "example.com"
				conn = tls.Client(conn, config)
			}
			c := newConn(conn)
			defer c.close()
			for _, size := range []int{0, 1, 4000, 100_000, 1 << 20} {
				body := bytes.Repeat([]byte("7"), size)
				head := fmt.Sprintf("POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: %d\r\n\r\n", size)
				a, err := c.exchange(&Request{Head: []byte(head), Body: body, Keep: 2 << 20}, time.Now().Add(20*time.Second))
				if err != nil || a.Status != 200 || !bytes.Equal(a.Body, body) || string(a.Header("X-Length")) != strconv.Itoa(size) {
					t.Fatalf("%d bytes: %v, %v", size, a, err)
				}
				if !c.usable(time.Now()) {
					t.Fatalf("%d bytes: the connection is not usable again", size)
				}
			}
		})
	}
}

func TestAServerThatClosesAnIdleConnectionIsNoticedBeforeTheNextRequest(t *testing.T) {
	client, server := tcpPair(t)
	c := newConn(client)
	c.used = time.Now().Add(-time.Second) // as if it had been silent for so long
	if !c.usable(time.Now()) {
		t.Fatal("Usable() = false of an open connection")
	}
	server.Close()
	// Wait for the end to arrive, as a blocking read would.
	_ = client.SetReadDeadline(time.Now().Add(10 * time.Second))
	raw, _ := client.(*net.TCPConn).SyscallConn()
	_ = raw.Read(func(uintptr) bool { return closedByPeer(client) })
	if c.usable(time.Now()) {
		t.Error("Usable() = true of a connection that the server closed")
	}
}

func TestADeadlineEndsAnExchange(t *testing.T) {
	for name, answer := range map[string]string{
		"before the answer": "", "in the header": "HTTP/1.1 200 OK\r\nX: ", "in the body": "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
	} {
		t.Run(name, func(t *testing.T) {
			client, server := tcpPair(t)
			if _, err := io.WriteString(server, answer); err != nil {
				t.Fatal(err)
			}
			_, err := newConn(client).exchange(get(100), time.Now().Add(50*time.Millisecond))
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("Exchange() = %v, want %v", err, os.ErrDeadlineExceeded)
			}
		})
	}
}

func TestAnAnswerToARequestThatWasNotReadIsTaken(t *testing.T) {
	client, server := tcpPair(t)
	var done sync.WaitGroup
	done.Go(func() {
		if _, err := server.Read(make([]byte, 10)); err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(server, "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
		_ = server.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, server)
	})
	a, err := newConn(client).exchange(&Request{Head: get(0).Head, Body: make([]byte, 8<<20)}, time.Now().Add(20*time.Second))
	client.Close()
	done.Wait()
	if err != nil || a.Status != 413 {
		t.Errorf("Exchange() = %+v, %v; want status 413", a, err)
	}
}

// tcpPair is a connection over loopback, from both sides.
func tcpPair(t *testing.T) (client, server net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if client, err = net.Dial("tcp", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close() })
	return client, server
}

// FuzzAnswersAreReadAsNetHTTPReadsThem holds every answer that both take against what the
// standard library makes of it.
func FuzzAnswersAreReadAsNetHTTPReadsThem(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
		chunks + "3\r\nabc\r\n0\r\nX: y\r\n\r\n",
		"HTTP/1.0 404 Not Found\r\nContent-Type: a\r\n\r\nabc",
		"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		ours, _, err := exchange(bytes.NewReader(raw), get(1<<20))
		if err != nil {
			return
		}
		theirs, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw)), nil)
		if err != nil || theirs.StatusCode < 200 {
			return // stricter, or it shows the hints that come before an answer
		}
		body, err := io.ReadAll(theirs.Body)
		if err != nil {
			return
		}
		if ours.Status != theirs.StatusCode || !bytes.Equal(ours.Body, body) {
			t.Errorf("Exchange(%q) = %d %q, net/http reads %d %q", raw, ours.Status, ours.Body, theirs.StatusCode, body)
		}
	})
}

// BenchmarkExchange is what a small request costs beside net/http's client, with a server
// in the same process.
func BenchmarkExchange(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") }))
	defer server.Close()
	b.Run("http1", func(b *testing.B) {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		c, r := newConn(conn), get(10)
		defer c.close()
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.exchange(r, time.Now().Add(time.Minute)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("net/http", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			response, err := server.Client().Get(server.URL)
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, response.Body)
			response.Body.Close()
		}
	})
}

package virtual

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	smithytime "github.com/aws/smithy-go/time"
)

// network has listeners whose connections are pipes.
type network struct {
	tls *tls.Config // of every listener; nil: none

	mu        sync.Mutex
	listeners map[string]*pipeListener // by address
	front     *pipeListener            // of a proxy that the load comes to; nil: there is none
}

// put puts a proxy in front of the load balancer, until it is closed.
func (n *network) put(proxy func(balancer http.RoundTripper) http.Handler) (closed func()) {
	n.front = &pipeListener{address: "proxy", arrived: make(chan net.Conn), closed: make(chan struct{})}
	behind := &http.Transport{DialContext: n.dialBalancer, DisableCompression: true}
	server := &http.Server{Handler: proxy(behind), ReadHeaderTimeout: time.Minute}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(n.front) }) // which ends when it is closed
	return func() {
		_ = server.Close()
		serving.Wait()
		behind.CloseIdleConnections()
	}
}

// dial connects to the proxy, where there is one, or to the load balancer.
func (n *network) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if n.front != nil {
		return n.front.connect(ctx)
	}
	return n.dialBalancer(ctx, network, address)
}

func newNetwork(tls *tls.Config) *network {
	return &network{tls: tls, listeners: map[string]*pipeListener{}}
}

// listen is net.Listen without sockets.
func (n *network) listen(_, address string) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners[address] != nil {
		return nil, fmt.Errorf("address %s is in use", address)
	}
	l := &pipeListener{address: pipeAddress(address), arrived: make(chan net.Conn), closed: make(chan struct{}), tls: n.tls}
	n.listeners[address] = l
	return l, nil
}

// dialBalancer connects to what listens at an address or, under a name, at its port.
func (n *network) dialBalancer(ctx context.Context, _, address string) (net.Conn, error) {
	n.mu.Lock()
	to := n.listeners[address]
	_, port, _ := net.SplitHostPort(address)
	for at, l := range n.listeners {
		if to == nil && strings.HasSuffix(at, ":"+port) {
			to = l
		}
	}
	n.mu.Unlock()
	if to == nil {
		return nil, errRefused
	}
	return to.connect(ctx)
}

// connect opens a connection to the listener.
func (l *pipeListener) connect(ctx context.Context) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.arrived <- server:
		return client, nil
	case <-l.closed:
		return nil, errRefused
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type pipeListener struct {
	address pipeAddress
	arrived chan net.Conn
	closed  chan struct{}
	once    sync.Once
	tls     *tls.Config // nil: it speaks HTTP
}

// Accept implements net.Listener.
func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.arrived:
		if l.tls != nil {
			c = tls.Server(c, l.tls)
		}
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr implements net.Listener.
func (l *pipeListener) Addr() net.Addr { return l.address }

type pipeAddress string

// Network implements net.Addr.
func (pipeAddress) Network() string { return "tcp" }

// String implements net.Addr.
func (a pipeAddress) String() string { return string(a) }

// api is the HTTP client of the AWS SDK: it hands requests to the API's handler.
type api struct {
	handler http.Handler
	latency func() time.Duration // of the next answer
	now     func() time.Time     // by the API's clock
	lost    *atomic.Int64        // answers that do not arrive: the next so many
	late    *atomic.Int64        // how much later than latency answers arrive, in nanoseconds
	watch   func(serve func())   // calls serve, and may look before and after
}

// errLost is an answer that does not arrive: the question was asked, and done.
var errLost = errors.New("connection reset by peer")

// Do implements aws.HTTPClient.
func (a api) Do(r *http.Request) (*http.Response, error) {
	latency := a.latency() + time.Duration(a.late.Load())
	if err := smithytime.SleepWithContext(r.Context(), latency/2); err != nil {
		return nil, err
	}
	served, err := overTheWire(r)
	if err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	a.watch(func() { a.handler.ServeHTTP(w, served) })
	w.Header().Set("Date", a.now().UTC().Format(http.TimeFormat)) // as net/http's server does
	if err := smithytime.SleepWithContext(r.Context(), latency-latency/2); err != nil {
		return nil, err
	}
	if a.lost.Add(-1) >= 0 {
		return nil, errLost
	}
	return w.Result(), nil
}

// overTheWire is a client's request as a server reads it.
func overTheWire(r *http.Request) (*http.Request, error) {
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		return nil, err
	}
	served, err := http.ReadRequest(bufio.NewReader(&wire))
	if err != nil {
		return nil, err
	}
	served.RemoteAddr = "127.0.0.1:1"
	return served.WithContext(r.Context()), nil
}

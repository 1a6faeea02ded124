package balancer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// connectTimeout and idleTimeout are an Application Load Balancer's own:
	// past them it answers 504.
	connectTimeout = 10 * time.Second
	idleTimeout    = 60 * time.Second
	// keptConnections is how many idle connections to a target are kept.
	keptConnections = 1024
	copyBuffer      = 32 << 10
	// smallBody is up to what size a request's body is read before it is sent, in bytes.
	smallBody = 64 << 10
)

// newDataTransport carries requests to targets. It repeats a request by itself
// only where nothing can be done twice: one without a body and idempotent, whose
// kept-alive connection the target closed in the same moment.
func newDataTransport() *http.Transport {
	return &http.Transport{
		DialContext:           (&net.Dialer{Timeout: connectTimeout}).DialContext,
		MaxIdleConnsPerHost:   keptConnections,
		IdleConnTimeout:       idleTimeout,
		ResponseHeaderTimeout: idleTimeout,
		ExpectContinueTimeout: time.Second,
		DisableCompression:    true, // answers go through as they are
	}
}

// newCheckTransport carries health checks, each on a connection of its own.
func newCheckTransport() *http.Transport {
	return &http.Transport{
		DialContext:        (&net.Dialer{Timeout: connectTimeout}).DialContext,
		DisableKeepAlives:  true,
		DisableCompression: true,
	}
}

// router answers the requests of one listener.
type router struct {
	group *group
	port  string // the listener's
}

// ServeHTTP routes one request.
func (r *router) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	t := r.group.pick()
	if t == nil {
		r.group.counters.elb5XX.Add(1)
		refuse(w, http.StatusServiceUnavailable)
		return
	}
	// Deferred, as the proxy leaves by panic when an answer breaks off.
	defer r.group.done(t)
	r.group.counters.requests.Add(1)
	forward(req, r.port)
	t.proxy.ServeHTTP(w, req)
}

// newTarget returns a target with the proxy that leads to it.
func (b *Balancer) newTarget(g *group, id, address string) *target {
	return &target{
		id: id, address: address,
		health: TargetHealth{TargetGroupARN: g.cfg.ARN, TargetID: id, Address: address},
		proxy: &httputil.ReverseProxy{
			Rewrite:      func(p *httputil.ProxyRequest) { rewrite(p, address) },
			Transport:    timed{via: b.data, counters: &g.counters, target: g.counters.target(id)},
			BufferPool:   &b.buffers,
			ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) { b.failed(w, r, err, g, id) },
			ErrorLog:     b.proxyLog,
		},
	}
}

// errRequest is a client's request that broke off.
var errRequest = errors.New("read the client's request")

// timed counts and times the answers of targets.
type timed struct {
	via      http.RoundTripper
	counters *counters
	target   *atomic.Int64 // answers of the target
}

// RoundTrip sends one request.
func (t timed) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := gather(r); err != nil {
		return nil, fmt.Errorf("%w: %w", errRequest, err)
	}
	start := time.Now()
	resp, err := t.via.RoundTrip(r)
	if err == nil {
		t.counters.answered(resp.StatusCode, time.Since(start))
		t.target.Add(1)
	}
	return resp, err
}

// gather reads a small body before it is sent. Then it goes out in one packet
// with the header, and the transport can send it anew if the target closed a
// kept-alive connection before anything of it was written.
func gather(r *http.Request) error {
	if r.ContentLength <= 0 {
		return nil
	}
	if r.ContentLength > smallBody || r.Header.Get("Expect") != "" {
		r.Body = &exactBody{r.Body, r.ContentLength}
		return nil
	}
	body := make([]byte, r.ContentLength)
	if _, err := io.ReadFull(r.Body, body); err != nil {
		return err
	}
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// exactBody is a request's body that ends after its ContentLength by itself. The
// transport reads once more, to see that nothing is left; by then the answer may
// be on its way to the client, on which net/http's server closes the body it
// gave us, and a read of a closed body would break the answer off.
type exactBody struct {
	io.ReadCloser
	left int64 // bytes
}

// Read implements io.Reader.
func (b *exactBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, io.EOF
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// failed answers for a target that did not: 504 if it was too slow, else 502;
// 400 if it was the client that did not finish.
func (b *Balancer) failed(w http.ResponseWriter, r *http.Request, err error, g *group, id string) {
	if r.Context().Err() != nil {
		return // the client has gone: there is nobody to answer
	}
	if errors.Is(err, errRequest) {
		refuse(w, http.StatusBadRequest)
		return
	}
	code := http.StatusBadGateway
	var netErr net.Error
	if errors.As(err, &netErr) && netErr.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		code = http.StatusGatewayTimeout
	}
	g.counters.elb5XX.Add(1)
	b.log.Debug("target did not answer", "target", id, "status", code, "err", err)
	refuse(w, code)
}

// buffers are for copying answers.
type buffers struct{ pool sync.Pool }

// Get returns a buffer.
func (b *buffers) Get() []byte {
	if buf, ok := b.pool.Get().(*[copyBuffer]byte); ok {
		return buf[:]
	}
	return make([]byte, copyBuffer)
}

// Put takes a buffer back.
func (b *buffers) Put(buf []byte) { b.pool.Put((*[copyBuffer]byte)(buf)) }

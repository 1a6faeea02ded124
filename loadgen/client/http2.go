package client

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// Errors of HTTP/2.
var (
	// ErrNoHTTP2 says that the server offers another protocol over TLS only.
	ErrNoHTTP2 = errors.New("the server does not offer HTTP/2")
	// ErrNotHTTP2 says that the answer is not HTTP/2.
	ErrNotHTTP2 = errors.New("answer is not HTTP/2")
	// ErrReset says that the server ended a request's stream instead of answering it.
	ErrReset = errors.New("stream reset by the server")
)

// streams is a connection of HTTP/2, by net/http's client, for any number of goroutines.
type streams struct {
	*http.ClientConn
	server   *url.URL
	greeting *greeting
	answered atomic.Bool // in HTTP/2, whatever it was
}

// received is an answer that came over streams, and what is used again for the next one.
type received struct {
	header header
	answer Answer
	piece  []byte // of a body that is not kept
}

// stream is a connection of HTTP/2 for one goroutine: one stream after the other.
type stream struct {
	*streams
	received
}

func (s *stream) close() error { return s.Close() }

func (s *stream) exchange(r *Request, deadline time.Time) (*Answer, error) {
	return s.received.exchange(s.streams, r, deadline)
}

// newStreams returns a connection of HTTP/2 over another one, after its handshake if it is TLS.
func newStreams(ctx context.Context, socket net.Conn, server *url.URL) (*streams, error) {
	g := &greeting{Conn: socket, over: make(chan struct{})}
	dial := func(context.Context, string, string) (net.Conn, error) { return g, nil }
	t := &http.Transport{DialContext: dial, DialTLSContext: dial, DisableCompression: true, Protocols: new(http.Protocols)}
	t.Protocols.SetHTTP2(true)
	t.Protocols.SetUnencryptedHTTP2(true)
	conn, err := t.NewClientConn(ctx, server.Scheme, net.JoinHostPort(server.Hostname(), portOf(server)))
	return &streams{ClientConn: conn, server: server, greeting: g}, err
}

func (s *streams) usable(time.Time) bool { return s.Err() == nil && s.Available() > 0 }

// exchange sends a request over the connection, and reads its answer, both by the deadline.
func (in *received) exchange(s *streams, r *Request, deadline time.Time) (*Answer, error) {
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(r.Head)))
	if err != nil {
		return nil, err
	}
	request.RequestURI, request.URL.Scheme, request.URL.Host = "", s.server.Scheme, s.server.Host
	request.TransferEncoding, request.ContentLength, request.Body = nil, int64(len(r.Body)), http.NoBody
	if len(r.Body) > 0 {
		request.Body = io.NopCloser(bytes.NewReader(r.Body))
	}
	response, err := s.RoundTrip(request.WithContext(ctx))
	if err != nil {
		other := ErrNotHTTP2
		if s.answered.Load() {
			other = ErrNoAnswer
		}
		return nil, failure(ctx, err, ErrNoAnswer, other)
	}
	s.answered.Store(true)
	in.answer = Answer{Status: response.StatusCode, Body: in.answer.Body[:0], First: time.Now(), header: &in.header}
	in.header.lines = in.header.lines[:0]
	for name, values := range response.Header {
		for _, value := range values {
			in.header.add(name, value)
		}
	}
	err = in.readBody(response.Body, r.Keep)
	_ = response.Body.Close() // which was read
	if err != nil {
		came := in.answer
		in.answer.Body = nil // it may be large
		return &came, failure(ctx, err, ErrCutOff, ErrCutOff)
	}
	return &in.answer, nil
}

// readBody reads the body, and keeps it if keep is not 0.
func (in *received) readBody(body io.Reader, keep int) error {
	if in.piece == nil {
		in.piece = make([]byte, 32<<10)
	}
	for {
		n, err := body.Read(in.piece)
		in.answer.Length += int64(n)
		switch {
		case keep > 0:
			if in.answer.Length > int64(keep) {
				return fmt.Errorf("%w: more than %d bytes", ErrTooLong, keep)
			}
			in.answer.Body = append(in.answer.Body, in.piece[:n]...)
		case in.answer.Status >= 300:
			in.answer.Body = append(in.answer.Body, in.piece[:min(n, excerpt-len(in.answer.Body))]...)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// streamError is that of net/http, which can be told by its fields only.
type streamError struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

func (e streamError) Error() string { return fmt.Sprintf("error code %d", e.Code) }

// failure is an error of net/http as one of this package, with its text: the connection was
// closed, or there is something else that cannot be understood.
func failure(ctx context.Context, err, closed, other error) error {
	var reset streamError
	var network *net.OpError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, ErrTooLong), errors.As(err, &network):
		return err
	case errors.As(err, &reset):
		return fmt.Errorf("%w: %w", ErrReset, reset)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(err.Error(), "GOAWAY"):
		return closed
	default:
		return fmt.Errorf("%w: %w", other, err)
	}
}

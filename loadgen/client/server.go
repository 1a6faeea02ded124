package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// Options are how a Server is reached. The zero value is right for most.
type Options struct {
	// Dial opens a connection to an address; nil means a socket, to each of the addresses
	// of the server's name in turn.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// MaxAge is how old a connection may become before another one takes its place, give
	// or take a tenth; 0 means 30 s. What balances by connections, such as a Network Load
	// Balancer, shows a new instance to new connections only.
	MaxAge time.Duration
	// Opened, if it is set, is told of each connection once it can be used. It is called by
	// many goroutines.
	Opened func(Opening)
}

// Opening is how long it took to open a connection.
type Opening struct {
	Connect time.Duration // the look-up of the name, if it was due, included
	TLS     time.Duration // the handshake; 0 without TLS
}

// Errors of opening a connection; the cause is wrapped with them.
var (
	ErrConnect = errors.New("cannot connect")
	ErrTLS     = errors.New("TLS handshake failed")
)

const (
	defaultMaxAge = 30 * time.Second
	// lookUpAgain is below the 60 s for which load balancers of AWS allow their addresses
	// to be kept.
	lookUpAgain = 30 * time.Second
	dialTimeout = 5 * time.Second
	// maxAddresses is how many addresses are counted by themselves; the rest is otherAddresses.
	maxAddresses   = 64
	otherAddresses = "other"
)

// Server is the server that requests go to, for any number of Clients.
type Server struct {
	url      *url.URL
	options  Options
	lookUp   func(ctx context.Context, network, host string) ([]netip.Addr, error) // nil: names go to Dial
	reused   atomic.Int64
	mu       sync.Mutex // guards what follows
	known    []netip.Addr
	knownAt  time.Time
	next     int
	opened   map[string]int64
	resuming tls.ClientSessionCache
}

// NewServer returns the server of a URL, of which scheme and host count.
func NewServer(u *url.URL, o Options) *Server {
	s := &Server{url: u, options: o, opened: map[string]int64{}, resuming: tls.NewLRUClientSessionCache(64)}
	if o.Dial == nil {
		s.options.Dial = (&net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}).DialContext
		s.lookUp = net.DefaultResolver.LookupNetIP
	}
	if o.MaxAge <= 0 {
		s.options.MaxAge = defaultMaxAge
	}
	return s
}

// Connections are what a Server's Clients have used.
type Connections struct {
	Opened map[string]int64 // by the address of the server: at most 64, and "other"
	Reused int64            // requests that needed no new one
}

// Connections returns what was used up to now.
func (s *Server) Connections() Connections {
	s.mu.Lock()
	defer s.mu.Unlock()
	opened := make(map[string]int64, len(s.opened))
	for address, n := range s.opened {
		opened[address] = n
	}
	return Connections{Opened: opened, Reused: s.reused.Load()}
}

// opened is a connection that can be used.
type opened struct {
	net.Conn
	until time.Time // it should be used
	took  time.Duration
}

// dial opens a connection, TLS included.
func (s *Server) dial(ctx context.Context) (o opened, err error) {
	began := time.Now()
	address, err := s.address(ctx)
	if err != nil {
		return o, fmt.Errorf("%w: %w", ErrConnect, err)
	}
	if o.Conn, err = s.options.Dial(ctx, "tcp", address); err != nil {
		return o, fmt.Errorf("%w: %w", ErrConnect, err)
	}
	opening := Opening{Connect: time.Since(began)}
	if s.url.Scheme == "https" {
		secure := tls.Client(o.Conn, &tls.Config{ServerName: s.url.Hostname(), ClientSessionCache: s.resuming})
		if err := secure.HandshakeContext(ctx); err != nil {
			return o, fmt.Errorf("%w: %w", ErrTLS, errors.Join(err, o.Close()))
		}
		o.Conn, opening.TLS = secure, time.Since(began)-opening.Connect
	}
	if s.options.Opened != nil {
		s.options.Opened(opening)
	}
	s.count(address)
	age := float64(s.options.MaxAge) * (0.9 + 0.2*rand.Float64())
	o.until, o.took = time.Now().Add(time.Duration(age)), time.Since(began)
	return o, nil
}

// count counts a connection.
func (s *Server) count(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.opened[address]; !known && len(s.opened) >= maxAddresses {
		address = otherAddresses
	}
	s.opened[address]++
}

// address is where the next connection goes.
func (s *Server) address(ctx context.Context) (string, error) {
	host, port := s.url.Hostname(), s.url.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[s.url.Scheme]
	}
	if _, err := netip.ParseAddr(host); err == nil || s.lookUp == nil {
		return net.JoinHostPort(host, port), nil
	}
	s.mu.Lock()
	defer s.mu.Unlock() // the lookup too: a thousand connections ask once
	if time.Since(s.knownAt) >= lookUpAgain || len(s.known) == 0 {
		known, err := s.lookUp(ctx, "ip", host)
		if err != nil && len(s.known) == 0 {
			return "", err
		}
		if err == nil {
			s.known = known
		}
		s.knownAt = time.Now() // a resolver that fails is not asked by every connection
	}
	s.next++
	return net.JoinHostPort(s.known[s.next%len(s.known)].Unmap().String(), port), nil
}

// sockets is a Client that has at most one connection at a time.
type sockets struct {
	server *Server
	conn   *conn
	until  time.Time
}

// Client returns a Client that speaks HTTP/1.1 over one connection, dialled when it is
// needed. An exchange that has to dial first takes that much longer.
func (s *Server) Client() Client { return &sockets{server: s} }

// Exchange implements Client.
func (s *sockets) Exchange(r *Request, deadline time.Time) (*Answer, error) {
	if s.conn != nil && (time.Now().After(s.until) || !s.conn.usable()) {
		s.Close()
	}
	var opening time.Duration
	if s.conn != nil {
		s.server.reused.Add(1)
	} else {
		took, err := s.open(deadline)
		if err != nil {
			return nil, err
		}
		opening = took
	}
	answer, err := s.conn.exchange(r, deadline)
	if err != nil {
		s.Close()
		return nil, err
	}
	answer.Opening = opening
	return answer, nil
}

func (s *sockets) open(deadline time.Time) (took time.Duration, err error) {
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	o, err := s.server.dial(ctx)
	if err != nil {
		return 0, err
	}
	s.conn, s.until = newConn(o.Conn), o.until
	return o.took, nil
}

// Close implements Client.
func (s *sockets) Close() {
	if s.conn != nil {
		_ = s.conn.close()
		s.conn = nil
	}
}

package client

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"net/url"
	"strings"
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
	// or take a tenth; 0 means 2 s. What balances by connections, such as a Network Load
	// Balancer, shows a new instance to new connections only. With so many connections that
	// more than 200 a second would be opened, they become older.
	MaxAge time.Duration
	// LookUpAgain is how old the addresses of the server's name may become; 0 means as old as
	// its TTL says, from 1 s to 5 min, or 30 s where that is not known.
	LookUpAgain time.Duration
	HTTP2       bool // instead of HTTP/1.1
	// Streams is how many requests may be under way over one connection of HTTP/2, unless the server
	// allows fewer; 0 means 1.
	Streams    int
	UnixSocket string // path of a socket to connect to, whatever the URL's host; "": none
	// TLS is for https; nil means that the system's certificates are trusted. What depends on
	// the server and the protocol is set by the Server.
	TLS *tls.Config
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

// ErrEnded says that the Server was ended before an exchange was.
var ErrEnded = errors.New("ended before it was answered")

const (
	defaultMaxAge = 2 * time.Second
	dialTimeout   = 5 * time.Second
	// mostRenewed is how many connections are renewed in a second: each leaves its port
	// unusable for a minute, and there are 28,000 of them on Linux.
	mostRenewed = 200
	// maxAddresses is how many addresses are counted by themselves; the rest is otherAddresses.
	maxAddresses   = 64
	otherAddresses = "other"
)

// Server is the server that requests go to, for any number of Clients.
type Server struct {
	url     *url.URL
	options Options
	// lookUp returns the addresses of a name, and how long they are good; nil: names go to Dial.
	lookUp  func(ctx context.Context, host string) ([]netip.Addr, time.Duration, error)
	reused  atomic.Int64
	open    atomic.Int64
	mu      sync.Mutex // guards what follows
	ended   bool
	closers map[any]func() // by what has a connection, or opens one
	shared  *shared        // nil: no connection is
	known   []netip.Addr
	knownAt time.Time
	goodFor time.Duration // from then on
	next    int
	opened  map[string]int64
}

// NewServer returns the server of a URL, of which scheme and host count.
func NewServer(u *url.URL, o Options) *Server {
	s := &Server{url: u, closers: map[any]func(){}, opened: map[string]int64{}}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}).DialContext
		s.lookUp = resolving(new(net.Dialer).DialContext)
	}
	o.MaxAge = cmp.Or(o.MaxAge, defaultMaxAge)
	if o.TLS == nil {
		o.TLS = new(tls.Config)
	}
	o.TLS = o.TLS.Clone()
	o.TLS.ServerName, o.TLS.ClientSessionCache = u.Hostname(), tls.NewLRUClientSessionCache(64)
	if o.HTTP2 {
		o.TLS.NextProtos = []string{"h2"}
	}
	s.options = o
	if o.HTTP2 && o.Streams > 1 {
		s.shared = &shared{server: s}
	}
	return s
}

// End ends every exchange that is under way, with ErrEnded, and lets no other begin.
func (s *Server) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	for _, closeIt := range s.closers {
		closeIt()
	}
}

// Connections are what a Server's Clients have used.
type Connections struct {
	Opened map[string]int64 // by the address of the server: at most 64, and "other"
	Reused int64            // requests that were not the first of theirs
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
	connection
	abort func()    // closes the socket below TLS, which would take leave of its peer
	until time.Time // it should be used
	took  time.Duration
	used  bool
}

// connect opens a connection, TLS included.
func (s *Server) connect(ctx context.Context) (o opened, err error) {
	began := time.Now()
	socket, address, err := s.dial(ctx)
	if err != nil {
		return o, fmt.Errorf("%w: %w", ErrConnect, err)
	}
	socket = directly(socket)
	below := socket
	o.abort = func() { _ = below.Close() }
	opening := Opening{Connect: time.Since(began)}
	if s.url.Scheme == "https" {
		if socket, err = s.secure(ctx, socket); err != nil {
			return o, fmt.Errorf("%w: %w", ErrTLS, err)
		}
		opening.TLS = time.Since(began) - opening.Connect
	}
	if !s.options.HTTP2 {
		o.connection = newConn(socket)
	} else if streams, err := newStreams(ctx, socket, s.url); err != nil {
		return o, fmt.Errorf("%w: %w", ErrConnect, errors.Join(err, socket.Close()))
	} else {
		o.connection = &stream{streams: streams}
	}
	if s.options.Opened != nil {
		s.options.Opened(opening)
	}
	s.count(address)
	age := max(float64(s.options.MaxAge), float64(s.open.Add(1))/mostRenewed*float64(time.Second))
	o.until, o.took = time.Now().Add(time.Duration(age*(0.9+0.2*rand.Float64()))), time.Since(began)
	return o, nil
}

// secure does the handshake of TLS, and closes the connection if that fails.
func (s *Server) secure(ctx context.Context, socket net.Conn) (net.Conn, error) {
	secure := tls.Client(socket, s.options.TLS)
	err := secure.HandshakeContext(ctx)
	if s.options.HTTP2 {
		if err == nil && secure.ConnectionState().NegotiatedProtocol != "h2" {
			err = ErrNoHTTP2
		} else if err != nil && strings.Contains(err.Error(), "no application protocol") { // a type of TLS's own
			err = fmt.Errorf("%w: %w", ErrNoHTTP2, err)
		}
	}
	if err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	return secure, nil
}

// dial connects to the next address, or if that fails, as clients of a name do, to one after it.
func (s *Server) dial(ctx context.Context) (socket net.Conn, address string, err error) {
	if path := s.options.UnixSocket; path != "" {
		socket, err = s.options.Dial(ctx, "unix", path)
		return socket, path, err
	}
	all, err := s.addresses(ctx)
	if err != nil {
		return nil, "", err
	}
	var first error
	for _, address := range all {
		if socket, err = s.options.Dial(ctx, "tcp", address); err == nil {
			return socket, address, nil
		}
		if first = cmp.Or(first, err); ctx.Err() != nil {
			break
		}
	}
	return nil, "", first
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

// closesBy keeps what closes a connection, by who has it; nil: there is none any more.
func (s *Server) closesBy(of any, closeIt func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case closeIt == nil:
		delete(s.closers, of)
	case s.ended:
		closeIt()
	default:
		s.closers[of] = closeIt
	}
}

// cause is why an exchange failed.
func (s *Server) cause(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return ErrEnded
	}
	return err
}

// addresses are where the next connection goes, and then those that serve in its place.
func (s *Server) addresses(ctx context.Context) (all []string, err error) {
	host, port := s.url.Hostname(), portOf(s.url)
	if _, err := netip.ParseAddr(host); err == nil || s.lookUp == nil {
		return []string{net.JoinHostPort(host, port)}, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock() // the lookup too: a thousand connections ask once
	if time.Since(s.knownAt) >= s.goodFor || len(s.known) == 0 {
		known, ttl, err := s.lookUp(ctx, host)
		if err != nil && len(s.known) == 0 {
			return nil, err
		}
		if err == nil {
			s.known = known
		}
		s.goodFor = cmp.Or(s.options.LookUpAgain, ttl)
		s.knownAt = time.Now() // a resolver that fails is not asked by every connection
	}
	s.next++
	for i := range s.known {
		all = append(all, net.JoinHostPort(s.known[(s.next+i)%len(s.known)].Unmap().String(), port))
	}
	return all, nil
}

func portOf(u *url.URL) string {
	return cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
}

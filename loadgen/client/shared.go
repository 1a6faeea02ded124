package client

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// spread is how many connections are opened, if so many requests are under way, before one of
// them carries two at a time: what balances by connections has something to balance, as with the
// connections of several clients.
const spread = 8

// shared are the connections of HTTP/2 that the Clients of a Server share.
type shared struct {
	server  *Server
	opening sync.WaitGroup

	mu      sync.Mutex // guards what follows
	clients int
	all     []*lane // that new requests may use
}

// lane is a connection that is shared, or is being opened.
type lane struct {
	ready   chan struct{} // closed when what follows is set
	opened  opened
	streams *streams
	err     error
	used    atomic.Bool // by a request

	// What follows is guarded by shared.mu.
	underWay int // requests
	renewing bool
	retired  bool // no new request may use it
}

// multiplexed is a Client that shares its connections.
type multiplexed struct {
	shared *shared
	received
}

func (s *shared) client() Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients++
	return &multiplexed{shared: s}
}

// Exchange implements Client.
func (m *multiplexed) Exchange(r *Request, deadline time.Time) (*Answer, error) {
	s := m.shared
	var opening time.Duration
	for {
		l := s.take(time.Now())
		waited, err := l.wait(deadline)
		opening += waited
		if err == nil && l.streams.Reserve() != nil && time.Now().Before(deadline) {
			s.leave(l) // it allows fewer than it seemed to
			continue
		}
		defer s.leave(l)
		if err != nil {
			return nil, s.server.cause(err)
		}
		if l.used.Swap(true) {
			s.server.reused.Add(1)
		}
		answer, err := m.exchange(l.streams, r, deadline)
		if err != nil {
			return answer, s.server.cause(err)
		}
		answer.Opening = opening
		return answer, nil
	}
}

// isOpen tells whether the lane has been opened, or cannot be.
func (l *lane) isOpen() bool {
	select {
	case <-l.ready:
		return true
	default:
		return false
	}
}

// wait waits for the connection, and reports how long.
func (l *lane) wait(deadline time.Time) (waited time.Duration, err error) {
	if l.isOpen() {
		return 0, l.err
	}
	began := time.Now()
	late := time.NewTimer(deadline.Sub(began))
	defer late.Stop()
	select {
	case <-l.ready:
		return time.Since(began), l.err
	case <-late.C:
		return 0, fmt.Errorf("%w: %w", ErrConnect, context.DeadlineExceeded)
	}
}

// take returns the connection for a request: that with the fewest under way, or a new one.
func (s *shared) take(now time.Time) (best *lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range slices.Backward(s.all) {
		most := s.most(l)
		if most == 0 {
			s.retire(l)
		} else if l.underWay < most && (best == nil || l.underWay < best.underWay) {
			best = l
		}
	}
	if best == nil || best.underWay > 0 && len(s.all) < spread {
		best = s.open()
		s.all = append(s.all, best)
	} else if best.isOpen() && now.After(best.opened.until) && !best.renewing {
		s.renew(best)
	}
	best.underWay++
	return best
}

// most is how many requests a connection can carry, 0 if it is of no use any more.
func (s *shared) most(l *lane) int {
	switch {
	case !l.isOpen():
		return s.server.options.Streams
	case l.err != nil || l.streams.Err() != nil:
		return 0
	}
	return min(s.server.options.Streams, l.underWay+l.streams.Available())
}

// open opens a connection.
func (s *shared) open() *lane {
	l := &lane{ready: make(chan struct{})}
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	s.server.closesBy(l, cancel)
	s.opening.Go(func() {
		defer cancel()
		defer close(l.ready)
		if l.opened, l.err = s.server.connect(ctx); l.err != nil {
			s.server.closesBy(l, nil)
			return
		}
		l.streams = l.opened.connection.(*stream).streams
		s.server.closesBy(l, l.opened.abort)
		l.streams.greeting.wait(ctx)
	})
	return l
}

// renew has a connection opened that takes the place of another one, which serves until then. If it
// cannot be opened, it is the next request that finds out.
func (s *shared) renew(old *lane) {
	old.renewing = true
	next := s.open()
	s.opening.Go(func() {
		<-next.ready
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.retire(old); next.err == nil {
			s.all = append(s.all, next)
		}
	})
}

// leave ends a request's use of a connection.
func (s *shared) leave(l *lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.underWay--
	s.closeUnused(l)
}

// retire lets no new request use a connection.
func (s *shared) retire(l *lane) {
	s.all = slices.DeleteFunc(s.all, func(other *lane) bool { return other == l })
	if !l.retired {
		l.retired = true
		s.closeUnused(l)
	}
}

// closeUnused closes a connection that nobody uses any more.
func (s *shared) closeUnused(l *lane) {
	if l.retired && l.underWay == 0 && l.err == nil {
		s.server.closesBy(l, nil)
		_ = l.opened.close()
		s.server.open.Add(-1)
	}
}

// Close implements Client. The last one closes the connections.
func (m *multiplexed) Close() {
	s := m.shared
	s.mu.Lock()
	s.clients--
	last := s.clients == 0
	s.mu.Unlock()
	if !last {
		return
	}
	s.opening.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range slices.Backward(s.all) {
		s.retire(l)
	}
}

// greeting is a connection whose server's first frame, which says how many streams it allows, is
// waited for: one that gets more before that refuses them, or closes the connection. It is for
// one reader.
type greeting struct {
	net.Conn
	over  chan struct{} // closed when the frame was taken in, or never will be
	once  sync.Once
	frame []byte // its header, up to now
	read  int    // bytes of any frame
}

// frameHeader is how many bytes a frame begins with, of which the first three are the length of the rest.
const frameHeader = 9

// Read implements io.Reader. Who reads on has taken in the frames before.
func (g *greeting) Read(p []byte) (int, error) {
	if f := g.frame; len(f) == frameHeader && g.read >= frameHeader+(int(f[0])<<16|int(f[1])<<8|int(f[2])) {
		g.once.Do(func() { close(g.over) })
	}
	n, err := g.Conn.Read(p)
	g.frame = append(g.frame, p[:min(n, frameHeader-len(g.frame))]...)
	if g.read += n; err != nil {
		g.once.Do(func() { close(g.over) })
	}
	return n, err
}

// Close implements io.Closer.
func (g *greeting) Close() error {
	g.once.Do(func() { close(g.over) })
	return g.Conn.Close()
}

// wait waits for the frame, or until ctx ends: then it is a request that finds out.
func (g *greeting) wait(ctx context.Context) {
	select {
	case <-g.over:
	case <-ctx.Done():
	}
}

package client

import (
	"context"
	"time"
)

// connection is one that was opened, for one goroutine.
type connection interface {
	// exchange sends a request and reads its answer, both by the deadline. After an error
	// the connection is not usable.
	exchange(r *Request, deadline time.Time) (*Answer, error)
	// usable tells whether another request can be sent now, as far as that is known without
	// sending one.
	usable(now time.Time) bool
	close() error
}

// sockets is a Client that uses one connection at a time.
type sockets struct {
	server *Server
	opened          // no connection at first, and after an error
	next   *renewal // nil: none is under way
}

// renewal opens the connection that takes another one's place, which serves until then: so
// no request has to wait.
type renewal struct {
	done   chan struct{} // closed when what follows is set
	opened opened
	err    error
	cancel context.CancelFunc
}

// Client returns a Client that uses one connection at a time, which is opened when it is
// needed, or shares it where streams may. An exchange that has to open one takes that much longer.
func (s *Server) Client() Client {
	if s.shared != nil {
		return s.shared.client()
	}
	return s.own()
}

// own returns a Client that shares no connection.
func (s *Server) own() Client { return &sockets{server: s} }

// Exchange implements Client.
func (s *sockets) Exchange(r *Request, deadline time.Time) (*Answer, error) {
	now := time.Now()
	if s.connection != nil && now.After(s.until) {
		s.renew()
	}
	if s.connection != nil && !s.usable(now) {
		s.drop()
	}
	var opening time.Duration
	if s.connection == nil {
		if err := s.open(deadline); err != nil {
			return nil, s.server.cause(err)
		}
		opening = s.took
	}
	if s.used {
		s.server.reused.Add(1)
	}
	s.used = true
	answer, err := s.exchange(r, deadline)
	if err != nil {
		s.drop()
		return answer, s.server.cause(err)
	}
	answer.Opening = opening
	return answer, nil
}

// open opens a connection by the deadline, unless the Server is ended before.
func (s *sockets) open(deadline time.Time) error {
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	s.server.closesBy(s, cancel)
	o, err := s.server.connect(ctx)
	if err != nil {
		s.server.closesBy(s, nil)
		return err
	}
	s.use(o)
	return nil
}

// use makes a connection the one that is used.
func (s *sockets) use(o opened) {
	s.opened = o
	s.server.closesBy(s, o.abort)
}

// renew has a connection opened that takes the place of a usable one, or uses it if it is
// there. If it cannot be opened, it is the next request that finds out.
func (s *sockets) renew() {
	if s.next == nil {
		ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
		next := &renewal{done: make(chan struct{}), cancel: cancel}
		s.next = next
		go func() {
			defer close(next.done)
			next.opened, next.err = s.server.connect(ctx)
		}()
		return
	}
	select {
	case <-s.next.done:
		s.drop()
		s.take()
	default:
	}
}

// take uses the connection of a renewal that is done.
func (s *sockets) take() {
	s.next.cancel()
	if s.next.err == nil {
		s.use(s.next.opened)
	}
	s.next = nil
}

// drop closes the connection, if there is one.
func (s *sockets) drop() {
	if s.connection != nil {
		s.server.closesBy(s, nil)
		_ = s.close()
		s.connection = nil
		s.server.open.Add(-1)
	}
}

// Close implements Client.
func (s *sockets) Close() {
	s.drop()
	if s.next != nil {
		s.next.cancel()
		<-s.next.done
		s.take()
		s.drop()
	}
}

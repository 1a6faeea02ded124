package client

import (
	"context"
	"net"
	"time"
)

// Dial opens a connection to the server, TLS included where it is spoken.
type Dial func(ctx context.Context) (net.Conn, error)

// sockets is a Client that has at most one connection at a time.
type sockets struct {
	dial Dial
	conn *conn
}

// Sockets returns a Client that speaks HTTP/1.1 over one connection, dialled when it is
// needed. An exchange that has to dial first takes that much longer.
func Sockets(dial Dial) Client { return &sockets{dial: dial} }

// Exchange implements Client.
func (s *sockets) Exchange(r *Request, deadline time.Time) (*Answer, error) {
	if s.conn != nil && !s.conn.usable() {
		s.Close()
	}
	if s.conn == nil {
		ctx, cancel := context.WithDeadline(context.Background(), deadline)
		defer cancel()
		c, err := s.dial(ctx)
		if err != nil {
			return nil, err
		}
		s.conn = newConn(c)
	}
	answer, err := s.conn.exchange(r, deadline)
	if err != nil {
		s.Close()
	}
	return answer, err
}

// Close implements Client.
func (s *sockets) Close() {
	if s.conn != nil {
		_ = s.conn.close()
		s.conn = nil
	}
}

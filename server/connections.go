package server

import (
	"container/list"
	"net"
	"net/http"
	"sync"
)

// connections limits how many connections are open at once. If there are too many,
// the one that has been idle longest is closed: clients that hold connections
// without using them must not keep others out.
type connections struct {
	net.Listener
	places chan struct{}
	closed chan struct{}
	once   sync.Once

	mu      sync.Mutex
	idle    *list.List                 // of net.Conn, the one idle longest first
	element map[net.Conn]*list.Element // of idle
	wanted  bool                       // Accept waits for a place
}

func limited(l net.Listener, atOnce int) *connections {
	return &connections{
		Listener: l, places: make(chan struct{}, atOnce), closed: make(chan struct{}),
		idle: list.New(), element: make(map[net.Conn]*list.Element),
	}
}

// Accept waits for a place, then for a connection.
func (c *connections) Accept() (net.Conn, error) {
	select {
	case c.places <- struct{}{}:
	default:
		c.makeRoom()
		select {
		case c.places <- struct{}{}:
		case <-c.closed:
			return nil, net.ErrClosed
		}
		c.mu.Lock()
		c.wanted = false
		c.mu.Unlock()
	}
	conn, err := c.Listener.Accept()
	if err != nil {
		<-c.places
		return nil, err
	}
	return &placed{Conn: conn, leave: sync.OnceFunc(func() { <-c.places })}, nil
}

// Close ends an Accept that waits for a place, too.
func (c *connections) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Listener.Close()
}

// makeRoom closes the connection that has been idle longest, or the next that
// becomes idle.
func (c *connections) makeRoom() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if oldest := c.idle.Front(); oldest != nil {
		conn := c.idle.Remove(oldest).(net.Conn)
		delete(c.element, conn)
		_ = conn.Close() // the client finds out when it uses it
		return
	}
	c.wanted = true
}

// changed is http.Server's ConnState.
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.element[conn]; ok {
		c.idle.Remove(e)
		delete(c.element, conn)
	}
	if state != http.StateIdle {
		return
	}
	if c.wanted {
		c.wanted = false
		_ = conn.Close() // the client finds out when it uses it
		return
	}
	c.element[conn] = c.idle.PushBack(conn)
}

// placed gives its place back when it is closed.
type placed struct {
	net.Conn
	leave func()
}

// Close closes the connection once and for all.
func (p *placed) Close() error {
	defer p.leave()
	return p.Conn.Close()
}

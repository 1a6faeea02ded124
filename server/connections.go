package server

import (
	"container/list"
	"context"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// spare is how many connections there may be beyond the limit. Those are for the health
// check, which a busy instance must answer, or a load balancer replaces it; any other
// request on one waits for a place.
const spare = 128

// connections limits how many connections are open at once. If there are too many,
// the one that has been idle longest is closed: clients that hold connections
// without using them must not keep others out.
type connections struct {
	net.Listener
	places chan struct{}

	mu      sync.Mutex
	idle    *list.List                 // of net.Conn, the one idle longest first
	element map[net.Conn]*list.Element // of idle
	waiting int                        // requests that wait for a place
	spare   []*placed                  // without a place, the oldest first
	moved   chan struct{}              // full when one of spare began to wait, or left
}

func limited(l net.Listener, atOnce int) *connections {
	return &connections{
		Listener: l, places: make(chan struct{}, atOnce),
		idle: list.New(), moved: make(chan struct{}, 1), element: make(map[net.Conn]*list.Element),
	}
}

// Accept never waits for a place: a connection that has none may ask for the health.
func (c *connections) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	p := &placed{Conn: conn, of: c, since: time.Now()}
	if c.take() {
		p.has = true
		return p, nil
	}
	for !c.admit(p) {
		select {
		case <-c.moved:
		case <-time.After(headerPatience):
		}
	}
	return p, nil
}

// headerPatience is how long a spare connection has to say what it asks for, if there are
// too many.
const headerPatience = 250 * time.Millisecond

// admit makes a connection one of the spare ones. If there are too many, one of those is
// closed that do not ask for the health, since they wait for a place, or the oldest.
func (c *connections) admit(p *placed) bool {
	c.mu.Lock()
	if len(c.spare) < spare {
		c.spare = append(c.spare, p)
		c.mu.Unlock()
		return true
	}
	var victim *placed
	if i := slices.IndexFunc(c.spare, func(p *placed) bool { return p.waits }); i >= 0 {
		victim = c.spare[i]
	} else if time.Since(c.spare[0].since) >= headerPatience {
		victim = c.spare[0]
	}
	c.mu.Unlock()
	if victim == nil {
		return false
	}
	_ = victim.Close() // the client finds out when it uses it
	return c.admit(p)
}

// hasMoved has Accept look again whom it may close.
func (c *connections) hasMoved() {
	select {
	case c.moved <- struct{}{}:
	default:
	}
}

// take takes a place if there is one, or that of the connection that has been idle longest.
func (c *connections) take() bool {
	select {
	case c.places <- struct{}{}:
		return true
	default:
	}
	c.mu.Lock()
	oldest := c.idle.Front()
	if oldest != nil {
		delete(c.element, c.idle.Remove(oldest).(net.Conn))
	}
	c.mu.Unlock()
	if oldest == nil {
		return false
	}
	_ = oldest.Value.(net.Conn).Close() // the client finds out when it uses it
	select {
	case c.places <- struct{}{}:
		return true
	default:
		return false
	}
}

// changed is http.Server's ConnState.
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	if e, ok := c.element[conn]; ok {
		c.idle.Remove(e)
		delete(c.element, conn)
	}
	p, ok := conn.(*placed)
	unused := state == http.StateIdle && ok && p.has
	wanted := unused && c.waiting > 0
	if unused && !wanted {
		c.element[conn] = c.idle.PushBack(conn)
	}
	c.mu.Unlock()
	if wanted {
		_ = conn.Close() // the client finds out when it uses it
	}
}

// placed gives its place back when it is closed.
type placed struct {
	net.Conn
	of     *connections
	has    bool // a place
	waits  bool // for one
	since  time.Time
	closed bool
}

// Close closes the connection once and for all.
func (p *placed) Close() error {
	c := p.of
	c.mu.Lock()
	if !p.closed {
		p.closed = true
		if p.has {
			<-c.places
		} else {
			c.spare = slices.DeleteFunc(c.spare, func(other *placed) bool { return other == p })
		}
	}
	c.mu.Unlock()
	c.hasMoved()
	return p.Conn.Close()
}

// occupy waits for a place for the connection, unless it has one.
func (p *placed) occupy(ctx context.Context, longest time.Duration) error {
	c := p.of
	c.mu.Lock()
	has := p.has
	p.waits = !has
	c.mu.Unlock()
	c.hasMoved()
	if has {
		return nil
	}
	if !c.take() {
		if err := c.await(ctx, longest); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if p.closed {
		<-c.places
		return net.ErrClosed
	}
	p.has, p.waits = true, false
	c.spare = slices.DeleteFunc(c.spare, func(other *placed) bool { return other == p })
	return nil
}

// await waits for a place; the next connections that become idle give way.
func (c *connections) await(ctx context.Context, longest time.Duration) error {
	wait := func(n int) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.waiting += n
	}
	wait(1)
	defer wait(-1)
	timeout := time.NewTimer(longest)
	defer timeout.Stop()
	select {
	case c.places <- struct{}{}:
		return nil
	case <-timeout.C:
		return errBusy
	case <-ctx.Done():
		return ctx.Err()
	}
}

type placedKey struct{}

// withConnection is http.Server's ConnContext.
func withConnection(ctx context.Context, conn net.Conn) context.Context {
	if p, ok := conn.(*placed); ok && !p.has {
		return context.WithValue(ctx, placedKey{}, p)
	}
	return ctx
}

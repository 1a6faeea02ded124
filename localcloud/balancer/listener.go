package balancer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Limits of a connection with a client, an Application Load Balancer's own.
const (
	clientKeepAlive = time.Hour
	headerTimeout   = time.Minute
	headerLimit     = 64 << 10
)

// listener accepts requests for a target group.
type listener struct {
	group  *group
	server *http.Server
	served chan struct{} // closed when the server has ended
}

// Listen opens a listener that forwards to the target group; address
// "127.0.0.1:0" picks a port. It returns the address in use. From then on the
// group's targets are health-checked.
func (b *Balancer) Listen(listenerARN, address, targetGroupARN string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	g, err := b.group(targetGroupARN)
	if err != nil {
		return "", fmt.Errorf("open listener %q: %w", listenerARN, err)
	}
	if _, taken := b.listeners[listenerARN]; taken {
		return "", fmt.Errorf("open listener %q: it is open already", listenerARN)
	}
	l, err := b.listen("tcp", address)
	if err != nil {
		return "", fmt.Errorf("open listener %q: %w (choose another port, or 0 for any)", listenerARN, err)
	}
	b.listeners[listenerARN] = b.serve(l, g)
	b.use(g)
	return l.Addr().String(), nil
}

// serve answers what comes in at l.
func (b *Balancer) serve(l net.Listener, g *group) *listener {
	out := &listener{
		group:  g,
		served: make(chan struct{}),
		server: &http.Server{
			Handler:           &router{group: g, port: port(l.Addr())},
			ReadHeaderTimeout: headerTimeout,
			IdleTimeout:       clientKeepAlive,
			MaxHeaderBytes:    headerLimit,
			ErrorLog:          slog.NewLogLogger(b.log.Handler(), slog.LevelDebug),
		},
	}
	go func() {
		defer close(out.served)
		if err := out.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			b.log.Error("listener ended", "address", l.Addr().String(), "err", err)
		}
	}()
	return out
}

// use puts the targets of a group to work when its first listener opens. The
// caller holds the lock.
func (b *Balancer) use(g *group) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.uses++
	if g.uses > 1 {
		return
	}
	for _, t := range g.targets {
		if t.health.State == StateUnused {
			t.stop()
			b.put(g, t)
		}
	}
}

// CloseListener stops accepting and waits a few seconds for requests under way.
// The targets of a group that no listener forwards to any more are unused.
// ErrNotFound if there is no such listener.
func (b *Balancer) CloseListener(listenerARN string) error {
	b.mu.Lock()
	l, ok := b.listeners[listenerARN]
	delete(b.listeners, listenerARN)
	b.mu.Unlock()
	if !ok {
		return fmt.Errorf("close listener %q: %w", listenerARN, ErrNotFound)
	}
	err := l.close(shutdownGrace)
	l.group.unuse()
	if err != nil {
		return fmt.Errorf("close listener %q: %w", listenerARN, err)
	}
	return nil
}

// unuse ends the health checks of a group when its last listener has closed.
func (g *group) unuse() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.uses--
	if g.uses > 0 {
		return
	}
	for _, t := range g.targets {
		if t.listed() {
			t.stop()
			t.set(StateUnused, ReasonNotInUse)
			g.changed(t)
		}
	}
}

// close ends the listener; requests that take longer than grace are cut off.
func (l *listener) close(grace time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	err := l.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = l.server.Close()
	}
	<-l.served
	return err
}

// port is a listener's, for X-Forwarded-Port.
func port(a net.Addr) string {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return strconv.Itoa(tcp.Port)
	}
	return ""
}

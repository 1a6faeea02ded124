package client

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// conns is a listener on whose connections nothing is a socket.
type conns chan net.Conn

func (c conns) Accept() (net.Conn, error) {
	if conn, ok := <-c; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}
func (c conns) Close() error   { return nil }
func (c conns) Addr() net.Addr { return &net.UnixAddr{Name: "pipes"} }

// h2c is a server of HTTP/2 that allows so many streams, and answers after a time.
func h2c(t *testing.T, allowed int, takes time.Duration) Options {
	arriving := make(conns)
	server := http.Server{
		Handler:   http.HandlerFunc(func(http.ResponseWriter, *http.Request) { time.Sleep(takes) }),
		Protocols: new(http.Protocols), HTTP2: &http.HTTP2Config{MaxConcurrentStreams: allowed},
	}
	server.Protocols.SetUnencryptedHTTP2(true)
	go func() { _ = server.Serve(arriving) }()
	t.Cleanup(func() { close(arriving); _ = server.Close() })
	return Options{HTTP2: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		arriving <- theirs
		return ours, nil
	}}
}

// TestRequestsShareConnections has requests under way at a time, which all are answered after a
// second: none waits for another.
func TestRequestsShareConnections(t *testing.T) {
	for name, c := range map[string]struct {
		allowed, streams, requests int
		opened                     int64
	}{
		"one request":                {100, 100, 1, 1},
		"a few are spread":           {100, 100, 6, 6},
		"many share":                 {100, 100, 80, spread},
		"as many as may":             {100, 5, 80, 16},
		"as many as a server allows": {5, 100, 80, 16},
		"none shares":                {100, 1, 20, 20},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := h2c(t, c.allowed, time.Second)
				o.Streams, o.MaxAge = c.streams, time.Hour
				s := serverOf(t, "http://a.example", o)
				var all sync.WaitGroup
				clients := make([]Client, c.requests)
				for i := range clients {
					clients[i] = s.Client()
				}
				for round := range 2 {
					for _, client := range clients {
						all.Go(func() {
							began := time.Now()
							a, err := client.Exchange(get(0), began.Add(5*time.Second))
							if err != nil || a.Status != 200 || time.Since(began) > time.Second+100*time.Millisecond {
								t.Errorf("Exchange() = %+v, %v after %v", a, err, time.Since(began))
							}
						})
					}
					all.Wait()
					got := s.Connections()
					if want := int64(c.requests*(round+1)) - c.opened; got.Opened["a.example:80"] != c.opened || got.Reused != want {
						t.Errorf("round %d: %+v, want %d connections, %d requests that reused one", round, got, c.opened, want)
					}
				}
				for _, client := range clients {
					client.Close()
				}
				synctest.Wait()
				if n := s.open.Load(); n != 0 || len(s.closers) > 0 {
					t.Errorf("%d connections are left", n)
				}
			})
		})
	}
}

// TestASharedConnectionIsRenewedAtItsAge has no request wait for it, and ends none.
func TestASharedConnectionIsRenewedAtItsAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := h2c(t, 100, 300*time.Millisecond)
		o.Streams = 100
		dial := o.Dial
		o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			time.Sleep(500 * time.Millisecond)
			return dial(ctx, network, address)
		}
		s := serverOf(t, "http://a.example", o)
		var all sync.WaitGroup
		for range 2 {
			c := s.Client()
			all.Go(func() {
				defer c.Close()
				for i := range 100 { // 30 s
					began := time.Now()
					_, err := c.Exchange(get(0), began.Add(5*time.Second))
					if took := time.Since(began); err != nil || i > 0 && took > 300*time.Millisecond {
						t.Errorf("request %d took %v: %v", i, took, err)
					}
				}
			})
		}
		all.Wait()
		if n := s.Connections().Opened["a.example:80"]; n < 20 || n > 32 {
			t.Errorf("%d connections in 30 s, want two each 2.5 s: their age, and what the next one takes to open", n)
		}
		synctest.Wait()
		if n := s.open.Load(); n != 0 || len(s.closers) > 0 {
			t.Errorf("%d connections are left", n)
		}
	})
}

// TestATimeOutEndsARequestAndNotItsConnection: others are under way there.
func TestATimeOutEndsARequestAndNotItsConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := h2c(t, 100, time.Second)
		o.Streams = 100
		s := serverOf(t, "http://a.example", o)
		c := s.Client()
		defer c.Close()
		if _, err := c.Exchange(get(0), time.Now().Add(time.Second/2)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Exchange() = %v, want %v", err, context.DeadlineExceeded)
		}
		if _, err := c.Exchange(get(0), time.Now().Add(time.Minute)); err != nil || s.Connections().Reused != 1 {
			t.Errorf("Exchange() = %v over %+v", err, s.Connections())
		}
	})
}

package client

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// balancer is a balancer of TCP connections: as a Network Load Balancer does, it chooses a
// backend once for each connection, one after the other.
type balancer struct {
	net.Listener
	mu       sync.Mutex
	backends []string
	next     int
	copying  sync.WaitGroup
}

func newBalancer(t *testing.T) *balancer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &balancer{Listener: listener}
	b.copying.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			b.copying.Go(func() { b.carry(conn) })
		}
	})
	t.Cleanup(func() { listener.Close(); b.copying.Wait() })
	return b
}

// carry carries a connection to a backend until either side ends.
func (b *balancer) carry(from net.Conn) {
	defer from.Close()
	b.mu.Lock()
	b.next++
	address := b.backends[b.next%len(b.backends)]
	b.mu.Unlock()
	to, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer to.Close()
	b.copying.Go(func() { _, _ = io.Copy(to, from); _ = to.Close() })
	_, _ = io.Copy(from, to)
}

// add adds a backend that names itself.
func (b *balancer) add(t *testing.T, id string, http2 bool) {
	t.Helper()
	backend := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Instance-Id", id)
	}))
	if http2 {
		backend.Config.Protocols = new(http.Protocols)
		backend.Config.Protocols.SetUnencryptedHTTP2(true)
	}
	backend.Start()
	t.Cleanup(backend.Close)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.backends = append(b.backends, backend.Listener.Addr().String())
}

// TestANewBackendBehindABalancerOfConnectionsGetsItsShare has four clients send with the
// defaults. From 5 s after the balancer gained a backend on, each of the two must answer half
// of the requests, give or take what one client more or less sends.
func TestANewBackendBehindABalancerOfConnectionsGetsItsShare(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short: it takes ten seconds of real time")
	}
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBalancer(t)
			b.add(t, "old", http2)
			s := serverOf(t, "http://"+b.Addr().String(), Options{HTTP2: http2})
			clients := []Client{s.Client(), s.Client(), s.Client(), s.Client()}
			send := func(d time.Duration) map[string]int {
				answered := map[string]int{}
				ticks := time.NewTicker(20 * time.Millisecond)
				defer ticks.Stop()
				for began := time.Now(); time.Since(began) < d; <-ticks.C {
					for _, c := range clients {
						a, err := c.Exchange(get(0), time.Now().Add(10*time.Second))
						if err != nil {
							t.Fatal(err)
						}
						answered[string(a.Header("X-Instance-Id"))]++
					}
				}
				return answered
			}
			if got := send(time.Second); got["old"] == 0 || len(got) != 1 {
				t.Fatalf("answers at first: %v", got)
			}
			b.add(t, "new", http2)
			send(5 * time.Second)
			got := send(4 * time.Second)
			if share := float64(got["new"]) / float64(got["new"]+got["old"]); share < 0.25 || share > 0.75 {
				t.Errorf("answers from 5 s on: %v, the new backend's share is %.2f, want 0.25 to 0.75", got, share)
			}
			for _, c := range clients {
				c.Close()
			}
			if used := s.Connections(); used.Reused == 0 || used.Opened[b.Addr().String()] < 12 {
				t.Errorf("Connections() = %+v, want 12 or more opened, and used again", used)
			}
		})
	}
}

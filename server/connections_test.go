package server_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"testing"

	"secondwind/server"
)

// TestIdleConnectionsGiveWay: whoever holds connections without using them keeps
// nobody out, and the one that has been idle longest is closed for a newcomer, but
// not while there are places left. When a connection counts as idle is the
// server's to decide, on a busy machine some newcomers later.
func TestIdleConnectionsGiveWay(t *testing.T) {
	const atOnce, enough = 3, 1000
	address, stop := serve(t, newServer(t, server.Config{MaxConnections: atOnce}))
	oldest := dialAndAsk(t, address)
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		if n, err := oldest.Read(make([]byte, 1)); err == nil {
			t.Errorf("the oldest connection gives %d bytes, want it closed", n)
		}
	}()
	newcomers, open := 0, true
	for ; open && newcomers < enough; newcomers++ {
		dialAndAsk(t, address)
		select {
		case <-closed:
			open = false
		default:
		}
	}
	if open || newcomers < atOnce-1 {
		t.Errorf("after %d newcomers the oldest of %d connections is open: %v", newcomers, atOnce, open)
	}
	if err := stop(); err != nil {
		t.Errorf("Serve = %v, want nil", err)
	}
	<-closed
}

// dialAndAsk opens a connection that stays open, and asks on it.
func dialAndAsk(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if status := askOn(t, conn); status != http.StatusOK {
		t.Fatalf("GET /healthz = %d, want 200", status)
	}
	return conn
}

// askOn asks on a connection and leaves it open.
func askOn(t *testing.T, conn net.Conn) int {
	t.Helper()
	if _, err := fmt.Fprintf(conn, "GET /healthz HTTP/1.1\r\nHost: calculator\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	read(t, answer)
	return answer.StatusCode
}

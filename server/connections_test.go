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
// nobody out, and each newcomer finds the oldest of them closed.
func TestIdleConnectionsGiveWay(t *testing.T) {
	const atOnce = 3
	address, stop := serve(t, newServer(t, server.Config{MaxConnections: atOnce}))
	var held []net.Conn
	for i := range 4 * atOnce {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		held = append(held, conn)
		if status := askOn(t, conn); status != http.StatusOK {
			t.Fatalf("connection %d of %d: GET /healthz = %d, want 200", i+1, atOnce, status)
		}
	}
	if n, err := held[0].Read(make([]byte, 1)); err == nil {
		t.Errorf("the oldest connection gives %d bytes, want it closed", n)
	}
	if status := askOn(t, held[len(held)-1]); status != http.StatusOK {
		t.Errorf("GET /healthz on the newest connection = %d, want 200", status)
	}
	if err := stop(); err != nil {
		t.Errorf("Serve = %v, want nil", err)
	}
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

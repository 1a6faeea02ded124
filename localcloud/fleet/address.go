package fleet

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
)

const (
	// appPort is where an instance listens on its own address.
	appPort = 8080
	// metadataPort is where an instance's metadata is served on its own address.
	// Whoever holds this port holds the address: two clouds side by side
	// can never both bind it.
	metadataPort = 1338
	// Ports for programs that listen on every address: below those that Linux gives to
	// outgoing connections, of which a load makes many.
	firstOwnPort = 10_000
	ownPorts     = 20_000
	// addressTries bounds how many taken addresses are stepped over.
	addressTries = 256
)

// addresses hands out loopback addresses, each to one instance.
type addresses struct {
	mu   sync.Mutex
	next uint32          // of 127.0.0.0/8, the host part; unless shared
	used map[string]bool // what is given out of hosts without addresses to spare (host:port), and of own ports (:port)
	// shared is set once the system turned out to have no loopback address but
	// 127.0.0.1 (macOS); instances then differ by port only.
	shared bool
}

// newAddresses starts at a random place, so that clouds side by side seldom meet.
func newAddresses() *addresses {
	return &addresses{next: rand.Uint32N(1 << 24), used: map[string]bool{}}
}

// address is what an instance listens on, and its metadata's listener.
type address struct {
	host     string
	app      string // host:port
	metadata net.Listener
}

// claim takes an address that nobody listens on, with ownPort at a port that nobody listens
// on at any address. Closing its metadata listener gives it back.
func (a *addresses) claim(ownPort bool) (address, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var last error
	for range addressTries {
		if a.shared {
			return a.claimPorts("127.0.0.1")
		}
		host := a.step()
		l, err := net.Listen("tcp4", hostPort(host, metadataPort))
		if isNotAvailable(err) {
			a.shared = true
			continue
		}
		if err != nil {
			last = err
			continue
		}
		app, err := a.port(host, ownPort)
		if err == nil {
			return address{host: host, app: app, metadata: l}, nil
		}
		last = err
		l.Close()
	}
	// Something listens on the metadata port of every address: take another port.
	addr, err := a.claimPorts(a.step())
	if err != nil {
		return address{}, fmt.Errorf("no free loopback address: %w", errors.Join(err, last))
	}
	return addr, nil
}

// port returns host and a port of its own, or the usual one.
func (a *addresses) port(host string, own bool) (string, error) {
	if !own {
		return a.freePort(host, appPort)
	}
	for range addressTries {
		port := firstOwnPort + rand.IntN(ownPorts)
		l, err := net.Listen("tcp", hostPort("", port))
		if err == nil && l.Close() == nil && !a.used[hostPort("", port)] {
			a.used[hostPort("", port)] = true
			return hostPort(host, port), nil
		}
	}
	return "", fmt.Errorf("no port from %d to %d is free on every address", firstOwnPort, firstOwnPort+ownPorts-1)
}

// claimPorts takes free ports on a host that others may use too.
func (a *addresses) claimPorts(host string) (address, error) {
	l, err := net.Listen("tcp4", hostPort(host, 0))
	if err != nil {
		return address{}, fmt.Errorf("listen for instance metadata: %w", err)
	}
	for range addressTries {
		app, err := a.freePort(host, 0)
		if err != nil {
			l.Close()
			return address{}, err
		}
		if !a.used[app] {
			a.used[app] = true
			return address{host: host, app: app, metadata: l}, nil
		}
	}
	l.Close()
	return address{}, fmt.Errorf("no free port on %s after %d tries", host, addressTries)
}

// release makes a port on a shared host free to be given out again.
func (a *addresses) release(app string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, port, _ := strings.Cut(app, ":")
	delete(a.used, app)
	delete(a.used, ":"+port)
}

// freePort returns host and the wanted port if nobody listens there, else host
// and any free port.
func (a *addresses) freePort(host string, want int) (string, error) {
	l, err := net.Listen("tcp4", hostPort(host, want))
	if err != nil && want != 0 {
		l, err = net.Listen("tcp4", hostPort(host, 0))
	}
	if err != nil {
		return "", fmt.Errorf("find a free port on %s: %w", host, err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// step returns the next address of 127.0.0.0/8 that is neither a network's
// first nor last nor among the crowded 127.0.0.x.
func (a *addresses) step() string {
	for {
		a.next = (a.next + 1) % (1 << 24)
		b, c, d := byte(a.next>>16), byte(a.next>>8), byte(a.next)
		if b != 0 && b != 255 && d != 0 && d != 255 {
			return netip.AddrFrom4([4]byte{127, b, c, d}).String()
		}
	}
}

func hostPort(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

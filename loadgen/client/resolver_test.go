package client

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// nameServer answers every question after an address with one address, by a name that leads there.
type nameServer struct {
	mu      sync.Mutex
	address [4]byte
	ttl     uint32 // of the address; the name's is an hour
}

// serve answers until the connection is closed.
func (n *nameServer) serve(conn net.PacketConn) {
	packet := make([]byte, 1500)
	for {
		length, from, err := conn.ReadFrom(packet)
		if err != nil {
			return
		}
		if answer, err := n.answer(packet[:length]); err == nil {
			_, _ = conn.WriteTo(answer, from)
		}
	}
}

func (n *nameServer) answer(packet []byte) ([]byte, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var question dnsmessage.Message
	if err := question.Unpack(packet); err != nil {
		return nil, err
	}
	q, alias := question.Questions[0], dnsmessage.MustNewName("real.example.")
	question.Response, question.Additionals = true, nil
	if q.Name.String() == "a.example." {
		question.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 3600}, Body: &dnsmessage.CNAMEResource{CNAME: alias},
		}}
		if q.Type == dnsmessage.TypeA {
			question.Answers = append(question.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: alias, Class: q.Class, TTL: n.ttl}, Body: &dnsmessage.AResource{A: n.address},
			})
		}
	}
	return question.Pack()
}

// TestANameIsLookedUpAgainByItsTTL asks a name server on loopback, whose answers change.
func TestANameIsLookedUpAgainByItsTTL(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var served sync.WaitGroup
	defer served.Wait()
	defer conn.Close()
	var n nameServer
	served.Go(func() { n.serve(conn) })
	s := serverOf(t, "http://a.example.:81", Options{})
	s.lookUp = resolving(func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	})
	addresses := func() []string {
		all, err := s.addresses(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	for i, c := range []struct {
		ttl  uint32
		want time.Duration
	}{{60, time.Minute}, {0, shortestTTL}, {7, 7 * time.Second}, {86400, longestTTL}} {
		was := s.known
		n.mu.Lock()
		n.address, n.ttl = [4]byte{10, 0, 0, byte(i)}, c.ttl
		n.mu.Unlock()
		s.knownAt = s.knownAt.Add(time.Hour) // it is not asked before
		if s.known != nil && !slices.Equal(addresses(), []string{net.JoinHostPort(was[0].String(), "81")}) {
			t.Errorf("TTL %d: the name was looked up before its TTL had passed", c.ttl)
		}
		s.knownAt = time.Now().Add(-s.goodFor)
		want := netip.AddrFrom4(n.address)
		if got := addresses(); !slices.Equal(got, []string{netip.AddrPortFrom(want, 81).String()}) || s.goodFor != c.want {
			t.Errorf("TTL %d: %v is good for %v, want %v for %v", c.ttl, got, s.goodFor, want, c.want)
		}
	}
}

// TestAHostsFileHasNoTTL: nobody is asked for a name that stands there.
func TestAHostsFileHasNoTTL(t *testing.T) {
	look := resolving(func(context.Context, string, string) (net.Conn, error) { return nil, net.ErrClosed })
	if found, ttl, err := look(t.Context(), "localhost"); err != nil || len(found) == 0 || ttl != unknownTTL {
		t.Errorf("localhost is %v for %v: %v", found, ttl, err)
	}
}

func FuzzAnAnswerIsNoReasonToFail(f *testing.F) {
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, message []byte) {
		if ttl, ok := leastTTL(message); ok && (ttl < 0 || ttl > longestTTL) {
			t.Errorf("leastTTL(%q) = %v", message, ttl)
		}
	})
}

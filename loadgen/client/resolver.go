package client

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// How long addresses are kept whose name has a TTL, at least and at most, and those of which that is
// not known, such as those of a hosts file: load balancers of AWS have 60 s.
const (
	shortestTTL = time.Second
	longestTTL  = 5 * time.Minute
	unknownTTL  = 30 * time.Second
)

// dial opens a connection, as net.Dialer.DialContext does.
type dial = func(ctx context.Context, network, address string) (net.Conn, error)

// resolving looks names up with Go's resolver, whose queries go out over dial, and reads their TTL
// in the answers, which the resolver does not tell. What only the system's own resolver knows
// has none.
func resolving(over dial) func(ctx context.Context, host string) ([]netip.Addr, time.Duration, error) {
	return func(ctx context.Context, host string) ([]netip.Addr, time.Duration, error) {
		var least atomic.Int64
		least.Store(int64(longestTTL) + 1)
		observed := func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := over(ctx, network, address)
			if packets, ok := conn.(*net.UDPConn); ok { // what is too long for a packet is not read
				return &answers{packets, &least}, err
			}
			return conn, err
		}
		found, err := (&net.Resolver{PreferGo: true, Dial: observed}).LookupNetIP(ctx, "ip", host)
		if name := (*net.DNSError)(nil); errors.As(err, &name) && name.IsNotFound {
			found, err = net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
		ttl := time.Duration(least.Load())
		if ttl > longestTTL {
			return found, unknownTTL, err
		}
		return found, max(ttl, shortestTTL), err
	}
}

// answers is a connection to a name server that keeps the least TTL of the addresses that it
// answers with, and of the names that lead to them.
type answers struct {
	*net.UDPConn
	least *atomic.Int64
}

// Read implements net.Conn.
func (a *answers) Read(p []byte) (int, error) {
	n, err := a.UDPConn.Read(p)
	if ttl, ok := leastTTL(p[:n]); ok {
		for was := a.least.Load(); int64(ttl) < was && !a.least.CompareAndSwap(was, int64(ttl)); {
			was = a.least.Load()
		}
	}
	return n, err
}

// leastTTL is the least TTL of the answers in a message, at most longestTTL; ok is false if there is none.
func leastTTL(message []byte) (least time.Duration, ok bool) {
	var p dnsmessage.Parser
	if _, err := p.Start(message); err != nil || p.SkipAllQuestions() != nil {
		return 0, false
	}
	least = longestTTL
	for {
		h, err := p.AnswerHeader()
		if err != nil || p.SkipAnswer() != nil {
			return least, ok // the resolver finds out what is wrong
		}
		switch h.Type {
		case dnsmessage.TypeA, dnsmessage.TypeAAAA, dnsmessage.TypeCNAME:
			least, ok = min(least, time.Duration(h.TTL)*time.Second), true
		}
	}
}

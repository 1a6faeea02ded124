package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pipes answers every connection with an empty 200 to each request, and notes where
// connections were asked for.
type pipes struct {
	mu     sync.Mutex
	dialed []string
	open   int
}

func (p *pipes) dial(_ context.Context, _, address string) (net.Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dialed = append(p.dialed, address)
	p.open++
	ours, theirs := net.Pipe()
	go func() {
		request := make([]byte, 4096)
		for {
			if _, err := theirs.Read(request); err != nil {
				break
			}
			if _, err := io.WriteString(theirs, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); err != nil {
				break
			}
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.open--
	}()
	return ours, nil
}

func serverOf(t *testing.T, text string, o Options) *Server {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return NewServer(u, o)
}

func TestConnectionsAreUsedAgainAndRenewedAtTheirAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := new(pipes)
		s := serverOf(t, "http://a.example", Options{Dial: p.dial, MaxAge: 10 * time.Second})
		clients := []Client{s.Client(), s.Client(), s.Client(), s.Client()}
		for range 1000 { // 100 s
			for _, c := range clients {
				if _, err := c.Exchange(get(0), time.Now().Add(time.Second)); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(100 * time.Millisecond)
		}
		for _, c := range clients {
			c.Close()
		}
		synctest.Wait()
		got := s.Connections()
		opened := got.Opened["a.example:80"]
		unused := got.Reused - (4000 - opened) // opened as the last requests were sent
		if opened < 36 || opened > 48 || unused < 0 || unused > 4 || p.open != 0 {
			t.Errorf("Connections() = %+v, %d left open; want 36 to 48 opened for 4000 requests, all closed", got, p.open)
		}
	})
}

func TestEveryAddressOfANameIsUsedAndTheNameIsLookedUpAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := new(pipes)
		s := serverOf(t, "http://a.example:81", Options{Dial: p.dial})
		lookups, fails := 0, false
		addresses := []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("::ffff:10.0.0.2"), netip.MustParseAddr("2001:db8::1")}
		s.lookUp = func(_ context.Context, host string) ([]netip.Addr, time.Duration, error) {
			lookups++
			if fails || host != "a.example" {
				return nil, unknownTTL, errors.New("no such host")
			}
			return addresses, 7 * time.Second, nil
		}
		send := func(n int) { // each over a connection of its own
			for range n {
				c := s.Client()
				if _, err := c.Exchange(get(0), time.Now().Add(time.Second)); err != nil {
					t.Fatal(err)
				}
				c.Close()
			}
		}
		send(300)
		want := map[string]int64{"10.0.0.1:81": 100, "10.0.0.2:81": 100, "[2001:db8::1]:81": 100}
		if got := s.Connections().Opened; !maps.Equal(got, want) || lookups != 1 {
			t.Errorf("Opened = %v after %d lookups, want %v after 1", got, lookups, want)
		}
		addresses = append(addresses, netip.MustParseAddr("10.0.0.9"))
		time.Sleep(7 * time.Second)
		send(4)
		if got := s.Connections().Opened["10.0.0.9:81"]; got != 1 || lookups != 2 {
			t.Errorf("the new address got %d of 4 connections after %d lookups, want 1 after 2", got, lookups)
		}
		fails = true
		time.Sleep(7 * time.Second)
		send(100) // the addresses that are known serve on
		if lookups != 3 {
			t.Errorf("%d lookups, want 3: a resolver that fails is not asked by every connection", lookups)
		}
	})
}

func TestAnUnknownNameIsAnErrorEveryTime(t *testing.T) {
	s := serverOf(t, "http://a.example", Options{})
	none := &net.DNSError{Err: "no such host", Name: "a.example", IsNotFound: true}
	s.lookUp = func(context.Context, string) ([]netip.Addr, time.Duration, error) { return nil, unknownTTL, none }
	for range 3 {
		if _, err := s.Client().Exchange(get(0), time.Now().Add(time.Second)); !errors.Is(err, none) {
			t.Errorf("Exchange() = %v, want %v", err, none)
		}
	}
}

func TestOpeningAConnectionIsMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := new(pipes)
		var openings []Opening
		s := serverOf(t, "http://a.example", Options{
			Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
				time.Sleep(40 * time.Millisecond)
				return p.dial(ctx, network, address)
			},
			Opened: func(o Opening) { openings = append(openings, o) },
		})
		c := s.Session()
		defer c.Close()
		for i, want := range []time.Duration{40 * time.Millisecond, 0, 0} {
			a, err := c.Exchange(get(0), time.Now().Add(time.Second))
			if err != nil || a.Opening != want {
				t.Errorf("request %d: %v, waited %v for a connection, want %v", i, err, a.Opening, want)
			}
		}
		if len(openings) != 1 || openings[0] != (Opening{Connect: 40 * time.Millisecond}) {
			t.Errorf("openings = %+v, want one of 40 ms", openings)
		}
	})
}

func TestTheStepThatFailedIsNamed(t *testing.T) {
	broken := errors.New("broken")
	refuse := func(context.Context, string, string) (net.Conn, error) { return nil, broken }
	hangUp := func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		return ours, theirs.Close()
	}
	for _, c := range []struct {
		url  string
		dial func(context.Context, string, string) (net.Conn, error)
		want error
	}{{"http://a.example", refuse, ErrConnect}, {"http://a.example", refuse, broken}, {"https://a.example", hangUp, ErrTLS}} {
		_, err := serverOf(t, c.url, Options{Dial: c.dial}).Client().Exchange(get(0), time.Now().Add(time.Second))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.url, err, c.want)
		}
	}
}

func TestTheAddressesThatAreCountedAreBounded(t *testing.T) {
	s := serverOf(t, "http://a.example", Options{})
	for i := range 1000 {
		s.count(fmt.Sprint(i))
	}
	if got := s.Connections().Opened; len(got) != maxAddresses+1 || got[otherAddresses] != 1000-maxAddresses {
		t.Errorf("%d addresses, %d of other ones", len(got), got[otherAddresses])
	}
}

// TestTheEndOfAServerEndsWhatIsUnderWay has an exchange that waits for its answer, one that
// opens its connection, one in its handshake, and one that begins afterwards.
func TestTheEndOfAServerEndsWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go func() { _, _ = io.Copy(io.Discard, theirs) }()
			return ours, nil
		}
		never := func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		for name, s := range map[string]*Server{
			"answer":     serverOf(t, "http://a.example", Options{Dial: silent}),
			"connection": serverOf(t, "http://a.example", Options{Dial: never}),
			"handshake":  serverOf(t, "https://a.example", Options{Dial: silent}),
			"HTTP/2":     serverOf(t, "http://a.example", Options{Dial: silent, HTTP2: true}),
			"streams":    serverOf(t, "http://a.example", Options{Dial: silent, HTTP2: true, Streams: 100}),
			"lane":       serverOf(t, "http://a.example", Options{Dial: never, HTTP2: true, Streams: 100}),
		} {
			began := time.Now()
			time.AfterFunc(time.Second, s.End)
			c := s.Client()
			_, err := c.Exchange(get(0), time.Now().Add(time.Hour))
			if !errors.Is(err, ErrEnded) || time.Since(began) != time.Second {
				t.Errorf("%s: %v after %v, want %v after 1s", name, err, time.Since(began), ErrEnded)
			}
			if _, err = c.Exchange(get(0), time.Now().Add(time.Hour)); !errors.Is(err, ErrEnded) || time.Since(began) != time.Second {
				t.Errorf("%s, again: %v after %v, want %v at once", name, err, time.Since(began), ErrEnded)
			}
			if len(s.closers) > 0 {
				t.Errorf("%s: %d connections are open", name, len(s.closers))
			}
		}
	})
}

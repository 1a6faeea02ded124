package balancer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestNoRequestIsLostWhileTargetsComeAndGo(t *testing.T) {
	const clients, rounds = 32, 6
	d, c := deploy(t, func(g *TargetGroup) { g.DeregistrationDelay = 0; g.Algorithm = LeastOutstandingRequests }), client(t)
	answer := strings.Repeat("0123456789", 2000)
	echo := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("target read the request: %v", err)
		}
		fmt.Fprintf(w, "%d %s", len(body), answer)
	}
	first := server(t, echo)
	d.register(t, "i-first", first.URL, StateHealthy)

	ctx, cancel := context.WithCancel(t.Context())
	var asked atomic.Int64
	var work sync.WaitGroup
	for range clients {
		work.Go(func() {
			for ctx.Err() == nil {
				if err := ask(c, d.url, answer); err != nil {
					t.Error(err)
					return
				}
				asked.Add(1)
			}
		})
	}
	for i := range rounds {
		id := fmt.Sprint("i-", i)
		s := httptest.NewServer(http.HandlerFunc(echo))
		d.register(t, id, s.URL, StateHealthy)
		awaitMore(t, &asked, 4*clients)
		if err := d.Deregister(arn, id); err != nil {
			t.Fatal(err)
		}
		d.await(t, id, StateGone)
		s.CloseClientConnections() // gone is gone: nothing may be under way any more
		s.Close()
	}
	cancel()
	work.Wait()
	got := d.Counts(arn)
	if got.HTTPCodeELB5XX != 0 || got.RequestCount != asked.Load() || got.HTTPCodeTarget[2] != asked.Load() {
		t.Errorf("Counts() = %+v, want %d requests, all answered 2xx by targets", got, asked.Load())
	}
}

func ask(c *http.Client, url, answer string) error {
	resp, err := c.Post(url+"/x", "text/plain", strings.NewReader("hello"))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if want := "5 " + answer; resp.StatusCode != http.StatusOK || string(body) != want {
		return fmt.Errorf("answer = %s with %d bytes, want 200 OK with %d", resp.Status, len(body), len(want))
	}
	return nil
}

func awaitMore(t testing.TB, n *atomic.Int64, more int64) {
	t.Helper()
	want := n.Load() + more
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for n.Load() < want {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%d requests answered, want %d", n.Load(), want)
		}
	}
}

func TestARequestUnderWayOutlivesDeregistrationAndListener(t *testing.T) {
	d, c := deploy(t, func(g *TargetGroup) { g.DeregistrationDelay = 0 }), client(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-release
		io.WriteString(w, "done")
	})
	d.register(t, "i-1", s.URL, StateHealthy)
	answer := make(chan error, 1)
	go func() {
		resp, err := c.Get(d.url + "/x")
		if err == nil {
			var body []byte
			body, err = io.ReadAll(resp.Body)
			resp.Body.Close()
			if string(body) != "done" {
				err = errors.Join(err, fmt.Errorf("answer = %q, want done", body))
			}
		}
		answer <- err
	}()
	<-arrived
	if err := d.Deregister(arn, "i-1"); err != nil {
		t.Fatal(err)
	}
	d.await(t, "i-1", StateDraining)
	closed := make(chan error, 1)
	go func() { closed <- d.CloseListener("arn:l") }()
	close(release)
	if err := errors.Join(<-answer, <-closed); err != nil {
		t.Error(err)
	}
	d.await(t, "i-1", StateGone)
	if _, err := c.Get(d.url + "/x"); err == nil {
		t.Error("Get() after CloseListener = nil, want an error")
	}
}

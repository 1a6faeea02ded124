//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	slowClients = 2000
	busyClients = 16
	healthEvery = 50 * time.Millisecond
)

// measureHealth asks for /healthz on new connections, as load balancers do, while slow
// clients send a byte of a body a second, and others keep every core calculating.
func measureHealth(ctx context.Context, o options) (err error) {
	p, err := startWithHistory(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	loading, stop := context.WithCancel(ctx)
	var clients sync.WaitGroup
	defer clients.Wait()
	defer stop()
	for range slowClients {
		clients.Go(func() { trickle(loading, p.address) })
	}
	for range busyClients {
		clients.Go(func() { calculate(loading, p.url("/v1/calculate")) })
	}
	if err := pause(ctx, 5*time.Second); err != nil { // until they are all there
		return err
	}
	used, err := p.cpu(ctx)
	if err != nil {
		return err
	}
	start := time.Now()
	took, failed, err := healthChecks(ctx, p, time.Duration(o.rounds)*o.each)
	if err != nil {
		return err
	}
	all, err := p.cpu(ctx)
	slices.Sort(took)
	fmt.Printf("%d slow clients, the calculator's CPU %.0f%% (with the clients' all there is)\n", slowClients,
		100*(all-used).Seconds()/time.Since(start).Seconds())
	fmt.Printf("/healthz  %d asked, %d failed; median %v, p99 %v, slowest %v, asked: under 100ms\n", len(took)+failed, failed,
		median(took).Round(time.Millisecond), took[len(took)*99/100].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond))
	return err
}

func pause(ctx context.Context, length time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(length):
		return nil
	}
}

// healthChecks are their times, and how many failed.
func healthChecks(ctx context.Context, p *process, length time.Duration) (took []time.Duration, failed int, err error) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	for start := time.Now(); time.Since(start) < length; {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url("/healthz"), nil)
		if err != nil {
			return nil, 0, err
		}
		asked := time.Now()
		answer, err := client.Do(request)
		switch {
		case err == nil && answer.StatusCode == http.StatusOK:
			_ = answer.Body.Close()
			took = append(took, time.Since(asked))
		default:
			failed++
			fmt.Printf("/healthz failed after %v: %v\n", time.Since(asked).Round(time.Millisecond), err)
		}
		if err := pause(ctx, healthEvery); err != nil {
			return nil, 0, err
		}
	}
	if len(took) == 0 {
		return nil, failed, fmt.Errorf("all %d health checks failed", failed)
	}
	return took, failed, nil
}

// trickle keeps a connection with a slow body, and opens the next one where it is closed.
func trickle(ctx context.Context, address string) {
	for ctx.Err() == nil {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			_, err = fmt.Fprint(conn, "POST /v1/calculate HTTP/1.1\r\nHost: calculator\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\n")
			for err == nil && pause(ctx, time.Second) == nil {
				_, err = io.WriteString(conn, "1")
			}
			_ = conn.Close()
		}
		_ = pause(ctx, time.Second)
	}
}

// calculate asks for one long calculation after the other.
func calculate(ctx context.Context, url string) {
	for ctx.Err() == nil {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader("20000!"))
		if err != nil {
			return
		}
		request.Header.Set("Content-Type", "text/plain")
		if answer, err := http.DefaultClient.Do(request); err == nil {
			_, _ = io.Copy(io.Discard, answer.Body)
			_ = answer.Body.Close()
			continue
		}
		_ = pause(ctx, 100*time.Millisecond)
	}
}

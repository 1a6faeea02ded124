package attack

import (
	"context"
	"encoding/json"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"secondwind/loadgen/client"
	"secondwind/loadgen/latency"
	"secondwind/loadgen/mix"
	"secondwind/runlog"
)

// lines is a sink that keeps every line.
type lines struct {
	mu   sync.Mutex
	kept []runlog.LoadLine
}

func (r *lines) add(l runlog.LoadLine) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept = append(r.kept, l)
	return nil
}

// total sums the seconds up; histograms are left out.
func (r *lines) total() runlog.LoadSecond {
	r.mu.Lock()
	defer r.mu.Unlock()
	var sum runlog.LoadSecond
	for _, l := range r.kept {
		sum.Add(*l.Second)
	}
	return sum
}

// p99 is the 99th percentile over all lines and instances.
func (r *lines) p99(t *testing.T, which func(*runlog.InstanceSecond) string) time.Duration {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	all := latency.Sum()
	for _, l := range r.kept {
		for _, i := range l.Second.Instances {
			h, err := latency.Decode(which(i))
			if err != nil {
				t.Fatalf("Decode(%q) = %v", which(i), err)
			}
			if dropped := all.Merge(h); dropped > 0 {
				t.Fatalf("Merge dropped %d values", dropped)
			}
		}
	}
	return time.Duration(all.ValueAtPercentile(99))
}

// calculator is a server in this process, on pipes; serve runs before each answer.
func calculator(t *testing.T, serve func()) client.Options {
	listener := &pipes{arrived: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Operands []string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		serve()
		w.Header().Set("X-Instance-Id", "i-0001")
		_, _ = io.WriteString(w, answer(in.Operands))
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return client.Options{Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		listener.arrived <- theirs
		return ours, nil
	}}
}

// pipes is a listener on whose connections nothing is a socket.
type pipes struct {
	arrived chan net.Conn
	closed  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.arrived:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes"} }

func idle() {}

func answer(operands []string) string {
	x, _ := new(big.Int).SetString(operands[0], 10)
	y, _ := new(big.Int).SetString(operands[1], 10)
	return `{"result":"` + x.Mul(x, y).String() + `"}`
}

func newAttack(t testing.TB, cfg Config) *Attack {
	t.Helper()
	if cfg.Server == nil {
		cfg.Server = &url.URL{Scheme: "http", Host: "calculator.test"}
	}
	requests, err := mix.Make(mix.Spec{Users: 5, Seed: 1, Requests: []mix.Request{{
		Name: "calculate", Numbers: mix.Numbers{Operation: "*", Digits: mix.Digits{Min: 20, Max: 40}, Bodies: 8},
		Expect: mix.Expect{Status: []string{"200"}, Exact: true},
	}}}, cfg.Server, nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Requests, cfg.Timeout = requests, 5*time.Second
	return New(cfg)
}

// run drives an attack in the bubble: steps happens while it runs.
func run(t *testing.T, a *Attack, steps func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	synctest.Wait()
	steps()
	cancel()
	if err := <-ended; err != nil {
		t.Fatalf("Run() = %v, want nil", err)
	}
}

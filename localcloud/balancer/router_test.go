package balancer

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// patience bounds every wait for something real.
const patience = 30 * time.Second

// deployment is a load balancer with a listener at url.
type deployment struct {
	*Balancer
	url    string
	health chan TargetHealth
}

func deploy(t testing.TB, change func(*TargetGroup)) *deployment {
	t.Helper()
	d := &deployment{health: make(chan TargetHealth, 1000)}
	d.Balancer = New(Config{OnHealth: func(h TargetHealth) { d.health <- h }})
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("Close() = %v, want nil", err)
		}
	})
	cfg := group5s()
	cfg.HealthCheckInterval = time.Hour // the first check decides
	if change != nil {
		change(&cfg)
	}
	d.PutTargetGroup(cfg)
	address, err := d.Listen("arn:l", "127.0.0.1:0", arn)
	if err != nil {
		t.Fatal(err)
	}
	d.url = "http://" + address
	return d
}

// register registers a server and waits until it is in the wanted state.
func (d *deployment) register(t testing.TB, id, address string, want State) {
	t.Helper()
	if err := d.Register(arn, id, strings.TrimPrefix(address, "http://")); err != nil {
		t.Fatal(err)
	}
	d.await(t, id, want)
}

func (d *deployment) await(t testing.TB, id string, want State) {
	t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case h := <-d.health:
			if h.TargetID == id && h.State == want {
				return
			}
		case <-timeout:
			t.Fatalf("%s did not become %q", id, want)
		}
	}
}

// server is a target that answers health checks with 200 and the rest with h.
func server(t testing.TB, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			h(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func client(t testing.TB) *http.Client {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}, Timeout: patience}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func get(t testing.TB, c *http.Client, url string) (*http.Response, string) {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func TestEachRequestIsRoutedByItselfOnOneConnection(t *testing.T) {
	d, c := deploy(t, nil), client(t)
	for _, id := range []string{"i-1", "i-2"} {
		s := server(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, id) })
		d.register(t, id, s.URL, StateHealthy)
	}
	got := map[string]int{}
	for range 10 {
		_, body := get(t, c, d.url+"/x")
		got[body]++
	}
	if diff := cmp.Diff(map[string]int{"i-1": 5, "i-2": 5}, got); diff != "" {
		t.Errorf("answers of 10 requests (-want +got):\n%s", diff)
	}
}

func TestTheTargetSeesWhatAnALBSends(t *testing.T) {
	d := deploy(t, nil)
	seen := make(chan *http.Request, 1)
	s := server(t, func(w http.ResponseWriter, r *http.Request) { seen <- r })
	d.register(t, "i-1", s.URL, StateHealthy)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(d.url, "http://"))
	const root = `1-[0-9a-f]{8}-[0-9a-f]{24}`
	tests := []struct {
		name string
		send map[string]string
		want map[string]string // regular expressions of whole values
	}{
		{"a bare request", nil, map[string]string{
			"X-Forwarded-For": `127\.0\.0\.1`, "X-Forwarded-Proto": "http", "X-Forwarded-Port": port,
			"X-Amzn-Trace-Id": "Root=" + root, "Accept-Encoding": ".{0}", "User-Agent": ".{0}",
		}},
		{"a request that came through a proxy", map[string]string{
			"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "443", "X-Forwarded-Host": "example.org",
		}, map[string]string{
			"X-Forwarded-For": `203\.0\.113\.7, 127\.0\.0\.1`, "X-Forwarded-Proto": "http", "X-Forwarded-Port": port,
			"X-Forwarded-Host": `example\.org`,
		}},
		{"a request that is traced", map[string]string{"X-Amzn-Trace-Id": "Root=1-67891233-abcdef012345678912345678"},
			map[string]string{"X-Amzn-Trace-Id": "Self=" + root + ";Root=1-67891233-abcdef012345678912345678"}},
		{"a trace without a root gets one", map[string]string{"X-Amzn-Trace-Id": "CalledFrom=app"},
			map[string]string{"X-Amzn-Trace-Id": "CalledFrom=app;Root=" + root}},
		{"headers of one hop end here", map[string]string{"Connection": "close, X-Mine", "X-Mine": "1", "X-Other": "2"},
			map[string]string{"X-Mine": ".{0}", "X-Other": "2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.url+"/a%2Fb?x=1;y=%zz", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Host = "app.example.org"
			req.Header.Set("User-Agent", "")
			for k, v := range tt.send {
				req.Header.Set(k, v)
			}
			resp, err := (&http.Transport{DisableCompression: true, DisableKeepAlives: true}).RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			r := <-seen
			if r.RequestURI != "/a%2Fb?x=1;y=%zz" || r.Host != "app.example.org" {
				t.Errorf("target saw %q of %q, want the request line unchanged", r.RequestURI, r.Host)
			}
			for k, pattern := range tt.want {
				if got := r.Header.Get(k); !regexp.MustCompile("^" + pattern + "$").MatchString(got) {
					t.Errorf("%s = %q, want %q", k, got, pattern)
				}
			}
		})
	}
}

func TestAnswersThatAreTheLoadBalancersOwn(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	resets := server(t, func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
	})
	tests := []struct {
		name   string
		target string // "" is none
		state  State
		code   int
		title  string
	}{
		{"without targets", "", "", 503, "503 Service Temporarily Unavailable"},
		{"when the only target refuses, open as it fails", gone.Addr().String(), StateUnhealthy, 502, "502 Bad Gateway"},
		{"when the target resets the connection", resets.URL, StateHealthy, 502, "502 Bad Gateway"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := deploy(t, func(g *TargetGroup) { g.UnhealthyThreshold = 1 })
			if tt.target != "" {
				d.register(t, "i-1", tt.target, tt.state)
			}
			resp, body := get(t, client(t), d.url+"/x")
			if resp.StatusCode != tt.code || !strings.Contains(body, "<title>"+tt.title+"</title>") || resp.Header.Get("Server") != "awselb/2.0" {
				t.Errorf("answer = %s, Server %q, %q; want %d of awselb/2.0", resp.Status, resp.Header.Get("Server"), body, tt.code)
			}
			if got := d.Counts(arn).HTTPCodeELB5XX; got != 1 {
				t.Errorf("HTTPCodeELB5XX = %d, want 1", got)
			}
		})
	}
}

// In a bubble the 60 s that a target may take are over at once. Connections are
// pipes, since sockets would stop the clock.
func TestATargetThatDoesNotAnswerIs504(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := newDataTransport()
		data.DialContext = func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go io.Copy(io.Discard, theirs) // reads the request and says nothing
			return ours, nil
		}
		b := newBalancer(Config{}, data, &answers{codes: []int{200}})
		defer b.Close()
		b.PutTargetGroup(group5s())
		b.useForTest(arn)
		if err := b.Register(arn, "i-1", "127.1.1.1:80"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		start, w := time.Now(), httptest.NewRecorder()
		(&router{group: b.groups[arn], port: "80"}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/x", nil))
		if took := time.Since(start); w.Code != http.StatusGatewayTimeout || took != idleTimeout {
			t.Errorf("answer = %d after %s, want 504 after %s", w.Code, took, idleTimeout)
		}
	})
}

func TestCountsAreThoseOfCloudWatch(t *testing.T) {
	d, c := deploy(t, nil), client(t)
	get(t, c, d.url+"/x") // 503: no target chosen
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		var code int
		fmt.Sscanf(r.URL.Path, "/%d", &code)
		w.WriteHeader(code)
	})
	d.register(t, "i-1", s.URL, StateHealthy)
	for _, code := range []int{200, 204, 404, 500, 502, 503} {
		get(t, c, fmt.Sprintf("%s/%d", d.url, code))
	}
	got := d.Counts(arn)
	if got.TargetResponseTime <= 0 {
		t.Errorf("TargetResponseTime = %s, want more than 0s", got.TargetResponseTime)
	}
	got.TargetResponseTime = 0
	want := Counts{
		RequestCount: 6, HTTPCodeELB5XX: 1, HTTPCodeTarget: map[int]int64{2: 2, 3: 0, 4: 1, 5: 3}, Answered: map[string]int64{"i-1": 6},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Counts() (-want +got):\n%s", diff)
	}
}

// TestNoRequestIsLostWhileTargetsComeAndGo keeps many clients busy while targets
// are registered and drained under them: every request must be answered, whole,
// by a target that was not gone.
// ask posts once and checks the answer.
// awaitMore waits until n has grown by more.
func TestListenRefuses(t *testing.T) {
	d := deploy(t, nil)
	tests := []struct {
		name, listener, address, group, want string
	}{
		{"a port that is taken", "arn:m", strings.TrimPrefix(d.url, "http://"), arn, "address already in use"},
		{"no address", "arn:m", "nowhere", arn, "missing port"},
		{"an unknown target group", "arn:m", "127.0.0.1:0", "arn:x", "not found"},
		{"a listener that is open", "arn:l", "127.0.0.1:0", arn, "open already"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := d.Listen(tt.listener, tt.address, tt.group); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Listen() = %q, %v, want an error with %q", got, err, tt.want)
			}
		})
	}
}

func TestAGroupWhoseListenerHasClosedIsUnused(t *testing.T) {
	d := deploy(t, nil)
	s := server(t, func(http.ResponseWriter, *http.Request) {})
	d.register(t, "i-1", s.URL, StateHealthy)
	if err := d.CloseListener("arn:l"); err != nil {
		t.Fatal(err)
	}
	d.await(t, "i-1", StateUnused)
	if _, err := d.Listen("arn:l", "127.0.0.1:0", arn); err != nil {
		t.Fatal(err)
	}
	d.await(t, "i-1", StateHealthy)
}

package instance_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

const mebibyte = 1 << 20

// padded is a calculation whose body has exactly so many bytes.
func padded(size int) string {
	const calculation = `{"operation":"+","operands":["1","2"]}`
	return calculation + strings.Repeat(" ", size-len(calculation))
}

func TestBodiesUpTo16MBPass(t *testing.T) {
	t.Parallel()
	p := startProxy(t, startCalculator(t, "127.0.0.1:0").address, usual())
	client := p.from(t, balancerAddress)
	for _, tt := range []struct {
		name    string
		size    int
		chunked bool
		status  int
	}{
		{"a small one", 100, false, 200},
		{"1 MB", mebibyte, false, 200},
		{"1 MB in chunks", mebibyte, true, 200},
		{"16 MB", 16 * mebibyte, false, 200},
		{"16 MB in chunks", 16 * mebibyte, true, 200},
		{"a byte more than 16 MB", 16*mebibyte + 1, false, 413},
		{"a byte more than 16 MB in chunks", 16*mebibyte + 1, true, 413},
		{"64 MB", 64 * mebibyte, false, 413},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var body io.Reader = strings.NewReader(padded(tt.size))
			if tt.chunked {
				body = io.MultiReader(body) // its length is not known
			}
			got := p.do(t, client, http.MethodPost, "/v1/calculate", body, "Content-Type", "application/json")
			if tt.status == http.StatusRequestEntityTooLarge {
				got.problem(t, tt.status)
				if got.header.Get("X-Instance-Id") != "" {
					t.Error("the calculator was asked, where nginx should have refused")
				}
			} else if got.status != tt.status || !strings.Contains(got.body, `"result":"3"`) {
				t.Errorf("answer = %d %q, want %d and 3", got.status, got.body, tt.status)
			}
		})
	}
}

func TestLargeOperandsAndResultsPassUnchanged(t *testing.T) {
	t.Parallel()
	p := startProxy(t, startCalculator(t, "127.0.0.1:0").address, usual())
	const digits = 900_000 // a result of 900,001 digits
	body := `{"operation":"+","operands":["` + strings.Repeat("9", digits) + `","1"]}`
	got := p.do(t, p.from(t, balancerAddress), http.MethodPost, "/v1/calculate", strings.NewReader(body), "Content-Type", "application/json")
	if want := `"1` + strings.Repeat("0", digits) + `"`; got.status != http.StatusOK || !strings.Contains(got.body, want) {
		t.Errorf("answer = %d with %d bytes, want 200 and 1 with %d zeros", got.status, len(got.body), digits)
	}
}

// counted forwards connections to an address and counts them.
func counted(t *testing.T, to string) (string, *atomic.Int32) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	var count atomic.Int32
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			count.Add(1)
			far, err := net.Dial("tcp", to)
			if err != nil {
				near.Close()
				continue
			}
			go func() { io.Copy(far, near); far.Close() }()
			go func() { io.Copy(near, far); near.Close() }()
		}
	}()
	return listener.Addr().String(), &count
}

func TestConnectionsToTheCalculatorAreKept(t *testing.T) {
	t.Parallel()
	address, connections := counted(t, startCalculator(t, "127.0.0.1:0").address)
	p := startProxy(t, address, usual())
	for range 5 { // clients, with a connection each
		client := p.from(t, balancerAddress)
		for range 100 {
			if got := p.do(t, client, http.MethodGet, "/_calculate?number1=6&operator=*&number2=7", nil); got.status != http.StatusOK {
				t.Fatalf("answer = %d %q", got.status, got.body)
			}
		}
	}
	// One of nginx's workers at a time serves a client's connection.
	if got, most := int(connections.Load()), runtime.NumCPU(); got > most {
		t.Errorf("500 requests one after the other took %d connections to the calculator, want at most one a worker, %d", got, most)
	}
}

// recorder is an upstream that keeps the last request's headers.
func recorder(t *testing.T) (string, *atomic.Pointer[http.Request]) {
	t.Helper()
	var last atomic.Pointer[http.Request]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		last.Store(r)
		io.WriteString(w, "ok")
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://"), &last
}

func TestCalculatorLearnsWhoAsks(t *testing.T) {
	t.Parallel()
	address, last := recorder(t)
	p := startProxy(t, address, usual())
	for _, tt := range []struct {
		name                 string
		from, chain, scheme  string
		client, asked, proto string // X-Real-IP, X-Forwarded-For, X-Forwarded-Proto
	}{
		{"the load balancer's client", balancerAddress, "203.0.113.7", "http",
			"203.0.113.7", "203.0.113.7, 127.0.1.1", "http"},
		{"over TLS", balancerAddress, "203.0.113.7", "https",
			"203.0.113.7", "203.0.113.7, 127.0.1.1", "https"},
		{"a client that names another", balancerAddress, "10.9.8.7, 203.0.113.7", "https",
			"203.0.113.7", "10.9.8.7, 203.0.113.7, 127.0.1.1", "https"},
		{"a client inside the VPC that names another", balancerAddress, "203.0.113.7, 127.0.1.77", "http",
			"127.0.1.77", "203.0.113.7, 127.0.1.77, 127.0.1.1", "http"},
		{"a scheme that is none", balancerAddress, "203.0.113.7", "https; x",
			"203.0.113.7", "203.0.113.7, 127.0.1.1", "http"},
		{"a health check of the load balancer's own", balancerAddress, "", "",
			"127.0.1.1", "127.0.1.1", "http"},
		{"another host than the load balancer", otherAddress, "203.0.113.7", "https",
			otherAddress, "203.0.113.7, " + otherAddress, "http"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var headers []string
			if tt.chain != "" {
				headers = append(headers, "X-Forwarded-For", tt.chain)
			}
			if tt.scheme != "" {
				headers = append(headers, "X-Forwarded-Proto", tt.scheme)
			}
			p.do(t, p.from(t, tt.from), http.MethodGet, "/", nil, append(headers, "X-Real-IP", "1.2.3.4")...)
			got := last.Load().Header
			if got.Get("X-Real-IP") != tt.client || got.Get("X-Forwarded-For") != tt.asked || got.Get("X-Forwarded-Proto") != tt.proto {
				t.Errorf("the calculator got client %q, chain %q, scheme %q, want %q, %q, %q",
					got.Get("X-Real-IP"), got.Get("X-Forwarded-For"), got.Get("X-Forwarded-Proto"), tt.client, tt.asked, tt.proto)
			}
		})
	}
}

func TestNoUpgradePassesAndTheHostStays(t *testing.T) {
	t.Parallel()
	address, last := recorder(t)
	p := startProxy(t, address, usual())
	got := p.do(t, p.from(t, balancerAddress), http.MethodGet, "/", nil, "Connection", "Upgrade", "Upgrade", "websocket",
		"Sec-WebSocket-Key", "x")
	r := last.Load()
	if got.status != http.StatusOK || r.Header.Get("Upgrade") != "" || r.Header.Get("Connection") != "" || r.Proto != "HTTP/1.1" {
		t.Errorf("answer %d; the calculator got %s with Upgrade %q, Connection %q, want neither", got.status, r.Proto, r.Header.Get("Upgrade"),
			r.Header.Get("Connection"))
	}
	if r.Host != p.address || len(r.Header.Get("X-Request-Id")) != 32 {
		t.Errorf("the calculator got host %q and request id %q, want %q and one of 32 digits", r.Host, r.Header.Get("X-Request-Id"), p.address)
	}
}

func TestRateIsLimitedForEachClient(t *testing.T) {
	t.Parallel()
	v := usual()
	v["rate_limit"], v["rate_burst"] = 1, 5
	p := startProxy(t, startCalculator(t, "127.0.0.1:0").address, v)
	client := p.from(t, balancerAddress)
	ask := func(path, who string) answer {
		return p.do(t, client, http.MethodGet, path, nil, "X-Forwarded-For", who)
	}
	for i := range 6 { // one, and the burst
		if got := ask("/_calculate?number1=1&operator=%2B&number2=1", "203.0.113.7"); got.status != http.StatusOK {
			t.Fatalf("request %d = %d, want 200", i+1, got.status)
		}
	}
	refused := answer{}
	for i := 0; i < 1000 && refused.status != http.StatusTooManyRequests; i++ {
		refused = ask("/_calculate?number1=1&operator=%2B&number2=1", "203.0.113.7")
	}
	refused.problem(t, http.StatusTooManyRequests)
	if seconds, err := strconv.Atoi(refused.header.Get("Retry-After")); err != nil || seconds < 1 {
		t.Errorf("Retry-After = %q, want seconds", refused.header.Get("Retry-After"))
	}
	// A client that names another one each time is still one client.
	spoofed := answer{}
	for i := 0; i < 1000 && spoofed.status != http.StatusTooManyRequests; i++ {
		spoofed = ask("/", fmt.Sprintf("198.51.100.%d, 203.0.113.8", i%250))
	}
	spoofed.problem(t, http.StatusTooManyRequests)
	if got := ask("/", "203.0.113.9"); got.status != http.StatusOK {
		t.Errorf("another client = %d, want 200: each has a limit of its own", got.status)
	}
	for i := range 200 {
		if got := ask("/healthz", "203.0.113.7"); got.status != http.StatusOK {
			t.Fatalf("health check %d = %d, want 200: they are not limited", i+1, got.status)
		}
	}
}

func TestCalculatorThatIsDownIs502UntilItIsBack(t *testing.T) {
	t.Parallel()
	c := startCalculator(t, "127.0.0.1:0")
	p := startProxy(t, c.address, usual())
	client := p.from(t, balancerAddress)
	if got := p.do(t, client, http.MethodGet, "/healthz", nil); got.status != http.StatusOK || got.header.Get("X-Instance-Id") == "" {
		t.Fatalf("health check = %d, from %q, want 200 and the instance", got.status, got.header.Get("X-Instance-Id"))
	}
	c.stop()
	for _, path := range []string{"/", "/healthz", "/v1/calculate"} {
		got := p.do(t, client, http.MethodGet, path, nil)
		got.problem(t, http.StatusBadGateway)
		if got.header.Get("Retry-After") == "" {
			t.Errorf("%s has no Retry-After", path)
		}
	}
	startCalculator(t, c.address)
	if got := p.do(t, client, http.MethodGet, "/healthz", nil); got.status != http.StatusOK {
		t.Errorf("health check of the calculator that is back = %d, want 200 at once", got.status)
	}
}

func TestMetricsAreForTheInstanceOnly(t *testing.T) {
	t.Parallel()
	address, last := recorder(t)
	p := startProxy(t, address, usual())
	for _, chain := range []string{"203.0.113.7", "127.0.0.1, 203.0.113.7"} {
		got := p.do(t, p.from(t, balancerAddress), http.MethodGet, "/metrics", nil, "X-Forwarded-For", chain)
		if got.status != http.StatusForbidden || last.Load() != nil {
			t.Errorf("/metrics for %s = %d, want 403", chain, got.status)
		}
	}
	if got := p.do(t, p.from(t, "127.0.0.1"), http.MethodGet, "/metrics", nil); got.status != http.StatusOK {
		t.Errorf("/metrics on the instance = %d, want 200", got.status)
	}
}

// silent is an upstream that reads a request and never answers. It counts them.
func silent(t *testing.T) (string, *atomic.Int32) {
	t.Helper()
	var asked atomic.Int32
	never := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		select {
		case <-never:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(never) })
	return strings.TrimPrefix(server.URL, "http://"), &asked
}

// Nothing but nginx's time-outs ends any of the three, which wait side by side.
func TestWhoIsTooSlowIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	address, asked := silent(t)
	p := startProxy(t, address, usual())
	var waiting sync.WaitGroup
	for name, sent := range map[string]string{
		"in its headers": "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
		"in its body":    "POST /v1/calculate HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
	} {
		connection, err := net.Dial("tcp", p.address)
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		waiting.Go(func() {
			io.WriteString(connection, sent)
			if got, err := io.ReadAll(connection); err != nil || strings.Contains(string(got), " 50") {
				t.Errorf("a client that is slow %s got %q, %v, want its connection closed", name, got, err)
			}
		})
	}
	p.do(t, p.from(t, balancerAddress), http.MethodGet, "/", nil).problem(t, http.StatusGatewayTimeout)
	waiting.Wait()
	if got := asked.Load(); got != 1 {
		t.Errorf("the calculator was asked %d times, want once: it must not wait for slow clients", got)
	}
}

// raw sends bytes as they are and returns the first line of the answer.
func (p *proxy) raw(t *testing.T, text string) string {
	t.Helper()
	connection, err := net.Dial("tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if _, err := io.WriteString(connection, text); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(connection).ReadString('\n')
	if err != nil {
		t.Fatalf("no answer to %.40q: %v", text, err)
	}
	return line
}

func TestNoLogHoldsAnOperand(t *testing.T) {
	t.Parallel()
	const operand = "31415926535897932384"
	v := usual()
	v["rate_limit"], v["rate_burst"] = 1, 20
	c := startCalculator(t, "127.0.0.1:0")
	p := startProxy(t, c.address, v)
	client := p.from(t, balancerAddress)
	query := "/_calculate?number1=" + operand + "&operator=*&number2=" + operand
	body := func() io.Reader { return strings.NewReader(`{"operation":"+","operands":["` + operand + `","1"]}`) }

	p.do(t, client, http.MethodGet, query, nil, "Referer", "http://x/?number1="+operand)
	p.do(t, client, http.MethodPost, "/v1/calculate", body(), "Content-Type", "application/json")
	p.do(t, client, http.MethodPost, "/v1/calculate?number1="+operand, strings.NewReader(padded(17*mebibyte))).problem(t, 413)
	for _, wrong := range []string{
		"GET " + query + " HTTP/9.9\r\n\r\n",
		"GET " + query + " HTTP/1.1\r\n\r\n", // no host
		"G?T " + query + " HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /_calculate?number1=" + operand + strings.Repeat("1", 100_000) + " HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /?n=1 HTTP/1.1\r\nHost: x\r\nContent-Length: " + operand + operand + "\r\n\r\n",
		"GET /%zz?number1=" + operand + " HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		if line := p.raw(t, wrong); !strings.Contains(line, " 4") && !strings.Contains(line, " 505") {
			t.Errorf("%.40q is answered %q, want an error", wrong, line)
		}
	}
	for i := range 100 {
		if p.do(t, client, http.MethodGet, query, nil).status == http.StatusTooManyRequests {
			break
		} else if i == 99 {
			t.Error("the rate limit was not reached")
		}
	}
	c.stop()
	p.do(t, client, http.MethodGet, query, nil, "X-Forwarded-For", "203.0.113.7").problem(t, 502)

	logs := p.logs(t)
	logs["the calculator's"] = c.log.String()
	for name, text := range logs {
		if strings.Contains(text, operand) {
			t.Errorf("%s holds an operand:\n%s", name, text)
		}
	}
	for _, want := range []string{`"path":"/_calculate","status":200`, `"status":413`, `"status":429`,
		`"client":"203.0.113.7","method":"GET","path":"/_calculate","status":502`} {
		if !strings.Contains(logs["access.log"], want) {
			t.Errorf("the access log has no %s:\n%.3000s", want, logs["access.log"])
		}
	}
}

package balancer

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
	"time"
)

const (
	forwardedFor   = "X-Forwarded-For"
	forwardedProto = "X-Forwarded-Proto"
	forwardedPort  = "X-Forwarded-Port"
	traceID        = "X-Amzn-Trace-Id"
)

// forward adds to a request what a load balancer tells its targets.
// Source: User Guide for Application Load Balancers, "HTTP headers and
// Application Load Balancers".
func forward(r *http.Request, port string) {
	client := r.RemoteAddr
	if host, _, err := net.SplitHostPort(client); err == nil {
		client = host
	}
	if before := r.Header.Values(forwardedFor); len(before) > 0 {
		client = strings.Join(before, ", ") + ", " + client
	}
	r.Header[forwardedFor] = []string{client}
	r.Header[forwardedProto] = []string{"http"}
	r.Header[forwardedPort] = []string{port}
	r.Header[traceID] = []string{trace(r.Header.Get(traceID), time.Now())}
}

// rewrite aims a request at a target and undoes what ReverseProxy would change
// besides: a load balancer leaves the query and the forwarding headers alone.
func rewrite(p *httputil.ProxyRequest, address string) {
	p.Out.URL.Scheme, p.Out.URL.Host = "http", address
	p.Out.URL.RawQuery = p.In.URL.RawQuery
	for _, name := range [...]string{forwardedFor, forwardedProto, "X-Forwarded-Host", "Forwarded"} {
		if v, ok := p.In.Header[name]; ok {
			p.Out.Header[name] = v
		}
	}
}

// trace returns the trace id of a request: a new root, or this hop added to the
// root that it came with.
func trace(before string, now time.Time) string {
	id := fmt.Sprintf("1-%x-%016x%08x", now.Unix(), rand.Uint64(), rand.Uint32())
	if strings.Contains(before, "Root=") {
		return "Self=" + id + ";" + before
	}
	if before != "" {
		return before + ";Root=" + id
	}
	return "Root=" + id
}

// refuse answers with the small page of an Application Load Balancer.
func refuse(w http.ResponseWriter, code int) {
	title := strconv.Itoa(code) + " " + reasonPhrase(code)
	body := fmt.Sprintf(
		"<html>\r\n<head><title>%s</title></head>\r\n<body>\r\n<center><h1>%s</h1></center>\r\n</body>\r\n</html>\r\n", title, title,
	)
	h := w.Header()
	h.Set("Server", "awselb/2.0")
	h.Set("Content-Type", "text/html")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	io.WriteString(w, body)
}

// reasonPhrase is how an Application Load Balancer names a code.
func reasonPhrase(code int) string {
	switch code {
	case http.StatusServiceUnavailable:
		return "Service Temporarily Unavailable"
	case http.StatusGatewayTimeout:
		return "Gateway Time-out"
	}
	return http.StatusText(code)
}

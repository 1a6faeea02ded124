package balancer

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
)

// checkBodyLimit is how much of a health check's answer is read, in bytes.
const checkBodyLimit = 64 << 10

// outcome is how a health check ended.
type outcome struct {
	reason string // "" is success
	code   int    // of the answer; 0: none
}

// check asks a target once whether it is well.
func check(ctx context.Context, via http.RoundTripper, address string, g TargetGroup, m matcher) outcome {
	ctx, cancel := context.WithTimeout(ctx, g.HealthCheckTimeout)
	defer cancel()
	code, err := probe(ctx, via, "http://"+address+g.HealthCheckPath)
	var netErr net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return outcome{reason: ReasonTimeout}
	case err != nil:
		return outcome{reason: ReasonFailedHealthChecks}
	case !m.matches(code):
		return outcome{reason: ReasonResponseCodeMismatch, code: code}
	}
	return outcome{}
}

// probe sends the request as ELBv2 does, and follows no redirection.
func probe(ctx context.Context, via http.RoundTripper, url string) (code int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("User-Agent", "ELB-HealthChecker/2.0")
	req.Close = true
	resp, err := via.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	// The answer counts only once it is there: a target that stalls in it is not well.
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, checkBodyLimit)); err != nil {
		return 0, err
	}
	return resp.StatusCode, nil
}

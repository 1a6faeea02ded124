package attack

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"secondwind/loadgen/payload"
)

// Headers that carry what belongs to one request from the transport to its result.
const (
	payloadHeader  = "X-Payload"     // request: number of the body in the set
	answeredHeader = "X-Answered"    // set on the answer: what is wrong with it, "" if nothing
	instanceHeader = "X-Instance-Id" // answer: who answered
	maxAnswer      = 64 << 20        // bytes of an answer that are read
)

// checker reads every answer whole, checks it against what was computed
// beforehand, and keeps no byte of it.
type checker struct {
	next    http.RoundTripper
	set     *payload.Set
	bytesIn atomic.Int64
}

// RoundTrip implements http.RoundTripper.
func (c *checker) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	resp.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	c.bytesIn.Add(int64(len(body)))
	resp.Body = http.NoBody
	resp.Header.Del(answeredHeader)
	if wrong := c.wrong(r, resp, body); wrong != "" {
		resp.Header.Set(answeredHeader, wrong)
	}
	return resp, nil
}

// wrong is what is wrong with an answer, "" if nothing is.
func (c *checker) wrong(r *http.Request, resp *http.Response, body []byte) string {
	if resp.StatusCode != http.StatusOK {
		return "status " + strconv.Itoa(resp.StatusCode)
	}
	i, err := strconv.Atoi(r.Header.Get(payloadHeader))
	if err != nil || !c.set.Answered(i, body) {
		return "wrong result"
	}
	return ""
}

// newTransport is a transport for one server and many connections.
func newTransport(connections int) *http.Transport {
	return &http.Transport{
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		MaxIdleConns:          connections,
		MaxIdleConnsPerHost:   connections,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   5 * time.Second,
		ExpectContinueTimeout: time.Second,
		DisableCompression:    true,
	}
}

// errorText makes failures countable: addresses and ports differ from one
// request to the next, what happened does not.
func errorText(err string) string {
	for _, known := range []string{
		"unexpected EOF", "context deadline exceeded", "Client.Timeout exceeded", "connection refused", "connection reset by peer",
		"EOF", "no such host", "broken pipe", "i/o timeout", "cannot assign requested address",
	} {
		if strings.Contains(err, known) {
			return known
		}
	}
	return err[:min(len(err), 120)]
}

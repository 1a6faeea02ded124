package attack

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"

	"secondwind/loadgen/client"
)

// Requests are what an Attack sends, and what it expects. All is called by many goroutines.
type Requests interface {
	// Request makes request seq, into memory that is used again.
	Request(seq uint64, r *client.Request)
	// Failure is what is wrong with the answer to request seq, in words that are the same
	// for every request that fails for the same cause; "" if nothing is.
	Failure(seq uint64, a *client.Answer) string
	// Instance names who answered; nil if the answer does not say.
	Instance(a *client.Answer) []byte
	// Kinds are the names of the kinds of requests, and Kind is the number there of request seq's.
	Kinds() []string
	Kind(seq uint64) int
}

// ParseServer reads the URL of a server.
func ParseServer(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("%q is not an http or https URL", text)
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return nil, fmt.Errorf("%q has port %s; a port is 1 to 65535", text, port)
		}
	}
	return u, nil
}

// errorText names a failure without addresses and ports, which differ from one request to
// the next.
func errorText(err error) string {
	for _, known := range []struct {
		err  error
		text string
	}{
		{os.ErrDeadlineExceeded, "no answer in time"}, {context.DeadlineExceeded, "no answer in time"},
		{client.ErrNoAnswer, client.ErrNoAnswer.Error()}, {client.ErrCutOff, client.ErrCutOff.Error()},
		{client.ErrMalformed, client.ErrMalformed.Error()}, {client.ErrTooLong, client.ErrTooLong.Error()},
		{syscall.ECONNREFUSED, "connection refused"}, {syscall.ECONNRESET, "connection reset"}, {syscall.EPIPE, "connection reset"},
		{syscall.EMFILE, "no file descriptor left"}, {syscall.EADDRNOTAVAIL, "no port left"},
	} {
		if errors.Is(err, known.err) {
			return known.text
		}
	}
	var name *net.DNSError
	var secure *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &name):
		return "host not found"
	case errors.As(err, &secure):
		return "TLS: certificate not trusted"
	case errors.As(err, &record):
		return "TLS: the server does not speak it"
	}
	return strings.ToValidUTF8(fmt.Sprintf("%.120s", err.Error()), "")
}

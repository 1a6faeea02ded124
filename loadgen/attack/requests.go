package attack

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"

	"secondwind/loadgen/client"
	"secondwind/loadgen/executor"
)

const (
	instanceHeader = "X-Instance-Id" // answer: who answered
	maxAnswer      = 64 << 20        // bytes of an answer that are read
)

// draw is which user sends which body as request seq: the same in every run with the
// same seed, whatever becomes of the requests before.
func (a *Attack) draw(seq uint64) (user, body int) {
	random := rand.New(rand.NewPCG(a.cfg.Seed, seq))
	return random.IntN(a.cfg.Users), random.IntN(a.cfg.Payload.Len())
}

// request makes request seq.
func (a *Attack) request(seq uint64, r *client.Request) {
	user, body := a.draw(seq)
	r.Body, r.Keep = a.cfg.Payload.Body(body), maxAnswer
	r.Head = append(append(r.Head[:0], a.head...), "Cookie: user=u"...)
	r.Head = fmt.Appendf(r.Head, "%05d\r\nContent-Length: %d\r\n\r\n", user, len(r.Body))
}

// head is what the headers of every request begin with.
func head(u *url.URL) string {
	return "POST " + strings.TrimSuffix(u.EscapedPath(), "/") + "/v1/calculate HTTP/1.1\r\nHost: " + u.Host +
		"\r\nUser-Agent: secondwind\r\nContent-Type: application/json\r\n"
}

// failure is what is wrong with an outcome, in words that are the same for every request
// that fails for the same cause; "" if nothing is.
func (a *Attack) failure(o *executor.Outcome) string {
	if o.Err != nil {
		return errorText(o.Err)
	}
	if o.Code != http.StatusOK {
		return "status " + strconv.Itoa(int(o.Code))
	}
	if _, body := a.draw(o.Seq); !a.cfg.Payload.Answered(body, o.Answer.Body) {
		return "wrong result"
	}
	return ""
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

// dialer dials the server of a URL, each time by its name.
func dialer(u *url.URL, dial func(context.Context, string, string) (net.Conn, error)) client.Dial {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	address := net.JoinHostPort(u.Hostname(), port)
	return func(ctx context.Context) (net.Conn, error) {
		conn, err := dial(ctx, "tcp", address)
		if err != nil || u.Scheme == "http" {
			return conn, err
		}
		secure := tls.Client(conn, &tls.Config{ServerName: u.Hostname()})
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		return secure, nil
	}
}

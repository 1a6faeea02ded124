package attack

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"unicode"

	"secondwind/loadgen/client"
	"secondwind/loadgen/executor"
	"secondwind/runlog"
)

// causes are the names of what makes requests fail, the first that applies. A name has no
// addresses and ports, which differ from one request to the next.
var causes = []struct {
	name string
	is   []error
}{
	{runlog.NoFileError, []error{syscall.EMFILE, syscall.ENFILE}},
	{runlog.NoPortError, []error{syscall.EADDRNOTAVAIL}},
	{"connection refused", []error{syscall.ECONNREFUSED}},
	{"connection reset", []error{syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED}},
	{"socket not found", []error{syscall.ENOENT}},
	{"host unreachable", []error{syscall.EHOSTUNREACH, syscall.ENETUNREACH}},
	{client.ErrNoAnswer.Error(), []error{client.ErrNoAnswer}},
	{client.ErrCutOff.Error(), []error{client.ErrCutOff}},
	{client.ErrTooLong.Error(), []error{client.ErrTooLong}},
	{client.ErrMalformed.Error(), []error{client.ErrMalformed}},
	{client.ErrReset.Error(), []error{client.ErrReset}},
	{client.ErrNotHTTP2.Error(), []error{client.ErrNotHTTP2}},
	{"TLS: " + client.ErrNoHTTP2.Error(), []error{client.ErrNoHTTP2}},
	{client.ErrEnded.Error(), []error{client.ErrEnded}},
}

// causeOf is the name of the cause of an error.
func causeOf(err error) string {
	if name := (*net.DNSError)(nil); errors.As(err, &name) {
		if strings.Contains(name.Err, syscall.EMFILE.Error()) {
			return runlog.NoFileError // the only trace of it that is left
		}
		if !name.IsNotFound {
			return "name server failed"
		}
		return "host not found"
	}
	for _, c := range causes {
		for _, known := range c.is {
			if errors.Is(err, known) {
				return c.name
			}
		}
	}
	// An alert of TLS may come with the first answer only: that of a client without a certificate.
	if alert := (*net.OpError)(nil); errors.As(err, &alert) && alert.Op == "remote error" {
		return "TLS: refused by the server: " + strings.TrimPrefix(alert.Err.Error(), "tls: ")
	}
	opening := errors.Is(err, client.ErrConnect) || errors.Is(err, client.ErrTLS)
	timedOut := errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)
	switch {
	case timedOut && opening:
		return "time-out while connecting"
	case timedOut:
		return "time-out while waiting for the answer"
	case errors.Is(err, client.ErrTLS):
		return tlsCause(err)
	case opening:
		return client.ErrConnect.Error()
	default:
		return "connection failed"
	}
}

func tlsCause(err error) string {
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var untrusted *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &host):
		return "TLS: certificate of another host"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "TLS: certificate expired"
	case errors.As(err, &untrusted):
		return "TLS: certificate not trusted"
	case errors.As(err, &record):
		return "TLS: the server does not speak it"
	default:
		return client.ErrTLS.Error()
	}
}

// example is a failure in full.
func (a *Attack) example(failure string, o *executor.Outcome) runlog.FailureExample {
	id, wire := a.cfg.Requests.Describe(o.Seq)
	secrets := secretsOf(wire)
	if password, ok := a.cfg.Server.User.Password(); ok {
		secrets = append(secrets, password)
	}
	text := failure
	if o.Err != nil {
		text = o.Err.Error()
	} else {
		text += fmt.Sprintf("; the answer has status %d and a body of %d bytes%s; expected: %s", o.Answer.Status, o.Answer.Length,
			beginning(o.Answer.Body, secrets), a.cfg.Requests.Expected(o.Seq))
	}
	return runlog.FailureExample{Request: hide(id, secrets), Error: hide(text, secrets)}
}

// mostOfBody is how many bytes of a body are shown.
const mostOfBody = 120

// beginning is how a body begins, as far as it can be printed; "" if nothing is known of it.
func beginning(body []byte, secrets []string) string {
	if len(body) == 0 {
		return ""
	}
	text := hide(withoutPart(string(body[:min(len(body), maxExample)]), secrets), secrets)
	printable := func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}
	text = strings.Join(strings.Fields(strings.Map(printable, text)), " ")
	if len(text) > mostOfBody {
		text = strings.ToValidUTF8(text[:mostOfBody], "") + "…"
	}
	return " that begins with " + strconv.Quote(text)
}

// maxExample is the longest text of an example, in bytes.
const maxExample = 400

const hidden = "***"

var (
	userInfo    = regexp.MustCompile(`//[^/@\s"]+@`)
	credentials = regexp.MustCompile(`(?i)\b((?:proxy-)?authorization|(?:set-)?cookie2?|x-api-key)\s*:[^\r\n"\\]*`)
	inQuery     = regexp.MustCompile(`(?i)([?&](?:passw(?:or)?d|secret|(?:access_)?token|api_?key|(?:x-amz-)?signature|` +
		`x-amz-security-token)=)[^&\s"]*`)
	inJSON = regexp.MustCompile(`(?i)("[^"]*(?:passw(?:or)?d|secret|token|api_?key)[^"]*"\s*:\s*")[^"]*`)
)

// Secret tells whether a header of that name holds a credential.
func Secret(header string) bool { return credentials.MatchString(header + ":") }

// hide takes out of a text what must not be shown: a server may send back what it was sent.
func hide(text string, secrets []string) string {
	text = userInfo.ReplaceAllString(text, "//"+hidden+"@")
	text = credentials.ReplaceAllString(text, "$1: "+hidden)
	text = inQuery.ReplaceAllString(text, "${1}"+hidden)
	text = inJSON.ReplaceAllString(text, "${1}"+hidden)
	for _, secret := range secrets {
		text = strings.ReplaceAll(text, secret, hidden)
	}
	if len(text) > maxExample {
		text = text[:maxExample] + "…"
	}
	return strings.ToValidUTF8(text, "")
}

// withoutPart is a text that was cut off, without the part of a secret that it may end in.
func withoutPart(text string, secrets []string) string {
	for _, secret := range secrets {
		for n := min(len(secret)-1, len(text)); n > 0; n-- {
			if strings.HasSuffix(text, secret[:n]) {
				text = text[:len(text)-n]
				break
			}
		}
	}
	return text
}

// secretsOf are the credentials in the header of a request, each as a whole and the part that
// follows its scheme.
func secretsOf(wire []byte) (secrets []string) {
	head, _, _ := bytes.Cut(wire, []byte("\r\n\r\n"))
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		if !credentials.Match(line) {
			continue
		}
		_, value, _ := bytes.Cut(line, []byte(":"))
		_, token, _ := bytes.Cut(bytes.TrimSpace(value), []byte(" "))
		for _, secret := range [][]byte{bytes.TrimSpace(value), bytes.TrimSpace(token)} {
			if len(secret) > 0 {
				secrets = append(secrets, string(secret))
			}
		}
	}
	return secrets
}

package mix

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// Targets are what the targets of a file have in common.
type Targets struct {
	Format   string      // "http" or "json", as Vegeta names them
	Header   http.Header // of every target; a target's own come first
	Body     []byte      // of targets without one
	Identity Identity
}

// FromTargets reads targets in one of Vegeta's formats until src ends. They are sent one
// after the other, again and again. All of them must go to one server.
func FromTargets(src io.Reader, o Targets) (*Mix, error) {
	var targeter vegeta.Targeter
	text, err := io.ReadAll(src)
	if err != nil {
		return nil, err
	}
	src = io.MultiReader(bytes.NewReader(text), strings.NewReader("\n")) // Vegeta overlooks a last line that does not end
	switch o.Format {
	case vegeta.HTTPTargetFormat:
		if err := scannable(text); err != nil {
			return nil, err
		}
		targeter = vegeta.NewHTTPTargeter(src, o.Body, o.Header)
	case vegeta.JSONTargetFormat:
		targeter = vegeta.NewJSONTargeter(src, o.Body, o.Header)
	default:
		return nil, fmt.Errorf("there is no target format %q; the formats are %q", o.Format, vegeta.TargetFormats)
	}
	m := newMix(0, 1)
	m.identity = o.Identity.prepare()
	for {
		var target vegeta.Target
		switch err = targeter(&target); {
		case err == nil:
			err = m.add(&target)
		case errors.Is(err, vegeta.ErrNoTargets) && len(m.entries) > 0:
			return m, nil
		case errors.Is(err, vegeta.ErrNoTargets):
			return nil, errors.New("there is no target in it")
		}
		if err != nil {
			return nil, fmt.Errorf("target %d: %w", len(m.entries)+1, err)
		}
	}
}

// scannable is an error of a text with a line that Vegeta cannot read, and takes for the end.
func scannable(text []byte) error {
	n := 0
	for line := range bytes.Lines(text) {
		if n++; len(line) > bufio.MaxScanTokenSize {
			return fmt.Errorf("line %d has %d bytes; give at most %d, and a long body as a file, or in the json format",
				n, len(line), bufio.MaxScanTokenSize)
		}
	}
	return nil
}

func (m *Mix) add(target *vegeta.Target) error {
	r, err := target.Request()
	if err != nil {
		return err
	}
	if err := m.sameServer(r.URL); err != nil {
		return err
	}
	path := r.URL.RequestURI()
	for _, fault := range sendable(r.Method, path, r.Header) {
		return fault
	}
	literal := func(line string) (template, error) { return template(nil).then(line), nil }
	lines, err := headLines(r.URL, r.Header, literal)
	if err != nil {
		return err
	}
	e := &entry{
		kind: m.kind(nameOf(r.Method, path)), head: template(nil).then(r.Method + " " + path + " HTTP/1.1\r\n").and(lines),
		body: template(nil).then(string(target.Body)), bodyLess: r.Method == http.MethodHead, expect: Expect{}.prepare(),
	}
	e.announce(r.Method)
	if m.identity.json != nil {
		e.keep = maxAnswer
	}
	m.entries = append(m.entries, e)
	return nil
}

// validPort tells whether it is a port, or none is given.
func validPort(text string) bool {
	n, err := strconv.Atoi(text)
	return text == "" || err == nil && n >= 1 && n <= 65535
}

// sameServer takes a target's server for that of all, or holds it against it.
func (m *Mix) sameServer(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return fmt.Errorf("%q is not the URL of an http or https server", u.Redacted())
	case u.Fragment != "":
		return fmt.Errorf("%q has a fragment, which no request takes to a server; leave out #%s, or write # as %%23", u.Redacted(), u.Fragment)
	case !validPort(u.Port()):
		return fmt.Errorf("%q has port %s; a port is 1 to 65535", u.Redacted(), u.Port())
	case m.server == nil:
		m.server = &url.URL{Scheme: u.Scheme, Host: u.Host}
	case m.server.Scheme != u.Scheme || m.server.Host != u.Host:
		return fmt.Errorf("it goes to %s://%s, the ones before to %s; give the targets of one server", u.Scheme, u.Host, m.server)
	}
	return nil
}

// Package target reads requests in Vegeta's target formats and prepares them, whatever
// the service is that they go to.
package target

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"secondwind/loadgen/client"
)

// Targets are requests that are sent one after the other, again and again. They
// implement attack.Requests.
type Targets struct {
	server   *url.URL
	requests []client.Request
	instance string
}

// Options are what the targets of a file have in common.
type Options struct {
	Format   string      // "http" or "json", as Vegeta names them
	Header   http.Header // of every target; a target's own come first
	Body     []byte      // of targets without one
	Instance string      // the header of an answer that names who answered
}

// Read reads targets until src ends. All of them must go to one server.
func Read(src io.Reader, o Options) (*Targets, error) {
	var targeter vegeta.Targeter
	src = io.MultiReader(src, strings.NewReader("\n")) // Vegeta overlooks a last line that does not end
	switch o.Format {
	case vegeta.HTTPTargetFormat:
		targeter = vegeta.NewHTTPTargeter(src, o.Body, o.Header)
	case vegeta.JSONTargetFormat:
		targeter = vegeta.NewJSONTargeter(src, o.Body, o.Header)
	default:
		return nil, fmt.Errorf("there is no target format %q; the formats are %q", o.Format, vegeta.TargetFormats)
	}
	all, err := vegeta.ReadAllTargets(targeter)
	if errors.Is(err, vegeta.ErrNoTargets) {
		return nil, errors.New("there is no target in it")
	}
	if err != nil {
		return nil, err
	}
	return New(all, o.Instance)
}

// New prepares targets; instance is as in Options.
func New(all []vegeta.Target, instance string) (*Targets, error) {
	t := &Targets{instance: instance}
	for i := range all {
		if err := t.add(&all[i]); err != nil {
			return nil, fmt.Errorf("target %d: %w", i+1, err)
		}
	}
	return t, nil
}

func (t *Targets) add(target *vegeta.Target) error {
	request, err := target.Request()
	if err != nil {
		return err
	}
	if err := t.from(request.URL); err != nil {
		return err
	}
	if request.Header.Get("User-Agent") == "" {
		request.Header.Set("User-Agent", "secondwind")
	}
	var wire bytes.Buffer
	if err := request.Write(&wire); err != nil {
		return err
	}
	head, body, _ := bytes.Cut(wire.Bytes(), []byte("\r\n\r\n"))
	t.requests = append(t.requests, client.Request{
		Head: wire.Bytes()[:len(head)+4], Body: body, BodyLess: request.Method == http.MethodHead,
	})
	return nil
}

// from takes a target's server for that of all, or holds it against it.
func (t *Targets) from(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return fmt.Errorf("%q is not the URL of an http or https server", u.Redacted())
	case t.server == nil:
		t.server = &url.URL{Scheme: u.Scheme, Host: u.Host}
	case t.server.Scheme != u.Scheme || t.server.Host != u.Host:
		return fmt.Errorf("it goes to %s://%s, the ones before to %s; give the targets of one server", u.Scheme, u.Host, t.server)
	}
	return nil
}

// Server is scheme and host of the server.
func (t *Targets) Server() *url.URL { return t.server }

// Request makes request seq.
func (t *Targets) Request(seq uint64, r *client.Request) {
	*r = t.requests[seq%uint64(len(t.requests))]
}

// Failure is what is wrong with the answer to request seq, "" if nothing is: as with
// Vegeta, a status from 200 to 399 is right.
func (t *Targets) Failure(_ uint64, a *client.Answer) string {
	if a.Status < 200 || a.Status > 399 {
		return "status " + strconv.Itoa(a.Status)
	}
	return ""
}

// Instance is who answered, nil if the answer does not say.
func (t *Targets) Instance(a *client.Answer) []byte {
	if t.instance == "" {
		return nil
	}
	return a.Header(t.instance)
}

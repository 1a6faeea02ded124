package attack

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"

	"secondwind/loadgen/client"
)

// Requests are what an Attack sends, and what it expects. All is called by many goroutines.
type Requests interface {
	// Request makes request seq, into memory that is used again.
	Request(seq uint64, r *client.Request)
	// Failure is what is wrong with the answer to request seq, in words that are the same
	// for every request that fails for the same cause; "" if nothing is.
	Failure(seq uint64, a *client.Answer) string
	// Expected is what the answer to request seq has to be, in words.
	Expected(seq uint64) string
	// Instance names who answered; nil if the answer does not say.
	Instance(a *client.Answer) []byte
	// Kinds are the names of the kinds of requests, and Kind is the number there of request seq's.
	Kinds() []string
	Kind(seq uint64) int
	// Describe says which request seq is, so that it can be sent again, and what goes over the wire.
	Describe(seq uint64) (id string, wire []byte)
}

// WithoutUser is a text without the user and the password of a URL in it.
func WithoutUser(text string) string { return anyUserInfo.ReplaceAllString(text, "//"+hidden+"@") }

var anyUserInfo = regexp.MustCompile("//.*@")

// ParseServer reads the URL of a server. The error does not show a password in it.
func ParseServer(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	text = WithoutUser(text) // also where the rest is no URL
	if wrong := url.EscapeError(""); errors.As(err, &wrong) {
		return nil, fmt.Errorf("%q has a %% that two hexadecimal digits do not follow; write %%25 for it", text)
	}
	if err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("%q is not an http or https URL", text)
	}
	if u.Fragment != "" {
		return nil, fmt.Errorf("%q has a fragment, which no request takes to a server; leave out what begins with #, or write it as %%23", text)
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return nil, fmt.Errorf("%q has port %s; a port is 1 to 65535", text, port)
		}
	}
	return u, nil
}

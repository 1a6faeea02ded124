package client

import (
	"bytes"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"time"
)

// Session returns a Client as Client does, for one user: the cookies that the service sets
// come back to it as from a browser, by their path, age and the like. A request's own cookies
// are sent as well; nothing else is kept. It shares no connection.
func (s *Server) Session() Client { return &session{Client: s.own(), server: s.url} }

// session sends the cookies of a user.
type session struct {
	Client
	server  *url.URL
	jar     *cookiejar.Jar // nil before the first cookie: most services set none
	request Request
}

// Exchange implements Client.
func (s *session) Exchange(r *Request, deadline time.Time) (*Answer, error) {
	var at *url.URL
	if s.jar != nil {
		at = s.target(r)
		if cookies := s.jar.Cookies(at); len(cookies) > 0 {
			head := withCookies(s.request.Head[:0], r.Head, cookies)
			s.request = *r
			s.request.Head = head
			r = &s.request
		}
	}
	answer, err := s.Client.Exchange(r, deadline)
	if err != nil {
		return answer, err
	}
	for line := range answer.Headers("Set-Cookie") {
		cookie, err := http.ParseSetCookie(string(line))
		if err != nil {
			continue // a browser ignores it too
		}
		if s.jar == nil {
			s.jar, _ = cookiejar.New(nil) // does not fail without options
		}
		if at == nil {
			at = s.target(r)
		}
		s.jar.SetCookies(at, []*http.Cookie{cookie})
	}
	return answer, nil
}

// target is the URL of a request, as far as cookies depend on it.
func (s *session) target(r *Request) *url.URL {
	_, rest, _ := bytes.Cut(r.Head, []byte(" "))
	target, _, _ := bytes.Cut(rest, []byte(" "))
	u, err := url.ParseRequestURI(string(target))
	if err != nil {
		u = &url.URL{Path: "/"}
	}
	return &url.URL{Scheme: s.server.Scheme, Host: s.server.Host, Path: u.Path}
}

// withCookies appends to dst a head that has the cookies as well: a request has at most one
// header of them (RFC 6265, section 5.4).
func withCookies(dst, head []byte, cookies []*http.Cookie) []byte {
	const name = "cookie:"
	before, after := bytes.TrimSuffix(head, []byte("\r\n")), []byte("\r\n")
	opening, separator := "Cookie: ", "; "
	for start := 0; start < len(head); {
		end := bytes.Index(head[start:], []byte("\r\n"))
		if end < 0 {
			break
		}
		end += start
		if line := head[start:end]; len(line) > len(name) && bytes.EqualFold(line[:len(name)], []byte(name)) {
			before, after, opening = head[:end], head[end:], separator
			break
		}
		start = end + 2
	}
	dst = append(dst, before...)
	dst = append(dst, opening...)
	for i, c := range cookies {
		if i > 0 {
			dst = append(dst, separator...)
		}
		dst = append(append(append(dst, c.Name...), '='), c.Value...)
	}
	if opening != separator {
		dst = append(dst, "\r\n"...)
	}
	return append(dst, after...)
}

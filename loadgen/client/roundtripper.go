package client

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/valyala/fasthttp"
)

// roundTripper is a Client over net/http.
type roundTripper struct {
	next   http.RoundTripper
	base   *url.URL
	answer Answer
	header fasthttp.ResponseHeader
}

// RoundTripper returns a Client that sends to the server at base through net/http.
func RoundTripper(next http.RoundTripper, base *url.URL) Client {
	return &roundTripper{next: next, base: base}
}

// Exchange implements Client.
func (c *roundTripper) Exchange(r *Request, deadline time.Time) (*Answer, error) {
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	request, err := http.ReadRequest(bufio.NewReader(io.MultiReader(bytes.NewReader(r.Head), bytes.NewReader(r.Body))))
	if err != nil {
		return nil, fmt.Errorf("request cannot be sent: %w", err)
	}
	request.URL.Scheme, request.URL.Host, request.RequestURI = c.base.Scheme, c.base.Host, ""
	request.Body = io.NopCloser(bytes.NewReader(r.Body))
	response, err := c.next.RoundTrip(request.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	c.header.Reset()
	c.answer = Answer{Status: response.StatusCode, Body: c.answer.Body[:0], First: time.Now(), header: &c.header}
	for name, values := range response.Header {
		for _, value := range values {
			c.header.Add(name, value)
		}
	}
	return &c.answer, c.readBody(response.Body, r.Keep)
}

func (c *roundTripper) readBody(body io.Reader, keep int) (err error) {
	if keep == 0 {
		c.answer.Length, err = io.Copy(io.Discard, body)
		return err
	}
	kept := bytes.NewBuffer(c.answer.Body)
	c.answer.Length, err = kept.ReadFrom(io.LimitReader(body, int64(keep)+1))
	c.answer.Body = kept.Bytes()
	if err == nil && len(c.answer.Body) > keep {
		return fmt.Errorf("%w: more than %d bytes", ErrTooLong, keep)
	}
	return err
}

// Close implements Client: connections are the transport's.
func (c *roundTripper) Close() {}

// Package client sends requests that were serialised beforehand and reads their answers,
// for a load generator: it follows no redirect, keeps no cookie and decompresses nothing.
//
// A Server's Clients use one connection each. They speak HTTP/1.1 without garbage and without a
// goroutine of their own, and HTTP/2 by net/http's client. Connections are renewed and spread
// over the server's addresses, so that an instance that comes later gets its share.
package client

import "time"

// Client sends one request at a time.
type Client interface {
	// Exchange sends the request and reads its answer, which is valid until the next
	// Exchange, both by the deadline. With an error the answer is what came of it, or nil.
	Exchange(r *Request, deadline time.Time) (*Answer, error)
	// Close closes what the client has open.
	Close()
}

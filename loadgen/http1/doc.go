// Package http1 is an HTTP/1.1 client for load: one goroutine, one connection, requests
// that were serialised beforehand, answers that leave no garbage. It follows no
// redirect, keeps no cookie and decompresses nothing: what it reads is what was sent.
package http1

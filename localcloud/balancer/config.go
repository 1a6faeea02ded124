package balancer

import (
	"log/slog"
	"net"
	"net/http"
)

// Config is what a Balancer is made of. Its zero value is usable.
type Config struct {
	Log *slog.Logger // nil: discard
	// OnHealth is called, never concurrently, when a target's state changes, in
	// the order of the changes. It may call the Balancer, except Close. nil:
	// nobody listens.
	OnHealth func(TargetHealth)
	// Transport carries requests and health checks to targets; nil: sockets do.
	Transport http.RoundTripper
	// Listen opens a listener; nil: net.Listen does.
	Listen func(network, address string) (net.Listener, error)
}

package balancer

import "log/slog"

// Config is what a Balancer is made of. Its zero value is usable.
type Config struct {
	Log *slog.Logger // nil: discard
	// OnHealth is called, never concurrently, when a target's state changes, in
	// the order of the changes. It may call the Balancer, except Close. nil:
	// nobody listens.
	OnHealth func(TargetHealth)
}

package fleet

import (
	"cmp"
	"fmt"
	"log/slog"
	"os"
	"time"

	"secondwind/localcloud/fleet/imds"
)

// DefaultTerminateGrace is how long an instance may take to end after SIGTERM
// when Config.TerminateGrace is 0.
const DefaultTerminateGrace = 10 * time.Second

// Config is what a Fleet is made of. The zero value of every optional field is usable.
type Config struct {
	Log *slog.Logger // nil: discard
	// Dir receives one log file an instance (i-….log), at most 8 MiB each with
	// the part that was rotated out (i-….log.1); it is made if it is missing.
	// "" means they are discarded.
	Dir string
	// TerminateGrace is how long an instance may take to end after SIGTERM; 0 means 10 s.
	TerminateGrace time.Duration
	// Endpoint is the URL of the AWS API that instances call, their
	// AWS_ENDPOINT_URL; "" leaves it out.
	Endpoint string
	// Role is what an instance may act as, by its id and Spec.Role; nil: no instance
	// has a role.
	Role func(instanceID, name string) imds.Role
}

// resolve returns c with defaults filled in, its log folder made.
func (c Config) resolve() (Config, error) {
	if c.TerminateGrace < 0 {
		return c, fmt.Errorf("terminate grace is %s: it must not be negative", c.TerminateGrace)
	}
	c.TerminateGrace = cmp.Or(c.TerminateGrace, DefaultTerminateGrace)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Dir == "" {
		return c, nil
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return c, fmt.Errorf("make the folder for instance logs: %w", err)
	}
	return c, nil
}

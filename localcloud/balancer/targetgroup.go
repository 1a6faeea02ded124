package balancer

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"
)

// The routing algorithms.
const (
	RoundRobin               = "round_robin"
	LeastOutstandingRequests = "least_outstanding_requests"
)

// TargetGroup is the part of an ELBv2 target group that routing needs. A zero
// field means ELBv2's default for HTTP targets, except DeregistrationDelay,
// where zero is a value.
type TargetGroup struct {
	ARN                 string
	HealthCheckPath     string        // "/"
	HealthCheckInterval time.Duration // 30 s
	HealthCheckTimeout  time.Duration // 5 s
	HealthyThreshold    int           // 5; for recovery: a new target needs one success
	UnhealthyThreshold  int           // 2
	Matcher             string        // "200", "200-299", "200,302"; default "200"
	DeregistrationDelay time.Duration
	Algorithm           string // round_robin | least_outstanding_requests; default round_robin
}

// Validate reports everything that is wrong with g. Times shorter than ELBv2
// allows are legal here, so that a proof need not take longer than it must.
func (g TargetGroup) Validate() error {
	g = g.resolve()
	var errs []error
	if !strings.HasPrefix(g.HealthCheckPath, "/") {
		errs = append(errs, fmt.Errorf("health check path %q must begin with /", g.HealthCheckPath))
	}
	if g.HealthCheckInterval <= 0 {
		errs = append(errs, fmt.Errorf("health check interval is %s: it must be positive", g.HealthCheckInterval))
	}
	if g.HealthCheckTimeout <= 0 {
		errs = append(errs, fmt.Errorf("health check timeout is %s: it must be positive", g.HealthCheckTimeout))
	}
	if g.HealthyThreshold < 1 || g.UnhealthyThreshold < 1 {
		errs = append(
			errs, fmt.Errorf("thresholds are %d healthy and %d unhealthy: they must be at least 1", g.HealthyThreshold, g.UnhealthyThreshold),
		)
	}
	if g.DeregistrationDelay < 0 {
		errs = append(errs, fmt.Errorf("deregistration delay is %s: it must not be negative", g.DeregistrationDelay))
	}
	if _, err := parseMatcher(g.Matcher); err != nil {
		errs = append(errs, err)
	}
	if g.Algorithm != RoundRobin && g.Algorithm != LeastOutstandingRequests {
		errs = append(errs, fmt.Errorf("algorithm %q is neither %s nor %s", g.Algorithm, RoundRobin, LeastOutstandingRequests))
	}
	return errors.Join(errs...)
}

// resolve fills in the defaults.
func (g TargetGroup) resolve() TargetGroup {
	g.HealthCheckPath = cmp.Or(g.HealthCheckPath, "/")
	g.HealthCheckInterval = cmp.Or(g.HealthCheckInterval, 30*time.Second)
	g.HealthCheckTimeout = cmp.Or(g.HealthCheckTimeout, 5*time.Second)
	g.HealthyThreshold = cmp.Or(g.HealthyThreshold, 5)
	g.UnhealthyThreshold = cmp.Or(g.UnhealthyThreshold, 2)
	g.Matcher = cmp.Or(g.Matcher, "200")
	g.Algorithm = cmp.Or(g.Algorithm, RoundRobin)
	return g
}

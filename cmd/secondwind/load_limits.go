package main

import (
	"errors"
	"fmt"
	"net"
	"time"

	"secondwind/loadgen/otlp"
	"secondwind/loadgen/profile"
	"secondwind/runlog"
)

// The most that a load sends unless more is asked for: it catches a mistyped rate.
const (
	defaultMaxRate     = 50_000      // requests per second
	defaultMaxRequests = 100_000_000 // a day at a thousand per second
)

// allowed refuses a load that is more than plainly meant, and a server that is not plainly
// the user's own.
func (o loadOptions) allowed(l loading) error {
	server := l.attack.Server
	switch most := profile.Highest(l.offered); {
	case !(o.maxRate > 0) || o.maxRequests <= 0: // not a number is not above 0
		return errors.New("--max-rate and --max-requests have to be above 0")
	case o.grace < 0 || o.grace > time.Hour:
		return fmt.Errorf("--grace is %s; give 0s to 1h, for instance 5s", o.grace)
	case !o.mine && !l.onThisMachine():
		return fmt.Errorf("%s is not on this machine; add --mine if it is yours to load", server.Hostname())
	case l.depends():
		return nil
	case most > o.maxRate:
		return fmt.Errorf("the load comes to %.10g requests/s; --max-rate is %.10g: raise it if so many are meant", most, o.maxRate)
	}
	if total := l.offered.Hits(l.offered.Duration()); total > float64(o.maxRequests) {
		return fmt.Errorf("the load comes to %.0f requests; --max-requests is %d: raise it if so many are meant", total, o.maxRequests)
	}
	return nil
}

func (l loading) onThisMachine() bool {
	host := l.attack.Server.Hostname()
	ip := net.ParseIP(host)
	return l.attack.Connections.UnixSocket != "" || host == "localhost" || ip != nil && ip.IsLoopback()
}

// steep is a warning of a load that rises faster than load balancers may grow, "" if it does not.
func (l loading) steep() string {
	rise, ok := profile.Steep(l.offered)
	if !ok || l.onThisMachine() {
		return ""
	}
	of := "requests/s"
	if l.attack.Users != nil {
		of = "users"
	}
	return fmt.Sprintf("the load rises from %.0f to %.0f %s within %s; AWS recommends at most 50 %% more in 5 minutes, as its load balancers "+
		"have to grow with the load: failures and latencies may be theirs", rise.From, rise.To, of, runlog.Words(rise.Within.Round(time.Second)))
}

// collector reads --otlp.
func (o loadOptions) collector(environment func(string) string) (c *otlp.Collector, err error) {
	switch o.otlp {
	case "":
		return nil, nil
	case "env":
		c, err = otlp.FromEnvironment(environment)
	default:
		c, err = otlp.ParseCollector(o.otlp)
	}
	if err != nil {
		return nil, fmt.Errorf("--otlp: %w", err)
	}
	return c, nil
}

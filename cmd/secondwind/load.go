package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"secondwind/cmd/secondwind/live"
	"secondwind/cmd/secondwind/progress"
	"secondwind/loadgen/attack"
	"secondwind/loadgen/payload"
	"secondwind/loadgen/profile"
	"secondwind/loadgen/scenario"
	"secondwind/runlog"
	"secondwind/verify/experiment"
)

// loadOptions are the flags of load.
type loadOptions struct {
	url      string
	mine     bool
	profile  string
	duration time.Duration
	digits   int
	users    int
	timeout  time.Duration
	runs     string
}

func newLoad(out *output) *cobra.Command {
	var o loadOptions
	cmd := &cobra.Command{
		Use:   "load --url URL",
		Short: "Drive a calculator that is yours with load, and record it",
		Long: "Sends multiplications of large numbers to URL/v1/calculate and records what came of them,\n" +
			"with latencies counted from when a request was due as well as from when it was sent.\n\n" +
			"An address that is not on this machine needs --mine: load that its owner did not ask for is an attack.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runLoad(cmd.Context(), out, o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.url, "url", "", "`URL` of the load balancer or server")
	f.BoolVar(&o.mine, "mine", false, "I own the server at the URL, or its owner asked me to load it")
	f.StringVar(&o.profile, "profile", "constant:50", "offered load in requests/s over time: constant:R, ramp:R1..R2/D, …")
	f.DurationVar(&o.duration, "for", 30*time.Second, "how long")
	f.IntVar(&o.digits, "digits", 4000, "decimal digits of an operand")
	f.IntVar(&o.users, "users", 200, "how many users the requests come from")
	f.DurationVar(&o.timeout, "timeout", 5*time.Second, "how long a request may take")
	f.StringVar(&o.runs, "runs", filepath.Join("reports", "runs"), "`folder` that receives the record's folder")
	if err := cmd.MarkFlagRequired("url"); err != nil {
		panic(err) // the flag is defined above
	}
	return cmd
}

// checkTarget refuses an address that is not plainly the user's own.
func checkTarget(raw string, mine bool) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("--url %q is not an http or https URL, for instance http://127.0.0.1:8080", raw)
	}
	ip := net.ParseIP(u.Hostname())
	if u.Hostname() == "localhost" || (ip != nil && ip.IsLoopback()) || mine {
		return nil
	}
	return fmt.Errorf("%s is not on this machine: add --mine if it is yours to load", u.Hostname())
}

func runLoad(ctx context.Context, out *output, o loadOptions) error {
	if err := checkTarget(o.url, o.mine); err != nil {
		return err
	}
	offered, err := profile.Parse(o.profile)
	if err != nil {
		return fmt.Errorf("--profile: %w", err)
	}
	if o.duration <= 0 {
		return fmt.Errorf("--for %s: give how long to load, for instance 30s", o.duration)
	}
	s := scenario.Default()
	s.Name, s.Users, s.Timeout, s.Hold = "load", o.users, o.timeout, o.duration
	s.Payload.Digits = payload.Range{Min: o.digits, Max: o.digits}
	if err := s.Validate(); err != nil {
		return err
	}
	start := time.Now()
	writer, err := newRun(o.runs, s, start)
	if err != nil {
		return err
	}
	reporter := out.reporter()
	defer reporter.Close()
	reporter.Event(0, fmt.Sprintf("loading %s with %s for %s; the record grows in %s", o.url, offered, o.duration, writer.Dir()))
	traffic := new(experiment.Traffic)
	generator, err := live.NewGenerator(live.Config{Scenario: s, LoadBalancerURL: o.url, Writer: writer}, traffic)
	if err != nil {
		return err
	}
	drive := func(ctx context.Context) error { return follow(ctx, generator, traffic, offered, o.duration, reporter) }
	runErr := live.RunGroup(ctx, drive, generator.Run)
	reporter.Close()
	if err := errors.Join(runErr, writer.Close(), runlog.Seal(writer.Dir())); err != nil {
		return err
	}
	return tellTraffic(out, traffic, writer.Dir())
}

// follow offers the profile until duration is over or ctx ends; neither is an
// error.
func follow(
	ctx context.Context, generator *attack.Attack, traffic *experiment.Traffic, offered profile.Profile, duration time.Duration,
	reporter progress.Reporter,
) error {
	start := time.Now()
	generator.SetPhase(runlog.PhaseLoad, 0)
	generator.Follow(offered)
	over := time.NewTimer(duration)
	defer over.Stop()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-over.C:
			return nil
		case <-ticker.C:
		}
		elapsed := time.Since(start)
		second, failed := traffic.Last()
		reporter.Status(progress.Status{
			Phase: runlog.PhaseLoad, Elapsed: elapsed, Expected: duration, OfferedRate: offered.Rate(elapsed),
			CompletedRate: float64(second.Completed) / max(second.IntervalSeconds, 1), Failed: failed,
		})
	}
}

// tellTraffic sums up what a load did.
func tellTraffic(out *output, traffic *experiment.Traffic, dir string) error {
	total := traffic.Total()
	if out.json {
		return json.NewEncoder(out.stdout).Encode(total)
	}
	fmt.Fprintf(out.stdout, "%d offered, %d sent, %d answered, %d failed, %d dropped\n", total.Offered, total.Sent, total.Completed, total.Failed, total.Dropped)
	for text, n := range total.Errors {
		fmt.Fprintf(out.stdout, "  %d × %s\n", n, text)
	}
	fmt.Fprintf(out.stdout, "recorded  %s\n", dir)
	return nil
}

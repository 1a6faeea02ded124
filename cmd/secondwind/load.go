package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/url"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"secondwind/cmd/secondwind/live"
	"secondwind/cmd/secondwind/progress"
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
	var l loading
	cmd := &cobra.Command{
		Use:   "load --url URL",
		Short: "Drive a calculator that is yours with load, and record it",
		Long: "Sends multiplications of large numbers to URL/v1/calculate and records what came of them,\n" +
			"with latencies counted from when a request was due as well as from when it was sent.\n\n" +
			"An address that is not on this machine needs --mine: load that its owner did not ask for is an\nattack.",
		Args: noArguments,
		PreRunE: func(*cobra.Command, []string) (err error) {
			l, err = o.validate()
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return runLoad(cmd.Context(), out, o.runs, l) },
	}
	f := cmd.Flags()
	f.StringVar(&o.url, "url", "", "`URL` of the load balancer or server")
	f.BoolVar(&o.mine, "mine", false, "I own the server at the URL, or its owner asked me to load it")
	f.StringVar(&o.profile, "profile", "constant:50", "offered load in requests/s over time: constant:R, ramp:R1..R2/D, …")
	f.DurationVar(&o.duration, "for", 30*time.Second, "how long to send requests")
	f.IntVar(&o.digits, "digits", 4000, "decimal digits of an operand")
	f.IntVar(&o.users, "users", 200, "how many users the requests come from")
	f.DurationVar(&o.timeout, "timeout", 5*time.Second, "how long a request may take")
	runsFlag(f, &o.runs)
	return cmd
}

// loading is a load as the flags ask for it.
type loading struct {
	url      string
	offered  profile.Profile
	scenario scenario.Scenario // its hold is how long the load lasts
}

// validate returns the load that the flags ask for.
func (o loadOptions) validate() (loading, error) {
	if err := checkTarget(o.url, o.mine); err != nil {
		return loading{}, err
	}
	offered, err := profile.Parse(o.profile)
	if err != nil {
		return loading{}, fmt.Errorf("--profile: %w", err)
	}
	if o.duration <= 0 {
		return loading{}, fmt.Errorf("--for %s: give how long to load, for instance 30s", o.duration)
	}
	s := scenario.Default()
	s.Name, s.Users, s.Timeout, s.Hold = "load", o.users, o.timeout, o.duration
	s.Payload.Digits = payload.Range{Min: o.digits, Max: o.digits}
	return loading{o.url, offered, s}, s.Validate(map[string]string{
		"users": "--users", "timeout": "--timeout", "payload.digits.min": "--digits", "payload.digits.max": "--digits",
	})
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

// runLoad loads, and closes and seals the record however that ends.
func runLoad(ctx context.Context, out *output, runs string, l loading) error {
	writer, err := newRun(runs, l.scenario, time.Now())
	if err != nil {
		return err
	}
	reporter := out.reporter()
	reporter.Event(0, fmt.Sprintf("loading %s with %s for %s; the record grows in %s", l.url, l.offered, l.scenario.Hold, writer.Dir()))
	traffic := new(experiment.Traffic)
	err = l.run(ctx, writer, traffic, reporter)
	if ctx.Err() != nil {
		interrupted := &runlog.Interrupted{Reason: "interrupted by the user"}
		err = errors.Join(err, writer.WriteLoad(runlog.LoadLine{Time: time.Now().UTC(), Interrupted: interrupted}))
	}
	reporter.Close()
	if err := errors.Join(err, writer.Close(), runlog.Seal(writer.Dir())); err != nil {
		return err
	}
	if err := writeTraffic(out, traffic.Total(), writer.Dir()); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return &exitError{code: exitInterrupted}
	}
	return nil
}

// run loads until the time is over or ctx ends; neither is an error.
func (l loading) run(ctx context.Context, writer *runlog.Writer, traffic *experiment.Traffic, reporter progress.Reporter) error {
	cfg := live.Config{Scenario: l.scenario, LoadBalancerURL: l.url, Writer: writer}
	generator, err := live.NewGenerator(cfg, traffic)
	if err != nil {
		return err
	}
	follow := func(ctx context.Context) error {
		start := time.Now()
		generator.SetPhase(runlog.PhaseLoad, 0)
		generator.Follow(l.offered)
		l.await(ctx, func() {
			elapsed := time.Since(start)
			reporter.Status(loadStatus(traffic, elapsed, l.scenario.Hold, l.offered.Rate(elapsed)))
		})
		return nil
	}
	return live.RunGroup(ctx, follow, generator.Run)
}

// await waits until the load's time is over or ctx ends, and reports once a second.
func (l loading) await(ctx context.Context, report func()) {
	over := time.NewTimer(l.scenario.Hold)
	defer over.Stop()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-over.C:
			return
		case <-ticker.C:
			report()
		}
	}
}

func loadStatus(traffic *experiment.Traffic, elapsed, expected time.Duration, rate float64) progress.Status {
	second, failed := traffic.Last()
	return progress.Status{
		Phase: runlog.PhaseLoad, Elapsed: elapsed, Expected: expected, PhaseElapsed: elapsed, PhaseExpected: expected,
		OfferedRate: rate, CompletedRate: float64(second.Completed) / max(second.IntervalSeconds, 1), Failed: failed,
	}
}

// writeTraffic sums up what a load did: the errors that came most often first.
func writeTraffic(out *output, total runlog.LoadSecond, dir string) error {
	result := struct {
		runlog.LoadSecond
		Recorded string `json:"recorded"` // the record's folder
	}{total, dir}
	return out.write(result, func(w io.Writer) {
		fmt.Fprintf(w, "%d offered, %d sent, %d answered, %d failed, %d dropped\n",
			total.Offered, total.Sent, total.Completed, total.Failed, total.Dropped)
		byCount := func(a, b string) int { return cmp.Or(cmp.Compare(total.Errors[b], total.Errors[a]), cmp.Compare(a, b)) }
		for _, text := range slices.SortedFunc(maps.Keys(total.Errors), byCount) {
			fmt.Fprintf(w, "  %d × %s\n", total.Errors[text], text)
		}
		fmt.Fprintf(w, "recorded  %s\n", dir)
	})
}

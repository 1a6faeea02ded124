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
			"An address that is not on this machine needs --mine: load that its owner did not ask for is an\nattack.\n\n" +
			"Exit codes: 0 the load was sent, 1 every request failed, 2 misuse, 130 interrupted before its end.",
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
	profile  string // as it was given
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
	return loading{o.url, o.profile, offered, s}, s.Validate(map[string]string{
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

// exitAllFailed is load's exit code when not one request was answered as expected.
const exitAllFailed = 1

// runLoad loads, and closes and seals the record however that ends.
func runLoad(ctx context.Context, out *output, runs string, l loading) error {
	start := time.Now()
	writer, err := newRun(runs, l.scenario, start)
	if err != nil {
		return err
	}
	out.interrupts.records(writer.Dir())
	reporter := out.reporter(start)
	reporter.Event(0, fmt.Sprintf("loading %s with %s for %s; the record grows in %s", l.url, l.profile, l.scenario.Hold, writer.Dir()))
	traffic := new(experiment.Traffic)
	err = l.run(ctx, writer, traffic, reporter)
	interrupted := ctx.Err() != nil
	out.interrupts.enter(done)
	if interrupted {
		line := runlog.LoadLine{Time: time.Now().UTC(), Interrupted: &runlog.Interrupted{Reason: byTheUser}}
		err = errors.Join(err, writer.WriteLoad(line))
	}
	reporter.Close()
	if err := errors.Join(cmp.Or(err, writer.Close()), runlog.Seal(writer.Dir())); err != nil {
		return err
	}
	total := traffic.Total()
	if err := writeTraffic(out, total, writer.Dir()); err != nil {
		return err
	}
	switch {
	case interrupted:
		return &exitError{code: exitInterrupted}
	case total.Failed > 0 && total.Completed == 0:
		return &exitError{code: exitAllFailed, err: fmt.Errorf("every request failed: check that a calculator answers at %s", l.url)}
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
		generator.SetPhase(runlog.PhaseLoad, profile.Until(l.offered, l.scenario.Hold))
		ctx, cancel := context.WithTimeout(ctx, l.scenario.Hold)
		defer cancel()
		return everySecond(ctx, func() {
			elapsed := time.Since(start)
			second, failed := traffic.Last()
			reporter.Status(progress.Status{
				Phase: runlog.PhaseLoad, Elapsed: elapsed, Expected: l.scenario.Hold, PhaseElapsed: elapsed, PhaseExpected: l.scenario.Hold,
				Traffic: progress.TrafficOf(l.offered.Rate(elapsed), second, failed),
			})
		})
	}
	return live.RunGroup(ctx, follow, generator.Run)
}

// writeTraffic sums up what a load did: the errors that came most often first.
func writeTraffic(out *output, total runlog.LoadSecond, dir string) error {
	result := struct {
		runlog.LoadSecond
		Phase       *string `json:"phase,omitempty"` // hides the sum's, which has none
		OfferedRate *string `json:"offeredRate,omitempty"`
		Recorded    string  `json:"recorded"` // the record's folder
	}{LoadSecond: total, Recorded: dir}
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

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"secondwind/cmd/secondwind/live"
	"secondwind/cmd/secondwind/progress"
	"secondwind/runlog"
	"secondwind/verify/observe"
)

// observeOptions are the flags of observe.
type observeOptions struct {
	group    string
	runs     string
	interval time.Duration
	duration time.Duration
}

func newObserve(out *output) *cobra.Command {
	var o observeOptions
	cmd := &cobra.Command{
		Use:   "observe --group NAME",
		Short: "Watch and record an Auto Scaling group, on AWS or any endpoint",
		Long: "Polls CloudWatch, Auto Scaling and ELBv2 with the usual AWS credentials and region\n" +
			"(AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL …) and records every answer in cloud.jsonl.\n" +
			"Only read permissions are used. Ends with Ctrl-C, or after --for.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runObserve(cmd.Context(), out, o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.group, "group", "", "`name` of the Auto Scaling group")
	f.DurationVar(&o.interval, "interval", 10*time.Second, "time between polls; AWS's shared request quota asks for 10s or more")
	f.DurationVar(&o.duration, "for", 0, "how long to watch; 0 is until Ctrl-C")
	f.StringVar(&o.runs, "runs", filepath.Join("reports", "runs"), "`folder` that receives the record's folder")
	if err := cmd.MarkFlagRequired("group"); err != nil {
		panic(err) // the flag is defined three lines above
	}
	return cmd
}

func runObserve(ctx context.Context, out *output, o observeOptions) error {
	if o.interval < time.Second {
		return fmt.Errorf("--interval %s is too short: 1s is the least, 10s what AWS's quota asks for", o.interval)
	}
	if o.duration < 0 {
		return fmt.Errorf("--for %s is negative: give how long to watch, or 0 for until Ctrl-C", o.duration)
	}
	cfg, err := loadAWS(ctx, "")
	if err != nil {
		return err
	}
	start := time.Now()
	id := runlog.NewID(start)
	writer, err := runlog.Create(filepath.Join(o.runs, id), runlog.Manifest{RunID: id, Started: start, Revision: version, Versions: versions()})
	if err != nil {
		return fmt.Errorf("make the record's folder in %s: %w", o.runs, err)
	}
	observer := observe.New(observe.Config{AWS: cfg, AutoScalingGroupName: o.group, Interval: o.interval, Since: start, Sink: writer.WriteObservation})
	if _, err := observer.Configure(ctx); err != nil {
		return errors.Join(err, writer.Close(), os.RemoveAll(writer.Dir()))
	}
	if o.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.duration)
		defer cancel()
	}
	reporter := out.reporter()
	reporter.Event(0, fmt.Sprintf("watching %s every %s; the record grows in %s", o.group, o.interval, writer.Dir()))
	err = live.RunGroup(ctx, func(ctx context.Context) error { return tellStates(ctx, observer, reporter, start) }, observer.Run)
	reporter.Close()
	if err := errors.Join(err, writer.Close(), runlog.Seal(writer.Dir())); err != nil {
		return err
	}
	fmt.Fprintf(out.stdout, "recorded  %s\n", writer.Dir())
	return nil
}

// tellStates reports every new state until ctx ends, which is no error.
func tellStates(ctx context.Context, observer *observe.Observer, reporter progress.Reporter, start time.Time) error {
	told := map[string]bool{}
	for {
		state, changed := observer.State()
		elapsed := time.Since(start)
		status := progress.Status{
			Phase: "observe", Elapsed: elapsed,
			InService: len(state.Group.InService()), Desired: state.Group.DesiredCapacity, Healthy: len(state.Healthy()),
		}
		if p, ok := state.Latest(runlog.GroupSeries); ok {
			status.CPUPercent = &p.Value
		}
		for _, a := range state.Alarms {
			if key := a.AlarmName + a.StateValue; !told[key] {
				clear(told)
				told[key] = true
				reporter.Event(elapsed, fmt.Sprintf("alarm %s is %s: %s", a.AlarmName, a.StateValue, a.StateReason))
			}
		}
		if !state.Polled.IsZero() {
			reporter.Status(status)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}

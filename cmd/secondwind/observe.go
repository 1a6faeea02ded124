package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"secondwind/cmd/internal/awsconfig"
	"secondwind/cmd/secondwind/live"
	"secondwind/cmd/secondwind/progress"
	"secondwind/runlog"
	"secondwind/verify/doctor"
	"secondwind/verify/observe"
)

// observeOptions are the flags of observe.
type observeOptions struct {
	group    string
	region   string
	runs     string
	interval time.Duration
	duration time.Duration
}

func newObserve(out *output) *cobra.Command {
	var o observeOptions
	cmd := &cobra.Command{
		Use:   "observe --group NAME",
		Short: "Watch and record an Auto Scaling group, on AWS or any endpoint",
		Long: "Polls CloudWatch, Auto Scaling and ELBv2 with the usual AWS credentials and Region\n" +
			"(AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL …) and records every answer in cloud.jsonl.\n" +
			"It needs read permissions only. It ends with Ctrl-C, or after --for.\n\n" +
			"Exit codes: 0 ended by Ctrl-C, or after --for; 2 misuse, or the group cannot be watched.",
		Args:    noArguments,
		PreRunE: func(*cobra.Command, []string) error { return o.validate() },
		RunE:    func(cmd *cobra.Command, _ []string) error { return runObserve(cmd.Context(), out, o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.group, "group", "", "`name` of the Auto Scaling group")
	f.StringVar(&o.region, "region", "", "AWS `Region` (default: that of the AWS configuration)")
	f.DurationVar(&o.interval, "interval", 10*time.Second, "time between polls; 10s or more keeps within AWS's shared request quota")
	f.DurationVar(&o.duration, "for", 0, "how long to watch; 0 is until Ctrl-C")
	runsFlag(f, &o.runs)
	return cmd
}

func (o observeOptions) validate() error {
	switch {
	case o.group == "":
		return errors.New("name the Auto Scaling group with --group")
	case o.interval < time.Second:
		return fmt.Errorf("--interval %s is too short: give at least 1s, and 10s or more on AWS", o.interval)
	case o.duration < 0:
		return fmt.Errorf("--for %s is negative: give how long to watch, or 0 for until Ctrl-C", o.duration)
	}
	return nil
}

func runObserve(ctx context.Context, out *output, o observeOptions) error {
	cfg, err := awsconfig.Load(ctx, o.region)
	if err != nil {
		return err
	}
	start := time.Now()
	writer, err := createRecord(o.runs, runlog.CommandObserve, start, nil)
	if err != nil {
		return err
	}
	observer := observe.New(observe.Config{
		AWS: cfg, AutoScalingGroupName: o.group, Interval: o.interval, Since: start, Sink: writer.WriteObservation,
	})
	configured, err := observer.Configure(ctx)
	if err != nil {
		return errors.Join(doctor.Explain(ctx, cfg, err), writer.Close(), os.RemoveAll(writer.Dir()))
	}
	if o.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.duration)
		defer cancel()
	}
	reporter := out.reporter(start)
	out.interrupts.records(writer.Dir(), "report")
	reporter.Event(0, fmt.Sprintf("watching %s every %s; recording to %s", o.group, runlog.Words(o.interval), writer.Dir()))
	alarm, _ := configured.ScaleOutAlarm("") // without one, CPU
	w := watching{source: observer, metric: configured.Metric(alarm), reporter: reporter, start: start, duration: o.duration}
	err = live.RunGroup(ctx, w.run, observer.Run)
	out.interrupts.enter(done)
	reporter.Close()
	// Close repeats what the observer could not write.
	if err := errors.Join(cmp.Or(err, writer.Close()), runlog.Seal(writer.Dir())); err != nil {
		return err
	}
	return out.writePath("recorded", writer.Dir())
}

// createRecord makes the folder of a command's record in runs. The seeds are those of
// what is made up in the run.
func createRecord(runs string, of runlog.Command, start time.Time, seeds map[string]uint64) (*runlog.Writer, error) {
	id := runlog.NewID(start)
	writer, err := runlog.Create(filepath.Join(runs, id), runlog.Manifest{
		RunID: id, Command: of, Started: start, Revision: version, Versions: versions(), Seeds: seeds,
	})
	if err != nil {
		return nil, misuse(fmt.Errorf("make the record's folder in %s: %w; name a folder that you may write to with --runs", runs, err))
	}
	return writer, nil
}

// watching reports what an observer sees.
type watching struct {
	source interface {
		State() (runlog.State, <-chan struct{})
	}
	metric   runlog.Metric // that the group's alarm watches
	reporter progress.Reporter
	start    time.Time
	duration time.Duration // 0: not known
}

// run reports every new state until ctx ends, which is no error.
func (w watching) run(ctx context.Context) error {
	alarms := map[string]string{} // the states reported last, by name
	for {
		state, changed := w.source.State()
		elapsed := time.Since(w.start)
		for _, a := range state.Alarms {
			if alarms[a.AlarmName] != a.StateValue {
				alarms[a.AlarmName] = a.StateValue
				w.reporter.Event(elapsed, fmt.Sprintf("alarm %s is %s: %s", a.AlarmName, a.StateValue, a.StateReason))
			}
		}
		if !state.Polled.IsZero() {
			s := progress.Status{
				Phase: "observe", Elapsed: elapsed, Expected: w.duration, PhaseElapsed: elapsed, PhaseExpected: w.duration,
			}
			s.See(state, w.metric)
			w.reporter.Status(s)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}

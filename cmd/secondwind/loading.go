package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/goccy/go-yaml"

	"secondwind/cmd/secondwind/live"
	"secondwind/cmd/secondwind/progress"
	"secondwind/loadgen/attack"
	"secondwind/loadgen/executor"
	"secondwind/loadgen/profile"
	"secondwind/loadgen/raw"
	"secondwind/loadgen/summary"
	"secondwind/runlog"
	"secondwind/verify/experiment"
)

// exitFailed is load's exit code when not one request was answered as expected, or a
// threshold was not met.
const exitFailed = 1

// runLoad loads, and closes and seals the record however that ends.
func runLoad(ctx context.Context, out *output, runs string, l loading) error {
	start := time.Now()
	writer, err := l.record(runs, start)
	if err != nil {
		return err
	}
	reporter := out.reporter(start)
	reporter.Event(0, fmt.Sprintf("loading %s with %s for %s; the record grows in %s", l.attack.Server, l.shown, l.duration, writer.Dir()))
	var sum summary.Summary
	err = l.run(ctx, writer, &sum, reporter)
	reporting, leave := context.WithCancel(context.WithoutCancel(ctx))
	defer leave()
	out.interrupts.judge(leave)
	interrupted := ctx.Err() != nil // and no signal changes that any more
	if interrupted {
		line := runlog.LoadLine{Time: time.Now().UTC(), Interrupted: &runlog.Interrupted{Reason: byTheUser}}
		err = errors.Join(err, writer.WriteLoad(line))
	}
	err = errors.Join(err, writer.Close(), runlog.Seal(writer.Dir()))
	reporter.Event(time.Since(start), "drawing the report")
	// The record is sealed by then: a report that is left out takes nothing from it.
	if failed := reportRecord(reporting, writer.Dir()); reporting.Err() == nil {
		err = errors.Join(err, failed)
	}
	out.interrupts.enter(done)
	reporter.Close()
	if err != nil {
		return err
	}
	required := l.required(&sum)
	if err := writeLoad(out, &sum, required, writer.Dir()); err != nil {
		return err
	}
	switch {
	case interrupted:
		return &exitError{code: exitInterrupted}
	case sum.Failed > 0 && sum.Completed == 0:
		return &exitError{code: exitFailed, err: fmt.Errorf("every request to %s failed", l.attack.Server)}
	}
	for _, r := range required {
		if !r.Met {
			return &exitError{code: exitFailed}
		}
	}
	return nil
}

// record begins the record.
func (l loading) record(runs string, start time.Time) (*runlog.Writer, error) {
	text, err := yaml.Marshal(map[string]any{
		"server": l.attack.Server.String(), "offered": l.shown, "duration": l.duration.String(), "timeout": l.attack.Timeout.String(),
	})
	if err != nil {
		return nil, err
	}
	writer, err := createRecord(runs, runlog.CommandLoad, start, nil)
	if err != nil {
		return nil, err
	}
	if _, err := writer.WriteScenario(text); err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	return writer, nil
}

// run loads until the time is over or ctx ends; neither is an error.
func (l loading) run(ctx context.Context, writer *runlog.Writer, sum *summary.Summary, reporter progress.Reporter) (returned error) {
	traffic := new(experiment.Traffic)
	cfg := l.attack
	cfg.Sink = func(line runlog.LoadLine) error {
		traffic.Add(line)
		return errors.Join(sum.Add(line.Second), writer.WriteLoad(line))
	}
	if l.raw != "" {
		results, err := raw.Create(writer.Dir(), l.raw)
		if err != nil {
			return err
		}
		defer func() { returned = errors.Join(returned, results.Close()) }()
		cfg.Result = results.Write
		record := cfg.Sink
		cfg.Sink = func(line runlog.LoadLine) error { return errors.Join(record(line), results.Flush()) }
	}
	// Users wait for their answers, so that how often they send is not known before.
	if l.attack.Users == nil {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(executor.Procs(profile.Highest(l.offered), runtime.GOMAXPROCS(0))))
	}
	generator := attack.New(cfg)
	follow := func(ctx context.Context) error {
		start := time.Now()
		generator.SetPhase(runlog.PhaseLoad, profile.Until(l.offered, l.duration))
		ctx, cancel := context.WithTimeout(ctx, l.duration)
		defer cancel()
		return everySecond(ctx, func() {
			elapsed := time.Since(start)
			second, failed := traffic.Last()
			reporter.Status(progress.Status{
				Phase: runlog.PhaseLoad, Elapsed: elapsed, Expected: l.duration, PhaseElapsed: elapsed, PhaseExpected: l.duration,
				Traffic: progress.TrafficOf(l.offered.Rate(elapsed), second, failed),
			})
		})
	}
	return live.RunGroup(ctx, follow, generator.Run)
}

// requirement is what became of a threshold.
type requirement struct {
	Threshold string   `json:"threshold"`
	Met       bool     `json:"met"`
	Value     *float64 `json:"value"` // in seconds, as a fraction, or a number; null without data
	shown     string
}

// required judges the thresholds; one without data is not met.
func (l loading) required(sum *summary.Summary) (all []requirement) {
	for _, t := range l.require {
		r := requirement{Threshold: t.String()}
		if value, ok := sum.Value(t); ok {
			r.Value, r.Met, r.shown = &value, t.Met(value), t.Show(value)
		}
		all = append(all, r)
	}
	return all
}

// writeLoad writes what became of a load.
func writeLoad(out *output, sum *summary.Summary, required []requirement, dir string) error {
	result := struct {
		*summary.Summary
		Required []requirement `json:"required,omitempty"`
		Recorded string        `json:"recorded"` // the record's folder
	}{sum, required, dir}
	return out.write(result, func(w io.Writer) {
		sum.Write(w)
		for _, r := range required {
			switch {
			case r.Met:
				fmt.Fprintf(w, "✓ %s: it is %s\n", r.Threshold, r.shown)
			case r.Value == nil:
				fmt.Fprintf(w, "✗ %s: there are no data for it\n", r.Threshold)
			default:
				fmt.Fprintf(w, "✗ %s: it is %s\n", r.Threshold, r.shown)
			}
		}
		fmt.Fprintf(w, "recorded  %s\n", dir)
	})
}

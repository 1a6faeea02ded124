package main

import (
	"cmp"
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
	"secondwind/reports"
	"secondwind/runlog"
	"secondwind/runlog/threshold"
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
	interrupted, reason := ctx.Err() != nil, "" // no signal changes that any more
	var aborted *abortedError
	switch {
	case errors.As(err, &aborted):
		err, reason = nil, aborted.reason
	case interrupted:
		reason = byTheUser
	}
	reporter.Event(time.Since(start), "drawing the report")
	err = errors.Join(err, endRecord(reporting, writer, reason))
	out.interrupts.enter(done)
	reporter.Close()
	if err != nil {
		return err
	}
	required := l.required(&sum)
	if err := writeLoad(out, &sum, required, writer.Dir()); err != nil {
		return err
	}
	return l.exit(&sum, required, interrupted, aborted)
}

// exit is the exit code of a load, nil for 0.
func (l loading) exit(sum *summary.Summary, required []requirement, interrupted bool, aborted *abortedError) error {
	switch {
	case aborted != nil:
		return &exitError{code: exitFailed, err: aborted}
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

// endRecord seals a record, and reports it unless ctx ends before. The reason is why it
// ended early, "" if it did not.
func endRecord(ctx context.Context, w *runlog.Writer, reason string) (err error) {
	if reason != "" {
		err = w.WriteLoad(runlog.LoadLine{Time: time.Now().UTC(), Interrupted: &runlog.Interrupted{Reason: reason}})
	}
	if err := cmp.Or(w.Close(), err); err != nil {
		return err
	}
	c, err := conclude(ctx, w.Dir(), reports.HTMLFile, true)
	return errors.Join(err, c.unwritten)
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

// run loads until the time is over, ctx ends or a condition ends it; the first two are no
// error.
func (l loading) run(ctx context.Context, writer *runlog.Writer, sum *summary.Summary, reporter progress.Reporter) (returned error) {
	traffic := new(experiment.Traffic)
	ctx, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	watch := aborting{conditions: l.abort, abort: abort}
	cfg := l.attack
	sinks, stop, err := l.sideOutputs(ctx, writer.Dir(), &cfg)
	defer func() { returned = errors.Join(returned, stop()) }()
	if err != nil {
		return err
	}
	sinks = append(sinks, sum.Add, watch.add)
	cfg.Sink = func(line runlog.LoadLine) error {
		traffic.Add(line)
		err := writer.WriteLoad(line)
		for _, sink := range sinks {
			err = errors.Join(err, sink(line.Second))
		}
		return err
	}
	// Users wait for their answers, so that how often they send is not known before.
	if cfg.Users == nil {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(executor.Procs(profile.Highest(l.offered), runtime.GOMAXPROCS(0))))
	}
	generator := attack.New(cfg)
	err = live.RunGroup(ctx, func(ctx context.Context) error {
		generator.SetPhase(runlog.PhaseLoad, profile.Until(l.offered, l.duration))
		return l.follow(ctx, traffic, reporter)
	}, generator.Run)
	var aborted *abortedError
	if errors.As(context.Cause(ctx), &aborted) {
		err = errors.Join(err, aborted)
	}
	return err
}

// follow reports the load each second until it is over.
func (l loading) follow(ctx context.Context, traffic *experiment.Traffic, reporter progress.Reporter) error {
	start := time.Now()
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

// sideOutputs opens what a load writes besides its record. What it returns takes each
// line, and stop closes it, also after an error.
func (l loading) sideOutputs(ctx context.Context, dir string, cfg *attack.Config) (
	sinks []func(*runlog.LoadSecond) error, stop func() error, err error) {
	var stops []func() error
	stop = func() (err error) {
		for _, s := range stops {
			err = errors.Join(err, s())
		}
		return err
	}
	if l.metrics != "" {
		shown := new(loadMetrics)
		end, err := shown.serve(ctx, l.metrics)
		if err != nil {
			return nil, stop, err
		}
		sinks, stops = append(sinks, shown.add), append(stops, end)
	}
	if l.raw != "" {
		results, err := raw.Create(dir, l.raw)
		if err != nil {
			return nil, stop, err
		}
		sinks, stops = append(sinks, func(*runlog.LoadSecond) error { return results.Flush() }), append(stops, results.Close)
		cfg.Result = results.Write
	}
	return sinks, stop, nil
}

// aborting ends a load when a condition holds over the last ten lines.
type aborting struct {
	conditions []threshold.Threshold
	abort      context.CancelCauseFunc
	lines      []*runlog.LoadSecond
}

// abortedError ends a load whose record is whole.
type abortedError struct{ reason string }

func (e *abortedError) Error() string { return "the load was ended: " + e.reason }

// add takes a line into account. What is under way when the load ends is still recorded.
func (a *aborting) add(line *runlog.LoadSecond) error {
	const window = 10
	a.lines = append(a.lines, line)
	a.lines = a.lines[max(0, len(a.lines)-window):]
	if len(a.lines) < window || len(a.conditions) == 0 {
		return nil
	}
	var last summary.Summary
	for _, l := range a.lines {
		if err := last.Add(l); err != nil {
			return err
		}
	}
	for _, c := range a.conditions {
		if value, ok := last.Value(c); ok && c.Met(value) {
			a.abort(&abortedError{fmt.Sprintf("%s over the last %d s: %s", c, window, c.Show(value))})
		}
	}
	return nil
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

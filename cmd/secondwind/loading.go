package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"runtime"
	"slices"
	"time"

	"secondwind/cmd/secondwind/live"
	"secondwind/cmd/secondwind/progress"
	"secondwind/loadgen/attack"
	"secondwind/loadgen/executor"
	"secondwind/loadgen/mix"
	"secondwind/loadgen/otlp"
	"secondwind/loadgen/profile"
	"secondwind/loadgen/scenario"
	"secondwind/loadgen/summary"
	"secondwind/reports"
	"secondwind/runlog"
	"secondwind/runlog/threshold"
	"secondwind/verify/experiment"
)

// loading is a load that can begin.
type loading struct {
	scenario scenario.Scenario // that of the record
	attack   attack.Config
	offered  profile.Profile
	require  []threshold.Threshold
	abort    []threshold.Threshold // conditions that end the load
	raw      string                // format of raw results, "" for none
	metrics  string                // address for Prometheus, "" for none
	listener net.Listener          // there, once the load begins
	otlp     *otlp.Collector       // nil for none
	noReport bool
	holding  *cpuHolder // nil: no CPU is to be held
	resumed  string     // folder of the record that goes on, "" for a new one

	maxRate     float64 // requests per second above which a load of users is ended
	maxRequests int64   // after which the load is ended
}

// newLoading makes whatever a load needs, of a scenario without a fault.
func newLoading(s scenario.Scenario) (l loading, err error) {
	offered, phases, err := s.Offered()
	if err != nil {
		return l, err
	}
	l.offered = offered
	s.LoadOnly.Duration = l.offered.Duration()
	requests, err := s.Mix()
	if err != nil {
		return l, err
	}
	l.scenario = s
	if l.attack, err = s.LoadAttack(requests); err != nil {
		return l, err
	}
	l.attack.Phases = phases
	if sources, err := s.LoadOnly.Sources(); err != nil {
		return l, err
	} else if len(sources) > 0 {
		l.holding = &cpuHolder{sources: sources}
	}
	if l.require, err = l.thresholds("require", s.LoadOnly.Require); err != nil {
		return l, err
	}
	l.abort, err = l.thresholds("abort", s.LoadOnly.Abort)
	return l, err
}

// thresholds reads what is required of a load, of which each kind of requests must be sent.
func (l loading) thresholds(key string, texts []string) (all []threshold.Threshold, err error) {
	for _, text := range texts {
		t, err := summary.Measures.Parse(text)
		kind := summary.Kind(t)
		if kinds := l.attack.Requests.Kinds(); err == nil && kind != "" && !slices.Contains(kinds, kind) {
			err = fmt.Errorf("%q: there are no requests %q; there are %q", text, kind, kinds)
		}
		if names := l.phases(); err == nil && t.Phase != "" && !slices.Contains(names, runlog.Phase(t.Phase)) {
			err = fmt.Errorf("%q: there is no phase %q; there are %q", text, t.Phase, names)
		}
		if err != nil {
			return nil, mix.Fault{Key: "load_only." + key, Text: err.Error()}
		}
		all = append(all, t)
	}
	return all, nil
}

// runLoad loads, and closes and seals the record however that ends.
func runLoad(ctx context.Context, out *output, runs string, l loading) error {
	start := time.Now()
	if err := l.ready(ctx); err != nil {
		return misuse(err)
	}
	if l.listener != nil {
		defer func() { _ = l.listener.Close() }() // again, unless the load does not begin
	}
	p, err := l.begin(runs, start)
	if err != nil {
		return err
	}
	out.interrupts.records(p.writer.Dir(), "report")
	reporter := out.reporter(start)
	reporter.Event(0, l.announce(p))
	warned := &warnings{show: func(text string) { reporter.Event(time.Since(start), text) }}
	warned.add(l.steep())
	err = l.run(ctx, p, warned, reporter)
	reporting, leave := context.WithCancel(context.WithoutCancel(ctx))
	defer leave()
	out.interrupts.judge(leave)
	interrupted, reason := ctx.Err() != nil, "" // no signal changes that any more
	aborted, _ := errors.AsType[*abortedError](err)
	switch {
	case aborted != nil:
		err, reason = nil, aborted.reason
	case interrupted:
		reason = byTheUser
	}
	if l.noReport {
		leave()
	} else {
		reporter.Event(time.Since(start), "drawing the report")
	}
	shown, err := endRecord(reporting, p.writer, reason, err)
	result := l.result(&p.sum, shown, p.writer.Dir())
	result.Warnings = warned.all
	end := result.exit(interrupted, aborted)
	if err != nil {
		end = &exitError{exitMisuse, err}
	}
	out.interrupts.decide(end.code)
	reporter.Close()
	return cmp.Or(result.write(out), error(end))
}

// ready takes what a load needs before anything is recorded: the address of /metrics, and where the
// service's CPU is read.
func (l *loading) ready(ctx context.Context) (err error) {
	if l.listener, err = listenForMetrics(ctx, l.metrics); err != nil {
		return err
	}
	if err = l.holding.prepare(ctx); err != nil && l.listener != nil {
		err = errors.Join(err, l.listener.Close())
	}
	return err
}

// announce says what begins.
func (l loading) announce(p *part) string {
	left, verb := l.offered.Duration(), "loading"
	if l.resumed != "" {
		left, verb = max(0, left-p.start.At), "loading on"
	}
	return fmt.Sprintf("%s %s with %s for %s; recording to %s",
		verb, l.destination(), l.scenario.LoadOnly.Shown(), runlog.Words(left), p.writer.Dir())
}

// destination is where requests go, for people: without the user that a URL may have.
func (l loading) destination() string {
	u, err := attack.ParseServer(l.scenario.LoadOnly.URL)
	if err != nil {
		u = l.attack.Server // of targets
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}).String()
}

// kind is the only kind of requests, "" if there are several.
func (l loading) kind() string {
	if kinds := l.attack.Requests.Kinds(); len(kinds) == 1 {
		return kinds[0]
	}
	return ""
}

// endRecord seals a record, and reports it unless ctx ends before. It returns what there is to
// look at. The reason is why it ended early, "" if it did not; failed is what the load ended with.
func endRecord(ctx context.Context, w *runlog.Writer, reason string, failed error) (shown string, err error) {
	var notWritten error
	if reason != "" {
		notWritten = w.WriteLoad(runlog.LoadLine{Time: time.Now().UTC(), Interrupted: &runlog.Interrupted{Reason: reason}})
	}
	closed := w.Close() // repeats what could not be written
	c, err := conclude(ctx, w.Dir(), reports.HTMLFile, seal)
	return cmp.Or(c.shown, w.Dir()), errors.Join(cmp.Or(failed, closed, notWritten), err, c.unwritten)
}

// run loads until the time is over, ctx ends or a condition ends it; the first two are no
// error.
func (l loading) run(ctx context.Context, p *part, warned *warnings, reporter progress.Reporter) (returned error) {
	traffic := new(experiment.Traffic)
	ctx, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	watch := aborting{conditions: l.abort, kind: l.kind(), abort: abort}
	cfg := l.attack
	cfg.Start, cfg.Duration = p.start, l.offered.Duration()
	o, err := l.open(p, warned)
	defer func() { returned = errors.Join(returned, o.stop()) }()
	if err != nil {
		return err
	}
	cfg.Result = o.result
	sinks := append(o.sinks, p.sum.Add, watch.add, l.holding.add)
	cfg.Sink = func(line runlog.LoadLine) error {
		traffic.Add(line)
		// A load that is killed goes on from its last line.
		err := errors.Join(p.writer.WriteLoad(line), p.writer.Flush())
		for _, sink := range sinks {
			err = errors.Join(err, sink(line.Second))
		}
		if l.depends() {
			l.endAboveLimits(p.sum.Sent, line.Second, abort)
		}
		return err
	}
	if !l.depends() {
		cfg.Precise = cfg.Precise || executor.Precisely(profile.Highest(l.offered))
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(executor.Procs(profile.Highest(l.offered), runtime.GOMAXPROCS(0))))
	}
	generator := attack.New(cfg)
	generator.SetPhase(l.attack.Phases[0].Name, l.offered)
	err = live.RunGroup(ctx, generator.Run, func(ctx context.Context) error { return l.follow(ctx, p.start.At, traffic, reporter) },
		func(ctx context.Context) error { return l.holding.run(ctx, generator, warned.add) })
	var aborted *abortedError
	if errors.As(context.Cause(ctx), &aborted) {
		err = errors.Join(err, aborted)
	}
	return err
}

// depends tells whether the rate depends on the service, so that it is not known before: users wait
// for their answers, and a CPU is held by whatever that takes.
func (l loading) depends() bool { return l.attack.Users != nil || l.holding != nil }

// endAboveLimits ends a load whose rate is not known before, once so many requests
// were sent, or more in a second than --max-rate.
func (l loading) endAboveLimits(sent int64, line *runlog.LoadSecond, abort context.CancelCauseFunc) {
	lasted := max(1, line.IntervalSeconds) // the end of a load may be a short line
	switch {
	case sent >= l.maxRequests:
		abort(&abortedError{fmt.Sprintf("%d requests were sent, and --max-requests is %d", sent, l.maxRequests)})
	case float64(line.Sent) > l.maxRate*lasted:
		abort(&abortedError{fmt.Sprintf("%.0f requests/s were sent, and --max-rate is %.10g", float64(line.Sent)/lasted, l.maxRate)})
	}
}

// follow reports the load each second until ctx ends. It goes on at a time of what is offered.
func (l loading) follow(ctx context.Context, at time.Duration, traffic *experiment.Traffic, reporter progress.Reporter) error {
	start := time.Now().Add(-at)
	before, _ := l.phaseAt(at)
	return everySecond(ctx, func() {
		elapsed := min(time.Since(start), l.offered.Duration())
		second, failed := traffic.Last()
		phase, ends := l.phaseAt(elapsed)
		if phase.Name != before.Name {
			reporter.Event(elapsed, "phase "+string(phase.Name)+" for "+runlog.Words(ends-phase.From))
			before = phase
		}
		rate := l.offered.Rate(elapsed)
		shown := progress.TrafficOf(rate, second, failed)
		if l.depends() {
			shown.OfferedRate = second.OfferedRate
		}
		if l.attack.Users != nil { // of whom the profile is
			shown.Users = rate
		}
		reporter.Status(progress.Status{
			Phase: phase.Name, Elapsed: elapsed, Expected: l.offered.Duration(),
			PhaseElapsed: elapsed - phase.From, PhaseExpected: ends - phase.From,
			Traffic: shown,
		})
	})
}

// phases are the names of the phases.
func (l loading) phases() (names []runlog.Phase) {
	for _, p := range l.attack.Phases {
		names = append(names, p.Name)
	}
	return names
}

// phaseAt is the phase at a time of the load, and when it ends.
func (l loading) phaseAt(at time.Duration) (phase attack.Phase, ends time.Duration) {
	for _, p := range l.attack.Phases {
		if p.From > at {
			return phase, p.From
		}
		phase = p
	}
	return phase, l.offered.Duration()
}

// aborting ends a load when a condition holds over the last ten lines.
type aborting struct {
	conditions []threshold.Threshold
	kind       string // of requests, the only one
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
	last := summary.Summary{Kind: a.kind}
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

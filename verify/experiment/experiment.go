package experiment

import (
	"fmt"
	"strings"
	"time"

	"secondwind/runlog"
)

// Plan is what an experiment is to do. Every field is needed, but for those
// whose zero value has a meaning of its own.
type Plan struct {
	Hypothesis runlog.Hypothesis
	// Window is how long the group must be seen at rest, at least; never less than
	// one evaluation range of the alarm.
	Window          time.Duration
	CalibrationRate float64 // requests per second, before anything is known
	LoadRate        float64 // requests per second; 0: as CPU and calibration say
	LoadCPUPercent  float64 // where one instance is to stand under the load; 0: as the band says
	Hold            time.Duration
	// ReleasePercent of the load's rate goes on while the group scales in, to show
	// what draining does to requests in flight.
	ReleasePercent  float64
	ReleaseDeadline time.Duration // for scaling in; 0: nothing scales in
	PollInterval    time.Duration
	Seed            uint64 // of the calibration's bootstrap
	// Aligned is that the load must begin with a period of the metric: a policy that adds by
	// how far the threshold is exceeded must not see a part of it.
	Aligned bool
}

// Load is what an experiment needs to know of the load that it asked for.
type Load interface {
	// Rate is how many requests a second were answered from one time to another; 0 if that is not
	// known so far.
	Rate(from, to time.Time) float64
	// Served is when an instance first answered as expected; false: not yet.
	Served(instanceID string) (time.Time, bool)
	// Answers is what came of all requests so far.
	Answers() Answers
}

// Seen is all that an experiment decides by.
type Seen struct {
	State runlog.State
	Load  Load
	// EndHold is that the user wants the hold to end.
	EndHold bool
}

// stage is where the experiment is. Most are a phase of the record.
type stage int

const (
	stageStart stage = iota
	stagePremises
	stageCalibration
	stageControl
	stageLoadSnapshot // the control's load goes on until the configuration is recorded
	stageLoad
	stageHold
	stageRelease
	stageLastSnapshot
	stageDone
)

// Experiment is one experiment on its way.
type Experiment struct {
	plan   Plan
	h      runlog.Hypothesis
	period time.Duration

	stage stage
	began time.Time // the stage, our clock
	until time.Time // when the stage ends at the latest

	phase    runlog.Phase
	rate     float64   // requests per second
	restFrom time.Time // the premises: since when nothing has disturbed the group, our clock
	initial  []string
	healthy  map[string]time.Time // when a new target was first seen healthy, our clock
	idle     float64              // percent
	idleCPU  float64              // of the first instances, where the claim's metric is another one, too
	idleFrom time.Time            // AWS's clock
	points   int                  // of the calibration, when the control's rate was last looked at
	second   bool                 // the calibration has come to its second rate
	loadFrom time.Time
	aligned  time.Time     // when an aligned load begins, our clock; zero: not known yet
	fell     bool          // the fall of CPU was seen, or waited for long enough
	cutShort bool          // the hold, on request
	asked    time.Duration // the hold that the plan asked for
	reported map[string]bool

	commands []Command
}

// New returns an experiment that has not begun.
func New(p Plan) *Experiment {
	return &Experiment{plan: p, h: p.Hypothesis, period: p.Hypothesis.Period(), phase: runlog.PhaseSetup, reported: map[string]bool{},
		healthy: map[string]time.Time{}}
}

// Step brings the experiment to now and returns what the caller must do. It is to
// be called whenever something new was seen, and no later than Next.
func (e *Experiment) Step(now time.Time, seen Seen) []Command {
	e.commands = nil
	// A stage that is over may make the next one begin, and that one end at once.
	for was := stage(-1); was != e.stage && e.stage != stageDone; {
		was = e.stage
		e.step(now, seen)
	}
	return e.commands
}

func (e *Experiment) step(now time.Time, seen Seen) {
	switch e.stage {
	case stageStart:
		e.enterPremises(now)
	case stagePremises:
		e.premises(now, seen)
	case stageCalibration:
		e.calibration(now, seen)
	case stageControl:
		e.control(now, seen)
	case stageLoadSnapshot:
		e.loadSnapshot(now, seen)
	case stageLoad:
		e.load(now, seen)
	case stageHold:
		e.hold(now, seen)
	case stageRelease:
		e.release(now, seen)
	case stageLastSnapshot:
		e.lastSnapshot(now, seen)
	case stageDone:
	}
}

// Next returns by when Step is to be called even if nothing new is seen; zero
// once the experiment has ended.
func (e *Experiment) Next() time.Time {
	if e.stage == stageDone {
		return time.Time{}
	}
	return e.until
}

// Phase returns the phase that the experiment is in, and the rate that it offers,
// in requests per second.
func (e *Experiment) Phase() (phase runlog.Phase, rate float64) { return e.phase, e.rate }

// Expected is how long the whole run takes if nothing is slow: deadlines are the
// most that a link may take, and half of that is usual; premises and calibration
// take four periods together, and scaling in about as many.
func (e *Experiment) Expected() time.Duration {
	hold := max(e.plan.Hold, e.effectWithin()/2)
	return 4*e.period + runlog.Seconds(e.h.ControlSeconds) + e.h.ChainWithin()/2 + hold + min(3*e.period, e.plan.ReleaseDeadline)
}

// effectWithin is how long CPU may take to fall once it serves.
func (e *Experiment) effectWithin() time.Duration {
	return e.h.Within(runlog.LinkLoadShared, runlog.LinkLoadShared)
}

// begin makes a stage the present one.
func (e *Experiment) begin(s stage, now time.Time, lasts time.Duration) {
	e.stage, e.began, e.until = s, now, now.Add(lasts)
}

// enter begins a phase of the record, or changes its rate.
func (e *Experiment) enter(p runlog.Phase, rate float64, note string) {
	e.phase, e.rate = p, rate
	e.do(EnterPhase{Phase: p, Rate: rate, Note: note})
}

// stop ends the experiment before its end; reason "": at its end.
func (e *Experiment) stop(reason string) {
	if reason != "" {
		e.report("%s", reason)
	}
	e.enter(runlog.PhaseDone, 0, reason)
	e.do(Stop{Reason: reason})
	e.stage = stageDone
}

func (e *Experiment) do(c Command) { e.commands = append(e.commands, c) }

func (e *Experiment) report(format string, args ...any) {
	e.do(Report{Text: fmt.Sprintf(format, args...)})
}

// amount is a value of the claim's metric in words.
func (e *Experiment) amount(value float64) string {
	return e.h.Metric.Amount(strings.TrimSuffix(fmt.Sprintf("%.1f", value), ".0"))
}

// over reports whether the stage has lasted as long as it may.
func (e *Experiment) over(now time.Time) bool { return !now.Before(e.until) }

// awsNow is now by AWS's clock.
func awsNow(now time.Time, s runlog.State) time.Time { return now.Add(s.ClockOffset) }

// whole reports whether the period that began at start is over and its data in.
func (e *Experiment) whole(start, now time.Time, s runlog.State) bool {
	return !awsNow(now, s).Before(start.Add(e.period + e.h.PublishLag()))
}

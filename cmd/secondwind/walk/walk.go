package walk

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"secondwind/cmd/secondwind/progress"
	"secondwind/loadgen/attack"
	"secondwind/loadgen/scenario"
	"secondwind/runlog"
	"secondwind/verify/observe"
)

// Config is what a Walk is made of; every field but Log is needed.
type Config struct {
	Scenario         scenario.Scenario
	Hypothesis       runlog.Hypothesis
	HypothesisSHA256 string
	Observer         *observe.Observer
	Attack           *attack.Attack
	Traffic          *Traffic // what Attack's sink feeds
	Record           func(runlog.LoadLine) error
	Progress         progress.Reporter
	Start            time.Time // of the run, for elapsed times
	// ReleaseDeadline is how long scaling in may take once the load has gone.
	ReleaseDeadline time.Duration
	Log             *slog.Logger // nil: discard
}

// Walk is one run on its way.
type Walk struct {
	Config
	period   time.Duration
	lag      time.Duration // after a period's end until its datapoint is whole
	phase    phaseClock
	initial  string // the instance that was there before the load
	idle     float64
	idleFrom time.Time
	loadFrom time.Time
	stop     string // why the walk ends before its end; "" if it does not
}

// New returns a Walk at its beginning.
func New(cfg Config) *Walk {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	w := &Walk{Config: cfg, period: time.Duration(cfg.Hypothesis.PeriodSeconds) * time.Second}
	w.lag = cfg.Hypothesis.PublishLag()
	return w
}

// Run walks through the phases. It returns nil when the walk ended, also where
// it ended early because a premise was not met or the second instance did not
// come: that is for the judge to say. It returns ctx's error when interrupted,
// and an error when the record cannot be written.
func (w *Walk) Run(ctx context.Context) error {
	status := w.reportStatus(ctx)
	defer status()
	steps := []func(context.Context) error{w.premises, w.calibrate, w.control, w.load, w.hold, w.release}
	for _, step := range steps {
		if w.stop != "" {
			break
		}
		if err := step(ctx); err != nil {
			return err
		}
	}
	return w.enter(runlog.PhaseDone, 0, w.stop)
}

// enter begins a phase: from now on the load is rate.
func (w *Walk) enter(p runlog.Phase, rate float64, note string) error {
	now := time.Now().UTC()
	w.Attack.SetPhase(p, rate)
	w.phase.set(p, rate)
	change := &runlog.PhaseChange{Phase: p, OfferedRate: rate, Note: note}
	if p == runlog.PhasePremises {
		change.HypothesisSHA256 = w.HypothesisSHA256
	}
	return w.Record(runlog.LoadLine{Time: now, Phase: change})
}

// say tells the user of something that happened.
func (w *Walk) say(format string, args ...any) {
	w.Progress.Event(time.Since(w.Start), fmt.Sprintf(format, args...))
}

// await waits until met says so of the newest state, or the deadline passed:
// then it returns false.
func (w *Walk) await(ctx context.Context, deadline time.Duration, met func(runlog.State) bool) (bool, error) {
	timer := time.NewTimer(deadline)
	defer timer.Stop()
	for {
		state, changed := w.Observer.State()
		if met(state) {
			return true, nil
		}
		select {
		case <-ctx.Done():
			return false, context.Cause(ctx)
		case <-timer.C:
			return false, nil
		case <-changed:
		}
	}
}

// premises waits for one healthy instance, a quiet alarm and an idle datapoint.
func (w *Walk) premises(ctx context.Context) error {
	if err := w.enter(runlog.PhasePremises, 0, ""); err != nil {
		return err
	}
	w.say("premises: waiting for one healthy, idle instance and an alarm that is OK")
	began := w.awsNow()
	quiet := func(s runlog.State) bool {
		alarm, _ := s.Alarm(w.Hypothesis.AlarmName)
		// The baseline is one evaluation range of the alarm, watched whole.
		window := max(w.Scenario.Premises.Window, time.Duration(alarm.EvaluationPeriods)*w.period+time.Second)
		point, seen := s.Latest(runlog.GroupSeries)
		return len(s.Group.InService()) == 1 && len(s.Group.Instances) == 1 && len(s.Healthy()) == 1 &&
			alarm.StateValue == "OK" && seen && point.Value < w.Hypothesis.Threshold &&
			point.Timestamp.Add(w.period/2).After(began) && w.awsNow().Sub(began) >= window
	}
	ok, err := w.await(ctx, 4*w.period+w.lag+30*time.Second, quiet)
	if err != nil {
		return err
	}
	state, _ := w.Observer.State()
	if !ok {
		w.stop = "the group did not come to rest: " + unrest(state, w.Hypothesis)
		w.say("%s", w.stop)
		return nil
	}
	point, _ := state.Latest(runlog.GroupSeries)
	w.idle, w.idleFrom, w.initial = point.Value, point.Timestamp, state.Group.InService()[0]
	w.say("premises hold: %s is in service and healthy, alarm %s is OK, idle CPU %.1f %%", w.initial, w.Hypothesis.AlarmName, w.idle)
	return nil
}

// unrest says what keeps a group from being a baseline.
func unrest(s runlog.State, h runlog.Hypothesis) string {
	if n := len(s.Group.Instances); n != 1 {
		return fmt.Sprintf("it has %d instances, not 1", n)
	}
	if len(s.Group.InService()) != 1 || len(s.Healthy()) != 1 {
		return "its instance is not in service and healthy"
	}
	if alarm, ok := s.Alarm(h.AlarmName); !ok || alarm.StateValue != "OK" {
		return fmt.Sprintf("alarm %s is %q, not OK", h.AlarmName, alarm.StateValue)
	}
	return "no datapoint of CPUUtilization below the threshold was seen"
}

// load steps up to the calibrated rate and waits for the second instance to serve.
func (w *Walk) load(ctx context.Context) error {
	cal, err := w.fitted()
	if err != nil {
		w.stop = err.Error()
		w.say("%s", w.stop)
		return nil
	}
	if err := w.Record(runlog.LoadLine{Time: time.Now().UTC(), Calibration: &cal}); err != nil {
		return err
	}
	w.Observer.TakeSnapshot()
	if err := w.enter(runlog.PhaseLoad, cal.LoadRate, ""); err != nil {
		return err
	}
	w.loadFrom = time.Now()
	w.say("load: %.0f requests/s, which should put one instance at %.0f %% (threshold %g %%)", cal.LoadRate, cal.PredictedCPUPercent, w.Hypothesis.Threshold)
	return w.awaitSecond(ctx)
}

// awaitSecond waits until the second instance answers, telling of each link.
func (w *Walk) awaitSecond(ctx context.Context) error {
	tell := newTeller(w)
	deadline := w.Hypothesis.Within(runlog.LinkBreachingData, runlog.LinkFirstRequest) + w.period
	ok, err := w.await(ctx, deadline, func(s runlog.State) bool {
		tell.links(s)
		return tell.served != ""
	})
	if err != nil {
		return err
	}
	if !ok {
		w.stop = fmt.Sprintf("no second instance answered within %s of the load step", deadline.Round(time.Second))
		w.say("%s", w.stop)
	}
	return nil
}

// hold keeps the load on for the scenario's hold, and at least until the fall
// of CPU per instance can be seen.
func (w *Walk) hold(ctx context.Context) error {
	if err := w.enter(runlog.PhaseHold, w.phase.rate(), ""); err != nil {
		return err
	}
	hold := w.Scenario.Hold
	w.say("hold: the same load for %s", hold)
	began := time.Now()
	fell := func(s runlog.State) bool { return w.fallen(s, began) }
	seen, err := w.await(ctx, max(w.Hypothesis.Within(runlog.LinkLoadShared, runlog.LinkLoadShared), 0), fell)
	if err != nil {
		return err
	}
	if seen {
		state, _ := w.Observer.State()
		point, _ := state.Latest(runlog.GroupSeries)
		w.say("CPU per instance is down to %.1f %% with two instances", point.Value)
	}
	w.coarsen(hold)
	_, err = w.await(ctx, hold-time.Since(began), func(runlog.State) bool { return false })
	return err
}

// fallen tells whether the group's newest whole datapoint, begun after since,
// is below the threshold and the alarm is OK again.
func (w *Walk) fallen(s runlog.State, since time.Time) bool {
	point, ok := s.Latest(runlog.GroupSeries)
	alarm, _ := s.Alarm(w.Hypothesis.AlarmName)
	return ok && point.Timestamp.After(since.Add(s.ClockOffset)) && point.Value < w.Hypothesis.Threshold &&
		w.whole(point.Timestamp) && alarm.StateValue == "OK"
}

// The most lines that a hold adds to load.jsonl, and the most polls, however
// long it is: a soak of a week must not fill the disk.
const (
	maxHoldLines = 7200
	maxHoldPolls = 2000
)

// coarsen makes the record of a long hold coarser, not longer.
func (w *Walk) coarsen(hold time.Duration) {
	w.Attack.SetInterval(max(time.Second, (hold / maxHoldLines).Round(time.Second)))
	if poll := (hold / maxHoldPolls).Round(time.Second); poll > w.Scenario.PollInterval(w.period) {
		w.Observer.SetInterval(min(poll, 5*w.period))
	}
}

// release takes the load away, but for a trickle that shows what draining does
// to requests in flight, and waits until the group is back at its minimum.
func (w *Walk) release(ctx context.Context) error {
	w.Attack.SetInterval(time.Second)
	w.Observer.SetInterval(w.Scenario.PollInterval(w.period))
	rate := w.phase.rate() * w.Scenario.Release.RatePercent / 100
	if err := w.enter(runlog.PhaseRelease, rate, ""); err != nil {
		return err
	}
	w.say("release: %.0f requests/s trickle on while the group scales in", rate)
	atMinimum := func(s runlog.State) bool {
		return len(s.Group.Instances) == w.Hypothesis.MinSize && len(s.Group.InService()) == w.Hypothesis.MinSize &&
			len(s.Targets) == w.Hypothesis.MinSize
	}
	ok, err := w.await(ctx, w.ReleaseDeadline, atMinimum)
	if err != nil {
		return err
	}
	if ok {
		state, _ := w.Observer.State()
		w.say("scaled in: %s remains", state.Group.InService()[0])
	} else {
		w.say("not scaled in within %s", w.ReleaseDeadline)
	}
	w.Observer.TakeSnapshot()
	return nil
}

// awsNow is the time by AWS's clock.
func (w *Walk) awsNow() time.Time {
	state, _ := w.Observer.State()
	return time.Now().Add(state.ClockOffset)
}

// whole tells whether the period that began at start is over and its data in.
func (w *Walk) whole(start time.Time) bool {
	return !w.awsNow().Before(start.Add(w.period + w.lag))
}

// newcomers are the ids among ids that were not there before the load.
func (w *Walk) newcomers(ids []string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == w.initial || id == "" })
}

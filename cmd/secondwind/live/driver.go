package live

import (
	"context"
	"time"

	"secondwind/cmd/secondwind/progress"
	"secondwind/loadgen/profile"
	"secondwind/runlog"
	"secondwind/verify/experiment"
)

// decider is the part of an experiment that a driver needs, observer that of an
// observer, and generator that of a load generator.
type (
	decider interface {
		Step(time.Time, experiment.Seen) []experiment.Command
		Next() time.Time
		Phase() (runlog.Phase, float64)
		Expected() time.Duration
	}
	observer interface {
		State() (runlog.State, <-chan struct{})
		SetInterval(time.Duration)
		TakeSnapshot()
	}
	generator interface {
		SetPhase(runlog.Phase, profile.Profile)
		SetInterval(time.Duration)
	}
)

// driver carries out what an experiment commands.
type driver struct {
	cfg        Config
	h          runlog.Hypothesis
	digest     string // SHA-256 of the hypothesis
	experiment decider
	observer   observer
	generator  generator
	traffic    *experiment.Traffic
	write      func(runlog.LoadLine) error
	entered    time.Time // the phase
}

// run steps the experiment whenever there is something new, until it ends.
func (d *driver) run(ctx context.Context) error {
	if d.cfg.Holding != nil {
		defer d.cfg.Holding(false)
	}
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	seen := experiment.Seen{Load: d.traffic}
	endHold := d.cfg.EndHold
	for {
		state, changed := d.observer.State()
		seen.State = state
		if ended, err := d.carryOut(d.experiment.Step(time.Now(), seen)); ended || err != nil {
			return err
		}
		timer := time.NewTimer(time.Until(d.experiment.Next()))
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-changed:
		case <-timer.C:
		case <-endHold:
			seen.EndHold, endHold = true, nil
		case <-ticker.C:
			d.cfg.Progress.Status(d.status(state))
		}
		timer.Stop()
	}
}

// carryOut does what the experiment commands, in order.
func (d *driver) carryOut(commands []experiment.Command) (ended bool, err error) {
	for _, command := range commands {
		switch c := command.(type) {
		case experiment.EnterPhase:
			err = d.enter(c)
		case experiment.RecordCalibration:
			err = d.write(runlog.LoadLine{Time: time.Now().UTC(), Calibration: &c.Calibration})
		case experiment.SetPollInterval:
			d.observer.SetInterval(c.Interval)
		case experiment.SetRecordInterval:
			d.generator.SetInterval(max(c.Interval, d.cfg.Interval))
		case experiment.TakeSnapshot:
			d.observer.TakeSnapshot()
		case experiment.Report:
			d.cfg.Progress.Event(time.Since(d.cfg.Start), c.Text)
		case experiment.Stop:
			ended = true
		}
		if err != nil {
			return true, err
		}
	}
	return ended, nil
}

// enter begins a phase: from now on the load has its rate.
func (d *driver) enter(c experiment.EnterPhase) error {
	now := time.Now().UTC()
	d.entered = now
	d.generator.SetPhase(c.Phase, profile.Constant(c.Rate))
	if d.cfg.Holding != nil {
		d.cfg.Holding(c.Phase == runlog.PhaseHold)
	}
	change := &runlog.PhaseChange{Phase: c.Phase, OfferedRate: c.Rate, Note: c.Note, Hold: c.Hold}
	if c.Phase == runlog.PhasePremises {
		change.HypothesisSHA256 = d.digest
	}
	return d.write(runlog.LoadLine{Time: now, Phase: change})
}

func (d *driver) status(state runlog.State) progress.Status {
	second, failed := d.traffic.Last()
	phase, rate := d.experiment.Phase()
	s := progress.Status{
		Phase: phase, Elapsed: time.Since(d.cfg.Start), Expected: d.experiment.Expected(), PhaseElapsed: time.Since(d.entered),
		Threshold: d.h.Threshold, Traffic: progress.TrafficOf(rate, second, failed),
	}
	s.See(state, d.h.Metric)
	if phase == runlog.PhaseHold {
		s.PhaseExpected = d.cfg.Scenario.Hold
	}
	if alarm, ok := state.Alarm(d.h.AlarmName); ok {
		s.Alarm = alarm.StateValue
	}
	return s
}

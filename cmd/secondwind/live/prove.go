package live

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"secondwind/cmd/secondwind/progress"
	"secondwind/loadgen/attack"
	"secondwind/loadgen/mix"
	"secondwind/loadgen/scenario"
	"secondwind/runlog"
	"secondwind/verify/experiment"
	"secondwind/verify/hypothesis"
	"secondwind/verify/observe"
)

// Config is a group that is there, local or on AWS, and the run that is to prove
// that it scales. Nothing from here on knows which it is.
type Config struct {
	AWS                  aws.Config
	Where                string // for the verdict's wording only
	AutoScalingGroupName string
	AlarmName            string        // the scale-out alarm; "": the one that fits best
	TargetGroupARN       string        // the one that the claim is about; "": the group's first
	LoadBalancerURL      string        // where the requests go
	CountsTargets        bool          // the cloud publishes what each target answered, as a local one does
	Drain                time.Duration // deregistration delay
	Revision             string        // of this program
	Scenario             scenario.Scenario
	Writer               *runlog.Writer
	Progress             progress.Reporter
	Start                time.Time // of the run, for elapsed times
	GridPoint            float64   // where the load begins on the metric's grid, as of hypothesis.Intent
	// EndHold is closed when the user wants the hold to end; nil: never.
	EndHold <-chan struct{}
	// Holding is told whether the experiment is in its hold; nil: nobody asks.
	Holding func(bool)
	// Background runs while the experiment does; nil: nothing.
	Background func(context.Context) error
	// Interval is the shortest between polls, and between lines of the load's record; 0: a second.
	Interval time.Duration
	// Dial opens the load's connections; nil means sockets.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Prove declares the hypothesis and carries out the experiment. It returns nil
// when the experiment ended, also where it ended early because a premise was not
// met or the second instance did not come: that is for the judge to say. It
// returns ctx's error when interrupted, an error when the record cannot be written, and
// a Refused when nothing can be claimed of the group.
func Prove(ctx context.Context, cfg Config) error {
	observer := observe.New(observe.Config{
		AWS: cfg.AWS, AutoScalingGroupName: cfg.AutoScalingGroupName, AlarmName: cfg.AlarmName, TargetGroupARN: cfg.TargetGroupARN,
		Interval: time.Second, Since: cfg.Start, Sink: cfg.Writer.WriteObservation,
		Template: templateOf(cfg.AWS), Identity: cfg.identity(),
	})
	configuration, err := observer.Configure(ctx)
	if err != nil {
		return err
	}
	claim, err := hypothesis.Declare(configuration, hypothesis.Intent{
		RunID: filepath.Base(cfg.Writer.Dir()), Revision: cfg.Revision, Where: cfg.Where, AlarmName: cfg.AlarmName,
		Band: cfg.Scenario.Load.Band, LoadCPUPercent: cfg.Scenario.Load.CPUPercent,
		ControlCPUPercent: cfg.Scenario.Calibration.CPUPercent, MinAchieved: cfg.Scenario.Judge.MinAchieved,
		GridPoint: cfg.GridPoint, Require: cfg.Scenario.Require, Identity: cfg.identity(),
	}, time.Now())
	if err != nil {
		return Refused{err}
	}
	if every := cfg.Scenario.PollInterval(claim.Period()); !runlog.HighResolution(claim.PeriodSeconds) {
		calls, paid := observer.Calls(every)
		cfg.Progress.Event(time.Since(cfg.Start), fmt.Sprintf("observer: %.0f API calls a minute, of which %.0f GetMetricData cost money", calls,
			paid))
	}
	digest, err := cfg.Writer.WriteHypothesis(claim)
	if err != nil {
		return err
	}
	traffic := new(experiment.Traffic)
	generator, err := NewGenerator(cfg, traffic)
	if err != nil {
		return err
	}
	generator.SetInterval(cfg.Interval)
	d := driver{
		cfg: cfg, h: claim, digest: digest, observer: observer, generator: generator, traffic: traffic, write: cfg.Writer.WriteLoad,
		experiment: experiment.New(plan(cfg, configuration, claim, releaseDeadline(configuration, claim.To(), cfg.Drain))),
	}
	background := []func(context.Context) error{observer.Run, generator.Run}
	if cfg.Background != nil {
		background = append(background, cfg.Background)
	}
	return RunGroup(ctx, d.run, background...)
}

// identity is the strongest evidence of who answered that the scenario and the cloud allow.
func (c Config) identity() runlog.Identity {
	switch {
	case !c.Scenario.Identity.Target:
		return runlog.IdentityAnswer
	case c.CountsTargets:
		return runlog.IdentityTarget
	}
	return runlog.IdentityRequests
}

func plan(cfg Config, configuration hypothesis.Configuration, claim runlog.Hypothesis, release time.Duration) experiment.Plan {
	s := cfg.Scenario
	cpu := s.Load.CPUPercent
	if claim.Metric.CountsRequests() {
		cpu = 0 // it says nothing about requests
	}
	return experiment.Plan{
		Hypothesis: claim, Window: s.Premises.Window, CalibrationRate: s.Calibration.StartRate, LoadRate: s.Load.Rate,
		LoadCPUPercent: cpu, Hold: s.Hold, ReleasePercent: s.Release.RatePercent, ReleaseDeadline: release,
		PollInterval: max(cfg.Interval, s.PollInterval(claim.Period())), Seed: s.Seed,
		Aligned: configuration.Graded(claim.AlarmName),
	}
}

// drainGrace is for the requests that a draining instance still answers.
const drainGrace = 10 * time.Second

// releaseDeadline is how long scaling in may take once the load has gone: what
// the judge allows for it, and the draining of an instance in each step.
func releaseDeadline(c hypothesis.Configuration, capacity int, drain time.Duration) time.Duration {
	alarm, ok := c.ScaleInAlarm()
	if !ok {
		return 0 // nothing scales in
	}
	policy := c.PolicyOf(alarm)
	steps := time.Duration(hypothesis.ScaleInSteps(policy, capacity, c.Group.MinSize))
	return hypothesis.ScaleIn(alarm, c.Group, policy, capacity).Duration() + steps*(drain+drainGrace)
}

// Refused is why a run was not begun: nothing could have been proved.
type Refused struct{ Err error }

// Error is Err's.
func (r Refused) Error() string { return r.Err.Error() }

// Unwrap is Err.
func (r Refused) Unwrap() error { return r.Err }

// NewGenerator makes the load generator with all its inputs made beforehand. What
// it does goes into the record, and into traffic.
func NewGenerator(cfg Config, traffic *experiment.Traffic) (*attack.Attack, error) {
	s := cfg.Scenario
	server, err := attack.ParseServer(cfg.LoadBalancerURL)
	if err != nil {
		return nil, err
	}
	requests, err := mix.Make(s.Spec, server, s.Open)
	if err != nil {
		return nil, err
	}
	attacking, err := s.Attack(requests)
	if err != nil {
		return nil, err
	}
	attacking.Connections.Dial = cfg.Dial
	attacking.Sink = func(line runlog.LoadLine) error {
		traffic.Add(line)
		return cfg.Writer.WriteLoad(line)
	}
	return attack.New(attacking), nil
}

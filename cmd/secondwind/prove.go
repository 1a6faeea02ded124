package main

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"secondwind/cmd/secondwind/progress"
	"secondwind/cmd/secondwind/walk"
	"secondwind/loadgen/attack"
	"secondwind/loadgen/payload"
	"secondwind/loadgen/scenario"
	"secondwind/runlog"
	"secondwind/verify/hypothesis"
	"secondwind/verify/observe"
)

// proof is a group that is there, local or on AWS, and the run that is to prove
// that it scales. Nothing from here on knows which it is.
type proof struct {
	aws      aws.Config
	where    string // for the verdict's wording only
	group    string
	alarm    string        // the scale-out alarm, "" if the doctor is to find it
	url      string        // of the load balancer
	drain    time.Duration // deregistration delay
	scenario scenario.Scenario
	writer   *runlog.Writer
	progress progress.Reporter
	start    time.Time

	beside     func(context.Context) error // runs while the walk is taken; nil: nothing
	wanted     []string                    // findings of the doctor that the scenario asks for
	skipDoctor bool                        // go on whatever it finds
}

// prove declares the hypothesis and takes the walk.
func prove(ctx context.Context, p proof) error {
	observer := observe.New(observe.Config{
		AWS: p.aws, AutoScalingGroupName: p.group, Interval: time.Second, Since: p.start, Sink: p.writer.WriteObservation,
	})
	configuration, err := observer.Configure(ctx)
	if err != nil {
		return err
	}
	hypothesis, err := declare(p, configuration)
	if err != nil {
		return err
	}
	observer.SetInterval(p.scenario.PollInterval(time.Duration(hypothesis.PeriodSeconds) * time.Second))
	digest, err := p.writer.WriteHypothesis(hypothesis)
	if err != nil {
		return err
	}
	traffic := new(walk.Traffic)
	generator, err := newGenerator(p, traffic)
	if err != nil {
		return err
	}
	w := walk.New(walk.Config{
		Scenario: p.scenario, Hypothesis: hypothesis, HypothesisSHA256: digest,
		Observer: observer, Attack: generator, Traffic: traffic, Record: p.writer.WriteLoad,
		Progress: p.progress, Start: p.start, ReleaseDeadline: releaseDeadline(configuration, p.drain),
	})
	companions := []func(context.Context) error{observer.Run, generator.Run}
	if p.beside != nil {
		companions = append(companions, p.beside)
	}
	return together(ctx, w.Run, companions...)
}

// together runs main beside its companions: when main ends they are stopped and
// waited for; when one of them fails, main is stopped.
func together(ctx context.Context, main func(context.Context) error, companions ...func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	ended := make(chan error, len(companions))
	for _, run := range companions {
		go func() {
			err := run(ctx)
			if err != nil && ctx.Err() == nil {
				cancel(err)
			}
			ended <- err
		}()
	}
	err := main(ctx)
	cancel(errMainEnded)
	for range companions {
		if e := <-ended; e != nil && !errors.Is(e, context.Canceled) && !errors.Is(e, errMainEnded) {
			err = errors.Join(err, e)
		}
	}
	return err
}

var errMainEnded = errors.New("the walk has ended")

// declare writes down what the run claims, before any load.
func declare(p proof, c hypothesis.Configuration) (runlog.Hypothesis, error) {
	return hypothesis.Declare(c, hypothesis.Intent{
		RunID: filepath.Base(p.writer.Dir()), Revision: version, Where: p.where, AlarmName: p.alarm,
		Band: p.scenario.Load.Band, ControlCPUPercent: p.scenario.Calibration.CPUPercent, MinAchieved: p.scenario.Judge.MinAchieved,
	}, time.Now())
}

// releaseDeadline is how long scaling in may take once the load has gone: what
// the judge allows for it, and the draining of an instance with room to end.
func releaseDeadline(c hypothesis.Configuration, drain time.Duration) time.Duration {
	alarm, ok := c.ScaleInAlarm()
	if !ok {
		return 0 // nothing scales in
	}
	return hypothesis.ScaleIn(alarm, c.Group, c.PolicyOf(alarm)).Duration() + drain + 10*time.Second
}

// newGenerator makes the load generator with all its inputs made beforehand.
func newGenerator(p proof, traffic *walk.Traffic) (*attack.Attack, error) {
	set, err := payload.Make(p.scenario.Payload)
	if err != nil {
		return nil, err
	}
	return attack.New(attack.Config{
		URL: p.url, Payload: set, Users: p.scenario.Users, Timeout: p.scenario.Timeout, Seed: p.scenario.Payload.Seed,
		Sink: func(line runlog.LoadLine) error {
			traffic.Add(line)
			return p.writer.WriteLoad(line)
		},
	})
}

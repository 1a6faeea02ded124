package observe

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"secondwind/runlog"
)

// Config is what an Observer is made of.
type Config struct {
	AWS                  aws.Config
	AutoScalingGroupName string
	// Interval between polls; AWS's shared request quota asks for 10 s or more.
	Interval time.Duration
	// Since is the earliest alarm history that is asked for: the run's start.
	Since time.Time
	// Sink appends a line to cloud.jsonl. Its error ends the observer.
	Sink func(runlog.Observation) error
	Log  *slog.Logger // nil: discard
}

// Observer polls the AWS APIs and keeps the newest state beside the record.
type Observer struct {
	group       string
	since       time.Time
	log         *slog.Logger
	recorder    *recorder
	autoscaling *autoscaling.Client
	cloudwatch  *cloudwatch.Client
	elb         *elb.Client

	mu       sync.Mutex
	interval time.Duration
	wiring   Wiring
	state    State
	changed  chan struct{} // closed and replaced after every poll
	hurry    chan struct{} // holds one token when the interval has changed
}

// New returns an Observer that has not polled yet.
func New(cfg Config) *Observer {
	log := cfg.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	noted := noting(cfg.AWS)
	return &Observer{
		group:       cfg.AutoScalingGroupName,
		since:       cfg.Since.UTC().Truncate(time.Second),
		log:         log,
		recorder:    newRecorder(cfg.Sink),
		autoscaling: autoscaling.NewFromConfig(noted),
		cloudwatch:  cloudwatch.NewFromConfig(noted),
		elb:         elb.NewFromConfig(noted),
		interval:    cfg.Interval,
		state:       State{CPU: map[string][]Datapoint{}},
		changed:     make(chan struct{}),
		hurry:       make(chan struct{}, 1),
	}
}

// SetInterval changes how often is polled, and polls once at once: what was a
// long wait must not delay the first look of a phase that needs short ones.
func (o *Observer) SetInterval(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.interval = d
	select {
	case o.hurry <- struct{}{}:
	default:
	}
}

// State returns the newest state, and a channel that closes when there is a newer one.
func (o *Observer) State() (State, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.state.clone(), o.changed
}

// lastPoll is how long the poll that is under way may go on after the end.
const lastPoll = 5 * time.Second

// Run polls until ctx ends, which is no error. The poll that is under way then is
// finished, so that the record ends with a whole one. A poll that fails is
// recorded and logged, and the next one is made: only a record that cannot be
// written ends Run early.
func (o *Observer) Run(ctx context.Context) error {
	polling, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		timer := time.NewTimer(lastPoll)
		defer timer.Stop()
		select {
		case <-polling.Done():
		case <-timer.C:
			cancel()
		}
	})()
	for ctx.Err() == nil {
		began := time.Now()
		if err := o.Poll(polling); err != nil {
			var sink *sinkError
			if errors.As(err, &sink) {
				return err
			}
			o.log.Warn("poll failed", "error", err)
		}
		o.mu.Lock()
		wait := o.interval - time.Since(began)
		o.mu.Unlock()
		timer := time.NewTimer(max(wait, 0))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-o.hurry:
			timer.Stop()
		case <-timer.C:
		}
	}
	return nil
}

// Poll asks every question once. The errors of all of them are joined; what was
// answered is in the record and in State all the same.
func (o *Observer) Poll(ctx context.Context) error {
	if o.wired().Group.AutoScalingGroupName == "" {
		if _, err := o.Wire(ctx); err != nil {
			return err
		}
	}
	next, _ := o.State()
	err := errors.Join(
		o.pollGroup(ctx, &next),
		o.pollActivities(ctx, &next),
		o.pollAlarms(ctx, &next),
		o.pollTargets(ctx, &next),
		o.pollCPU(ctx, &next),
	)
	next.Polled, next.ClockOffset = time.Now(), o.recorder.clock.offset()
	o.mu.Lock()
	o.state = next
	close(o.changed)
	o.changed = make(chan struct{})
	o.mu.Unlock()
	return err
}

func (o *Observer) wired() Wiring {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.wiring
}

// errNoGroup is returned by Wire for a group that AWS does not list.
func errNoGroup(name string) error {
	return fmt.Errorf("no Auto Scaling group %q in this account and region: check the name, the region and the credentials", name)
}

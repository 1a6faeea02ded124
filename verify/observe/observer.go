package observe

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"secondwind/runlog"
	"secondwind/verify/hypothesis"
)

// Config is what an Observer is made of.
type Config struct {
	AWS                  aws.Config
	AutoScalingGroupName string
	// AlarmName is the scale-out alarm, whose period is the metric's; "": the one
	// that fits best.
	AlarmName string
	// TargetGroupARN is the one of the group's target groups that the claim is about; "": the first.
	TargetGroupARN string
	// Identity is which of the load balancer's counts are asked for; "": those that other than the
	// run's own requests are told by.
	Identity runlog.Identity
	// Interval between polls; AWS's shared request quota asks for 10 s or more.
	Interval time.Duration
	// Since is the earliest alarm history that is asked for: the run's start.
	Since time.Time
	// Template tells what a version of a launch template launches; nil: it is not asked.
	Template func(context.Context, runlog.LaunchTemplate) (runlog.TemplateVersion, error)
	// Sink appends a line to cloud.jsonl. Its error ends the observer.
	Sink func(runlog.Observation) error
}

// Observer polls the AWS APIs, records every answer and keeps the newest state. All
// its questions are asked by one goroutine, one after the other, so that rounds
// never interleave in the record: Configure before Run, then Run alone. The other
// methods only leave a wish for Run, and may be called from anywhere.
type Observer struct {
	group       string
	alarm       string
	targetGroup string
	identity    runlog.Identity
	since       time.Time
	recorder    *recorder
	autoscaling *autoscaling.Client
	cloudwatch  *cloudwatch.Client
	elb         *elb.Client
	template    func(context.Context, runlog.LaunchTemplate) (runlog.TemplateVersion, error)
	// What only the asking goroutine uses: the newest snapshot, when it was begun and how
	// long it took, whether no poll has been made since, and the names of all alarms that
	// were ever in one.
	configuration hypothesis.Configuration
	snapshot      time.Time
	took          time.Duration
	unpolled      bool
	alarms        []string

	stamp    func() time.Time // of a snapshot: time.Now, but for tests
	interval atomic.Int64     // a time.Duration
	wanted   atomic.Bool      // a configuration snapshot is wanted
	now      chan struct{}    // holds one token when a poll is wanted at once

	mu      sync.Mutex // never held while a question is asked
	state   runlog.State
	changed chan struct{} // closed and replaced after every poll
}

// New returns an Observer that has not polled yet.
func New(cfg Config) *Observer {
	noted := cfg.AWS.Copy()
	noted.HTTPClient = transport{cmp.Or[aws.HTTPClient](noted.HTTPClient, awshttp.NewBuildableClient())}
	o := &Observer{
		group:       cfg.AutoScalingGroupName,
		alarm:       cfg.AlarmName,
		targetGroup: cfg.TargetGroupARN,
		identity:    cfg.Identity,
		since:       cfg.Since.UTC().Truncate(time.Second),
		recorder:    &recorder{sink: cfg.Sink, last: map[[sha256.Size]byte]answered{}, from: map[string]string{}},
		autoscaling: autoscaling.NewFromConfig(noted),
		cloudwatch:  cloudwatch.NewFromConfig(noted),
		elb:         elb.NewFromConfig(noted),
		template:    cfg.Template,
		changed:     make(chan struct{}),
		now:         make(chan struct{}, 1),
		stamp:       time.Now,
	}
	o.interval.Store(int64(cfg.Interval))
	return o
}

// SetInterval changes how often Run polls, and polls at once: what was a long
// wait must not delay the first look of a phase that needs short ones.
func (o *Observer) SetInterval(d time.Duration) {
	o.interval.Store(int64(d))
	o.pollNow()
}

// TakeSnapshot makes Run take a configuration snapshot at once, before its next
// poll, and again each round until one is whole. It is the first whose
// State.Configured is not before the call: one that is under way does not count.
func (o *Observer) TakeSnapshot() {
	o.wanted.Store(true)
	o.pollNow()
}

func (o *Observer) pollNow() {
	select {
	case o.now <- struct{}{}:
	default: // one is due already
	}
}

// State returns the newest state, and a channel that closes when there is a newer one.
func (o *Observer) State() (runlog.State, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.state, o.changed
}

// lastPoll is how long the poll that is under way may go on after the end.
const lastPoll = 10 * time.Second

// Run polls until ctx ends, which is no error. The poll that is under way then is
// finished, so that the record ends with a whole one. A poll that fails is recorded,
// and the next one is made: only a record that cannot be written ends Run early.
func (o *Observer) Run(ctx context.Context) error {
	polling, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(lastPoll, cancel) })()
	for ctx.Err() == nil {
		began := time.Now()
		err := o.round(polling)
		if first, unwritten := errors.AsType[*sinkError](err); unwritten {
			return first // those after it follow from it
		}
		timer := time.NewTimer(max(o.pollInterval()-time.Since(began), 0))
		select {
		case <-ctx.Done():
		case <-o.now:
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}

func (o *Observer) pollInterval() time.Duration { return time.Duration(o.interval.Load()) }

// snapshotEvery is how often a snapshot is taken: every third poll, but every half minute
// at least, and after everything that moved. One whose answers take long keeps the polls
// waiting for a quarter of the time at most.
func (o *Observer) snapshotEvery() time.Duration {
	return max(snapshotEvery(o.pollInterval()), 4*o.took)
}

func snapshotEvery(poll time.Duration) time.Duration { return min(3*poll, 30*time.Second) }

// round takes a configuration snapshot if one is wanted or there is none yet, and asks
// every question of a poll once. Then it takes the snapshot that is due.
func (o *Observer) round(ctx context.Context) error {
	next, _ := o.State()
	var configured error
	// A wish is taken before the snapshot's time, and that before its first question:
	// one that comes later is for the next, one that is taken is not older than its
	// snapshot.
	if wanted := o.wanted.Swap(false); wanted || next.Configured.IsZero() {
		if o.unpolled && !next.Configured.IsZero() { // where answers are slow, two snapshots would keep the polls waiting for too long
			_, configured = o.poll(ctx, next)
			next, _ = o.State()
		}
		began := o.stamp()
		if err := o.takeSnapshot(ctx); err == nil {
			next.Configured = began
		} else {
			o.wanted.Store(true)
			configured = errors.Join(configured, err)
		}
		if next.Configured.IsZero() {
			return configured // what to poll is not known yet
		}
	}
	moved, err := o.poll(ctx, next)
	if moved || time.Since(o.snapshot) >= o.snapshotEvery() {
		configured = errors.Join(configured, o.takeSnapshot(ctx))
	}
	return errors.Join(configured, err)
}

// Calls is how many calls a minute the observer makes where it polls so often, once
// Configure has told what there is to ask, and how many of them are GetMetricData: of
// all that it calls the only one that costs money. AWS's quotas are 9 calls a second of
// DescribeAlarms, 3 of DescribeAlarmHistory and 50 of GetMetricData; Auto Scaling's, which
// all calls share, is not published. Source: CloudWatch User Guide, "CloudWatch quotas".
func (o *Observer) Calls(every time.Duration) (all, metricData float64) {
	polls := time.Minute.Seconds() / every.Seconds()
	snapshots := time.Minute.Seconds() / max(every, snapshotEvery(every)).Seconds()
	poll := 4 + len(o.alarms) + len(o.configuration.TargetGroups) // group, activities, alarms, metric
	return polls*float64(poll) + snapshots*float64(o.recorder.calls), polls
}

func (o *Observer) takeSnapshot(ctx context.Context) error {
	began := time.Now()
	_, err := o.Configure(ctx)
	o.snapshot, o.took, o.unpolled = began, time.Since(began), true
	return err
}

// poll asks every question once, and reports whether anything has moved since the poll
// before. The errors of all questions are joined; what was answered is in the record and
// in the state all the same.
func (o *Observer) poll(ctx context.Context, next runlog.State) (bool, error) {
	before := next
	err := errors.Join(
		o.pollGroup(ctx, &next),
		o.pollActivities(ctx, &next),
		o.pollAlarms(ctx, &next),
		o.pollTargets(ctx, &next),
		o.pollMetric(ctx, &next),
	)
	o.publish(next)
	o.unpolled = false
	return moved(before, next), err
}

// moved reports whether a link of the chain may have come between two polls.
func moved(was, is runlog.State) bool {
	states := func(s runlog.State) (all []string) {
		for _, a := range s.Alarms {
			all = append(all, a.AlarmName+a.StateValue)
		}
		for _, i := range s.Group.Instances {
			all = append(all, i.InstanceId+i.LifecycleState)
		}
		for _, t := range s.Targets {
			all = append(all, t.Target.Id+t.TargetHealth.State)
		}
		return all
	}
	return !was.Polled.IsZero() && (was.Group.DesiredCapacity != is.Group.DesiredCapacity || !slices.Equal(states(was), states(is)))
}

func (o *Observer) publish(next runlog.State) {
	next.Polled, next.ClockOffset = time.Now(), o.recorder.clock.Offset()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.state = next
	close(o.changed)
	o.changed = make(chan struct{})
}

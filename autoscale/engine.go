package autoscale

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"
	"time"
)

// Config is what an Engine is made of. The zero value is usable.
type Config struct {
	Region, AccountID string // "": us-east-1, 123456789012
	Seed              uint64 // of instance, activity and ARN ids
	// MinPeriod is the shortest metric period that is published; 0 means 60 s.
	// The alarms of target tracking use it if it is 10, 20 or 30 s.
	MinPeriod time.Duration
	// PublishLag is how long after a period's end its last samples may arrive:
	// an alarm is evaluated this long after the end of a period. 0 means 1 s.
	PublishLag time.Duration
}

// expireEvery is how often what is past its retention is looked for.
const expireEvery = 10 * time.Minute

// Engine holds the metrics, alarms, groups and policies of one account in one
// Region. Methods take the time first; a time before an earlier one counts as
// that earlier one. It is for one goroutine at a time. Make one with New.
type Engine struct {
	identity
	lag            time.Duration
	trackingPeriod time.Duration

	now      time.Time // the latest that was seen
	metrics  *metricStore
	alarms   map[string]*alarm // by name
	history  []HistoryItem     // oldest first
	groups   map[string]*group // by name
	members  map[string]*member
	policies map[string]*policy // by ARN

	due     []Action  // for the next Step to return
	dirty   bool      // a call changed something for Step to act on
	expired time.Time // when retention was last looked at
}

// New returns an Engine with nothing in it.
func New(cfg Config) *Engine {
	e := &Engine{
		identity: identity{
			region: cmp.Or(cfg.Region, "us-east-1"), account: cmp.Or(cfg.AccountID, "123456789012"), rng: rand.New(rand.NewPCG(cfg.Seed, 0)),
		},
		lag: cmp.Or(max(cfg.PublishLag, 0), time.Second), trackingPeriod: time.Minute,
		metrics: newMetricStore(), alarms: map[string]*alarm{}, groups: map[string]*group{},
		members: map[string]*member{}, policies: map[string]*policy{},
	}
	if cfg.MinPeriod > 0 && cfg.MinPeriod < time.Minute && ValidPeriod(cfg.MinPeriod) {
		e.trackingPeriod = cfg.MinPeriod
	}
	return e
}

// Step brings the groups to now and returns what the cloud must do, in order. It
// takes in what was seen, evaluates the alarms that are due, lets them invoke
// their policies, and brings each group to its desired capacity. A Step that
// comes late evaluates an alarm once, on the newest complete period.
func (e *Engine) Step(now time.Time, seen Observation) []Action {
	now = e.advance(now)
	for i, s := range seen.Samples {
		if s.validate(i+1, now) == nil {
			e.metrics.add(s)
		}
	}
	for _, event := range seen.Instances {
		e.observeInstance(now, event)
	}
	for _, event := range seen.Targets {
		e.observeTarget(now, event)
	}
	e.evaluateAlarms(now)
	for _, name := range slices.Sorted(maps.Keys(e.groups)) {
		e.reconcile(now, e.groups[name])
	}
	e.expire(now)
	actions := e.due
	e.due, e.dirty = nil, false
	return actions
}

// Next returns when Step is next due; zero: not before a call or something seen.
// Until then a Step that is shown nothing does nothing; after a Step, Next is
// later than it. While a call's consequences wait for a Step, it is now.
func (e *Engine) Next() time.Time {
	if e.dirty || len(e.due) > 0 {
		return e.now
	}
	return earlier(e.alarmsDue(), e.groupsDue())
}

// advance moves the engine's time forward and returns it in UTC.
func (e *Engine) advance(now time.Time) time.Time {
	// Without the monotonic clock: only what a time says may count.
	if now = now.Round(0).UTC(); now.After(e.now) {
		e.now = now
	}
	return e.now
}

func (e *Engine) emit(a Action) { e.due = append(e.due, a) }

func (e *Engine) expire(now time.Time) {
	if now.Sub(e.expired) < expireEvery {
		return
	}
	e.expired = now
	e.metrics.expire(now)
	e.expireHistory(now)
	for _, g := range e.groups {
		g.forgetActivities(now)
	}
}

// earlier returns the earlier time; a zero time is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

package autoscale_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"secondwind/autoscale"
)

// start is where virtual time begins: 26 February 2026, 10:00.
var start = time.Date(2026, 2, 26, 10, 0, 0, 0, time.UTC)

// world answers an engine's actions in virtual time, as a cloud would: it holds
// no engine logic, only delays.
type world struct {
	engine  *autoscale.Engine
	now     time.Time
	pending []happening // by time
	boot    time.Duration
	drain   time.Duration
	stop    time.Duration
	check   time.Duration // from registration to a healthy target
	refusal string        // not "": launches fail with it
	actions []autoscale.Action
}

// happening is something that the engine will see at a time.
type happening struct {
	at   time.Time
	seen autoscale.Observation
}

func newWorld(cfg autoscale.Config) *world {
	return &world{
		engine: autoscale.New(cfg), now: start,
		boot: 10 * time.Second, drain: 10 * time.Second, stop: time.Second, check: 5 * time.Second,
	}
}

// plan lets the engine see something at a time.
func (w *world) plan(at time.Time, seen autoscale.Observation) {
	i, _ := slices.BinarySearchFunc(w.pending, at, func(h happening, t time.Time) int {
		if h.at.After(t) {
			return 1
		}
		return -1 // after those of the same time
	})
	w.pending = slices.Insert(w.pending, i, happening{at, seen})
}

// run moves time to until, stepping whenever something happens or is due.
func (w *world) run(t testing.TB, until time.Time) {
	t.Helper()
	for {
		next := w.engine.Next()
		if len(w.pending) > 0 && (next.IsZero() || w.pending[0].at.Before(next)) {
			next = w.pending[0].at
		}
		if next.IsZero() || next.After(until) {
			break
		}
		w.step(t, next)
	}
	w.now = until
}

func (w *world) step(t testing.TB, at time.Time) {
	t.Helper()
	if at.After(w.now) {
		w.now = at
	}
	var seen autoscale.Observation
	for len(w.pending) > 0 && !w.pending[0].at.After(w.now) {
		s := w.pending[0].seen
		seen.Samples = append(seen.Samples, s.Samples...)
		seen.Instances = append(seen.Instances, s.Instances...)
		seen.Targets = append(seen.Targets, s.Targets...)
		w.pending = w.pending[1:]
	}
	actions := w.engine.Step(w.now, seen)
	w.actions = append(w.actions, actions...)
	for _, a := range actions {
		w.answer(a)
	}
	if next := w.engine.Next(); !next.IsZero() && !next.After(w.now) {
		t.Fatalf("after Step(%s), Next() = %s, want later", clock(w.now), clock(next))
	}
}

func (w *world) answer(action autoscale.Action) {
	instance := func(after time.Duration, id string, s autoscale.InstanceState, reason string) {
		w.plan(w.now.Add(after), autoscale.Observation{Instances: []autoscale.InstanceEvent{{InstanceID: id, State: s, Reason: reason}}})
	}
	target := func(after time.Duration, arn, id string, s autoscale.TargetState) {
		w.plan(w.now.Add(after), autoscale.Observation{Targets: []autoscale.TargetEvent{{TargetGroupARN: arn, InstanceID: id, Health: s}}})
	}
	switch a := action.(type) {
	case autoscale.LaunchInstance:
		if w.refusal != "" {
			instance(time.Second, a.InstanceID, autoscale.InstanceFailed, w.refusal)
			return
		}
		instance(w.boot, a.InstanceID, autoscale.InstanceRunning, "")
	case autoscale.TerminateInstance:
		instance(w.stop, a.InstanceID, autoscale.InstanceTerminated, "")
	case autoscale.RegisterTarget:
		target(w.check, a.TargetGroupARN, a.InstanceID, autoscale.TargetHealthy)
	case autoscale.DeregisterTarget:
		target(w.drain, a.TargetGroupARN, a.InstanceID, autoscale.TargetDrained)
	}
}

// cpu is the series that the alarms of these tests watch.
func cpu(group string) autoscale.Metric {
	return autoscale.Metric{Namespace: "AWS/EC2", Name: "CPUUtilization",
		Dimensions: []autoscale.Dimension{{Name: "AutoScalingGroupName", Value: group}}}
}

// feed plans samples, one a period from a time on; each is seen when its period ends.
func (w *world) feed(from time.Time, metric autoscale.Metric, period time.Duration, values ...float64) {
	for i, v := range values {
		at := from.Add(time.Duration(i) * period)
		w.plan(at.Add(period), autoscale.Observation{Samples: []autoscale.Sample{{
			Metric: metric, Time: at, Value: autoscale.Value(v), Unit: "Percent", Resolution: min(period, time.Minute),
		}}})
	}
}

func (w *world) group(t testing.TB, name string) autoscale.GroupStatus {
	t.Helper()
	g, err := w.engine.Group(name)
	ok(t, err)
	return g
}

func (w *world) alarm(t testing.TB, name string) autoscale.AlarmStatus {
	t.Helper()
	for _, a := range w.engine.Alarms() {
		if a.Name == name {
			return a
		}
	}
	t.Fatalf("alarm %q is gone", name)
	return autoscale.AlarmStatus{}
}

func inService(g autoscale.GroupStatus) []autoscale.Instance {
	return slices.DeleteFunc(g.Instances, func(i autoscale.Instance) bool { return i.LifecycleState != "InService" })
}

func clock(t time.Time) string { return t.Format("15:04:05") }

// ok fails the test if a call of its set-up was refused.
func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// webGroup is a group of one, which may grow to two.
func webGroup() autoscale.Group {
	return autoscale.Group{
		Name: "web", LaunchTemplate: autoscale.LaunchTemplate{ID: "lt-1", Version: "1"},
		MinSize: 1, MaxSize: 2, DesiredCapacity: new(1), DefaultCooldown: new(time.Minute),
		AvailabilityZones: []string{"us-east-1a"},
	}
}

// addOne is a step policy of the group that adds an instance above the threshold.
func addOne() autoscale.Policy {
	zero := 0.0
	return autoscale.Policy{
		AutoScalingGroupName: "web", Name: "out", Type: "StepScaling", Enabled: true, AdjustmentType: "ChangeInCapacity",
		Steps: []autoscale.StepAdjustment{{LowerBound: &zero, Adjustment: 1}}, EstimatedInstanceWarmup: new(time.Minute),
	}
}

// highCPU is an alarm over 20 % in one period of a minute.
func highCPU(actions ...string) autoscale.Alarm {
	return autoscale.Alarm{
		Name: "high", ActionsEnabled: true, AlarmActions: actions, Metric: cpu("web"), Statistic: "Average",
		Period: time.Minute, EvaluationPeriods: 1, Threshold: 20, ComparisonOperator: "GreaterThanThreshold",
	}
}

// scalingWorld is a group with a scale-out alarm and policy, its instance InService.
func scalingWorld(t testing.TB) *world {
	t.Helper()
	w := newWorld(autoscale.Config{Seed: 7})
	ok(t, w.engine.CreateGroup(start, webGroup()))
	p, err := w.engine.PutScalingPolicy(start, addOne())
	ok(t, err)
	ok(t, w.engine.PutMetricAlarm(start, highCPU(p.ARN)))
	return w
}

func (w *world) String() string { return fmt.Sprintf("world at %s", clock(w.now)) }

package autoscale_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"secondwind/autoscale"
)

// FuzzStep drives an engine with arbitrary calls, samples and failures, and
// checks what must always hold:
//
//   - MinSize ≤ DesiredCapacity ≤ MaxSize, of every group that is not being deleted;
//   - after a Step, Next is later (world.step checks it at each);
//   - a Step before Next that is shown nothing does nothing;
//   - the same calls give the same answers.
//
// Each pair of bytes is an operation and its argument.
func FuzzStep(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 3, 1, 90, 1, 90, 1, 90, 2, 60, 1, 5, 1, 5, 2, 255})
	f.Add([]byte{0, 2, 3, 0, 4, 1, 1, 90, 2, 120, 5, 0, 2, 90, 6, 1, 7, 2, 2, 30})
	f.Add([]byte{8, 1, 2, 200, 9, 0, 1, 99, 2, 200, 9, 1, 2, 10, 10, 1, 2, 100, 11, 0})
	f.Add([]byte{12, 3, 1, 80, 1, 80, 1, 80, 1, 80, 2, 250, 13, 0, 2, 10, 14, 7, 2, 60, 15, 0, 2, 5, 0, 1})
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 400 {
			t.Skip("longer scripts only repeat what shorter ones do")
		}
		first := play(t, script)
		if again := play(t, script); again != first {
			t.Fatalf("a replay differs:\n%s\nfirst\n%s", again, first)
		}
	})
}

// TestStepHoldsForRandomScripts runs what FuzzStep runs on scripts of every day:
// fuzzing is not part of an ordinary test run.
func TestStepHoldsForRandomScripts(t *testing.T) {
	rng := rand.New(rand.NewPCG(2026, 0))
	for i := range 25 {
		script := make([]byte, 160)
		for j := range script {
			script[j] = byte(rng.Uint32())
			// Deletions and suspensions end most of what else could happen.
			if j%2 == 0 && (script[j]%17 == 15 || script[j]%17 == 3) && rng.IntN(4) > 0 {
				script[j] = 1
			}
		}
		if first, again := play(t, script), play(t, script); first != again {
			t.Fatalf("script %d: a replay differs:\n%s\nfirst\n%s", i, again, first)
		}
	}
}

// play runs a script and returns all that the engine showed and asked for.
func play(t *testing.T, script []byte) string {
	w := newWorld(autoscale.Config{Seed: 11})
	g := webGroup()
	g.MaxSize, g.TargetGroupARNs, g.HealthCheckType, g.HealthCheckGracePeriod = 4, []string{"tg"}, "ELB", 30*time.Second
	g.AvailabilityZones = []string{"us-east-1a", "us-east-1b"}
	ok(t, w.engine.CreateGroup(start, g))
	p, err := w.engine.PutScalingPolicy(start, addOne())
	ok(t, err)
	ok(t, w.engine.PutMetricAlarm(start, highCPU(p.ARN)))
	fed := start
	for i := 0; i+1 < len(script); i += 2 {
		fed = operate(t, w, script[i], int(script[i+1]), fed)
		checkSizes(t, w.engine)
	}
	w.run(t, w.now.Add(5*time.Minute))
	checkIdle(t, w)
	return snapshot(w.engine) + fmt.Sprintf("%+v", w.actions)
}

// operate carries out one operation. Calls may be refused: that is an answer too.
func operate(t *testing.T, w *world, op byte, n int, fed time.Time) time.Time {
	e, now := w.engine, w.now
	nth := func() string {
		for _, g := range e.Groups() {
			if len(g.Instances) > 0 {
				return g.Instances[n%len(g.Instances)].ID
			}
		}
		return "i-none"
	}
	target := func(h autoscale.TargetState) {
		w.plan(now, autoscale.Observation{Targets: []autoscale.TargetEvent{{TargetGroupARN: "tg", InstanceID: nth(), Health: h}}})
	}
	switch op % 17 {
	case 0:
		_ = e.SetDesiredCapacity(now, "web", n%6, n%2 == 0)
	case 1:
		w.feed(fed, cpu("web"), time.Minute, float64(n))
		return fed.Add(time.Minute)
	case 2:
		w.run(t, now.Add(time.Duration(n)*time.Second))
		checkIdle(t, w)
	case 3:
		_ = e.SuspendProcesses(now, "web", []autoscale.Process{autoscale.ProcessLaunch, autoscale.ProcessTerminate,
			autoscale.ProcessHealthCheck, autoscale.ProcessReplaceUnhealthy, autoscale.ProcessAlarmNotification}[n%5])
	case 4:
		_ = e.ResumeProcesses(now, "web")
	case 5:
		w.plan(now, autoscale.Observation{Instances: []autoscale.InstanceEvent{{InstanceID: nth(), State: autoscale.InstanceTerminated}}})
	case 6:
		target(autoscale.TargetUnhealthy)
	case 7:
		target([]autoscale.TargetState{autoscale.TargetHealthy, autoscale.TargetDrained, "nonsense"}[n%3])
	case 8:
		w.refusal = []string{"", "no capacity"}[n%2]
	case 9:
		e.SetAlarmActions(now, n%2 == 0, "high", "none")
	case 10:
		_, _ = e.TerminateInstance(now, nth(), n%2 == 0)
	case 11:
		_ = e.SetAlarmState(now, "high", []autoscale.State{"OK", "ALARM", "INSUFFICIENT_DATA"}[n%3], "because", `{"recentDatapoints":[33]}`)
	case 12:
		_, _ = e.PutScalingPolicy(now, autoscale.Policy{AutoScalingGroupName: "web", Name: "keep", Type: "TargetTrackingScaling", Enabled: true,
			EstimatedInstanceWarmup: []*time.Duration{nil, new(time.Duration(n) * time.Second)}[n%2],
			TargetTracking:          &autoscale.TargetTracking{PredefinedMetric: "ASGAverageCPUUtilization", TargetValue: float64(1 + n)}})
	case 13:
		_ = e.SetInstanceHealth(now, nth(), autoscale.Unhealthy, n%2 == 0)
	case 14:
		low, high := n%4, n%7
		_ = e.UpdateGroup(now, "web", autoscale.GroupUpdate{MinSize: &low, MaxSize: &high})
	case 15:
		_ = e.DeleteGroup(now, "web", n%2 == 0)
	case 16:
		_, _ = e.PutScalingPolicy(now, autoscale.Policy{AutoScalingGroupName: "web", Name: "less", Enabled: true,
			AdjustmentType: "PercentChangeInCapacity", ScalingAdjustment: n - 128, MinAdjustmentMagnitude: n % 3})
		_ = e.ExecutePolicy(now, "web", "less", n%2 == 0)
	}
	return fed
}

func checkSizes(t *testing.T, e *autoscale.Engine) {
	t.Helper()
	for _, g := range e.Groups() {
		if !g.Deleting && (g.DesiredCapacity < g.MinSize || g.DesiredCapacity > g.MaxSize) {
			t.Fatalf("desired capacity %d is outside %d..%d", g.DesiredCapacity, g.MinSize, g.MaxSize)
		}
		if n := len(inService(g)); !g.Deleting && n > 6 {
			t.Fatalf("%d instances are InService, and the group was never larger than 6", n)
		}
	}
}

// checkIdle steps just before Next, or if nothing is due an hour on.
func checkIdle(t *testing.T, w *world) {
	t.Helper()
	next := w.engine.Next()
	if next.Equal(w.now) || len(w.pending) > 0 {
		return // a call waits for its Step, or the world has something to show
	}
	before, at := snapshot(w.engine), w.now.Add(time.Hour)
	if !next.IsZero() {
		at = next.Add(-time.Nanosecond)
	}
	w.now = at
	if actions := w.engine.Step(at, autoscale.Observation{}); len(actions) > 0 {
		t.Fatalf("Step(%s) before Next() = %s returned %v, want nothing", clock(at), clock(next), actions)
	}
	if after := snapshot(w.engine); after != before {
		t.Fatalf("Step(%s) before Next() = %s changed\n%s\nto\n%s", clock(at), clock(next), before, after)
	}
}

// FuzzEvaluation checks an alarm's evaluation over arbitrary points: it ends in
// one of the three states, and more breaching never turns ALARM into OK.
func FuzzEvaluation(f *testing.F) {
	f.Add("0-X-X", 3, 3, "missing")
	f.Add("---X-", 3, 2, "ignore")
	f.Add("XXXXX", 1, 1, "breaching")
	f.Fuzz(func(t *testing.T, points string, n, m int, treat string) {
		a := highCPU()
		a.EvaluationPeriods, a.DatapointsToAlarm, a.TreatMissingData = n, m, autoscale.TreatMissingData(treat)
		if a.Validate() != nil || n > 10 || len(points) > 20 {
			t.Skip("CloudWatch would refuse the alarm, or it is only larger")
		}
		better, worse := []byte(points), []byte(points)
		for i := range better {
			switch {
			case better[i] == 'X':
				better[i] = '0'
			case better[i] != '0':
				better[i], worse[i] = '-', '-'
			default:
				worse[i] = 'X'
			}
		}
		low := evaluated(t, a, autoscale.StateOK, string(better)).State
		high := evaluated(t, a, autoscale.StateOK, string(worse)).State
		if low == autoscale.StateAlarm && high != autoscale.StateAlarm {
			t.Errorf("%s alarms and %s is %s", better, worse, high)
		}
	})
}

func TestALateStepEvaluatesOnce(t *testing.T) {
	w := scalingWorld(t)
	w.run(t, start.Add(20*time.Second))
	var seen autoscale.Observation
	for i := range 10 {
		at := start.Add(time.Duration(i) * time.Minute)
		seen.Samples = append(seen.Samples, autoscale.Sample{Metric: cpu("web"), Time: at, Value: autoscale.Value(90)})
	}
	w.engine.Step(start.Add(10*time.Minute+30*time.Second), seen)
	if got, want := w.alarm(t, "high").StateTransitioned, start.Add(10*time.Minute+time.Second); !got.Equal(want) {
		t.Errorf("StateTransitioned = %s, want %s, when the evaluation was due", clock(got), clock(want))
	}
	if got, want := w.engine.Next(), start.Add(11*time.Minute+time.Second); !got.Equal(want) {
		t.Errorf("Next() = %s, want %s", clock(got), clock(want))
	}
}

func TestTimeDoesNotGoBack(t *testing.T) {
	w := scalingWorld(t)
	w.run(t, start.Add(time.Minute))
	ok(t, w.engine.SetAlarmState(start, "high", autoscale.StateOK, "from the past", ""))
	if got := w.alarm(t, "high").StateUpdated; got.Before(start.Add(10 * time.Second)) {
		t.Errorf("StateUpdated = %s, want the engine's latest time", clock(got))
	}
}

func TestNothingIsDueInAnEmptyEngine(t *testing.T) {
	e := autoscale.New(autoscale.Config{})
	if actions := e.Step(start, autoscale.Observation{}); len(actions) != 0 || !e.Next().IsZero() {
		t.Errorf("Step() = %v, Next() = %s, want nothing and never", actions, e.Next())
	}
}

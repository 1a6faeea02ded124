package autoscale_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"secondwind/autoscale"
)

func TestTargetTrackingAlarms(t *testing.T) {
	w := newWorld(autoscale.Config{Region: "eu-west-1", AccountID: "111122223333", Seed: 9})
	ok(t, w.engine.CreateGroup(start, webGroup()))
	config := autoscale.Policy{AutoScalingGroupName: "web", Name: "keep", Type: "TargetTrackingScaling", Enabled: true,
		TargetTracking: &autoscale.TargetTracking{PredefinedMetric: "ASGAverageCPUUtilization", TargetValue: 30}}
	p, err := w.engine.PutScalingPolicy(start, config)
	ok(t, err)
	if want := "arn:aws:autoscaling:eu-west-1:111122223333:scalingPolicy:"; !strings.HasPrefix(p.ARN, want) ||
		!strings.HasSuffix(p.ARN, ":autoScalingGroupName/web:policyName/keep") {
		t.Errorf("ARN = %s", p.ARN)
	}
	var got []string
	for _, a := range w.engine.Alarms() {
		if a.Description != "DO NOT EDIT OR DELETE. For TargetTrackingScaling policy "+p.ARN+"." {
			t.Errorf("description of %s = %s", a.Name, a.Description)
		}
		got = append(got, fmt.Sprintf("%s %s %g %d×%s", a.Name[:len(a.Name)-len("-00000000-0000-0000-0000-000000000000")],
			a.ComparisonOperator, a.Threshold, a.EvaluationPeriods, a.Period))
	}
	want := "TargetTracking-web-AlarmHigh GreaterThanThreshold 30 3×1m0s, TargetTracking-web-AlarmLow LessThanThreshold 21 15×1m0s"
	if strings.Join(got, ", ") != want {
		t.Errorf("alarms = %s, want %s", strings.Join(got, ", "), want)
	}
	if len(p.Alarms) != 2 {
		t.Errorf("Alarms of the policy = %v, want both", p.Alarms)
	}

	config.TargetTracking.DisableScaleIn = true
	again, err := w.engine.PutScalingPolicy(start, config)
	ok(t, err)
	if again.ARN != p.ARN || len(again.Alarms) != 1 || again.Alarms[0] != p.Alarms[0] {
		t.Errorf("after DisableScaleIn: %v, want the same ARN and AlarmHigh", again)
	}
	ok(t, w.engine.DeletePolicy(start, "web", "keep"))
	if got := w.engine.Alarms(); len(got) != 0 {
		t.Errorf("Alarms() after DeletePolicy = %v, want none", got)
	}
}

func TestTargetTrackingScalesInOnlyIfAllAgree(t *testing.T) {
	w := newWorld(autoscale.Config{MinPeriod: 10 * time.Second})
	g := webGroup()
	g.MaxSize, g.DesiredCapacity = 4, new(4)
	ok(t, w.engine.CreateGroup(start, g))
	network := cpu("web")
	network.Name = "NetworkIn"
	for name, target := range map[string]autoscale.TargetTracking{
		"cpu":     {PredefinedMetric: "ASGAverageCPUUtilization", TargetValue: 50},
		"network": {Customized: &network, TargetValue: 1000},
	} {
		_, err := w.engine.PutScalingPolicy(start, autoscale.Policy{AutoScalingGroupName: "web", Name: name,
			Type: "TargetTrackingScaling", Enabled: true, TargetTracking: &target})
		ok(t, err)
	}
	w.feed(start, cpu("web"), 10*time.Second, repeated(10, 100)...)
	// 750 would do with three instances, but is not under 0.7 of the target.
	w.feed(start, network, 10*time.Second, append(repeated(750, 40), repeated(100, 60)...)...)
	w.run(t, start.Add(6*time.Minute))
	if got := w.group(t, "web").DesiredCapacity; got != 4 {
		t.Errorf("desired capacity = %d, want 4 while the network is busy", got)
	}
	w.run(t, start.Add(15*time.Minute))
	if got := w.group(t, "web").DesiredCapacity; got != 1 {
		t.Errorf("desired capacity = %d, want 1 when both are idle", got)
	}
}

func repeated(v float64, n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = v
	}
	return values
}

func TestPolicyValidate(t *testing.T) {
	at := func(v float64) *float64 { return &v }
	step := func(change func(*autoscale.Policy)) autoscale.Policy {
		p := addOne()
		change(&p)
		return p
	}
	tracking := func(change func(*autoscale.TargetTracking)) autoscale.Policy {
		target := autoscale.TargetTracking{PredefinedMetric: "ASGAverageCPUUtilization", TargetValue: 50}
		change(&target)
		return autoscale.Policy{AutoScalingGroupName: "web", Name: "p", Type: "TargetTrackingScaling", TargetTracking: &target}
	}
	for name, c := range map[string]struct {
		policy autoscale.Policy
		want   string
	}{
		"a step policy as it should be": {addOne(), ""},
		"steps for both sides": {step(func(p *autoscale.Policy) {
			p.Steps = append(p.Steps, autoscale.StepAdjustment{UpperBound: at(0), Adjustment: -1})
		}), ""},
		"steps that overlap": {step(func(p *autoscale.Policy) {
			p.Steps = append(p.Steps, autoscale.StepAdjustment{LowerBound: at(10), Adjustment: 2})
		}), "can't overlap"},
		"steps with a gap": {step(func(p *autoscale.Policy) {
			p.Steps = []autoscale.StepAdjustment{{LowerBound: at(0), UpperBound: at(5)}, {LowerBound: at(6)}}
		}), "gaps"},
		"a step upside down": {step(func(p *autoscale.Policy) {
			p.Steps = []autoscale.StepAdjustment{{LowerBound: at(5), UpperBound: at(5)}}
		}), "must be less than"},
		"no steps":               {step(func(p *autoscale.Policy) { p.Steps = nil }), "At least one StepAdjustment"},
		"21 steps":               {step(func(p *autoscale.Policy) { p.Steps = make([]autoscale.StepAdjustment, 21) }), "Only 20"},
		"an unknown type":        {step(func(p *autoscale.Policy) { p.Type = "Guess" }), "policyType"},
		"an unknown adjustment":  {step(func(p *autoscale.Policy) { p.AdjustmentType = "Double" }), "adjustmentType"},
		"an unknown aggregation": {step(func(p *autoscale.Policy) { p.MetricAggregationType = "Sum" }), "metricAggregationType"},
		"a negative cooldown":    {step(func(p *autoscale.Policy) { p.Cooldown = new(-time.Second) }), "must not be negative"},
		"a negative warm-up": {step(func(p *autoscale.Policy) { p.EstimatedInstanceWarmup = new(-time.Second) }),
			"must not be negative"},
		"a magnitude without percent": {step(func(p *autoscale.Policy) { p.MinAdjustmentMagnitude = 2 }), "MinAdjustmentMagnitude"},
		"a negative exact capacity": {step(func(p *autoscale.Policy) {
			p.AdjustmentType, p.Steps[0].Adjustment = "ExactCapacity", -1
		}), "must not be negative"},
		"no name":                  {step(func(p *autoscale.Policy) { p.Name = "" }), "policyName"},
		"no such group":            {step(func(p *autoscale.Policy) { p.AutoScalingGroupName = "none" }), "not found"},
		"steps in a simple policy": {step(func(p *autoscale.Policy) { p.Type = "SimpleScaling" }), "not supported"},
		"tracking as it should be": {tracking(func(*autoscale.TargetTracking) {}), ""},
		"a target of nothing":      {tracking(func(t *autoscale.TargetTracking) { t.TargetValue = 0 }), "TargetValue"},
		"two metrics at once":      {tracking(func(t *autoscale.TargetTracking) { m := cpu("web"); t.Customized = &m }), "Exactly one"},
		"a predefined metric of the network": {tracking(func(t *autoscale.TargetTracking) {
			t.PredefinedMetric = "ASGAverageNetworkIn"
		}), "predefinedMetricType"},
		"an unknown aggregation to track": {func() autoscale.Policy {
			p := tracking(func(*autoscale.TargetTracking) {})
			p.MetricAggregationType = "Median"
			return p
		}(), "metricAggregationType"},
		"no metric": {tracking(func(t *autoscale.TargetTracking) { t.PredefinedMetric = "" }), "Exactly one"},
		"a metric that needs a label": {tracking(func(t *autoscale.TargetTracking) {
			t.PredefinedMetric = "ALBRequestCountPerTarget"
		}), "ResourceLabel"},
		"a label of a target group alone": {tracking(func(t *autoscale.TargetTracking) {
			t.PredefinedMetric, t.ResourceLabel = "ALBRequestCountPerTarget", "targetgroup/web/1"
		}), "ResourceLabel"},
		"a label that CPU has not": {tracking(func(t *autoscale.TargetTracking) {
			t.ResourceLabel = "app/web/2/targetgroup/web/1"
		}), "ResourceLabel"},
		"requests as they should be": {tracking(func(t *autoscale.TargetTracking) {
			t.PredefinedMetric, t.ResourceLabel = "ALBRequestCountPerTarget", "app/web/2/targetgroup/web/1"
		}), ""},
		"tracking without its setting": {autoscale.Policy{
			AutoScalingGroupName: "web", Name: "p", Type: "TargetTrackingScaling",
		}, "TargetTrackingConfiguration"},
	} {
		t.Run(name, func(t *testing.T) {
			e := autoscale.New(autoscale.Config{})
			ok(t, e.CreateGroup(start, webGroup()))
			_, err := e.PutScalingPolicy(start, c.policy)
			wantMessage(t, err, c.want)
			if got := len(e.Policies()); (got == 1) != (c.want == "") {
				t.Errorf("%d policies exist after error %v", got, err)
			}
		})
	}
}

func TestPolicyThatIsDisabled(t *testing.T) {
	w := scalingWorld(t)
	p := addOne()
	p.Enabled = false
	_, err := w.engine.PutScalingPolicy(start, p)
	ok(t, err)
	w.feed(start, cpu("web"), time.Minute, 90, 90, 90)
	w.run(t, start.Add(4*time.Minute))
	if got := w.group(t, "web").DesiredCapacity; got != 1 {
		t.Errorf("desired capacity = %d, want 1", got)
	}
	wantMessage(t, w.engine.ExecutePolicy(w.now, "web", "out", false), "disabled")
}

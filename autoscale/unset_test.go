package autoscale_test

import (
	"slices"
	"testing"
	"time"

	"secondwind/autoscale"
)

// What a caller leaves out is AWS's default, and 0 is 0: they are not the same.

func TestAGroupOfDefaults(t *testing.T) {
	w := newWorld(autoscale.Config{})
	ok(t, w.engine.CreateGroup(start, autoscale.Group{
		Name: "web", LaunchTemplate: autoscale.LaunchTemplate{ID: "lt-1"}, MinSize: 2, MaxSize: 3,
		AvailabilityZones: []string{"us-east-1a"},
	}))
	g := w.group(t, "web")
	if g.DesiredCapacity != 2 || *g.Group.DesiredCapacity != 2 {
		t.Errorf("desired capacity = %d, want MinSize, 2", g.DesiredCapacity)
	}
	if *g.DefaultCooldown != 300*time.Second || g.DefaultInstanceWarmup != nil {
		t.Errorf("default cooldown %s, warm-up %v, want 5m0s and none", *g.DefaultCooldown, g.DefaultInstanceWarmup)
	}
	policies := []autoscale.TerminationPolicy{autoscale.TerminateDefault}
	if g.HealthCheckType != autoscale.HealthCheckEC2 || !slices.Equal(g.TerminationPolicies, policies) {
		t.Errorf("health check %s, termination policies %v, want EC2 and Default", g.HealthCheckType, g.TerminationPolicies)
	}
}

func TestAGroupOfNothingStartsAtNothing(t *testing.T) {
	w := newWorld(autoscale.Config{})
	g := webGroup()
	g.MinSize, g.DesiredCapacity, g.DefaultCooldown = 0, new(0), new(time.Duration(0))
	ok(t, w.engine.CreateGroup(start, g))
	if got := w.group(t, "web"); got.DesiredCapacity != 0 || *got.DefaultCooldown != 0 {
		t.Errorf("desired capacity %d, default cooldown %s, want 0 and 0s", got.DesiredCapacity, *got.DefaultCooldown)
	}
}

// While the second instance warms up it is not in the base of the next step, so
// that the desired capacity stays 2; the alarm invokes the policy every minute.
func TestWarmupOfAPolicy(t *testing.T) {
	for name, c := range map[string]struct {
		policy, group *time.Duration
		cooldown      *time.Duration
		want          time.Duration // of instances that the policy launches
	}{
		"nothing is set":               {want: 300 * time.Second},
		"the group's cooldown":         {cooldown: new(90 * time.Second), want: 90 * time.Second},
		"the group's default":          {group: new(150 * time.Second), cooldown: new(time.Hour), want: 150 * time.Second},
		"the group's default of none":  {group: new(time.Duration(0)), cooldown: new(time.Hour)},
		"the policy's own":             {policy: new(2 * time.Minute), group: new(time.Hour), want: 2 * time.Minute},
		"the policy's own, of nothing": {policy: new(time.Duration(0)), group: new(time.Hour), cooldown: new(time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(autoscale.Config{})
			g, p := webGroup(), addOne()
			g.MaxSize, g.DefaultInstanceWarmup, g.DefaultCooldown, p.EstimatedInstanceWarmup = 3, nil, c.cooldown, c.policy
			ok(t, w.engine.CreateGroup(start, g))
			w.run(t, start.Add(20*time.Second)) // the first instance is InService, and warm
			ok(t, w.engine.UpdateGroup(w.now, "web", autoscale.GroupUpdate{DefaultInstanceWarmup: c.group}))
			put, err := w.engine.PutScalingPolicy(w.now, p)
			ok(t, err)
			ok(t, w.engine.PutMetricAlarm(w.now, highCPU(put.ARN)))
			w.feed(start, cpu("web"), time.Minute, repeated(90, 12)...)
			// In ALARM at 10:01:01, InService at 10:01:11.
			warm := start.Add(71*time.Second + c.want)
			for at := start.Add(61 * time.Second); at.Before(start.Add(10 * time.Minute)); at = at.Add(time.Minute) {
				w.run(t, at)
				want := 2
				if !at.Before(warm) {
					want = 3
				}
				if got := w.group(t, "web").DesiredCapacity; got != want {
					t.Fatalf("desired capacity at %s = %d, want %d", clock(at), got, want)
				}
			}
		})
	}
}

func TestCooldownOfAPolicy(t *testing.T) {
	for name, c := range map[string]struct {
		cooldown *time.Duration
		code     string // of a second execution a minute after the first
	}{
		"the group's":          {nil, "ScalingActivityInProgress"},
		"its own":              {new(45 * time.Second), ""},
		"its own, of nothing":  {new(time.Duration(0)), ""},
		"its own, of an hour":  {new(time.Hour), "ScalingActivityInProgress"},
		"its own, of a minute": {new(time.Minute), "ScalingActivityInProgress"}, // from InService, 10 s later
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(autoscale.Config{})
			g := webGroup()
			g.MaxSize = 3
			ok(t, w.engine.CreateGroup(start, g))
			_, err := w.engine.PutScalingPolicy(start, autoscale.Policy{AutoScalingGroupName: "web", Name: "more", Enabled: true,
				AdjustmentType: autoscale.ChangeInCapacity, ScalingAdjustment: 1, Cooldown: c.cooldown})
			ok(t, err)
			w.run(t, start.Add(time.Minute))
			ok(t, w.engine.ExecutePolicy(w.now, "web", "more", true))
			w.run(t, start.Add(2*time.Minute))
			if err := w.engine.ExecutePolicy(w.now, "web", "more", true); c.code == "" {
				ok(t, err)
			} else {
				wantCode(t, err, c.code)
			}
		})
	}
}

func TestUpdateRemovesTheDefaultWarmup(t *testing.T) {
	w := newWorld(autoscale.Config{})
	g := webGroup()
	g.DefaultInstanceWarmup = new(time.Minute)
	ok(t, w.engine.CreateGroup(start, g))
	ok(t, w.engine.UpdateGroup(start, "web", autoscale.GroupUpdate{}))
	if got := w.group(t, "web").DefaultInstanceWarmup; got == nil || *got != time.Minute {
		t.Errorf("default warm-up = %v after an update of nothing, want 1m0s", got)
	}
	ok(t, w.engine.UpdateGroup(start, "web", autoscale.GroupUpdate{RemoveDefaultInstanceWarmup: true}))
	if got := w.group(t, "web").DefaultInstanceWarmup; got != nil {
		t.Errorf("default warm-up = %s, want none", *got)
	}
}

// The engine keeps what a caller said, not what the caller makes of it later.
func TestPointersAreCopied(t *testing.T) {
	w := newWorld(autoscale.Config{})
	cooldown, warmup := time.Minute, time.Minute
	g, p := webGroup(), addOne()
	g.DefaultCooldown, g.DefaultInstanceWarmup, p.Cooldown, p.EstimatedInstanceWarmup = &cooldown, &warmup, &cooldown, &warmup
	ok(t, w.engine.CreateGroup(start, g))
	_, err := w.engine.PutScalingPolicy(start, p)
	ok(t, err)
	ok(t, w.engine.UpdateGroup(start, "web", autoscale.GroupUpdate{DefaultCooldown: &cooldown, DefaultInstanceWarmup: &warmup}))
	before := snapshot(w.engine)
	cooldown, warmup = time.Hour, time.Hour
	*w.group(t, "web").DefaultCooldown = time.Hour
	*w.engine.Policies()[0].EstimatedInstanceWarmup = time.Hour
	if after := snapshot(w.engine); after != before {
		t.Errorf("the engine changed from\n%s\nto\n%s", before, after)
	}
}

package autoscale_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"secondwind/autoscale"
)

func TestActivityNamesTheAlarm(t *testing.T) {
	w := newWorld(autoscale.Config{Seed: 3})
	g := webGroup()
	g.MaxSize, g.VPCZoneIdentifier = 4, "subnet-1, subnet-2"
	g.AvailabilityZones = []string{"us-east-1a", "us-east-1b"}
	ok(t, w.engine.CreateGroup(start, g))
	p, err := w.engine.PutScalingPolicy(start, addOne())
	ok(t, err)
	ok(t, w.engine.PutMetricAlarm(start, highCPU(p.ARN)))
	w.feed(start, cpu("web"), time.Minute, 5, 32, 32, 32)
	w.run(t, start.Add(4*time.Minute+5*time.Second))

	type details struct {
		SubnetID         string `json:"Subnet ID"`
		AvailabilityZone string `json:"Availability Zone"`
		InvokingAlarms   []struct {
			AlarmArn, AlarmName, OldStateValue, NewStateValue, Region, AWSAccountId string
			StateChangeTime                                                         int64
			Trigger                                                                 struct {
				MetricName, Namespace, Statistic, ComparisonOperator string
				Period, EvaluationPeriods                            int
				Threshold                                            float64
			}
		}
	}
	activities := w.engine.Activities("web")
	if len(activities) != 3 {
		t.Fatalf("there are %d activities, want 3", len(activities))
	}
	changed := start.Add(2*time.Minute + time.Second).UnixMilli()
	for i, want := range []struct {
		subnet, old string
		alarms      int
	}{{"subnet-1", "ALARM", 1}, {"subnet-2", "OK", 1}, {"subnet-1", "", 0}} {
		var d details
		ok(t, json.Unmarshal([]byte(activities[i].Details), &d))
		if d.SubnetID != want.subnet || len(d.InvokingAlarms) != want.alarms {
			t.Fatalf("Details of activity %d = %s, want %s and %d alarms", i, activities[i].Details, want.subnet, want.alarms)
		}
		if want.alarms == 0 {
			continue
		}
		a := d.InvokingAlarms[0]
		// A repetition keeps the time of the change, and has ALARM on both sides.
		if a.AlarmName != "high" || a.OldStateValue != want.old || a.NewStateValue != "ALARM" || a.StateChangeTime != changed {
			t.Errorf("InvokingAlarms of activity %d = %+v, want high from %s to ALARM at %d", i, a, want.old, changed)
		}
		if a.Trigger.Statistic != "AVERAGE" || a.Trigger.Threshold != 20 || a.Trigger.Period != 60 || a.Region != "US East (N. Virginia)" {
			t.Errorf("Trigger of activity %d = %+v in %s", i, a.Trigger, a.Region)
		}
	}
}

func TestActivitiesInProgressComeFirst(t *testing.T) {
	w := newWorld(autoscale.Config{})
	g := webGroup()
	g.MaxSize, g.TargetGroupARNs = 3, []string{"tg"}
	ok(t, w.engine.CreateGroup(start, g))
	w.drain = time.Hour
	w.run(t, start.Add(time.Minute))
	_, err := w.engine.TerminateInstance(w.now, w.group(t, "web").Instances[0].ID, false)
	ok(t, err)
	w.run(t, start.Add(2*time.Minute))
	var got []string
	for _, a := range w.engine.Activities("") {
		got = append(got, string(a.StatusCode))
	}
	if want := "WaitingForELBConnectionDraining Successful Successful"; strings.Join(got, " ") != want {
		t.Errorf("Activities() = %v, want %s", got, want)
	}
	if got := w.engine.Activities("other"); len(got) != 0 {
		t.Errorf("Activities(other) = %v, want none", got)
	}
}

func TestCausesOfRequests(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(w *world, id string) error
		want string // how the newest Cause begins
	}{
		"created": {func(*world, string) error { return nil },
			"At 2026-02-26T10:00:00Z a user request created an AutoScalingGroup changing the desired capacity from 0 to 1.  " +
				"At 2026-02-26T10:00:00Z an instance was started"},
		"executed": {func(w *world, _ string) error {
			if _, err := w.engine.PutScalingPolicy(w.now, autoscale.Policy{AutoScalingGroupName: "web", Name: "more", Enabled: true,
				AdjustmentType: "ChangeInCapacity", ScalingAdjustment: 1}); err != nil {
				return err
			}
			return w.engine.ExecutePolicy(w.now, "web", "more", true)
		}, "At 2026-02-26T10:01:00Z a user request executed policy more changing the desired capacity from 1 to 2."},
		"updated": {func(w *world, _ string) error {
			two := 2
			return w.engine.UpdateGroup(w.now, "web", autoscale.GroupUpdate{MinSize: &two})
		}, "At 2026-02-26T10:01:00Z a user request update of AutoScalingGroup constraints to min: 2, max: 2, desired: 2 " +
			"changing the desired capacity from 1 to 2."},
		"set unhealthy": {func(w *world, id string) error {
			return w.engine.SetInstanceHealth(w.now, id, autoscale.Unhealthy, false)
		},
			"At 2026-02-26T10:01:00Z an instance was launched in response to an unhealthy instance needing to be replaced."},
		"terminated, to be replaced": {func(w *world, id string) error {
			_, err := w.engine.TerminateInstance(w.now, id, false)
			return err
		}, "At 2026-02-26T10:01:00Z an instance was started in response to a difference between desired and actual capacity, " +
			"increasing the capacity from 0 to 1."},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(autoscale.Config{})
			ok(t, w.engine.CreateGroup(start, webGroup()))
			w.run(t, start.Add(time.Minute))
			ok(t, c.do(w, w.group(t, "web").Instances[0].ID))
			w.run(t, w.now)
			if got := w.engine.Activities("web")[0].Cause; !strings.HasPrefix(got, c.want) {
				t.Errorf("Cause\n  = %s\nwant %s…", got, c.want)
			}
		})
	}
}

func TestRefusedGroupCalls(t *testing.T) {
	five, minus := 5, -1
	for name, c := range map[string]struct {
		do        func(e *autoscale.Engine, id string) error
		code, say string
	}{
		"a group that exists": {func(e *autoscale.Engine, _ string) error {
			return e.CreateGroup(start, webGroup())
		}, "AlreadyExists", "already exists"},
		"above the maximum": {func(e *autoscale.Engine, _ string) error {
			return e.SetDesiredCapacity(start, "web", 5, false)
		}, "ValidationError", "New SetDesiredCapacity value 5 is above max value 2 for the AutoScalingGroup."},
		"below the minimum": {func(e *autoscale.Engine, _ string) error {
			return e.SetDesiredCapacity(start, "web", 0, false)
		}, "ValidationError", "New SetDesiredCapacity value 0 is below min value 1 for the AutoScalingGroup."},
		"no such group": {func(e *autoscale.Engine, _ string) error {
			return e.SetDesiredCapacity(start, "x", 1, false)
		}, "ValidationError", "not found"},
		"minimum over maximum": {func(e *autoscale.Engine, _ string) error {
			return e.UpdateGroup(start, "web", autoscale.GroupUpdate{MinSize: &five})
		}, "ValidationError", "Max bound, 2, must be greater than or equal to min bound, 5"},
		"desired out of bounds": {func(e *autoscale.Engine, _ string) error {
			return e.UpdateGroup(start, "web", autoscale.GroupUpdate{DesiredCapacity: &five})
		}, "ValidationError", "Desired capacity:5 must be between the specified min size:1 and max size:2"},
		"desired below nothing": {func(e *autoscale.Engine, _ string) error {
			return e.UpdateGroup(start, "web", autoscale.GroupUpdate{DesiredCapacity: &minus})
		}, "ValidationError", "negative"},
		"deletion with instances": {func(e *autoscale.Engine, _ string) error {
			return e.DeleteGroup(start, "web", false)
		}, "ResourceInUse", "while there are instances"},
		"an unknown process": {func(e *autoscale.Engine, _ string) error {
			return e.SuspendProcesses(start, "web", "Sleep")
		}, "ValidationError", "Sleep"},
		"an unknown instance": {func(e *autoscale.Engine, _ string) error {
			return e.SetInstanceHealth(start, "i-x", autoscale.Unhealthy, false)
		}, "ValidationError", "No managed instance found for instance ID: i-x"},
		"a decrement below the minimum": {func(e *autoscale.Engine, id string) error {
			_, err := e.TerminateInstance(start, id, true)
			return err
		}, "ValidationError", "desiredSize equals minSize (1)"},
		"protection of an unknown instance": {func(e *autoscale.Engine, _ string) error {
			return e.SetInstanceProtection(start, "web", true, "i-x")
		}, "ValidationError", "is not part of Auto Scaling group web"},
		"detaching what is not": {func(e *autoscale.Engine, _ string) error {
			return e.DetachTargetGroups(start, "web", "tg")
		}, "ValidationError", "not attached"},
		"a policy that is not there": {func(e *autoscale.Engine, _ string) error {
			return e.ExecutePolicy(start, "web", "p", false)
		}, "ValidationError", "No policy found"},
		"desired while launching": {func(e *autoscale.Engine, _ string) error {
			return e.SetDesiredCapacity(start, "web", 2, true)
		}, "ScalingActivityInProgress", "is in progress and blocks this action"},
		"a group without zones": {func(e *autoscale.Engine, _ string) error {
			return e.CreateGroup(start, autoscale.Group{Name: "g", LaunchTemplate: autoscale.LaunchTemplate{ID: "lt"}, MaxSize: 1})
		}, "ValidationError", "Availability Zone"},
		"a group without a template": {func(e *autoscale.Engine, _ string) error {
			return e.CreateGroup(start, autoscale.Group{Name: "g"})
		}, "ValidationError", "LaunchTemplate"},
		"a group that starts below nothing": {func(e *autoscale.Engine, _ string) error {
			return e.CreateGroup(start, autoscale.Group{Name: "g", LaunchTemplate: autoscale.LaunchTemplate{ID: "lt"},
				AvailabilityZones: []string{"us-east-1a"}, DesiredCapacity: &minus})
		}, "ValidationError", "Desired capacity:-1 must be between the specified min size:0 and max size:0"},
		"a negative default cooldown": {func(e *autoscale.Engine, _ string) error {
			return e.UpdateGroup(start, "web", autoscale.GroupUpdate{DefaultCooldown: new(-time.Second)})
		}, "ValidationError", "DefaultCooldown must not be negative"},
		"a negative default warm-up": {func(e *autoscale.Engine, _ string) error {
			return e.UpdateGroup(start, "web", autoscale.GroupUpdate{DefaultInstanceWarmup: new(-time.Second)})
		}, "ValidationError", "DefaultInstanceWarmup must not be negative"},
		"a health that is none": {func(e *autoscale.Engine, id string) error {
			return e.SetInstanceHealth(start, id, "Poorly", false)
		}, "ValidationError", "Valid instance health states are: [Healthy, Unhealthy]."},
		"a group of a billion": {func(e *autoscale.Engine, _ string) error {
			g := webGroup()
			g.Name, g.MaxSize = "g", 1e9
			return e.CreateGroup(start, g)
		}, "ValidationError", "MaxSize"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(autoscale.Config{})
			ok(t, w.engine.CreateGroup(start, webGroup()))
			w.run(t, start)
			err := c.do(w.engine, w.group(t, "web").Instances[0].ID)
			wantCode(t, err, c.code)
			wantMessage(t, err, c.say)
		})
	}
}

func TestDeleteGroup(t *testing.T) {
	w := scalingWorld(t)
	ok(t, w.engine.AttachTargetGroups(start, "web", "tg"))
	w.run(t, start.Add(time.Minute))
	ok(t, w.engine.DeleteGroup(w.now, "web", true))
	if !w.group(t, "web").Deleting {
		t.Error("Deleting = false while its instance ends")
	}
	wantMessage(t, w.engine.SetDesiredCapacity(w.now, "web", 1, false), "pending delete")
	w.run(t, w.now.Add(w.stop))
	if got := w.engine.Groups(); len(got) != 0 {
		t.Errorf("Groups() = %v, want none: a forced deletion does not wait for draining", got)
	}
	if got := w.engine.Policies(); len(got) != 0 {
		t.Errorf("Policies() = %v, want none", got)
	}
	// The alarm outlives the policy; its action fails, and the history says so.
	w.feed(w.now, cpu("web"), time.Minute, 90, 90)
	w.run(t, w.now.Add(3*time.Minute))
	if got := w.engine.AlarmHistory()[0].Summary; !strings.HasPrefix(got, "Failed to execute action arn:aws:autoscaling:") {
		t.Errorf("newest history = %q, want a failed action", got)
	}
	ok(t, w.engine.CreateGroup(w.now, webGroup()))
}

func TestCooldown(t *testing.T) {
	w := newWorld(autoscale.Config{})
	g := webGroup()
	g.MaxSize = 5
	ok(t, w.engine.CreateGroup(start, g))
	_, err := w.engine.PutScalingPolicy(start, autoscale.Policy{AutoScalingGroupName: "web", Name: "more", Enabled: true,
		AdjustmentType: "ChangeInCapacity", ScalingAdjustment: 1})
	ok(t, err)
	w.run(t, start.Add(time.Minute))
	ok(t, w.engine.ExecutePolicy(w.now, "web", "more", true))
	for _, c := range []struct {
		at   time.Duration
		code string
	}{
		{60 * time.Second, "ScalingActivityInProgress"},  // asked for, not begun
		{65 * time.Second, "ScalingActivityInProgress"},  // launching
		{70 * time.Second, "ScalingActivityInProgress"},  // InService: the cooldown of a minute begins
		{129 * time.Second, "ScalingActivityInProgress"}, // its last second
	} {
		w.run(t, start.Add(c.at))
		wantCode(t, w.engine.ExecutePolicy(w.now, "web", "more", true), c.code)
	}
	w.run(t, start.Add(130*time.Second))
	ok(t, w.engine.ExecutePolicy(w.now, "web", "more", true))
	ok(t, w.engine.ExecutePolicy(w.now, "web", "more", false))
	if got := w.group(t, "web").DesiredCapacity; got != 4 {
		t.Errorf("desired capacity = %d, want 4", got)
	}
}

func TestTerminationOrder(t *testing.T) {
	// Six instances, launched a minute apart, in two zones; the first three from
	// the old template. Each policy takes its pick among the fuller zone's.
	for policy, want := range map[autoscale.TerminationPolicy]string{
		"OldestInstance": "1", "NewestInstance": "7", "OldestLaunchTemplate": "1 or 3", "Default": "1 or 3",
	} {
		w := newWorld(autoscale.Config{Seed: 5})
		g := webGroup()
		g.MinSize, g.MaxSize, g.DesiredCapacity = 0, 9, nil
		g.AvailabilityZones, g.TerminationPolicies = []string{"us-east-1a", "us-east-1b"}, []autoscale.TerminationPolicy{policy}
		ok(t, w.engine.CreateGroup(start, g))
		for i := range 7 {
			if i == 3 {
				ok(t, w.engine.UpdateGroup(w.now, "web", autoscale.GroupUpdate{LaunchTemplate: &autoscale.LaunchTemplate{ID: "lt-1", Version: "2"}}))
			}
			ok(t, w.engine.SetDesiredCapacity(w.now, "web", i+1, false))
			w.run(t, w.now.Add(time.Minute))
		}
		before := w.group(t, "web").Instances
		ok(t, w.engine.SetDesiredCapacity(w.now, "web", 6, false))
		w.run(t, w.now)
		for i, instance := range w.group(t, "web").Instances {
			if instance.LifecycleState == "Terminating" && !strings.Contains(want, fmt.Sprint(i+1)) {
				t.Errorf("%s terminates instance %d of %v, want %s", policy, i+1, before, want)
			}
		}
	}
}

func TestTargetsAreRegisteredBeforeInService(t *testing.T) {
	w := newWorld(autoscale.Config{})
	g := webGroup()
	g.TargetGroupARNs = []string{"tg"}
	ok(t, w.engine.CreateGroup(start, g))
	w.run(t, start.Add(9*time.Second))
	if got := w.group(t, "web").Instances[0].LifecycleState; got != "Pending" {
		t.Errorf("lifecycle state = %s, want Pending", got)
	}
	w.run(t, start.Add(10*time.Second)) // the target is healthy at 10:00:15 only
	if got := w.group(t, "web").Instances[0].LifecycleState; got != "InService" {
		t.Errorf("lifecycle state = %s, want InService: it does not wait for health", got)
	}
	ok(t, w.engine.AttachTargetGroups(w.now, "web", "tg", "second"))
	ok(t, w.engine.DetachTargetGroups(w.now, "web", "tg"))
	w.run(t, w.now)
	var got []string
	for _, a := range w.actions {
		got = append(got, strings.TrimPrefix(fmt.Sprintf("%T", a), "autoscale."))
	}
	if want := "LaunchInstance RegisterTarget RegisterTarget DeregisterTarget"; strings.Join(got, " ") != want {
		t.Errorf("actions = %v, want %s", got, want)
	}
}

func TestSetInstanceHealthRespectsGrace(t *testing.T) {
	w := newWorld(autoscale.Config{})
	g := webGroup()
	g.HealthCheckGracePeriod = time.Minute
	ok(t, w.engine.CreateGroup(start, g))
	w.run(t, start.Add(20*time.Second))
	id := w.group(t, "web").Instances[0].ID
	ok(t, w.engine.SetInstanceHealth(w.now, id, autoscale.Unhealthy, true))
	if got := w.group(t, "web").Instances[0].HealthStatus; got != "Healthy" {
		t.Errorf("health status = %s, want Healthy: the grace period lasts until 10:01:10", got)
	}
	ok(t, w.engine.SetInstanceHealth(w.now, id, autoscale.Unhealthy, false))
	if got := w.group(t, "web").Instances[0].HealthStatus; got != "Unhealthy" {
		t.Errorf("health status = %s, want Unhealthy", got)
	}
	ok(t, w.engine.SetInstanceHealth(w.now, id, autoscale.Healthy, false)) // before any Step
	w.run(t, w.now.Add(time.Minute))
	if got := w.group(t, "web").Instances[0]; got.ID != id || got.HealthStatus != "Healthy" {
		t.Errorf("the instance is %+v, want %s, healthy again", got, id)
	}
}

// A verdict of ELB counts only once a target of the attachment has been healthy:
// before that every instance would be replaced, for ever.
func TestNothingIsReplacedBeforeTheAttachmentIsInService(t *testing.T) {
	w := newWorld(autoscale.Config{})
	w.check = 24 * time.Hour
	g := webGroup()
	g.HealthCheckType, g.TargetGroupARNs = "ELB", []string{"tg"}
	ok(t, w.engine.CreateGroup(start, g))
	w.run(t, start.Add(20*time.Second))
	id := w.group(t, "web").Instances[0].ID
	target := func(h autoscale.TargetState) {
		w.plan(w.now, autoscale.Observation{Targets: []autoscale.TargetEvent{{TargetGroupARN: "tg", InstanceID: id, Health: h}}})
		w.run(t, w.now.Add(20*time.Second))
	}
	target(autoscale.TargetUnhealthy)
	if got := w.group(t, "web").Instances[0].HealthStatus; got != "Healthy" {
		t.Errorf("health status = %s, want Healthy before any target was", got)
	}
	target(autoscale.TargetHealthy)
	target(autoscale.TargetUnhealthy)
	if got := w.group(t, "web").Instances; len(got) != 1 || got[0].ID == id {
		t.Errorf("instances = %+v, want %s replaced", got, id)
	}
}

func TestAnswersDoNotLetCallersIn(t *testing.T) {
	w := scalingWorld(t)
	w.run(t, start.Add(time.Minute))
	before := snapshot(w.engine)
	w.engine.Groups()[0].Instances[0].ID = "changed"
	w.engine.Groups()[0].AvailabilityZones[0] = "changed"
	w.engine.Groups()[0].Suspended["Launch"] = "changed"
	*w.engine.Policies()[0].Steps[0].LowerBound = 99
	w.engine.Alarms()[0].AlarmActions[0] = "changed"
	w.engine.Alarms()[0].Metric.Dimensions[0].Value = "changed"
	w.engine.AlarmHistory()[0].Summary = "changed"
	if after := snapshot(w.engine); after != before {
		t.Errorf("the engine changed through its answers:\n%s\nwas\n%s", after, before)
	}
}

// snapshot is all that an engine shows, as text.
func snapshot(e *autoscale.Engine) string {
	text, err := json.MarshalIndent(struct {
		Groups     []autoscale.GroupStatus
		Alarms     []autoscale.AlarmStatus
		Policies   []autoscale.Policy
		Activities []autoscale.Activity
		History    []autoscale.HistoryItem
		Metrics    []autoscale.Metric
		Next       time.Time
	}{e.Groups(), e.Alarms(), e.Policies(), e.Activities(""), e.AlarmHistory(), e.Metrics(), e.Next()}, "", " ")
	if err != nil {
		panic(err)
	}
	return string(text)
}

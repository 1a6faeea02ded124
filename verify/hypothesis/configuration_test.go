package hypothesis_test

import (
	"strings"
	"testing"
	"time"

	"secondwind/runlog"
	"secondwind/verify/hypothesis"
)

var now = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

// alarm is one on the group's CPU that invokes the policies of these names.
func alarm(name, operator string, threshold float64, policies ...string) runlog.MetricAlarm {
	a := runlog.MetricAlarm{
		AlarmName: name, Namespace: "AWS/EC2", MetricName: "CPUUtilization", Statistic: "Average", Period: 10, EvaluationPeriods: 1,
		ComparisonOperator: operator, Threshold: threshold, Dimensions: []runlog.Dimension{{Name: "AutoScalingGroupName", Value: "web"}},
	}
	for _, p := range policies {
		a.AlarmActions = append(a.AlarmActions, "arn:"+p)
	}
	return a
}

const above, below = "GreaterThanThreshold", "LessThanThreshold"

// configured is a group that scales out above 20 % and in below 8 %.
func configured() hypothesis.Configuration {
	return hypothesis.Configuration{
		Group: runlog.AutoScalingGroup{AutoScalingGroupName: "web", MinSize: 1, MaxSize: 2},
		Policies: []runlog.ScalingPolicy{
			{PolicyName: "out", PolicyARN: "arn:out", PolicyType: "SimpleScaling", AdjustmentType: "ChangeInCapacity", ScalingAdjustment: 1},
			{PolicyName: "in", PolicyARN: "arn:in", PolicyType: "SimpleScaling", AdjustmentType: "ChangeInCapacity", ScalingAdjustment: -1},
		},
		Alarms:       []runlog.MetricAlarm{alarm("low", below, 8, "in"), alarm("high", above, 20, "out")},
		TargetGroups: []runlog.TargetGroup{{TargetGroupArn: "arn:tg", HealthCheckIntervalSeconds: 5, HealthCheckTimeoutSeconds: 2}},
	}
}

func TestTheAlarmThatScalesOutIsFound(t *testing.T) {
	requests := alarm("requests", above, 100, "out")
	requests.Namespace, requests.MetricName, requests.Dimensions = "AWS/ApplicationELB", "RequestCountPerTarget", nil
	cases := []struct {
		name   string
		change func(*hypothesis.Configuration)
		asked  string
		want   string // "" is none
	}{
		{"the one above a threshold that invokes a policy", func(*hypothesis.Configuration) {}, "", "high"},
		{"whatever the order", func(c *hypothesis.Configuration) { c.Alarms[0], c.Alarms[1] = c.Alarms[1], c.Alarms[0] }, "", "high"},
		{"the one on CPU before one on another metric", func(c *hypothesis.Configuration) {
			c.Alarms = append([]runlog.MetricAlarm{requests}, c.Alarms...)
		}, "", "high"},
		{"the one with a policy before one without", func(c *hypothesis.Configuration) {
			c.Alarms = append([]runlog.MetricAlarm{alarm("forgotten", above, 15)}, c.Alarms...)
		}, "", "high"},
		{"one that invokes nothing, where there is no other", func(c *hypothesis.Configuration) { c.Alarms[1].AlarmActions = nil }, "", "high"},
		{"the first of two alike", func(c *hypothesis.Configuration) { c.Alarms = append(c.Alarms, alarm("higher", above, 40, "out")) }, "",
			"high"},
		{"the one that is named, whatever fits better", func(c *hypothesis.Configuration) {
			c.Alarms = append(c.Alarms, alarm("higher", above, 40))
		}, "higher", "higher"},
		{"none of a name that there is not", func(*hypothesis.Configuration) {}, "nowhere", ""},
		{"none that scales in", func(c *hypothesis.Configuration) { c.Alarms = c.Alarms[:1] }, "", ""},
		{"none that goes into ALARM above and removes instances", func(c *hypothesis.Configuration) {
			c.Alarms = []runlog.MetricAlarm{alarm("odd", above, 20, "in")}
		}, "", ""},
		{"the upper one of target tracking", func(c *hypothesis.Configuration) {
			c.Policies = []runlog.ScalingPolicy{{PolicyName: "out", PolicyARN: "arn:out", PolicyType: "TargetTrackingScaling"}}
			c.Alarms = []runlog.MetricAlarm{alarm("AlarmLow", below, 18, "out"), alarm("AlarmHigh", above, 20, "out")}
		}, "", "AlarmHigh"},
		{"none of target tracking, whose only alarm is the lower one", func(c *hypothesis.Configuration) {
			c.Policies = []runlog.ScalingPolicy{{PolicyName: "out", PolicyARN: "arn:out", PolicyType: "TargetTrackingScaling"}}
			c.Alarms = []runlog.MetricAlarm{alarm("AlarmLow", below, 18, "out")}
		}, "", ""},
		{"one below its threshold that adds instances, where there is no other", func(c *hypothesis.Configuration) {
			c.Alarms = []runlog.MetricAlarm{alarm("odd", below, 18, "out")}
		}, "", "odd"},
		{"none without alarms", func(c *hypothesis.Configuration) { c.Alarms = nil }, "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			configuration := configured()
			c.change(&configuration)
			if got, ok := configuration.ScaleOutAlarm(c.asked); got.AlarmName != c.want || ok != (c.want != "") {
				t.Errorf("ScaleOutAlarm(%q) = %q, %t; want %q", c.asked, got.AlarmName, ok, c.want)
			}
		})
	}
}

func TestTheAlarmThatScalesInIsFound(t *testing.T) {
	c := configured()
	c.Alarms = append([]runlog.MetricAlarm{alarm("forgotten", below, 5)}, c.Alarms...)
	if in, ok := c.ScaleInAlarm(); !ok || in.AlarmName != "low" || c.PolicyOf(in).PolicyName != "in" {
		t.Errorf("ScaleInAlarm = %q, %t; want low, which invokes in", in.AlarmName, ok)
	}
	c.Alarms = c.Alarms[2:]
	if in, ok := c.ScaleInAlarm(); ok {
		t.Errorf("ScaleInAlarm = %q where nothing scales in", in.AlarmName)
	}
}

func TestRemovingInstancesIsToldByThePolicysAdjustments(t *testing.T) {
	steps := func(adjustments ...int) (all []runlog.StepAdjustment) {
		for _, n := range adjustments {
			all = append(all, runlog.StepAdjustment{ScalingAdjustment: n})
		}
		return all
	}
	for name, c := range map[string]struct {
		policy runlog.ScalingPolicy
		want   bool
	}{
		"one fewer":               {runlog.ScalingPolicy{ScalingAdjustment: -1}, true},
		"one more":                {runlog.ScalingPolicy{ScalingAdjustment: 1}, false},
		"steps down":              {runlog.ScalingPolicy{StepAdjustments: steps(-1, -2)}, true},
		"steps up":                {runlog.ScalingPolicy{StepAdjustments: steps(1, 2)}, false},
		"steps both ways":         {runlog.ScalingPolicy{StepAdjustments: steps(-1, 1)}, false},
		"a step of nothing":       {runlog.ScalingPolicy{StepAdjustments: steps(0)}, false},
		"an exact capacity":       {runlog.ScalingPolicy{AdjustmentType: "ExactCapacity", ScalingAdjustment: 1}, false},
		"a target to be followed": {runlog.ScalingPolicy{PolicyType: "TargetTrackingScaling"}, false},
	} {
		if got := hypothesis.RemovesInstances(c.policy); got != c.want {
			t.Errorf("%s: RemovesInstances = %t, want %t", name, got, c.want)
		}
	}
}

func TestAClaimFollowsFromTheConfiguration(t *testing.T) {
	h, err := hypothesis.Declare(configured(), hypothesis.Intent{RunID: "r", Band: 1.6, ControlCPUPercent: 11, MinAchieved: 0.98}, now)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case h.AlarmName != "high" || h.PolicyName != "out" || h.TargetGroupARN != "arn:tg" || h.Metric != runlog.CPUOf("web"):
		t.Errorf("it is about %s, %s, %s and %v", h.AlarmName, h.PolicyName, h.TargetGroupARN, h.Metric)
	case h.Threshold != 20 || h.IdleLimit != 15 || h.PeriodSeconds != 10 || h.PublishLagSeconds != 2 || h.MaxPollGapSeconds != 10:
		t.Errorf("its numbers are %+v", h)
	case h.ControlSeconds != h.Within(runlog.LinkBreachingData, runlog.LinkFirstRequest).Seconds():
		t.Errorf("the control lasts %g s, which is not as long as the chain may take", h.ControlSeconds)
	case !h.Declared.Equal(now) || h.Version != runlog.Version || len(h.Deadlines) != 7:
		t.Errorf("declared %s, version %d, %d deadlines", h.Declared, h.Version, len(h.Deadlines))
	}
	for cpu, want := range map[float64]string{30: "", 20: "load.cpu_percent", 40: "give more than 20 and less than 40, for instance 32"} {
		in := hypothesis.Intent{RunID: "r", Band: 1.6, LoadCPUPercent: cpu, ControlCPUPercent: 11, MinAchieved: 0.98}
		switch h, err := hypothesis.Declare(configured(), in, now); {
		case want == "" && (err != nil || h.Band != 1.5):
			t.Errorf("Declare(load at %v %%) = band %v, %v, want 1.5", cpu, h.Band, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("Declare(load at %v %%) = %v, want %q", cpu, err, want)
		}
	}
	if why := hypothesis.Underived(h); why != "" {
		t.Errorf("Underived = %q of what was just derived", why)
	}
}

func TestTheControlIsLongerForAnotherPointOfTheGrid(t *testing.T) {
	in := hypothesis.Intent{RunID: "r", Band: 1.6, ControlCPUPercent: 11, MinAchieved: 0.98, GridPoint: 0.25}
	h, err := hypothesis.Declare(configured(), in, now)
	if err != nil {
		t.Fatal(err)
	}
	if more := h.ControlSeconds - h.ChainWithin().Seconds(); more != 2.5 || hypothesis.Underived(h) != "" {
		t.Errorf("the control is %g s longer than the chain may take, want a quarter of 10 s; %s", more, hypothesis.Underived(h))
	}
}

func TestWhatCannotBeClaimedIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*hypothesis.Configuration)
		want   string
	}{
		"no alarm":                   {func(c *hypothesis.Configuration) { c.Alarms = nil }, "no alarm on CPUUtilization"},
		"an alarm on another metric": {func(c *hypothesis.Configuration) { c.Alarms[1].MetricName = "NetworkIn" }, "no alarm on CPUUtilization"},
		"an alarm that goes into ALARM below": {func(c *hypothesis.Configuration) {
			c.Alarms[1].ComparisonOperator = below
		}, "goes into ALARM above a threshold"},
	} {
		configuration := configured()
		c.change(&configuration)
		if _, err := hypothesis.Declare(configuration, hypothesis.Intent{}, now); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Declare with %s = %v, want %q", name, err, c.want)
		}
	}
}

func TestWhoAnswersIsToldByALoadBalancerThatCounts(t *testing.T) {
	for arn, want := range map[string]bool{
		"arn:aws:elb:::loadbalancer/app/web/1": true, "arn:aws:elb:::loadbalancer/net/web/1": false, "": false,
	} {
		c := configured()
		c.TargetGroups[0].LoadBalancerArns = []string{arn}
		h, err := hypothesis.Declare(c, hypothesis.Intent{Identity: runlog.IdentityRequests, Band: 1.6}, now)
		if (err == nil) != want {
			t.Errorf("Declare behind %q = %v, want a claim: %t", arn, err, want)
		}
		if within := h.Deadline(runlog.LinkFirstRequest).Seconds(); want && within != 23 {
			t.Errorf("e6 has %g s, want 3 and two periods of 10", within)
		}
	}
}

// TestAGroupWithoutATargetGroupIsClaimedAsFarAsItCanBeSeen: e5 is never seen, so that it is not proved.
func TestAGroupWithoutATargetGroupIsClaimedAsFarAsItCanBeSeen(t *testing.T) {
	configuration := configured()
	configuration.TargetGroups = nil
	h, err := hypothesis.Declare(configuration, hypothesis.Intent{ControlCPUPercent: 11}, now)
	if err != nil || h.TargetGroupARN != "" || len(h.Deadlines) != 7 {
		t.Errorf("Declare = %+v, %v, want a claim with every deadline and no target group", h, err)
	}
}

func TestTheTargetGroupThatIsMeantComesFirst(t *testing.T) {
	c := configured()
	c.TargetGroups = []runlog.TargetGroup{{TargetGroupArn: "a"}, {TargetGroupArn: "b"}, {TargetGroupArn: "c"}}
	for arn, want := range map[string]string{"b": "bac", "a": "abc", "": "abc", "d": "abc"} {
		got := ""
		for _, tg := range c.Of(arn).TargetGroups {
			got += tg.TargetGroupArn
		}
		if got != want {
			t.Errorf("Of(%q) has %s, want %s", arn, got, want)
		}
	}
}

func TestNumbersThatDoNotFollowAreNamed(t *testing.T) {
	for want, change := range map[string]func(*runlog.Hypothesis){
		"the metric":   func(h *runlog.Hypothesis) { h.Metric.Statistic = "Maximum" },
		"a baseline":   func(h *runlog.Hypothesis) { h.IdleLimit = 19 },
		"datapoints":   func(h *runlog.Hypothesis) { h.PublishLagSeconds = 45 },
		"a silence of": func(h *runlog.Hypothesis) { h.MaxPollGapSeconds = 60 },
	} {
		h, err := hypothesis.Declare(configured(), hypothesis.Intent{}, now)
		if err != nil {
			t.Fatal(err)
		}
		change(&h)
		if why := hypothesis.Underived(h); !strings.Contains(why, want) {
			t.Errorf("Underived = %q, want it to name %s", why, want)
		}
	}
}

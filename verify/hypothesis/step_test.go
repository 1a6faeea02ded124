package hypothesis_test

import (
	"strings"
	"testing"

	"secondwind/runlog"
	"secondwind/verify/hypothesis"
)

// stepping is a step policy with steps given by lower bound and adjustment, each up to the next.
func stepping(adjustment string, steps ...float64) func(*runlog.ScalingPolicy) {
	return func(p *runlog.ScalingPolicy) {
		p.PolicyType, p.AdjustmentType = "StepScaling", adjustment
		for i := 0; i < len(steps); i += 2 {
			s := runlog.StepAdjustment{MetricIntervalLowerBound: &steps[i], ScalingAdjustment: int(steps[i+1])}
			if i+2 < len(steps) {
				s.MetricIntervalUpperBound = &steps[i+2]
			}
			p.StepAdjustments = append(p.StepAdjustments, s)
		}
	}
}

func adjusting(adjustment string, by, least int) func(*runlog.ScalingPolicy) {
	return func(p *runlog.ScalingPolicy) {
		p.AdjustmentType, p.ScalingAdjustment, p.MinAdjustmentMagnitude = adjustment, by, least
	}
}

func tracking(p *runlog.ScalingPolicy) {
	p.PolicyType, p.AdjustmentType, p.ScalingAdjustment = "TargetTrackingScaling", "", 0
}

// TestTheStepAndItsBandFollowFromThePolicy has groups of a minimum, a maximum and a policy.
func TestTheStepAndItsBandFollowFromThePolicy(t *testing.T) {
	const in, percent, exact = "ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"
	for name, c := range map[string]struct {
		least, most int
		policy      func(*runlog.ScalingPolicy)
		to          int
		band        float64
		why         string // no claim can be made
	}{
		"one more":                     {1, 2, adjusting(in, 1, 0), 2, 1.6, ""},
		"one more than three":          {3, 9, adjusting(in, 1, 0), 4, 1.2, ""},
		"two more":                     {2, 9, adjusting(in, 2, 0), 4, 1.6, ""},
		"as many as there is room for": {2, 3, adjusting(in, 5, 0), 3, 1.3, ""},
		"half as many":                 {4, 9, adjusting(percent, 50, 0), 6, 1.3, ""},
		"a tenth of two is one":        {2, 9, adjusting(percent, 10, 0), 3, 1.3, ""},
		"a tenth, but three at least":  {2, 9, adjusting(percent, 10, 3), 5, 1.9, ""},
		"exactly three":                {1, 9, adjusting(exact, 3, 0), 3, 2.2, ""},
		"target tracking":              {3, 9, tracking, 4, 1.2, ""},
		"a step":                       {1, 9, stepping(in, 0, 1), 2, 1.6, ""},
		"the lower of two steps, which the load hits": {1, 9, stepping(in, 0, 1, 20, 2), 2, 1.6, ""},
		"the upper of two steps":                      {2, 9, stepping(in, 0, 1, 6, 2), 4, 1.6, ""},
		"a step above the threshold":                  {1, 9, stepping(in, 5, 1), 2, 1.6, ""},
		"a step below which the load stays":           {1, 9, stepping(in, 15, 1), 0, 0, "too near to another step's bound"},
		"two steps, of which the load is between":     {1, 9, stepping(in, 0, 1, 13, 2, 21, 1), 0, 0, "too near to another step's bound"},
		"nothing":                   {1, 9, adjusting(in, 0, 0), 0, 0, "adds no instance"},
		"fewer":                     {3, 9, adjusting(exact, 1, 0), 0, 0, "adds no instance"},
		"a group without room":      {2, 2, adjusting(in, 1, 0), 0, 0, "room for no more"},
		"a group that may be empty": {0, 2, adjusting(in, 1, 0), 0, 0, "keeps no instance at rest"},
	} {
		configuration := configured()
		configuration.Group.MinSize, configuration.Group.MaxSize = c.least, c.most
		c.policy(&configuration.Policies[0])
		h, err := hypothesis.Declare(configuration, hypothesis.Intent{AlarmName: "high", Band: 1.6}, now)
		switch {
		case c.why != "" && (err == nil || !strings.Contains(err.Error(), c.why)):
			t.Errorf("%s: Declare = from %d to %d, %v; want %q", name, h.From(), h.To(), err, c.why)
		case c.why == "" && (err != nil || h.From() != c.least || h.To() != c.to || h.Band < c.band-1e-9 || h.Band > c.band+1e-9):
			t.Errorf("%s: Declare = from %d to %d at %g thresholds, %v; want from %d to %d at %g", name, h.From(), h.To(), h.Band, err, c.least,
				c.to, c.band)
		case c.why == "" && h.Band >= h.MostBand():
			t.Errorf("%s: the load stands at %g thresholds, and must stay below %g", name, h.Band, h.MostBand())
		}
	}
}

func TestALoadThatCouldHitAnotherStepIsAligned(t *testing.T) {
	for name, c := range map[string]struct {
		policy func(*runlog.ScalingPolicy)
		want   bool
	}{
		"a simple policy":               {adjusting("ChangeInCapacity", 1, 0), false},
		"one step":                      {stepping("ChangeInCapacity", 0, 1), false},
		"two steps":                     {stepping("ChangeInCapacity", 0, 1, 10, 2), true},
		"two steps of the same":         {stepping("ExactCapacity", 0, 2, 10, 2), false},
		"none just above the threshold": {stepping("ChangeInCapacity", 5, 1), true},
	} {
		configuration := configured()
		c.policy(&configuration.Policies[0])
		if got := configuration.Graded("high"); got != c.want {
			t.Errorf("%s: Graded = %t, want %t", name, got, c.want)
		}
	}
}

// TestAClaimOfRequestsIsTargetTrackings: a policy of another type does not follow from them.
func TestAClaimOfRequestsIsTargetTrackings(t *testing.T) {
	const arn = "arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/web/1"
	configuration := configured()
	configuration.TargetGroups[0].TargetGroupArn = arn
	requests := &configuration.Alarms[1]
	requests.Namespace, requests.MetricName, requests.Statistic, requests.Threshold = "AWS/ApplicationELB", "RequestCountPerTarget", "Sum", 600
	requests.Dimensions = []runlog.Dimension{{Name: "TargetGroup", Value: "targetgroup/web/1"}, {Name: "LoadBalancer", Value: "app/web/2"}}
	if _, err := hypothesis.Declare(configuration, hypothesis.Intent{AlarmName: "high"}, now); err == nil {
		t.Error("a claim of requests is made of a simple policy")
	}
	tracking(&configuration.Policies[0])
	h, err := hypothesis.Declare(configuration, hypothesis.Intent{AlarmName: "high", ControlCPUPercent: 11, LoadCPUPercent: 32}, now)
	if err != nil || h.Metric != runlog.RequestsPerTargetOf(arn) || h.Band != 1.6 || h.ControlCPUPercent != 330 || h.IdleLimit != 450 ||
		!strings.Contains(h.Claim, "RequestCountPerTarget crosses 600 requests") {
		t.Errorf("Declare = %+v, %v; want a claim of 600 requests, a control at 330", h, err)
	}
	if why := hypothesis.Underived(h); why != "" {
		t.Errorf("Underived = %q of what was just derived", why)
	}
}

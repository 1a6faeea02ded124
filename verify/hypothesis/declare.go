package hypothesis

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"secondwind/runlog"
)

// Intent is what a run wants to show, beyond what the group's configuration says.
type Intent struct {
	RunID, Revision, Where string
	// AlarmName is the scale-out alarm if it is known; "": the one that fits best.
	AlarmName string
	// Band is that of a step from one instance to two: another step has the same share of the
	// way to where the load would still breach with all of its instances.
	Band float64
	// ControlCPUPercent and MinAchieved are the hypothesis's.
	ControlCPUPercent, MinAchieved float64
	// LoadCPUPercent is where each instance is to stand under the load, instead of Band; 0: as Band says.
	LoadCPUPercent float64
	// GridPoint is how much longer than the chain may take the control lasts, as a share of a
	// period, 0 to 1: many runs are to begin their loads at all points of the metric's grid.
	GridPoint float64
	Require   []string // the hypothesis's
	Identity  runlog.Identity
}

// shortestPollGap is the silence in seconds that an observer is always allowed:
// an answer that times out and is asked for again.
const shortestPollGap = 5

// Declare writes down, at now, what a run claims of a group that is configured
// so, with every deadline derived from that configuration. It is an error if no
// claim can be made of the group; the error says what it lacks.
func Declare(c Configuration, in Intent, now time.Time) (runlog.Hypothesis, error) {
	group := c.Group.AutoScalingGroupName
	alarm, ok := c.ScaleOutAlarm(in.AlarmName)
	metric := c.Metric(alarm)
	if !ok || !c.watches(alarm) || !Above(alarm) {
		return runlog.Hypothesis{}, fmt.Errorf(
			"group %q has no alarm on %s that goes into ALARM above a threshold: there is nothing to prove; add one", group,
			c.Metrics()[0].MetricName)
	}
	tg := append(slices.Clone(c.TargetGroups), runlog.TargetGroup{})[0] // without one, e5 is never seen
	if in.Identity == runlog.IdentityRequests && !slices.ContainsFunc(tg.LoadBalancerArns, CountsRequests) {
		return runlog.Hypothesis{}, fmt.Errorf("group %q has no Application Load Balancer, and others count no requests: identity.target of the "+
			"scenario cannot tell who answers; let the answers name their instances", group)
	}
	in = in.of(metric, alarm)
	step, err := c.stepOf(alarm, in)
	if err := cmp.Or(ControlBelow(alarm.Threshold, in.ControlCPUPercent), err); err != nil {
		return runlog.Hypothesis{}, err
	}
	policy := c.PolicyOf(alarm)
	h := runlog.Hypothesis{
		Version: runlog.Version, RunID: in.RunID, Declared: now.UTC(), Revision: in.Revision, Where: in.Where,
		Claim: fmt.Sprintf("Group %s %s because %s crosses %s.", group, step.words(), metric.MetricName,
			metric.Amount(fmt.Sprintf("%g", alarm.Threshold))),
		AutoScalingGroupName: group, AlarmName: alarm.AlarmName, TargetGroupARN: tg.TargetGroupArn,
		Threshold: alarm.Threshold, PeriodSeconds: alarm.Period, MinSize: c.Group.MinSize, MaxSize: c.Group.MaxSize,
		FromCapacity: step.from, ToCapacity: step.to, Metric: metric,
		Band: step.band, ControlCPUPercent: in.ControlCPUPercent, MinAchieved: in.MinAchieved,
		MaxPollGapSeconds: maxPollGap(alarm.Period), Deadlines: Deadlines(alarm, tg, c.Group, policy, in.Identity),
		Identity: in.Identity, Require: in.Require,
	}
	h.SetLimits()
	if policy != nil {
		h.PolicyName = policy.PolicyName
	}
	// A control shorter than the chain may take would control nothing.
	h.ControlSeconds = h.ChainWithin().Seconds() + in.GridPoint*h.Period().Seconds()
	return h, nil
}

// CountsRequests reports whether a load balancer does: an Application Load Balancer.
func CountsRequests(loadBalancerARN string) bool {
	return strings.Contains(loadBalancerARN, ":loadbalancer/app/")
}

// of is the intent about a metric: where that counts requests, what is in percent of CPU says
// nothing of it.
func (in Intent) of(metric runlog.Metric, alarm runlog.MetricAlarm) Intent {
	if metric.CountsRequests() {
		in.ControlCPUPercent, in.LoadCPUPercent = alarm.Threshold*requestsControl, 0
	}
	return in
}

// ControlBelow refuses a control that is to stand where the alarm goes into ALARM; both are
// in percent.
func ControlBelow(threshold, control float64) error {
	if control < threshold {
		return nil
	}
	return fmt.Errorf("calibration.cpu_percent of the scenario is %g, and the alarm's threshold is %g %%; give less, for instance %.0f",
		control, threshold, 0.55*threshold)
}

// requestsControl is where a control stands that is not in percent of CPU, in thresholds: where
// the default scenario's stands.
const requestsControl = 0.55

// words says what the group does in a claim.
func (s step) words() string {
	if s.from == 1 && s.to == 2 {
		return "launches a second instance"
	}
	return fmt.Sprintf("scales out from %s to %d", runlog.Count(s.from, "instance"), s.to)
}

// maxPollGap is the longest silence of an observer, in seconds.
func maxPollGap(periodSeconds int) float64 { return max(shortestPollGap, float64(periodSeconds)) }

// Underived returns which number of the hypothesis does not follow from its
// group, threshold and period; "" if all do. What a run may choose within bounds
// (the control's length, the band) is not looked at.
func Underived(h runlog.Hypothesis) string {
	want := h
	want.SetLimits()
	switch {
	case h.Metric != want.Metric:
		return fmt.Sprintf("it declares the metric %v", h.Metric)
	case h.IdleLimit != want.IdleLimit:
		return fmt.Sprintf("it allows a baseline of %g %%, and three quarters of the threshold are %g %%", h.IdleLimit, want.IdleLimit)
	case h.PublishLagSeconds != want.PublishLagSeconds:
		return fmt.Sprintf("it expects datapoints after %g s, which is %g s for such a period", h.PublishLagSeconds, want.PublishLagSeconds)
	case h.MaxPollGapSeconds > maxPollGap(h.PeriodSeconds):
		return fmt.Sprintf("it allows the observer a silence of %g s, longer than a period", h.MaxPollGapSeconds)
	}
	return ""
}

package hypothesis

import (
	"fmt"
	"math"

	"secondwind/runlog"
)

// timing is what a cloud needs beyond what its configuration says, in seconds.
// Fast is for alarms of high resolution, slow for the rest. Source of the slow
// column: EC2 Auto Scaling and CloudWatch as measured in public logs (alarm to
// activity 6–18 s, launch to InService 5–35 s).
type timing struct{ grid, decide, boot, application, firstRequest float64 }

var (
	fast = timing{grid: 10, decide: 3, boot: 6, application: 2, firstRequest: 3}
	slow = timing{grid: 60, decide: 20, boot: 60, application: 60, firstRequest: 15}
)

func timingOf(period int) timing {
	if runlog.HighResolution(period) {
		return fast
	}
	return slow
}

// decision names the time from the alarm's transition to the activity.
const decision = "decision of the scaling policy"

// Deadlines derives how long each link of the chain may take, e1 to e7, as named
// sums, from the alarm's and the health check's own configuration. Policy is nil
// where the alarm invokes none; target groups that were not found have zero terms. Where no
// answer names its instance, the first request is known to a period of the load balancer's counts.
// The harness declares them before the load; Judge derives them again.
func Deadlines(alarm runlog.MetricAlarm, tg runlog.TargetGroup, group runlog.AutoScalingGroup,
	policy *runlog.ScalingPolicy, by runlog.Identity) []runlog.Deadline {
	t, period := timingOf(alarm.Period), float64(alarm.Period)
	return []runlog.Deadline{
		{Link: runlog.LinkBreachingData, Terms: runlog.Terms{
			{Name: "the period in which the load begins", Seconds: period},
			{Name: "one full period", Seconds: period},
		}},
		{Link: runlog.LinkAlarm, Terms: alarmTerms(alarm)},
		{Link: runlog.LinkScalingActivity, Terms: decisionTerms(alarm, policy)},
		{Link: runlog.LinkInService, Terms: runlog.Terms{{Name: "launch and boot", Seconds: t.boot}}},
		{Link: runlog.LinkTargetHealthy, Terms: runlog.Terms{
			{Name: "application start", Seconds: applicationStart(t, group)},
			{Name: "health check interval", Seconds: float64(tg.HealthCheckIntervalSeconds)},
			{Name: "health check timeout", Seconds: float64(tg.HealthCheckTimeoutSeconds)},
		}},
		{Link: runlog.LinkFirstRequest, Terms: firstRequestTerms(alarm, by)},
		{Link: runlog.LinkLoadShared, Terms: belowTerms(alarm, "it begins to serve", "threshold")},
	}
}

// firstRequestTerms is from a healthy target to its first answer, or to the end of the period whose
// counts show that it answers.
func firstRequestTerms(alarm runlog.MetricAlarm, by runlog.Identity) runlog.Terms {
	terms := runlog.Terms{{Name: "first request routed and answered", Seconds: timingOf(alarm.Period).firstRequest}}
	if by.ByAnswer() {
		return terms
	}
	return append(terms,
		runlog.Term{Name: "the period in which it begins to serve", Seconds: float64(alarm.Period)},
		runlog.Term{Name: "one full period of the load balancer's counts", Seconds: float64(alarm.Period)})
}

// decisionTerms is from the alarm's transition to the activity. A simple policy acts on the state
// alone. The others aggregate the datapoints that the alarm was evaluated on: where M of N
// suffice, the rest, from before the load, may keep the aggregate below the threshold, so that
// the policy has no step for it. It is invoked again, once a minute, while the alarm is in ALARM.
// Sources: EC2 Auto Scaling User Guide, "Step and simple scaling policies", on the metric
// aggregation type; CloudWatch User Guide, "Alarm actions".
func decisionTerms(alarm runlog.MetricAlarm, policy *runlog.ScalingPolicy) runlog.Terms {
	terms := runlog.Terms{{Name: decision, Seconds: timingOf(alarm.Period).decide}}
	if policy == nil {
		terms[0].Name += ", if one were attached"
		return terms
	}
	if rest := max(1, alarm.EvaluationPeriods) - BreachesNeeded(alarm); rest > 0 && aggregates(*policy) {
		minutes := math.Ceil(float64(rest*alarm.Period) / 60)
		terms = append(terms, runlog.Term{
			Name:    fmt.Sprintf("%d more of %d evaluation periods, and alarm actions repeat once a minute", rest, alarm.EvaluationPeriods),
			Seconds: 60 * minutes,
		})
	}
	return terms
}

// aggregates reports whether the policy acts by the metric's value, and not by the alarm's state alone.
func aggregates(p runlog.ScalingPolicy) bool {
	return p.PolicyType == stepScaling || p.PolicyType == targetTracking
}

// UsualGrace is the health check grace period, in seconds, that a group has whose instances
// answer at once: what is granted beyond it is for their start.
const UsualGrace = 60

// applicationStart is how long an instance may take from InService until it can
// answer. Where instances really boot, that is what the group itself grants them before
// their health counts: one that installs itself takes minutes. Where they are started
// within seconds, it is what the group grants beyond the usual.
func applicationStart(t timing, group runlog.AutoScalingGroup) float64 {
	granted := float64(group.HealthCheckGracePeriod)
	if t == fast {
		granted -= UsualGrace
	}
	return max(t.application, granted)
}

// alarmTerms is from the end of a datapoint's period to the alarm's transition.
func alarmTerms(alarm runlog.MetricAlarm) runlog.Terms {
	terms := runlog.Terms{}
	if more := BreachesNeeded(alarm) - 1; more > 0 {
		terms = append(terms, runlog.Term{
			Name:    fmt.Sprintf("%d more of %d evaluation periods", more, alarm.EvaluationPeriods),
			Seconds: float64((alarm.EvaluationPeriods - 1) * alarm.Period),
		})
	}
	return append(terms, evaluationTerms(alarm)...)
}

// evaluationTerms is from the end of the last period that an alarm needs to its
// transition.
func evaluationTerms(alarm runlog.MetricAlarm) runlog.Terms {
	return runlog.Terms{
		{Name: "publication of the datapoint", Seconds: runlog.PublishLag(alarm.Period)},
		{Name: "evaluation grid", Seconds: timingOf(alarm.Period).grid},
	}
}

// belowTerms is from the time when CPU falls below a threshold to the alarm's
// transition.
func belowTerms(alarm runlog.MetricAlarm, begins, threshold string) runlog.Terms {
	period := float64(alarm.Period)
	return append(runlog.Terms{
		{Name: "the period in which " + begins, Seconds: period},
		{Name: "evaluation periods below the " + threshold, Seconds: period * float64(max(1, alarm.EvaluationPeriods))},
		{Name: "one period to spare", Seconds: period},
	}, evaluationTerms(alarm)...)
}

// ScaleIn is how long it may take from the end of the load to MinSize instances
// InService again, from a capacity, by the scale-in alarm and the policy that it invokes (nil:
// unknown). A run that ends sooner, still scaled out, is INCONCLUSIVE.
func ScaleIn(alarm runlog.MetricAlarm, group runlog.AutoScalingGroup, policy *runlog.ScalingPolicy, capacity int) runlog.Terms {
	wait := group.DefaultCooldown
	if policy != nil {
		wait = max(policy.Cooldown, policy.EstimatedInstanceWarmup)
	}
	terms := append(belowTerms(alarm, "the load ends", "scale-in threshold"), runlog.Terms{
		{Name: "cooldown or warm-up", Seconds: float64(wait)},
		{Name: "alarm actions repeat once a minute", Seconds: 60},
		{Name: decision, Seconds: timingOf(alarm.Period).decide},
	}...)
	if more := ScaleInSteps(policy, capacity, group.MinSize) - 1; more > 0 {
		terms = append(terms, runlog.Term{
			Name:    fmt.Sprintf("%s of the scale-in policy more, each with its wait", runlog.Count(more, "step")),
			Seconds: float64(more * (wait + 60)),
		})
	}
	return terms
}

// ScaleInSteps is how often the scale-in policy must act to take a group from a capacity to
// another; target tracking may take one instance at a time. It is 1 at least.
func ScaleInSteps(policy *runlog.ScalingPolicy, from, to int) (steps int) {
	for steps = 1; from-1 > to; steps++ {
		next := from - 1
		if policy != nil && policy.PolicyType != targetTracking {
			next = CapacityAt(*policy, from, -math.SmallestNonzeroFloat64)
		}
		if next <= to || next >= from {
			break
		}
		from = next
	}
	return steps
}

// BreachesNeeded is M of "M out of N": DatapointsToAlarm, by default all N.
func BreachesNeeded(alarm runlog.MetricAlarm) int {
	if alarm.DatapointsToAlarm > 0 {
		return alarm.DatapointsToAlarm
	}
	return max(1, alarm.EvaluationPeriods)
}

package autoscale

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// execution is a policy that is executed on its group, by an alarm or a call.
type execution struct {
	policy *policy
	group  *group
	origin origin
}

// ExecutePolicy executes a simple policy as a user's request. Other policies need
// an alarm. With honorCooldown the request is refused while an activity or a
// cooldown is in progress. The error is an *Error.
// Source: EC2 Auto Scaling API Reference, ExecutePolicy.
func (e *Engine) ExecutePolicy(now time.Time, group, name string, honorCooldown bool) error {
	now = e.advance(now)
	g, err := e.changeable(group)
	if err != nil {
		return err
	}
	p := e.policy(group, name)
	switch {
	case p == nil:
		return policyNotFound(name)
	case !p.Enabled:
		return invalid("Policy %s of group %s is disabled", name, group)
	case p.Type != SimpleScaling:
		return invalid("Policy %s is of type %s and cannot be executed without MetricValue and BreachThreshold", name, p.Type)
	case honorCooldown && g.blocked(now) != nil:
		return g.blocked(now)
	}
	e.executeSimple(now, execution{p, g, origin{text: "a user request executed policy " + name, warmup: g.defaultWarmup()}})
	e.dirty = true
	return nil
}

// invoke executes the policies that alarms invoke. Nothing comes of a policy
// that is missing or disabled, or whose group suspended AlarmNotification.
func (e *Engine) invoke(now time.Time, invocations []invocation) {
	for _, i := range invocations {
		p := e.policies[i.arn]
		if p == nil || !p.Enabled {
			continue
		}
		g := e.groups[p.AutoScalingGroupName]
		if g.deleting || g.isSuspended(ProcessAlarmNotification) {
			continue
		}
		e.invokePolicy(now, i, execution{p, g, origin{
			text: fmt.Sprintf("a monitor alarm %s in state %s triggered policy %s",
				i.alarm.Name, i.alarm.State, p.Name),
			alarm:  e.invokingAlarm(i.alarm.AlarmStatus, i.old),
			warmup: g.defaultWarmup(),
		}})
	}
}

func (e *Engine) invokePolicy(now time.Time, i invocation, x execution) {
	hasMetric := len(i.alarm.recent) > 0 // without, nothing says which step, or how far from the target
	switch x.policy.Type {
	case SimpleScaling:
		if x.group.blocked(now) == nil {
			e.executeSimple(now, x)
		}
	case StepScaling:
		if hasMetric {
			e.executeStep(now, x, x.policy.aggregate(i.alarm.recent)-i.alarm.Threshold)
		}
	case TargetTrackingScaling:
		if hasMetric {
			e.executeTracking(now, i.alarm, x)
		}
	}
}

// executeTracking adjusts the capacity to the target, by the policy's own alarms only.
func (e *Engine) executeTracking(now time.Time, a *alarm, x execution) {
	switch a.Name {
	case x.policy.high:
		x.origin.warmup = x.group.warmup(x.policy.Policy)
		x.group.scaleOut(now, x.policy.TargetTracking.track(x.group.warmed(now), x.policy.aggregate(a.recent)), x.origin)
	case x.policy.low:
		e.trackIn(now, x)
	}
}

// executeSimple adjusts the desired capacity and starts the cooldown.
func (e *Engine) executeSimple(now time.Time, x execution) {
	g, p := x.group, x.policy
	if g.changeDesired(now, g.clamp(p.adjust(g.DesiredCapacity, p.ScalingAdjustment)), x.origin) {
		g.cooldown = *cmp.Or(p.Cooldown, g.DefaultCooldown)
	}
}

// executeStep adjusts the capacity by the step for the difference from the threshold.
func (e *Engine) executeStep(now time.Time, x execution, difference float64) {
	adjustment, ok := x.policy.step(difference)
	if !ok {
		return
	}
	g := x.group
	x.origin.warmup = g.warmup(x.policy.Policy)
	proposed := x.policy.adjust(g.warmed(now), adjustment)
	g.scaleOut(now, proposed, x.origin)
	g.scaleIn(now, proposed, x.origin)
}

// trackIn scales in as far as the most cautious of the group's target tracking
// policies allows: each must be ready to.
// Source: EC2 Auto Scaling User Guide, "Multiple target tracking policies".
func (e *Engine) trackIn(now time.Time, x execution) {
	proposed := 0
	for _, p := range e.groupPolicies(x.group.Name) {
		if p.Type != TargetTrackingScaling || !p.Enabled || p.low == "" {
			continue
		}
		a := e.alarms[p.low]
		if a == nil || a.State != StateAlarm || len(a.recent) == 0 {
			return
		}
		proposed = max(proposed, p.TargetTracking.track(x.group.warmed(now), p.aggregate(a.recent)))
	}
	x.group.scaleIn(now, proposed, x.origin)
}

// scaleOut raises the desired capacity to proposed. Instances that still warm up
// are in the desired capacity but not in the base of proposed, so a policy that
// repeats itself adds nothing.
func (g *group) scaleOut(now time.Time, proposed int, o origin) {
	if to := g.clamp(proposed); to > g.DesiredCapacity {
		g.changeDesired(now, to, o)
	}
}

// scaleIn lowers the desired capacity to proposed, unless an instance is on its
// way or warms up.
func (g *group) scaleIn(now time.Time, proposed int, o origin) {
	if to := g.clamp(proposed); to < g.DesiredCapacity && !g.warming(now) {
		g.changeDesired(now, to, o)
	}
}

// warmed is the current capacity: instances InService that have warmed up, as
// far as they are desired.
func (g *group) warmed(now time.Time) int {
	n := 0
	for _, m := range g.members {
		if m.LifecycleState == LifecycleInService && !now.Before(m.warm()) {
			n++
		}
	}
	return min(n, g.DesiredCapacity)
}

func (g *group) warming(now time.Time) bool {
	return slices.ContainsFunc(g.members, func(m *member) bool {
		return m.LifecycleState == LifecyclePending || m.LifecycleState == LifecycleInService && now.Before(m.warm())
	})
}

// warmup is how long instances that the policy launches take to warm up.
func (g *group) warmup(p Policy) time.Duration {
	return *cmp.Or(p.EstimatedInstanceWarmup, g.DefaultInstanceWarmup, g.DefaultCooldown)
}

// defaultWarmup is the warm-up of instances that no policy with one launched.
func (g *group) defaultWarmup() time.Duration {
	return *cmp.Or(g.DefaultInstanceWarmup, new(time.Duration))
}

func (g *group) clamp(capacity int) int { return max(g.MinSize, min(capacity, g.MaxSize)) }

// blocked returns why a request that honors the cooldown must wait; nil: it need not.
func (g *group) blocked(now time.Time) error {
	if i := slices.IndexFunc(g.activities, (*Activity).inProgress); i >= 0 {
		return refuse(codeActivityInProgress, "Scaling activity %s is in progress and blocks this action", g.activities[i].ID)
	}
	if g.active != g.DesiredCapacity || g.cooldown > 0 || now.Before(g.cooldownUntil) {
		return refuse(codeActivityInProgress, "Group %s is in cooldown and blocks this action", g.Name)
	}
	return nil
}

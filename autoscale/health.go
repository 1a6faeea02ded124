package autoscale

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// graceEnd is until when ELB's verdict on the instance does not count.
func (m *member) graceEnd() time.Time {
	return m.Instance.InService.Add(m.group.HealthCheckGracePeriod)
}

// condemn makes a member Unhealthy; because ends the sentence of the Cause.
func (m *member) condemn(because string) {
	if m.HealthStatus == Unhealthy {
		return
	}
	m.HealthStatus, m.failure = Unhealthy, because
	m.group.suspects[m.ID] = m
}

// failsELB reports whether a target group says that the instance is unhealthy,
// and may: its attachment is InService.
func (m *member) failsELB() bool {
	if m.group.HealthCheckType != HealthCheckELB {
		return false
	}
	for arn, health := range m.targets {
		if health == TargetUnhealthy && m.group.attached[arn] {
			return true
		}
	}
	return false
}

// checkHealth marks members that fail a health check. EC2's counts always; ELB's
// only if the group asks for it, and after the grace period.
// Source: EC2 Auto Scaling User Guide, "Health checks for instances in an Auto
// Scaling group".
func (g *group) checkHealth(now time.Time) {
	if g.isSuspended(ProcessHealthCheck) {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(g.suspects)) {
		m := g.suspects[id]
		switch {
		case m.LifecycleState != LifecycleInService || m.HealthStatus == Unhealthy:
		case m.gone:
			m.condemn("an EC2 health check indicating it has been terminated or stopped.")
		case !m.failsELB():
			// Recovered, or its verdict does not count yet: an attachment that
			// becomes InService later finds the member here.
			if !slices.Contains(slices.Collect(maps.Values(m.targets)), TargetUnhealthy) {
				delete(g.suspects, id)
			}
		case !now.Before(m.graceEnd()):
			m.condemn("an ELB system health check failure.")
		}
	}
}

// replaceUnhealthy terminates Unhealthy members; their replacements are launched
// after. Scale-in protection does not help them.
func (e *Engine) replaceUnhealthy(now time.Time, g *group) {
	if g.deleting || g.isSuspended(ProcessReplaceUnhealthy) || g.isSuspended(ProcessTerminate) {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(g.suspects)) {
		m := g.suspects[id]
		if m.HealthStatus != Unhealthy || m.LifecycleState != LifecycleInService {
			continue
		}
		e.terminate(now, m, fmt.Sprintf("At %s an instance was taken out of service in response to %s", stamp(now), m.failure), false)
		g.replacing++
	}
}

// graceDue is when the first grace period of a failing member ends; zero: none does.
func (g *group) graceDue(now time.Time) time.Time {
	var due time.Time
	if g.isSuspended(ProcessHealthCheck) {
		return due
	}
	for _, m := range g.suspects {
		if m.LifecycleState == LifecycleInService && m.HealthStatus == Healthy && m.failsELB() && m.graceEnd().After(now) {
			due = earlier(due, m.graceEnd())
		}
	}
	return due
}

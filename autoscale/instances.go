package autoscale

import (
	"fmt"
	"time"
)

// TerminateInstance terminates an instance of a group as a user's request. With
// decrement the desired capacity falls with it; else a new instance replaces
// it. The error is an *Error.
// Source: EC2 Auto Scaling API Reference, TerminateInstanceInAutoScalingGroup.
func (e *Engine) TerminateInstance(now time.Time, id string, decrement bool) (Activity, error) {
	now = e.advance(now)
	m := e.members[id]
	if m == nil {
		return Activity{}, instanceNotFound(id)
	}
	g := m.group
	if !m.isActive() {
		return Activity{}, refuse(codeActivityInProgress, "Scaling activity %s is in progress and blocks this action", m.termination.ID)
	}
	cause := fmt.Sprintf("At %s instance %s was taken out of service in response to a user request", stamp(now), id)
	if decrement {
		if g.DesiredCapacity-1 < g.MinSize {
			return Activity{}, invalid("Currently, desiredSize equals minSize (%d). Terminating instance without replacement will violate "+
				"group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.", g.MinSize)
		}
		cause += fmt.Sprintf(", shrinking the capacity from %d to %d", g.DesiredCapacity, g.DesiredCapacity-1)
		g.DesiredCapacity--
	}
	e.dirty = true
	return *e.terminate(now, m, cause+".", false), nil
}

// SetInstanceHealth sets an instance's health: an unhealthy one is replaced.
// With respectGrace an instance inside its health check grace period stays
// healthy. The error is an *Error.
// Source: EC2 Auto Scaling API Reference, SetInstanceHealth.
func (e *Engine) SetInstanceHealth(now time.Time, id string, health HealthStatus, respectGrace bool) error {
	now = e.advance(now)
	if health != Healthy && health != Unhealthy {
		return invalid("Valid instance health states are: [Healthy, Unhealthy].")
	}
	m := e.members[id]
	if m == nil {
		return instanceNotFound(id)
	}
	e.dirty = true
	if health == Healthy {
		m.HealthStatus, m.failure = Healthy, ""
		return nil
	}
	if respectGrace && (m.LifecycleState == LifecyclePending || now.Before(m.graceEnd())) {
		return nil
	}
	m.condemn("a user health-check.")
	return nil
}

// SetInstanceProtection protects instances of a group from scale-in, or no
// longer: all of them, or with an error none. The error is an *Error.
func (e *Engine) SetInstanceProtection(now time.Time, group string, protected bool, ids ...string) error {
	e.advance(now)
	if e.groups[group] == nil {
		return groupNotFound(group)
	}
	for _, id := range ids {
		if m := e.members[id]; m == nil || m.AutoScalingGroupName != group {
			return invalid("The instance %s is not part of Auto Scaling group %s.", id, group)
		}
	}
	for _, id := range ids {
		e.members[id].Protected = protected
	}
	e.dirty = true
	return nil
}

func instanceNotFound(id string) error {
	return invalid("Instance Id not found - No managed instance found for instance ID: %s", id)
}

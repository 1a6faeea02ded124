package autoscale

import (
	"maps"
	"slices"
	"time"
)

// Instance is a member of a group.
type Instance struct {
	ID, AutoScalingGroupName, AvailabilityZone string
	LaunchTemplate                             LaunchTemplate
	LifecycleState                             LifecycleState
	HealthStatus                               HealthStatus
	Protected                                  bool
	Launched, InService                        time.Time // InService is zero while Pending
}

// LifecycleState is where an instance stands in its group.
type LifecycleState string

// The lifecycle states that occur, as there are no hooks, warm pools and standby
// here. An instance that is Terminated is no longer in its group.
const (
	LifecyclePending     LifecycleState = "Pending"
	LifecycleInService   LifecycleState = "InService"
	LifecycleTerminating LifecycleState = "Terminating"
)

// HealthStatus is the group's verdict on an instance.
type HealthStatus string

// The verdicts. An instance that is Unhealthy is replaced.
const (
	Healthy   HealthStatus = "Healthy"
	Unhealthy HealthStatus = "Unhealthy"
)

// member is an instance as the engine keeps it.
type member struct {
	Instance
	group       *group
	warmup      time.Duration          // from InService
	targets     map[string]TargetState // target groups it is registered with
	gone        bool                   // EC2 says it no longer runs
	failure     string                 // why it is Unhealthy, for the Cause
	launch      *Activity
	termination *Activity
}

// warm is when the member has warmed up.
func (m *member) warm() time.Time { return m.Instance.InService.Add(m.warmup) }

func (m *member) setTarget(arn string, health TargetState) {
	if health == TargetDrained {
		delete(m.targets, arn)
		return
	}
	if m.targets == nil {
		m.targets = map[string]TargetState{}
	}
	m.targets[arn] = health
}

// isActive reports whether the member counts as capacity, or soon will.
func (m *member) isActive() bool { return m.LifecycleState != LifecycleTerminating }

func (g *group) add(m *member) {
	g.members = append(g.members, m)
	g.active++
	g.zones[m.AvailabilityZone]++
}

// retire makes a member Terminating: it is no capacity any more.
func (g *group) retire(m *member) {
	m.LifecycleState = LifecycleTerminating
	g.active--
	g.zones[m.AvailabilityZone]--
	delete(g.suspects, m.ID)
}

func (e *Engine) forget(m *member) {
	g := m.group
	if m.isActive() {
		g.retire(m)
	}
	g.members = slices.DeleteFunc(g.members, func(other *member) bool { return other == m })
	delete(e.members, m.ID)
}

// observeInstance follows an instance's event. The cases are those of the
// lifecycle: Pending → InService → Terminating → gone.
func (e *Engine) observeInstance(now time.Time, event InstanceEvent) {
	m := e.members[event.InstanceID]
	if m == nil {
		return
	}
	running := event.State == InstanceRunning
	switch {
	case m.LifecycleState == LifecyclePending && running:
		e.enterService(now, m)
	case m.LifecycleState == LifecyclePending && event.State == InstanceFailed:
		e.failLaunch(now, m, event.Reason)
	case m.LifecycleState == LifecyclePending && event.State == InstanceTerminated:
		e.failLaunch(now, m, "Instance became unhealthy while waiting for instance to be in InService state.")
	case m.LifecycleState == LifecycleTerminating && !running:
		m.gone = true
		// One that is still draining leaves when it has drained.
		if m.termination.StatusCode != ActivityWaitingForELBConnectionDraining {
			e.leave(now, m)
		}
	case m.LifecycleState == LifecycleInService && !running:
		m.gone = true
		m.group.suspects[m.ID] = m
		m.group.endEarly(now, m)
	}
}

// enterService registers the instance with the group's target groups, then
// makes it InService, which does not wait for the targets to be healthy.
func (e *Engine) enterService(now time.Time, m *member) {
	g := m.group
	if !g.isSuspended(ProcessAddToLoadBalancer) {
		for _, arn := range g.TargetGroupARNs {
			e.register(m, arn)
		}
	}
	m.LifecycleState = LifecycleInService
	m.Instance.InService = now
	m.launch.finish(now, ActivitySuccessful, "")
	g.failures = launchFailures{}
}

func (e *Engine) register(m *member, arn string) {
	if _, registered := m.targets[arn]; registered {
		return
	}
	m.setTarget(arn, TargetInitial)
	e.emit(RegisterTarget{TargetGroupARN: arn, InstanceID: m.ID})
}

func (e *Engine) observeTarget(now time.Time, event TargetEvent) {
	m := e.members[event.InstanceID]
	if m == nil {
		return
	}
	if _, registered := m.targets[event.TargetGroupARN]; !registered {
		return
	}
	m.setTarget(event.TargetGroupARN, event.Health)
	switch event.Health {
	case TargetInitial:
	case TargetHealthy:
		m.group.attached[event.TargetGroupARN] = true
	case TargetUnhealthy:
		m.group.suspects[m.ID] = m
	case TargetDrained:
		if m.LifecycleState == LifecycleTerminating && len(m.targets) == 0 &&
			m.termination.StatusCode == ActivityWaitingForELBConnectionDraining {
			e.end(now, m)
		}
	}
}

// terminate takes a member out of service: it drains, then ends.
func (e *Engine) terminate(now time.Time, m *member, cause string, caused bool) *Activity {
	g := m.group
	if m.LifecycleState == LifecyclePending {
		m.launch.finish(now, ActivityCancelled, "The instance was terminated before it was InService.")
	}
	g.retire(m)
	m.termination = e.begin(now, m, terminateDescription(m.ID), cause, caused)
	for _, arn := range slices.Sorted(maps.Keys(m.targets)) {
		e.emit(DeregisterTarget{TargetGroupARN: arn, InstanceID: m.ID})
	}
	if len(m.targets) == 0 || g.deleting {
		e.end(now, m)
		return m.termination
	}
	m.termination.StatusCode = ActivityWaitingForELBConnectionDraining
	m.termination.Description = drainDescription(m.ID)
	return m.termination
}

// end asks for the end of a member that has drained.
func (e *Engine) end(now time.Time, m *member) {
	m.termination.StatusCode = ActivityInProgress
	m.termination.Description = terminateDescription(m.ID)
	if m.gone {
		e.leave(now, m)
		return
	}
	e.emit(TerminateInstance{InstanceID: m.ID})
}

// leave takes a member that has ended out of its group.
func (e *Engine) leave(now time.Time, m *member) {
	m.termination.finish(now, ActivitySuccessful, "")
	e.forget(m)
}

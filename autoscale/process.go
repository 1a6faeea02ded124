package autoscale

import (
	"slices"
	"time"
)

// The processes of a group that can be suspended. Those that the engine does
// not have (AZRebalance, InstanceRefresh, ScheduledActions) can be too, to no effect.
const (
	processLaunch            = "Launch"
	processTerminate         = "Terminate"
	processAddToLoadBalancer = "AddToLoadBalancer"
	processAlarmNotification = "AlarmNotification"
	processHealthCheck       = "HealthCheck"
	processReplaceUnhealthy  = "ReplaceUnhealthy"
)

func processes() []string {
	return []string{processLaunch, processTerminate, processAddToLoadBalancer, processAlarmNotification,
		"AZRebalance", processHealthCheck, "InstanceRefresh", processReplaceUnhealthy, "ScheduledActions"}
}

// SuspendProcesses suspends processes of a group, or all if none is named. The
// error is an *Error.
func (e *Engine) SuspendProcesses(now time.Time, groupName string, names ...string) error {
	now = e.advance(now)
	return e.eachProcess(groupName, names, func(g *group, name string) {
		if !g.isSuspended(name) {
			g.suspended[name] = "User suspended at " + stamp(now)
		}
	})
}

// ResumeProcesses resumes processes of a group, or all if none is named. The
// error is an *Error.
func (e *Engine) ResumeProcesses(now time.Time, groupName string, names ...string) error {
	e.advance(now)
	return e.eachProcess(groupName, names, func(g *group, name string) {
		delete(g.suspended, name)
		if name == processLaunch {
			g.failures = launchFailures{}
		}
	})
}

func (e *Engine) eachProcess(groupName string, names []string, do func(*group, string)) error {
	g, err := e.changeable(groupName)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		names = processes()
	}
	for _, name := range names {
		if !slices.Contains(processes(), name) {
			return invalid("Unknown process type '%s'; the types are %v", name, processes())
		}
	}
	for _, name := range names {
		do(g, name)
	}
	e.dirty = true
	return nil
}

func (g *group) isSuspended(process string) bool {
	_, suspended := g.suspended[process]
	return suspended
}

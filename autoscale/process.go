package autoscale

import (
	"slices"
	"time"
)

// Process is what a group does by itself and can be suspended.
type Process string

// The processes. Those that the engine does not have (AZRebalance,
// InstanceRefresh, ScheduledActions) can be suspended too, to no effect.
const (
	ProcessLaunch            Process = "Launch"
	ProcessTerminate         Process = "Terminate"
	ProcessAddToLoadBalancer Process = "AddToLoadBalancer"
	ProcessAlarmNotification Process = "AlarmNotification"
	ProcessAZRebalance       Process = "AZRebalance"
	ProcessHealthCheck       Process = "HealthCheck"
	ProcessInstanceRefresh   Process = "InstanceRefresh"
	ProcessReplaceUnhealthy  Process = "ReplaceUnhealthy"
	ProcessScheduledActions  Process = "ScheduledActions"
)

var processes = []Process{ProcessLaunch, ProcessTerminate, ProcessAddToLoadBalancer, ProcessAlarmNotification,
	ProcessAZRebalance, ProcessHealthCheck, ProcessInstanceRefresh, ProcessReplaceUnhealthy, ProcessScheduledActions}

// SuspendProcesses suspends processes of a group, or all if none is named. The
// error is an *Error.
func (e *Engine) SuspendProcesses(now time.Time, groupName string, names ...Process) error {
	now = e.advance(now)
	return e.eachProcess(groupName, names, func(g *group, name Process) {
		if !g.isSuspended(name) {
			g.suspended[name] = "User suspended at " + stamp(now)
		}
	})
}

// ResumeProcesses resumes processes of a group, or all if none is named. The
// error is an *Error.
func (e *Engine) ResumeProcesses(now time.Time, groupName string, names ...Process) error {
	e.advance(now)
	return e.eachProcess(groupName, names, func(g *group, name Process) {
		delete(g.suspended, name)
		if name == ProcessLaunch {
			g.failures = launchFailures{}
		}
	})
}

func (e *Engine) eachProcess(groupName string, names []Process, do func(*group, Process)) error {
	g, err := e.changeable(groupName)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		names = processes
	}
	for _, name := range names {
		if !slices.Contains(processes, name) {
			return invalid("Unknown process type '%s'; the types are %v", name, processes)
		}
	}
	for _, name := range names {
		do(g, name)
	}
	e.dirty = true
	return nil
}

func (g *group) isSuspended(process Process) bool {
	_, suspended := g.suspended[process]
	return suspended
}

package observe

import (
	"maps"
	"slices"
	"time"

	"secondwind/runlog"
)

// GroupSeries is the key of the group's own series in State.CPU; the others are
// keyed by instance id.
const GroupSeries = "group"

// maxDatapoints bounds each series of a State.
const maxDatapoints = 360

// State is the newest of everything that is polled.
type State struct {
	Polled      time.Time     // our clock
	ClockOffset time.Duration // AWS's clock minus ours, within a second
	Group       runlog.AutoScalingGroup
	Activities  []runlog.Activity // newest first
	Alarms      []runlog.MetricAlarm
	Targets     []runlog.TargetHealthDescription
	// CPU is CPUUtilization's Average in percent, oldest first, by GroupSeries
	// and instance id.
	CPU map[string][]Datapoint
}

// Datapoint is one period of a series.
type Datapoint struct {
	Timestamp time.Time // start of the period
	Value     float64
}

// InService returns the ids of the instances that are capacity: the API lists
// Pending and Terminating ones too.
func (s State) InService() []string {
	var ids []string
	for _, i := range s.Group.Instances {
		if i.LifecycleState == "InService" {
			ids = append(ids, i.InstanceId)
		}
	}
	return ids
}

// Healthy returns the ids of the targets that the load balancer found healthy.
func (s State) Healthy() []string {
	var ids []string
	for _, t := range s.Targets {
		if t.TargetHealth.State == "healthy" {
			ids = append(ids, t.Target.Id)
		}
	}
	return ids
}

// Alarm returns the alarm of that name.
func (s State) Alarm(name string) (runlog.MetricAlarm, bool) {
	i := slices.IndexFunc(s.Alarms, func(a runlog.MetricAlarm) bool { return a.AlarmName == name })
	if i < 0 {
		return runlog.MetricAlarm{}, false
	}
	return s.Alarms[i], true
}

// Latest returns the newest datapoint of a series.
func (s State) Latest(series string) (Datapoint, bool) {
	points := s.CPU[series]
	if len(points) == 0 {
		return Datapoint{}, false
	}
	return points[len(points)-1], true
}

// clone lets a reader keep a State while the next poll fills its own. The
// slices inside are replaced, never changed in place, but for CPU's.
func (s State) clone() State {
	s.CPU = maps.Clone(s.CPU)
	return s
}

// merge puts newer points into a series, by timestamp: AWS may still correct a
// point that it has shown before.
func merge(series, newer []Datapoint) []Datapoint {
	byTime := make(map[int64]Datapoint, len(series)+len(newer))
	for _, p := range series {
		byTime[p.Timestamp.UnixNano()] = p
	}
	for _, p := range newer {
		byTime[p.Timestamp.UnixNano()] = p
	}
	merged := slices.SortedFunc(maps.Values(byTime), func(a, b Datapoint) int { return a.Timestamp.Compare(b.Timestamp) })
	return merged[max(0, len(merged)-maxDatapoints):]
}

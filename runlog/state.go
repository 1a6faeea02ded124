package runlog

import (
	"maps"
	"slices"
	"time"
)

// maxDatapoints bounds each series of a State.
const maxDatapoints = 360

// State is the newest of everything that an observer polls. The slices in it are
// replaced by a newer one, never changed.
type State struct {
	Polled time.Time // end of the newest poll, our clock; zero: none yet
	// Configured is when the newest whole configuration snapshot was begun, our clock.
	Configured  time.Time
	ClockOffset time.Duration // AWS's clock minus ours, to within a second
	Group       AutoScalingGroup
	Activities  []Activity // newest first
	Alarms      []MetricAlarm
	Targets     []TargetHealthDescription
	// Metric has the series of the claim's metric, oldest datapoint first, by
	// GroupSeries and instance id.
	Metric map[string][]Datapoint
}

// Datapoint is one period of a series.
type Datapoint struct {
	Timestamp time.Time // start of the period
	Value     float64
}

// Alarm returns the alarm of that name.
func (s State) Alarm(name string) (MetricAlarm, bool) {
	i := slices.IndexFunc(s.Alarms, func(a MetricAlarm) bool { return a.AlarmName == name })
	if i < 0 {
		return MetricAlarm{}, false
	}
	return s.Alarms[i], true
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

// Latest returns the newest datapoint of a series.
func (s State) Latest(series string) (Datapoint, bool) {
	points := s.Metric[series]
	if len(points) == 0 {
		return Datapoint{}, false
	}
	return points[len(points)-1], true
}

// WithDatapoints returns the state with newer datapoints in a series, by their
// timestamps: CloudWatch may still correct one that it has shown before. The
// state that it was called on stays as it is.
func (s State) WithDatapoints(series string, newer []Datapoint) State {
	byTime := make(map[int64]Datapoint, len(s.Metric[series])+len(newer))
	for _, p := range slices.Concat(s.Metric[series], newer) {
		byTime[p.Timestamp.UnixNano()] = p
	}
	merged := slices.SortedFunc(maps.Values(byTime), func(a, b Datapoint) int { return a.Timestamp.Compare(b.Timestamp) })
	s.Metric = maps.Clone(s.Metric)
	if s.Metric == nil {
		s.Metric = map[string][]Datapoint{}
	}
	s.Metric[series] = merged[max(0, len(merged)-maxDatapoints):]
	return s
}

// Settled reports whether the group wants n instances and n are InService.
func (g AutoScalingGroup) Settled(n int) bool {
	return g.DesiredCapacity == n && len(g.InService()) == n
}

// InService returns the ids of the instances that are capacity, sorted: the API
// also lists Pending and Terminating ones, in an order of its own.
func (g AutoScalingGroup) InService() []string {
	var ids []string
	for _, i := range g.Instances {
		if i.LifecycleState == "InService" {
			ids = append(ids, i.InstanceId)
		}
	}
	slices.Sort(ids)
	return ids
}

package autoscale

// Observation is what the world shows the engine since the last Step. The zero
// value shows nothing: time went by.
type Observation struct {
	Samples   []Sample // bad ones (see PutMetricData) are left out
	Instances []InstanceEvent
	Targets   []TargetEvent
}

// InstanceEvent tells what became of an instance. Events of instances that the
// engine did not launch, and events that come twice, change nothing.
type InstanceEvent struct {
	InstanceID string
	State      InstanceState
	Reason     string // of a failure, for the activity's StatusMessage
}

// InstanceState is EC2's, as far as the engine must know.
type InstanceState string

// What can become of an instance.
const (
	InstanceRunning    InstanceState = "running"
	InstanceFailed     InstanceState = "failed"     // could not be launched
	InstanceTerminated InstanceState = "terminated" // gone, asked for or not
)

// TargetEvent tells that a target's health changed.
type TargetEvent struct {
	TargetGroupARN, InstanceID string
	Health                     TargetState
}

// TargetState is ELBv2's, as far as the engine must know.
type TargetState string

// States of a target.
const (
	TargetInitial   TargetState = "initial"
	TargetHealthy   TargetState = "healthy"
	TargetUnhealthy TargetState = "unhealthy"
	TargetDrained   TargetState = "drained" // deregistered, and its deregistration delay over
)

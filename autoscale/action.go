package autoscale

// Action is what the cloud must do now; what comes of it is reported by a later
// Observation.
type Action interface{ action() }

// LaunchInstance asks for an instance; answer InstanceRunning or InstanceFailed.
type LaunchInstance struct {
	InstanceID, AutoScalingGroupName string
	LaunchTemplate                   LaunchTemplate
	AvailabilityZone                 string
}

// RegisterTarget asks to register the instance; answers follow as TargetEvents.
type RegisterTarget struct{ TargetGroupARN, InstanceID string }

// DeregisterTarget asks to drain the instance; answer TargetDrained.
type DeregisterTarget struct{ TargetGroupARN, InstanceID string }

// TerminateInstance asks to end the instance; answer InstanceTerminated.
type TerminateInstance struct{ InstanceID string }

// InvokeAction is an alarm action that is not a scaling policy (an SNS topic).
type InvokeAction struct {
	ActionARN string
	Alarm     AlarmStatus
}

func (LaunchInstance) action()    {}
func (RegisterTarget) action()    {}
func (DeregisterTarget) action()  {}
func (TerminateInstance) action() {}
func (InvokeAction) action()      {}

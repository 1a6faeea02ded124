package balancer

import "time"

// State of a target, in ELBv2's words.
type State string

// The states of a target.
const (
	StateInitial   State = "initial"
	StateHealthy   State = "healthy"
	StateUnhealthy State = "unhealthy"
	StateUnused    State = "unused"
	StateDraining  State = "draining"
	// StateUnhealthyDraining is a Network Load Balancer's: an Application Load
	// Balancer does not check targets that drain.
	StateUnhealthyDraining State = "unhealthy.draining"
	// StateGone is not ELBv2's: the target has drained and is no longer listed.
	StateGone State = ""
)

// The reasons of a state, in ELBv2's words.
const (
	ReasonRegistrationInProgress   = "Elb.RegistrationInProgress"
	ReasonInitialHealthChecking    = "Elb.InitialHealthChecking"
	ReasonResponseCodeMismatch     = "Target.ResponseCodeMismatch"
	ReasonTimeout                  = "Target.Timeout"
	ReasonFailedHealthChecks       = "Target.FailedHealthChecks"
	ReasonDeregistrationInProgress = "Target.DeregistrationInProgress"
	ReasonNotInUse                 = "Target.NotInUse"
)

// describe is ELBv2's text of a reason that has always the same; "" of others.
func describe(reason string) string {
	switch reason {
	case ReasonRegistrationInProgress:
		return "Target registration is in progress"
	case ReasonInitialHealthChecking:
		return "Initial health checks in progress"
	case ReasonTimeout:
		return "Request timed out"
	case ReasonFailedHealthChecks:
		return "Health checks failed"
	case ReasonDeregistrationInProgress:
		return "Target deregistration is in progress"
	case ReasonNotInUse:
		return "Target group is not configured to receive traffic from the load balancer"
	}
	return ""
}

// TargetHealth is a target and its state, with ELBv2's reason codes and texts.
type TargetHealth struct {
	TargetGroupARN string
	TargetID       string
	Address        string // host:port
	State          State
	Reason         string // Target.Timeout …; "" when healthy
	Description    string
	Since          time.Time // of the state
}

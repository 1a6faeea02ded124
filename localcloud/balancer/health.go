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

// descriptions are ELBv2's texts of the reasons that have always the same.
var descriptions = map[string]string{
	ReasonRegistrationInProgress:   "Target registration is in progress",
	ReasonInitialHealthChecking:    "Initial health checks in progress",
	ReasonTimeout:                  "Request timed out",
	ReasonFailedHealthChecks:       "Health checks failed",
	ReasonDeregistrationInProgress: "Target deregistration is in progress",
	ReasonNotInUse:                 "Target group is not configured to receive traffic from the load balancer",
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

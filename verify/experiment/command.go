package experiment

import (
	"time"

	"secondwind/runlog"
)

// Command is something that the caller of Step must do, in the order given.
type Command interface{ command() }

// EnterPhase begins a phase: from now on Rate requests per second are offered.
// It is also what changes the rate within a phase, with a Note that says why.
type EnterPhase struct {
	Phase runlog.Phase
	Rate  float64
	Note  string
	Hold  *runlog.Hold // how the hold went, where this phase ends it
}

// SetPollInterval polls at once, and then so often.
type SetPollInterval struct{ Interval time.Duration }

// SetRecordInterval makes a line of the load's record cover so much time.
type SetRecordInterval struct{ Interval time.Duration }

// TakeSnapshot takes a configuration snapshot as soon as possible: a State whose
// Configured is not before the command shows that there is one.
type TakeSnapshot struct{}

// RecordCalibration records what a request costs and the rate chosen by it.
type RecordCalibration struct{ Calibration runlog.Calibration }

// Report tells the user that something happened.
type Report struct{ Text string }

// Stop ends the experiment. Reason is why it ends before its end; "" if it does not.
type Stop struct{ Reason string }

func (EnterPhase) command()        {}
func (SetPollInterval) command()   {}
func (SetRecordInterval) command() {}
func (TakeSnapshot) command()      {}
func (RecordCalibration) command() {}
func (Report) command()            {}
func (Stop) command()              {}

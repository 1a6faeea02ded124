// Package experiment takes a run through its phases: premises, calibration,
// control, load, hold, release. It is a state machine like the scaling engine:
// time and what was seen are arguments, what is to be done comes back as values.
// It has no clock, does no I/O and starts no goroutine, so that a live run and a
// simulated one drive the same experiment. What a phase showed is for verify/judge
// to say.
package experiment

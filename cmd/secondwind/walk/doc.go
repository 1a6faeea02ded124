// Package walk takes a run through its phases: premises, calibration, control,
// load, hold, release. It decides when a phase is over by what the AWS APIs
// show, records what it did, and leaves the judging to verify/judge.
package walk

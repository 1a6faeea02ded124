// Package hypothesis turns the configuration of a group into what a run claims
// of it: which alarm is analysed, how long each link may take, what counts as
// idle. Doctor, experiment and judge read these rules here and nowhere else; the
// judge derives the hypothesis again from the recorded configuration.
package hypothesis

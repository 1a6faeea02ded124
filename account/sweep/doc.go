// Package sweep finds what a run left in an AWS account, by the tags that
// terraform/ puts on everything, and removes it when told to. What does not have
// the run's tag is never touched.
package sweep

// The tags of a run. Source: terraform/'s default tags.
const (
	RunTag     = "secondwind:run"     // the run's id
	ExpiresTag = "secondwind:expires" // when it may be removed, RFC 3339
)

// Package sweep finds what a run left in an AWS account, by the tags that
// terraform/ puts on everything, and removes it on request. What does not have
// the tags that were asked for is never touched.
//
// The Resource Groups Tagging API is asked first; because its answers lag behind,
// each service's own API says whether a thing is there and which tags it has.
package sweep

// The tags of a run. Source: terraform/'s default tags.
const (
	RunTag     = "secondwind:run"     // the run's id
	ExpiresTag = "secondwind:expires" // when it may be removed, RFC 3339
)

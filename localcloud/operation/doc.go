// Package operation has what every operation of the local cloud's API needs, of
// whatever service: refusing input with AWS's codes and in AWS's words, and
// cutting lists into pages. It knows no state.
package operation

// Package imds serves the Instance Metadata Service of one instance, version 2
// only: every read needs a session token.
// Source: Amazon EC2 User Guide, "Use the Instance Metadata Service to access
// instance metadata".
package imds

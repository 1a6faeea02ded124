// Package history keeps the calculations that users made, encrypted before they
// reach the store.
//
// A History connects, migrates and maintains its keys in the background: see
// Run. Until the store and the key are there, and whenever they are not, its
// methods return ErrUnavailable, and callers continue without it.
//
// What is stored unencrypted: how many records there are, which belong to
// the same (unknown) user, when each was made, its length rounded up, and which
// data key sealed it. Everything else is sealed by package vault.
package history

// Package history keeps the calculations that users made, encrypted before they
// reach the store.
//
// A History connects, migrates and looks after its keys in the background: see
// Run. Until the store and the key are there, and whenever they are not, its
// methods return ErrUnavailable, and whoever uses it goes on without.
//
// What stands in the store in clear: how many records there are, which belong to
// the same (unknown) user, when each was made, its length rounded up, and which
// data key sealed it. Everything else is sealed by package vault.
package history

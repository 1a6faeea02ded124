// Package audit shows that a history is encrypted at rest, or where it is not.
//
// It reads the store's raw bytes as a thief would and looks for plaintext, users
// and keys in them; it tries every record with other keys, in other rows and
// with changed bytes; and it follows two records of its own from their plaintext
// until after their deletion. Every search is shown to find what is there.
package audit

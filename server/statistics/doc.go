// Package statistics sums up numbers of any size exactly, as they stream by: it
// keeps the count, the sum and the sum of the squares as long integers, and
// rounds nothing. For quantiles it keeps the numbers themselves, up to MaxKept.
//
// It is pure: it reads no clock and does no I/O.
package statistics

// Package mix makes the requests that load consists of, for any HTTP service: a weighted
// mix from a scenario file, targets in Vegeta's formats, or large numbers for a calculator.
//
// Everything is read, checked and serialised before the first request is sent, so that the
// time it takes does not count as latency. Which request, row and user request number seq
// is follows from the seed and seq alone, whatever becomes of the requests before it.
package mix

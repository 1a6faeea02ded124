// Package bignum calculates with integers, decimals and fractions of any length:
// + - * / // % ^ and the usual functions of integers, as a person would on
// paper, given enough paper. Nothing is rounded unless a precision is asked for.
//
// It is pure. The size of a result is bounded before the work is begun, and
// the context is asked between steps, so no request can hold a core for long.
package bignum

// Package exact calculates with decimal numbers of any length without
// rounding: + - * / // % ^ as a person would on paper, given enough paper.
//
// It is pure. The size of a result is bounded before the work is begun, and
// the context is asked between steps, so no request can hold a core for long.
package exact

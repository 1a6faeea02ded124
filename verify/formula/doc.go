// Package formula is a second judge, for tests: what a verdict means, as formulas of metric
// temporal logic over a record, with an evaluator of its own. It shares no code with
// verify/judge, but for the types of the record and the deadlines that a claim has. Where
// the two differ one of them is wrong.
//
// The logic has three values: what the record does not show, as in a gap between two polls,
// is neither true nor false.
package formula

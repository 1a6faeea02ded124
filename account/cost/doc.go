// Package cost estimates what a run costs on AWS before it starts, from a table
// of list prices with its date. It asks nobody: a figure is a range to decide by,
// never a bill.
package cost

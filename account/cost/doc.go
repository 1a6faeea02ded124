// Package cost estimates what a run costs on AWS before it starts, from a table
// of list prices with its date. It sends no request. Its figures are ranges to decide
// by, not a bill.
package cost

// Package python answers as the original Flask calculator does: it evaluates
// the text number1 + operator + number2 as Python would, for the few texts that
// the original lets through. Integers stay integers of any length, and a float
// is written as Python's repr writes it.
//
// The original is "A simple Calculator made by Flask and jQuery" (Grey Li,
// 2015), in its later form that accepts decimals. Where that answers 500 because
// Python raised an exception, Evaluate returns an error.
package python

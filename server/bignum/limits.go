package bignum

import (
	"cmp"
	"math"
)

// Defaults of Limits.
const (
	// DefaultMaxDigits is about a second of work for the slowest operation.
	DefaultMaxDigits = 2_000_000
	// DefaultMaxOperands is of an expression, or of an operation that takes any number.
	DefaultMaxOperands = 100_000
	// DefaultMaxDepth is how deep parentheses, functions and powers may be nested.
	DefaultMaxDepth = 500
)

// Bounds of single steps that math/big cannot interrupt: each takes well under
// a second.
const (
	// maxFractionDigits is of the two sides of a fraction, and of what goes into a
	// greatest common divisor: its time grows with the square of the length.
	maxFractionDigits = 150_000
	maxPrimeDigits    = 2_500 // of a number that is tested for being prime
	maxNextDigits     = 1_000 // of a number whose next prime is looked for
)

// maxHeld is how many numbers of the largest size an expression may keep at a
// time while it reads on: it bounds its memory.
const maxHeld = 8

const bitsPerDigit = math.Ln10 / math.Ln2

// Limits bounds a calculation. Every zero field means its default.
type Limits struct {
	MaxDigits   int // of an operand, of a result, and of what is needed on the way to it
	MaxOperands int
	MaxDepth    int
}

func (l Limits) withDefaults() Limits {
	l.MaxDigits = cmp.Or(l.MaxDigits, DefaultMaxDigits)
	l.MaxOperands = cmp.Or(l.MaxOperands, DefaultMaxOperands)
	l.MaxDepth = cmp.Or(l.MaxDepth, DefaultMaxDepth)
	return l
}

package bignum

import (
	"context"
	"fmt"
	"strings"
)

// An Operation is what is done with operands.
type Operation string

// The operations. FloorDivide and Modulo round towards negative infinity, so
// that x = y × (x // y) + x % y with the sign of y, as Python does.
const (
	Add         Operation = "+"
	Subtract    Operation = "-"
	Multiply    Operation = "*"
	Divide      Operation = "/"
	FloorDivide Operation = "//"
	Modulo      Operation = "%"
	Power       Operation = "^"
	ModInverse  Operation = "mod-inverse" // of the first operand, modulo the second
	GCD         Operation = "gcd"
	LCM         Operation = "lcm"
	Factorial   Operation = "factorial"
	Fibonacci   Operation = "fibonacci"
	Binomial    Operation = "binomial"
	Sqrt        Operation = "sqrt"
	// IsPrime is certain up to 2^64. Beyond, "true" means that the number passed
	// the Baillie–PSW test, for which no counterexample is known, and up to 616
	// digits 20 rounds of Miller–Rabin too.
	IsPrime   Operation = "is-prime"
	NextPrime Operation = "next-prime" // the smallest prime above the operand; see IsPrime
)

// arity is what an operation takes, and how it is done.
type arity struct {
	operation   Operation
	least, most int // operands; most < 0: any number
	run         func(c *calculation, ctx context.Context, operands []number) (number, error)
}

// arities lists every operation, in the order a person would.
var arities = [...]arity{
	{Add, 2, -1, folded((*calculation).add)},
	{Subtract, 2, 2, folded((*calculation).subtract)},
	{Multiply, 2, -1, folded((*calculation).multiply)},
	{Divide, 2, 2, folded((*calculation).divide)},
	{FloorDivide, 2, 2, folded((*calculation).floorDivide)},
	{Modulo, 2, 2, folded((*calculation).modulo)},
	{Power, 2, 2, folded((*calculation).power)},
	{ModInverse, 2, 2, (*calculation).modInverse},
	{GCD, 1, -1, (*calculation).gcd},
	{LCM, 1, -1, (*calculation).lcm},
	{Factorial, 1, 1, (*calculation).factorial},
	{Fibonacci, 1, 1, (*calculation).fibonacci},
	{Binomial, 2, 2, (*calculation).binomial},
	{Sqrt, 1, 1, (*calculation).sqrt},
	{IsPrime, 1, 1, (*calculation).isPrime},
	{NextPrime, 1, 1, (*calculation).nextPrime},
}

// Operations returns every operation, in the order a person would list them.
func Operations() []Operation {
	var all []Operation
	for _, a := range arities {
		all = append(all, a.operation)
	}
	return all
}

func (o Operation) arity() (arity, bool) {
	for _, a := range arities {
		if a.operation == o {
			return a, true
		}
	}
	return arity{}, false
}

func (a arity) check(operands int) error {
	switch {
	case a.least == a.most && operands != a.least:
		return &InputError{Reason: fmt.Sprintf("%s takes %s, not %d", a.operation, count(a.least), operands)}
	case operands < a.least:
		return &InputError{Reason: fmt.Sprintf("%s takes at least %s, not %d", a.operation, count(a.least), operands)}
	}
	return nil
}

func count(operands int) string {
	if operands == 1 {
		return "one operand"
	}
	return fmt.Sprintf("%d operands", operands)
}

func unknown(op Operation) error {
	names := strings.Trim(fmt.Sprint(Operations()), "[]")
	// The operation is the caller's text: shown only as far as a person would read.
	return &InputError{Reason: fmt.Sprintf("the operation %.16q is unknown: use one of %s", string(op), names)}
}

// folded applies an operation of two operands from the left.
func folded(
	f func(c *calculation, ctx context.Context, x, y number) (number, error),
) func(*calculation, context.Context, []number) (number, error) {
	return func(c *calculation, ctx context.Context, operands []number) (number, error) {
		x := operands[0]
		for _, y := range operands[1:] {
			if err := ctx.Err(); err != nil {
				return number{}, err
			}
			var err error
			if x, err = f(c, ctx, x, y); err != nil {
				return number{}, err
			}
		}
		return x, nil
	}
}

// calculation is one question that is being answered.
type calculation struct {
	Limits
	precision int
	inexact   bool // a root was rounded on the way
}

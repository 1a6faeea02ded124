package bignum

import (
	"context"
	"fmt"
)

// Question is one calculation: an Operation with its Operands, or an Expression.
type Question struct {
	Operation Operation
	// Operands are integers, decimals ("-1.5", "2e10") or fractions ("1/3").
	Operands   []string
	Expression string
	Precision  int // significant digits of the answer, rounded half to even; 0 is exact
}

// Answer is the result of a Question.
type Answer struct {
	// Text is an integer, a decimal, a reduced fraction "a/b", or "true" or
	// "false". A rounded one that is very large or small is written "1.5e+30".
	Text  string
	Exact bool // false: rounded to Question.Precision
}

// Answer calculates exactly, then rounds if a precision was asked for.
//
// It returns an *InputError for what cannot be calculated, and the context's
// error when that ends first.
func (l Limits) Answer(ctx context.Context, q Question) (Answer, error) {
	c := &calculation{Limits: l.withDefaults(), precision: q.Precision}
	result, err := c.result(ctx, q)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return Answer{}, err
	}
	return c.write(ctx, result)
}

func (c *calculation) result(ctx context.Context, q Question) (number, error) {
	switch {
	case q.Precision < 0 || q.Precision > c.MaxDigits:
		return number{}, &InputError{Reason: fmt.Sprintf("the precision must be 0 (exact) or a number of digits up to %d", c.MaxDigits)}
	case q.Expression != "" && (q.Operation != "" || len(q.Operands) > 0):
		return number{}, &InputError{Reason: "give an expression, or an operation with its operands, not both"}
	case q.Expression != "":
		return c.evaluate(ctx, q.Expression)
	case q.Operation == "":
		return number{}, &InputError{Reason: "there is nothing to calculate: give an expression, or an operation with its operands"}
	}
	return c.operate(ctx, q.Operation, q.Operands)
}

func (c *calculation) operate(ctx context.Context, op Operation, texts []string) (number, error) {
	a, known := op.arity()
	if !known {
		return number{}, unknown(op)
	}
	if err := a.check(len(texts)); err != nil {
		return number{}, err
	}
	if len(texts) > c.MaxOperands {
		return number{}, &InputError{Reason: fmt.Sprintf("there are more than %d numbers, the maximum allowed here", c.MaxOperands)}
	}
	operands := make([]number, len(texts))
	for i, text := range texts {
		n, err := c.parse(ctx, text)
		if err := ctx.Err(); err != nil {
			return number{}, err
		}
		if err != nil {
			return number{}, &InputError{Operand: i + 1, Reason: err.Error()}
		}
		operands[i] = n
	}
	return a.run(c, ctx, operands)
}

package exact

import (
	"context"
	"fmt"
	"math/big"
	"strings"
)

// DefaultMaxDigits is the most digits of an operand and of a result unless
// Limits says otherwise: about a second of work for the slowest operation.
const DefaultMaxDigits = 2_000_000

// maxFractionDigits bounds the operands of a division whose result is a
// fraction: reducing it takes time that grows with the square of the length,
// and cannot be interrupted. 400,000 digits take about two seconds.
const maxFractionDigits = 400_000

// Limits bounds a calculation. The zero value is usable.
type Limits struct {
	MaxDigits int // of an operand and of a result; 0 means DefaultMaxDigits
}

// An Operation is what is done with two operands.
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
)

// Operations returns every operation, in the order a person would list them.
func Operations() []Operation {
	return []Operation{Add, Subtract, Multiply, Divide, FloorDivide, Modulo, Power}
}

// Calculate returns the exact result of x op y as a decimal, or as a reduced
// fraction "a/b" where a division has no finite decimal.
//
// It returns an *InputError for what cannot be calculated, and the context's
// error when that ends first.
func (l Limits) Calculate(ctx context.Context, op Operation, x, y string) (string, error) {
	if l.MaxDigits == 0 {
		l.MaxDigits = DefaultMaxDigits
	}
	run := l.operation(op)
	if run == nil {
		return "", unknown(op)
	}
	var operands [2]decimal
	for i, text := range []string{x, y} {
		d, err := parse(ctx, text, l.MaxDigits)
		if err := ctx.Err(); err != nil {
			return "", err
		}
		if err != nil {
			return "", &InputError{Operand: i + 1, Reason: err.Error()}
		}
		operands[i] = d
	}
	return run(ctx, operands[0], operands[1])
}

func (l Limits) operation(op Operation) func(ctx context.Context, x, y decimal) (string, error) {
	switch op {
	case Add:
		return l.sum((*big.Int).Add)
	case Subtract:
		return l.sum((*big.Int).Sub)
	case Multiply:
		return l.multiply
	case Divide:
		return l.divide
	case FloorDivide:
		return l.floorDivide
	case Modulo:
		return l.modulo
	case Power:
		return l.power
	default:
		return nil
	}
}

func unknown(op Operation) error {
	names := make([]string, 0, len(Operations()))
	for _, o := range Operations() {
		names = append(names, string(o))
	}
	// The operation is the caller's text: shown only as far as a person would read.
	return &InputError{Reason: fmt.Sprintf("the operation %.16q is unknown: use one of %s", string(op), strings.Join(names, " "))}
}

// sum is x + y or x − y.
func (l Limits) sum(f func(z, x, y *big.Int) *big.Int) func(context.Context, decimal, decimal) (string, error) {
	return func(ctx context.Context, x, y decimal) (string, error) {
		a, b, scale, err := l.aligned(x, y)
		if err != nil {
			return "", err
		}
		return finish(ctx, f(new(big.Int), a, b), scale)
	}
}

func (l Limits) multiply(ctx context.Context, x, y decimal) (string, error) {
	// A product has as many digits as its factors together, or one less.
	if max(x.digits+y.digits-1, x.scale+y.scale) > l.MaxDigits && x.digits > 0 && y.digits > 0 {
		return "", resultTooLong(l.MaxDigits)
	}
	return finish(ctx, new(big.Int).Mul(x.unscaled, y.unscaled), x.scale+y.scale)
}

func (l Limits) floorDivide(ctx context.Context, x, y decimal) (string, error) {
	quotient, _, _, err := l.floor(x, y)
	if err != nil {
		return "", err
	}
	return finish(ctx, quotient, 0)
}

func (l Limits) modulo(ctx context.Context, x, y decimal) (string, error) {
	_, remainder, scale, err := l.floor(x, y)
	if err != nil {
		return "", err
	}
	return finish(ctx, remainder, scale)
}

// floor divides towards negative infinity; the remainder has the returned scale.
func (l Limits) floor(x, y decimal) (quotient, remainder *big.Int, scale int, err error) {
	if y.unscaled.Sign() == 0 {
		return nil, nil, 0, divisionByZero()
	}
	a, b, scale, err := l.aligned(x, y)
	if err != nil {
		return nil, nil, 0, err
	}
	quotient, remainder = new(big.Int).QuoRem(a, b, new(big.Int))
	if remainder.Sign() != 0 && remainder.Sign() != b.Sign() {
		quotient.Sub(quotient, big.NewInt(1))
		remainder.Add(remainder, b)
	}
	return quotient, remainder, scale, nil
}

// aligned brings both operands to one scale, unless that takes too many digits.
func (l Limits) aligned(x, y decimal) (a, b *big.Int, scale int, err error) {
	scale = max(x.scale, y.scale)
	if max(x.integerDigits(), y.integerDigits())+scale > l.MaxDigits {
		return nil, nil, 0, resultTooLong(l.MaxDigits)
	}
	return x.at(scale), y.at(scale), scale, nil
}

// finish writes the result, unless nobody waits for it any more.
func finish(ctx context.Context, unscaled *big.Int, scale int) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	return format(unscaled, scale), nil
}

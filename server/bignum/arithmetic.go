package bignum

import (
	"context"
	"math/big"
)

func (c *calculation) add(ctx context.Context, x, y number) (number, error) {
	return c.sum(ctx, x, y, (*big.Int).Add)
}
func (c *calculation) subtract(ctx context.Context, x, y number) (number, error) {
	return c.sum(ctx, x, y, (*big.Int).Sub)
}

// sum is x + y or x − y.
func (c *calculation) sum(ctx context.Context, x, y number, f func(z, x, y *big.Int) *big.Int) (number, error) {
	if x.denominator == nil && y.denominator == nil {
		a, b, scale, err := c.aligned(x, y)
		if err != nil {
			return number{}, err
		}
		return scaled(f(new(big.Int), a, b), scale), nil
	}
	a, b, common, err := c.overOne(x, y)
	if err != nil {
		return number{}, err
	}
	return c.quotient(ctx, f(new(big.Int), a, b), common)
}

// overOne brings x and y over one denominator.
func (c *calculation) overOne(x, y number) (a, b, common *big.Int, err error) {
	xn, xd := x.sides()
	yn, yd := y.sides()
	if digitsOf(xn)+digitsOf(yd) > 2*maxFractionDigits || digitsOf(yn)+digitsOf(xd) > 2*maxFractionDigits {
		return nil, nil, nil, fractionTooLong()
	}
	return times(xn, yd), times(yn, xd), times(xd, yd), nil
}

func (c *calculation) multiply(ctx context.Context, x, y number) (number, error) {
	// A product has as many digits as its factors together, or one less.
	if x.unscaled.Sign() != 0 && y.unscaled.Sign() != 0 && max(x.length()+y.length()-1, x.scale+y.scale) > c.MaxDigits+2 {
		return number{}, resultTooLong(c.MaxDigits)
	}
	if x.denominator == nil && y.denominator == nil {
		return scaled(times(x.unscaled, y.unscaled), x.scale+y.scale), nil
	}
	xn, xd := x.sides()
	yn, yd := y.sides()
	return c.quotient(ctx, times(xn, yn), times(xd, yd))
}

func (c *calculation) divide(ctx context.Context, x, y number) (number, error) {
	a, b, err := c.divisible(x, y)
	if err != nil {
		return number{}, err
	}
	return c.quotient(ctx, a, b)
}

func (c *calculation) floorDivide(_ context.Context, x, y number) (number, error) {
	a, b, err := c.divisible(x, y)
	if err != nil {
		return number{}, err
	}
	return integer(floor(a, b)), nil
}

// modulo is x − y × (x // y).
func (c *calculation) modulo(ctx context.Context, x, y number) (number, error) {
	a, b, err := c.divisible(x, y)
	if err != nil {
		return number{}, err
	}
	multiple, err := c.multiply(ctx, integer(floor(a, b)), y)
	if err != nil {
		return number{}, err
	}
	return c.subtract(ctx, x, multiple)
}

// divisible returns integers whose ratio is that of x to y, which must not be zero.
func (c *calculation) divisible(x, y number) (a, b *big.Int, err error) {
	if y.unscaled.Sign() == 0 {
		return nil, nil, &InputError{Operand: 2, Reason: "is zero: nothing can be divided by zero"}
	}
	if x.denominator == nil && y.denominator == nil {
		a, b, _, err = c.aligned(x, y)
		return a, b, err
	}
	a, b, _, err = c.overOne(x, y)
	return a, b, err
}

// floor divides towards negative infinity.
func floor(a, b *big.Int) *big.Int {
	quotient, remainder := new(big.Int).QuoRem(a, b, new(big.Int))
	if remainder.Sign() != 0 && remainder.Sign() != b.Sign() {
		quotient.Sub(quotient, big.NewInt(1))
	}
	return quotient
}

// aligned brings two decimals to one scale, unless that takes too many digits.
func (c *calculation) aligned(x, y number) (a, b *big.Int, scale int, err error) {
	scale = max(x.scale, y.scale)
	if max(x.integerDigits(), y.integerDigits())+scale > c.MaxDigits+1 {
		return nil, nil, 0, resultTooLong(c.MaxDigits)
	}
	return x.at(scale), y.at(scale), scale, nil
}

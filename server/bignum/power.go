package bignum

import (
	"context"
	"math"
	"math/big"
	"math/bits"
)

// power returns x to the y. y must be an integer; 0^0 is 1, as for Python.
func (c *calculation) power(ctx context.Context, x, y number) (number, error) {
	n, ok := y.whole()
	switch {
	case !ok:
		return number{}, &InputError{Operand: 2, Reason: "must be an integer: only whole powers are exact"}
	case n.Sign() == 0:
		return integer(big.NewInt(1)), nil
	case n.Sign() < 0 && x.unscaled.Sign() == 0:
		return number{}, &InputError{Operand: 1, Reason: "is zero: zero has no negative power"}
	}
	if base, ok := x.whole(); ok && base.BitLen() <= 1 { // 0, 1, −1: no exponent is too large
		if base.Sign() < 0 && n.Bit(0) == 0 {
			base = big.NewInt(1)
		}
		return integer(base), nil
	}
	above, below := x.unscaled, big.NewInt(1)
	if x.denominator != nil {
		below = x.denominator
	}
	exponent, err := c.exponent(n, max(above.BitLen(), below.BitLen()), x.scale)
	if err != nil {
		return number{}, err
	}
	raisedAbove, err := raise(ctx, above, exponent)
	if err != nil {
		return number{}, err
	}
	scale := x.scale * exponent
	if x.denominator == nil && n.Sign() > 0 {
		return scaled(raisedAbove, scale), nil
	}
	raisedBelow, err := raise(ctx, below, exponent)
	if err != nil {
		return number{}, err
	}
	if n.Sign() > 0 {
		return c.quotient(ctx, raisedAbove, raisedBelow)
	}
	return c.quotient(ctx, times(raisedBelow, powerOfTen(scale)), raisedAbove)
}

// exponent returns |n| where a number of so many bits and digits behind the
// point has, raised to it, no more digits than allowed.
func (c *calculation) exponent(n *big.Int, bits, scale int) (int, error) {
	n = new(big.Int).Abs(n)
	if !n.IsInt64() || n.Int64() > math.MaxInt32 {
		return 0, resultTooLong(c.MaxDigits)
	}
	e := int(n.Int64())
	// It is at least 2^(bits−1), so its power has at least this many digits.
	atLeast := float64(bits-1) * float64(e) / bitsPerDigit
	if max(atLeast, float64(scale)*float64(e)) > float64(c.MaxDigits) {
		return 0, resultTooLong(c.MaxDigits)
	}
	return e, nil
}

// raise squares and multiplies, as big.Int.Exp does, but can be interrupted.
func raise(ctx context.Context, base *big.Int, exponent int) (*big.Int, error) {
	result := new(big.Int).Set(base)
	for i := bits.Len(uint(exponent)) - 2; i >= 0; i-- {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		result = times(result, result)
		if exponent>>i&1 == 1 {
			result = times(result, base)
		}
	}
	return result, nil
}

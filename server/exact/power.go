package exact

import (
	"context"
	"math"
	"math/big"
)

// power returns x to the y. y must be an integer; 0^0 is 1, as for Python.
func (l Limits) power(ctx context.Context, x, y decimal) (string, error) {
	if y.scale != 0 {
		return "", &InputError{Operand: 2, Reason: "must be an integer: only whole powers are exact"}
	}
	if y.unscaled.Sign() == 0 {
		return "1", nil
	}
	if y.unscaled.Sign() < 0 && x.unscaled.Sign() == 0 {
		return "", &InputError{Operand: 1, Reason: "is zero: zero has no negative power"}
	}
	if x.scale == 0 && x.unscaled.BitLen() <= 1 { // 0, 1, −1: no exponent is too large
		return powerOfUnit(x.unscaled, y.unscaled), nil
	}
	exponent, err := l.exponent(x, y)
	if err != nil {
		return "", err
	}
	raised, err := raise(ctx, x.unscaled, exponent)
	if err != nil {
		return "", err
	}
	scale := x.scale * exponent
	if y.unscaled.Sign() > 0 {
		return finish(ctx, raised, scale)
	}
	return l.quotient(ctx, powerOfTen(scale), raised)
}

// powerOfUnit is base^exponent for a base of 0, 1 or −1 and an exponent that
// suits it.
func powerOfUnit(base, exponent *big.Int) string {
	if base.Sign() < 0 && exponent.Bit(0) == 0 {
		return "1"
	}
	return base.String()
}

// exponent returns |y| where x^|y| has no more digits than allowed.
func (l Limits) exponent(x, y decimal) (int, error) {
	n := new(big.Int).Abs(y.unscaled)
	if !n.IsInt64() || n.Int64() > math.MaxInt32 {
		return 0, resultTooLong(l.MaxDigits)
	}
	e := int(n.Int64())
	// |x| ≥ 2^(BitLen−1), so its power has at least this many digits.
	atLeast := float64(x.unscaled.BitLen()-1) * float64(e) * math.Log10(2)
	if max(atLeast, float64(x.scale)*float64(e)) > float64(l.MaxDigits) {
		return 0, resultTooLong(l.MaxDigits)
	}
	return e, nil
}

// raise squares and multiplies, as big.Int.Exp does, but can be interrupted.
func raise(ctx context.Context, base *big.Int, exponent int) (*big.Int, error) {
	result := new(big.Int).Set(base)
	bits := 0
	for e := exponent; e > 1; e >>= 1 {
		bits++
	}
	for i := bits - 1; i >= 0; i-- {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		result.Mul(result, result)
		if exponent>>i&1 == 1 {
			result.Mul(result, base)
		}
	}
	return result, nil
}

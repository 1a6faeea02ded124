package bignum

import (
	"context"
	"math/big"
)

// guardDigits are calculated beyond the precision where a root is only a part
// of an expression.
const guardDigits = 10

// sqrt is exact for squares. Other roots need a precision.
func (c *calculation) sqrt(ctx context.Context, operands []number) (number, error) {
	x := operands[0]
	if x.unscaled.Sign() < 0 {
		return number{}, &InputError{Operand: 1, Reason: "is negative: its root is not a real number"}
	}
	above, below := x.unscaled, x.denominator
	scale := x.scale
	if scale%2 == 1 {
		above, scale = new(big.Int).Mul(above, big.NewInt(10)), scale+1
	}
	root, rest, err := c.squareRoot(ctx, above)
	if err != nil {
		return number{}, err
	}
	exact := rest.Sign() == 0
	if exact && below == nil {
		return scaled(root, scale/2), nil
	}
	if exact {
		lower, rest, err := c.squareRoot(ctx, below)
		if err != nil {
			return number{}, err
		}
		if rest.Sign() == 0 {
			return c.quotient(ctx, root, lower)
		}
	}
	if c.precision == 0 {
		return number{}, &InputError{Operand: 1, Reason: "is not a perfect square, so its root is irrational: ask for a precision, in digits"}
	}
	return c.rounded(ctx, x)
}

// rounded is the root of x, not a square, to a few digits more than the
// precision. Its last digit is 1 where the root goes on, so that no rounding
// mistakes it for a half.
func (c *calculation) rounded(ctx context.Context, x number) (number, error) {
	above, below := x.sides()
	// The root of above × 10^(2k) / below has as many digits as are wanted.
	have := (digitsOf(above) - digitsOf(below)) / 2
	k := max(c.precision+guardDigits-have, 0)
	if 2*k+digitsOf(above) > c.MaxDigits+2*guardDigits {
		return number{}, resultTooLong(c.MaxDigits)
	}
	radicand := times(above, powerOfTen(2*k))
	root, _, err := c.squareRoot(ctx, radicand.Quo(radicand, below))
	if err != nil {
		return number{}, err
	}
	c.inexact = true
	root.Mul(root, big.NewInt(10))
	return scaled(root.Add(root, big.NewInt(1)), k+1), nil
}

// squareRoot returns s and r with n = s² + r and r ≤ 2s. It takes the root of the
// upper half first, so that its time is that of a few multiplications, where
// big.Int.Sqrt divides at full length in every step.
// Source: P. Zimmermann, "Karatsuba Square Root", INRIA report 3805, 1999.
func (c *calculation) squareRoot(ctx context.Context, n *big.Int) (s, r *big.Int, err error) {
	const leafBits = 4096
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	if n.BitLen() <= leafBits {
		s = new(big.Int).Sqrt(n)
		return s, new(big.Int).Sub(n, times(s, s)), nil
	}
	// The upper part must be at least as long as the root of the lower one.
	l := uint(n.BitLen() / 4)
	low := new(big.Int).Rsh(n, l)
	upper := new(big.Int).Rsh(low, l)
	low.Sub(low, new(big.Int).Lsh(upper, l))
	lowest := new(big.Int).Sub(n, new(big.Int).Lsh(new(big.Int).Rsh(n, l), l))
	s, r, err = c.squareRoot(ctx, upper)
	if err != nil {
		return nil, nil, err
	}
	q, u := new(big.Int).QuoRem(r.Add(r.Lsh(r, l), low), new(big.Int).Lsh(s, 1), new(big.Int))
	s = new(big.Int).Add(new(big.Int).Lsh(s, l), q)
	r = u.Add(u.Lsh(u, l), lowest)
	r.Sub(r, times(q, q))
	for r.Sign() < 0 { // at most a few times: q is nearly right
		r.Add(r, s)
		s.Sub(s, big.NewInt(1))
		r.Add(r, s)
	}
	return s, r, nil
}

package bignum

import (
	"context"
	"fmt"
	"math/big"
)

// quotient is a / b for b ≠ 0: an integer, a finite decimal, or a reduced fraction.
func (c *calculation) quotient(ctx context.Context, a, b *big.Int) (number, error) {
	whole, rest := new(big.Int).QuoRem(a, b, new(big.Int))
	if rest.Sign() == 0 {
		return integer(whole), nil
	}
	// a / b is a finite decimal if and only if what is left of b without its
	// factors 2 and 5 divides a. That needs no greatest common divisor, which is
	// slow for long numbers.
	twos := int(b.TrailingZeroBits())
	odd, fives, err := without(ctx, new(big.Int).Rsh(b, uint(twos)), 5)
	if err != nil {
		return number{}, err
	}
	reduced, rest := new(big.Int).QuoRem(a, odd, new(big.Int))
	if err := ctx.Err(); err != nil {
		return number{}, err
	}
	if rest.Sign() != 0 {
		return fraction(a, b)
	}
	// The denominator may hold factors that the numerator cancels.
	shared := min(int(reduced.TrailingZeroBits()), twos)
	reduced.Rsh(reduced, uint(shared))
	twos -= shared
	scale := max(twos, fives)
	if scale > c.MaxDigits {
		return number{}, resultTooLong(c.MaxDigits)
	}
	reduced.Lsh(reduced, uint(scale-twos))
	reduced = times(reduced, smallPower(5, scale-fives))
	return scaled(reduced, scale), nil
}

// fraction is a / b in lowest terms, the sign above.
func fraction(a, b *big.Int) (number, error) {
	if max(digitsOf(a), digitsOf(b)) > maxFractionDigits {
		return number{}, fractionTooLong()
	}
	common := new(big.Int).GCD(nil, nil, new(big.Int).Abs(a), new(big.Int).Abs(b))
	if b.Sign() < 0 {
		common.Neg(common)
	}
	return number{decimal: decimal{unscaled: new(big.Int).Quo(a, common)}, denominator: new(big.Int).Quo(b, common)}, nil
}

func fractionTooLong() error {
	const reason = "the result has no finite decimal form and is too long as a fraction: use operands of at most %d digits, or // and %%"
	return &InputError{Reason: fmt.Sprintf(reason, maxFractionDigits)}
}

// without returns n less all its factors p, and how many there were. n must not
// be zero. It tries p, p², p⁴ … and comes back down, which takes few long
// divisions where one factor at a time would take millions.
func without(ctx context.Context, n *big.Int, p int64) (*big.Int, int, error) {
	count := 0
	rest := new(big.Int)
	powers := []*big.Int{big.NewInt(p)}
	for {
		last := powers[len(powers)-1]
		if !divideOut(n, last, rest) {
			break
		}
		count += 1 << (len(powers) - 1)
		powers = append(powers, times(last, last))
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
	}
	for k := len(powers) - 2; k >= 0; k-- {
		if divideOut(n, powers[k], rest) {
			count += 1 << k
		}
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
	}
	return n, count, nil
}

// divideOut divides n by d where that leaves no remainder.
func divideOut(n, d, rest *big.Int) bool {
	if n.CmpAbs(d) < 0 {
		return false
	}
	quotient, _ := new(big.Int).QuoRem(n, d, rest)
	if rest.Sign() != 0 {
		return false
	}
	n.Set(quotient)
	return true
}

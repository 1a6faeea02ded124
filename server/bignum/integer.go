package bignum

import (
	"context"
	"fmt"
	"math/big"
)

// leafDigits is the length up to which big.Int.SetString, whose time grows with
// the square of the length, is faster than halving.
const leafDigits = 1 << 11

// Integer returns the number that the decimal digits stand for. There must be
// at least one, and nothing but digits. It asks ctx between steps and returns
// its error.
//
// It halves the text down to short pieces, because SetString needs four seconds
// for two million digits; halving needs a quarter of a second.
func Integer(ctx context.Context, digits string) (*big.Int, error) {
	if len(digits) <= leafDigits {
		return leaf(digits)
	}
	powers := []*big.Int{powerOfTen(leafDigits)}
	for leafDigits<<len(powers) < len(digits) {
		last := powers[len(powers)-1]
		powers = append(powers, times(last, last))
	}
	return halve(ctx, digits, powers)
}

// halve joins the two halves of digits; powers[k] is 10 to the leafDigits<<k.
func halve(ctx context.Context, digits string, powers []*big.Int) (*big.Int, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(digits) <= leafDigits {
		return leaf(digits)
	}
	k := len(powers) - 1
	for leafDigits<<k >= len(digits) {
		k--
	}
	cut := len(digits) - leafDigits<<k
	high, err := halve(ctx, digits[:cut], powers)
	if err != nil {
		return nil, err
	}
	low, err := halve(ctx, digits[cut:], powers)
	if err != nil {
		return nil, err
	}
	high = times(high, powers[k])
	return high.Add(high, low), nil
}

func leaf(digits string) (*big.Int, error) {
	n, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		return nil, fmt.Errorf("%d characters are no decimal integer", len(digits))
	}
	return n, nil
}

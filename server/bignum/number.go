package bignum

import (
	"context"
	"errors"
	"math/big"
	"strconv"
	"strings"
)

// number is an exact number, or true or false.
type number struct {
	decimal
	denominator *big.Int // not nil: the number is the reduced fraction unscaled / denominator, no finite decimal
	truth       string   // "true" or "false" instead of a number
}

func integer(n *big.Int) number { return scaled(n, 0) }

// scaled is unscaled × 10^-scale without zeros that say nothing.
func scaled(unscaled *big.Int, scale int) number {
	return number{decimal: decimal{unscaled: unscaled, scale: scale}}
}

// whole returns the integer that n is; ok is false if it is none.
func (n number) whole() (i *big.Int, ok bool) {
	if n.denominator != nil || n.truth != "" {
		return nil, false
	}
	if n.scale == 0 {
		return n.unscaled, true
	}
	quotient, rest := new(big.Int).QuoRem(n.unscaled, powerOfTen(n.scale), new(big.Int))
	return quotient, rest.Sign() == 0
}

// sides returns numerator and denominator, not reduced.
func (n number) sides() (numerator, denominator *big.Int) {
	if n.denominator != nil {
		return n.unscaled, n.denominator
	}
	return n.unscaled, powerOfTen(n.scale)
}

// parse reads [+-]digits[.digits][e[+-]digits], or two of them as a fraction.
func (c *calculation) parse(ctx context.Context, text string) (number, error) {
	above, below, fraction := strings.Cut(text, "/")
	x, err := c.parseDecimal(ctx, above)
	if err != nil || !fraction {
		return number{decimal: x}, err
	}
	y, err := c.parseDecimal(ctx, below)
	if err != nil {
		return number{}, err
	}
	if y.unscaled.Sign() == 0 {
		return number{}, errors.New("has a zero below its fraction bar")
	}
	return c.divide(ctx, number{decimal: x}, number{decimal: y})
}

// parseDecimal reads a decimal with or without an exponent of ten.
func (c *calculation) parseDecimal(ctx context.Context, text string) (decimal, error) {
	cut := strings.IndexAny(text, "eE")
	if cut < 0 {
		return parse(ctx, text, c.MaxDigits)
	}
	d, err := parse(ctx, text[:cut], c.MaxDigits)
	if err != nil {
		return d, err
	}
	exponent, err := strconv.Atoi(text[cut+1:])
	switch {
	case errors.Is(err, strconv.ErrRange), err == nil && (exponent > c.MaxDigits || exponent < -c.MaxDigits):
		return d, errors.New("has an exponent that makes it longer than is allowed here")
	case err != nil:
		return d, errors.New("has an exponent that is not an integer: write for example 1.5e10")
	}
	return d.shifted(exponent, c.MaxDigits)
}

// shifted is d × 10^exponent.
func (d decimal) shifted(exponent, maxDigits int) (decimal, error) {
	if d.unscaled.Sign() == 0 {
		return d, nil
	}
	d.scale -= exponent
	if zeros := -d.scale; zeros > 0 {
		d.unscaled, d.digits, d.scale = times(d.unscaled, powerOfTen(zeros)), d.digits+zeros, 0
	}
	if length := max(d.digits, d.scale); length > maxDigits {
		return d, tooLong("has", length, maxDigits)
	}
	return d, nil
}

// size is about how many digits the number takes to keep; 0 for one that is
// only checked.
func (n number) size() int {
	total := 0
	for _, side := range []*big.Int{n.unscaled, n.denominator} {
		if side != nil {
			total += digitsOf(side)
		}
	}
	return total
}

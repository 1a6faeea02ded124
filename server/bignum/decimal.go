package bignum

import (
	"context"
	"errors"
	"math/big"
	"strings"
)

// decimal is an exact number: unscaled × 10^-scale.
type decimal struct {
	unscaled *big.Int
	scale    int // digits after the decimal point; never negative
	digits   int // significant digits of unscaled as read; 0 for zero, and for what was calculated
}

// parse reads [+-]digits[.digits]. At least one digit is needed, and at most
// maxDigits are allowed.
func parse(ctx context.Context, text string, maxDigits int) (decimal, error) {
	body := strings.TrimPrefix(text, "-")
	negative := body != text
	if !negative {
		body = strings.TrimPrefix(text, "+")
	}
	whole, fraction, _ := strings.Cut(body, ".")
	if err := wellFormed(whole, fraction, maxDigits); err != nil {
		return decimal{}, err
	}
	// Zeros that say nothing must not cost anything: 1.000^1000000 is 1.
	fraction = strings.TrimRight(fraction, "0")
	significant := strings.TrimLeft(whole+fraction, "0")
	d := decimal{unscaled: new(big.Int), scale: len(fraction), digits: len(significant)}
	if significant == "" {
		return d, nil
	}
	n, err := Integer(ctx, significant)
	if err != nil {
		return decimal{}, err
	}
	if negative {
		n.Neg(n)
	}
	d.unscaled = n
	return d, nil
}

// wellFormed says what is wrong with the two sides of a decimal point.
func wellFormed(whole, fraction string, maxDigits int) error {
	switch length := len(whole) + len(fraction); {
	case length == 0:
		return errors.New("is empty: write a number such as 12, -0.5 or 3.14")
	case length > maxDigits:
		return tooLong("has", length, maxDigits)
	}
	for _, side := range []string{whole, fraction} {
		for i := range len(side) {
			if side[i] < '0' || side[i] > '9' {
				return errors.New("is not a decimal number: write digits with at most one sign before and one point between, such as 12, -0.5 or 3.14")
			}
		}
	}
	return nil
}

// length is the number of significant digits, or one more.
func (d decimal) length() int {
	if d.digits > 0 {
		return d.digits
	}
	return digitsOf(d.unscaled)
}

// digitsOf is the number of digits of n, or one more; 0 for zero.
func digitsOf(n *big.Int) int {
	if n.Sign() == 0 {
		return 0
	}
	return int(float64(n.BitLen())/bitsPerDigit) + 1
}

// integerDigits is the number of digits before the point, or one more; 0 when
// it is 0.….
func (d decimal) integerDigits() int { return max(d.length()-d.scale, 0) }

// at returns the unscaled value that d has at a scale no smaller than its own.
func (d decimal) at(scale int) *big.Int {
	if scale == d.scale {
		return d.unscaled
	}
	return times(d.unscaled, powerOfTen(scale-d.scale))
}

// format writes unscaled × 10^-scale without an exponent and without zeros that
// say nothing.
func format(unscaled *big.Int, scale int) string {
	text := unscaled.String()
	if scale == 0 {
		return text
	}
	sign := ""
	if unscaled.Sign() < 0 {
		sign, text = "-", text[1:]
	}
	if len(text) <= scale {
		text = strings.Repeat("0", scale-len(text)+1) + text
	}
	cut := len(text) - scale
	whole, fraction := text[:cut], strings.TrimRight(text[cut:], "0")
	if fraction == "" {
		return sign + whole
	}
	return sign + whole + "." + fraction
}

package bignum

import (
	"context"
	"fmt"
	"math/big"
	"strings"
)

// write is the answer as text, rounded where a precision was asked for.
func (c *calculation) write(ctx context.Context, n number) (Answer, error) {
	if n.truth != "" {
		return Answer{Text: n.truth, Exact: true}, nil
	}
	if c.precision > 0 {
		if answer, rounds, err := c.round(ctx, n); rounds || err != nil {
			return answer, err
		}
	}
	if max(digitsOf(n.unscaled), n.scale) > c.MaxDigits+1 {
		return Answer{}, resultTooLong(c.MaxDigits)
	}
	if n.denominator != nil {
		return Answer{Text: n.unscaled.String() + "/" + n.denominator.String(), Exact: true}, nil
	}
	return Answer{Text: format(n.unscaled, n.scale), Exact: !c.inexact}, nil
}

// round rounds n half to even; rounds is false where there is nothing to round.
func (c *calculation) round(ctx context.Context, n number) (answer Answer, rounds bool, err error) {
	above, below := n.unscaled, n.denominator
	if below == nil {
		below = big.NewInt(1)
		if digitsOf(above) <= c.precision {
			return Answer{}, false, nil
		}
	}
	negative := above.Sign() < 0
	above = new(big.Int).Abs(above)
	// above / below × 10^shift has precision digits before the point, or one more.
	shift := c.precision - (digitsOf(above) - digitsOf(below))
	digits, exact, length := roundedQuotient(above, below, shift)
	if length > c.precision {
		shift -= length - c.precision
		digits, exact, _ = roundedQuotient(above, below, shift)
	}
	if err := ctx.Err(); err != nil {
		return Answer{}, false, err
	}
	if len(digits) > c.precision { // 9.99 became 10.0
		digits, shift = digits[:c.precision], shift-1
	}
	text := placed(digits, shift+n.scale, c.precision)
	if negative {
		text = "-" + text
	}
	return Answer{Text: text, Exact: exact && !c.inexact}, true, nil
}

// roundedQuotient is above / below × 10^shift, rounded half to even; length is
// that of the quotient before rounding.
func roundedQuotient(above, below *big.Int, shift int) (digits string, exact bool, length int) {
	if shift >= 0 {
		above = times(above, powerOfTen(shift))
	} else {
		below = times(below, powerOfTen(-shift))
	}
	quotient, rest := new(big.Int).QuoRem(above, below, new(big.Int))
	exact, length = rest.Sign() == 0, len(quotient.String())
	switch half := rest.Lsh(rest, 1).Cmp(below); {
	case half > 0, half == 0 && quotient.Bit(0) == 1:
		quotient.Add(quotient, big.NewInt(1))
	}
	return quotient.String(), exact, length
}

// placed writes digits × 10^-scale: as people do where that is not much longer
// than its digits, else with an exponent.
func placed(digits string, scale, precision int) string {
	const room = 20 // zeros that are still easy to read
	before := len(digits) - scale
	trimmed := strings.TrimRight(digits, "0")
	switch {
	case trimmed == "":
		return "0"
	case before > precision+room || before < -room:
		mantissa := trimmed[:1]
		if len(trimmed) > 1 {
			mantissa += "." + trimmed[1:]
		}
		return fmt.Sprintf("%se%+d", mantissa, before-1)
	case before <= 0:
		return "0." + strings.Repeat("0", -before) + trimmed
	case before >= len(trimmed):
		return trimmed + strings.Repeat("0", before-len(trimmed))
	}
	return trimmed[:before] + "." + trimmed[before:]
}

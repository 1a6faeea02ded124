package statistics

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Number is an exact decimal: ± digits × 10^exponent. The zero value is zero.
type Number struct {
	negative bool
	digits   string // no zero at either end; "" is zero
	exponent int
}

var errNoNumber = errors.New("is not a decimal number: write for instance 12, -0.5 or 1.5e10")

// Parse reads [+-]digits[.digits][e[+-]digits]. It returns an error that
// continues a sentence, for what is no number and for one with more than
// maxDigits digits before or after its decimal point.
func Parse(text string, maxDigits int) (Number, error) {
	body := strings.TrimPrefix(text, "-")
	n := Number{negative: body != text}
	if !n.negative {
		body = strings.TrimPrefix(text, "+")
	}
	if at := strings.IndexAny(body, "eE"); at >= 0 {
		exponent, err := strconv.Atoi(body[at+1:])
		if errors.Is(err, strconv.ErrRange) || err == nil && (exponent > 2*maxDigits || exponent < -2*maxDigits) {
			return Number{}, tooLong(maxDigits)
		}
		if err != nil {
			return Number{}, errNoNumber
		}
		n.exponent, body = exponent, body[:at]
	}
	whole, fraction, _ := strings.Cut(body, ".")
	if len(whole)+len(fraction) == 0 || !allDigits(whole) || !allDigits(fraction) {
		return Number{}, errNoNumber
	}
	return n.normal(whole, fraction, maxDigits)
}

// normal takes the digits over, without the zeros that say nothing.
func (n Number) normal(whole, fraction string, maxDigits int) (Number, error) {
	n.digits = strings.TrimLeft(whole+fraction, "0")
	n.exponent -= len(fraction)
	short := strings.TrimRight(n.digits, "0")
	n.exponent += len(n.digits) - len(short)
	n.digits = short
	if short == "" {
		return Number{}, nil
	}
	if n.magnitude() > maxDigits || -n.exponent > maxDigits {
		return Number{}, tooLong(maxDigits)
	}
	return n, nil
}

func tooLong(maxDigits int) error {
	return fmt.Errorf("has more than %d digits before or after its decimal point, the maximum allowed here", maxDigits)
}

func allDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

// magnitude is the number of digits before the point; negative for 0.00….
func (n Number) magnitude() int { return len(n.digits) + n.exponent }

// Compare is -1 where n is smaller than m, 0 where they are equal, and 1 else.
func (n Number) Compare(m Number) int {
	if d := cmp.Compare(n.sign(), m.sign()); d != 0 || n.digits == "" {
		return d
	}
	absolute := cmp.Compare(n.magnitude(), m.magnitude())
	if absolute == 0 {
		// Both begin at the same place, so digits compare as text does.
		absolute = strings.Compare(n.digits, m.digits)
	}
	return absolute * n.sign()
}

func (n Number) sign() int {
	switch {
	case n.digits == "":
		return 0
	case n.negative:
		return -1
	}
	return 1
}

// String writes the number as digits, with an exponent where it needs one.
func (n Number) String() string {
	if n.digits == "" {
		return "0"
	}
	text := n.digits
	if n.negative {
		text = "-" + text
	}
	if n.exponent != 0 {
		text += "e" + strconv.Itoa(n.exponent)
	}
	return text
}

// Bytes is about how much memory the number takes.
func (n Number) Bytes() int64 { return int64(len(n.digits)) + 48 }

package python

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"secondwind/server/bignum"
)

// eval evaluates signs number [operator signs number], which is all that the
// original's checks leave of Python's grammar.
func eval(ctx context.Context, text string) (number, error) {
	x, rest, err := signed(ctx, text)
	if err != nil || rest == "" {
		return x, err
	}
	op := rest[0]
	if !strings.ContainsRune(operators, rune(op)) {
		return number{}, errInvalid
	}
	y, rest, err := signed(ctx, rest[1:])
	if err != nil {
		return number{}, err
	}
	if rest != "" {
		return number{}, errInvalid
	}
	return apply(op, x, y)
}

// signed reads a number with any signs before it and returns what follows.
func signed(ctx context.Context, text string) (number, string, error) {
	signs := len(text) - len(strings.TrimLeft(text, "+-"))
	n, rest, err := literal(ctx, text[signs:])
	if err != nil {
		return number{}, "", err
	}
	if strings.Count(text[:signs], "-")%2 == 1 {
		n = n.negated()
	}
	return n, rest, nil
}

// literal reads an int or a float as Python writes them.
func literal(ctx context.Context, text string) (number, string, error) {
	length := digits(text)
	if length < len(text) && (text[length] == '.' || text[length] == 'e') {
		return floatLiteral(text, length)
	}
	whole, rest := text[:length], text[length:]
	// 00 is zero for Python, 01 a mistake.
	if whole == "" || whole[0] == '0' && strings.Trim(whole, "0") != "" {
		return number{}, "", errInvalid
	}
	n, err := bignum.Integer(ctx, whole)
	return number{integer: n}, rest, err
}

// floatLiteral reads digits[.digits][e±digits]; length is that of the first digits.
func floatLiteral(text string, length int) (number, string, error) {
	if length < len(text) && text[length] == '.' {
		length++
		length += digits(text[length:])
	}
	if length < len(text) && text[length] == 'e' {
		length++
		if length < len(text) && (text[length] == '+' || text[length] == '-') {
			length++
		}
		length += digits(text[length:])
	}
	f, err := strconv.ParseFloat(text[:length], 64)
	if errors.Is(err, strconv.ErrSyntax) { // out of range is inf for Python, not an error
		return number{}, "", errInvalid
	}
	return number{float: f}, text[length:], nil
}

// digits is how many digits text begins with.
func digits(text string) int {
	return len(text) - len(strings.TrimLeft(text, "0123456789"))
}

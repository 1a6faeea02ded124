package python

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// number is a Python int or float: an int when integer is not nil.
type number struct {
	integer *big.Int
	float   float64
}

// asFloat converts as Python does; ok is false for an int that is too large.
func (n number) asFloat() (f float64, ok bool) {
	if n.integer == nil {
		return n.float, true
	}
	f, _ = new(big.Float).SetInt(n.integer).Float64()
	return f, !math.IsInf(f, 0)
}

func (n number) negated() number {
	if n.integer != nil {
		return number{integer: new(big.Int).Neg(n.integer)}
	}
	return number{float: -n.float}
}

func (n number) text() (string, error) {
	if n.integer != nil {
		return n.integer.String(), nil
	}
	if math.IsInf(n.float, 0) || math.IsNaN(n.float) {
		return "", errInvalid
	}
	return Repr(n.float), nil
}

// apply is x op y for op one of + - * /. Python makes both floats as soon as
// one is, and divides floats only here: the original sees to that.
func apply(op byte, x, y number) (number, error) {
	if f := ofIntegers[op]; f != nil && x.integer != nil && y.integer != nil {
		return number{integer: f(new(big.Int), x.integer, y.integer)}, nil
	}
	a, okA := x.asFloat()
	b, okB := y.asFloat()
	if !okA || !okB || op == '/' && b == 0 {
		return number{}, errInvalid
	}
	switch op {
	case '+':
		return number{float: a + b}, nil
	case '-':
		return number{float: a - b}, nil
	case '*':
		return number{float: a * b}, nil
	}
	return number{float: a / b}, nil
}

// ofIntegers are the operators under which integers stay integers.
var ofIntegers = map[byte]func(z, x, y *big.Int) *big.Int{'+': (*big.Int).Add, '-': (*big.Int).Sub, '*': (*big.Int).Mul}

// Repr writes a finite float as Python's repr does: the shortest text that
// reads back as the same float, with an exponent only below 1e-4 and from 1e16
// on, and always with a point or an exponent.
// Source: Python Library Reference, float.__repr__ (format code 'r').
func Repr(f float64) string {
	text := strconv.FormatFloat(f, 'e', -1, 64)
	_, after, _ := strings.Cut(text, "e")
	exponent, err := strconv.Atoi(after)
	if err != nil || exponent < -4 || exponent >= 16 {
		return text
	}
	text = strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

package python

import (
	"context"
	"errors"
	"strconv"
	"strings"
)

// Error is the answer of the original to what it cannot calculate.
const Error = "Error!"

var errInvalid = errors.New("not an expression that the calculator accepts")

// isOperand is the original's pattern ^-?\d*[.]?\d*$. Python's \d would also
// take other scripts' digits, which its eval then refuses.
func isOperand(text string) bool {
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	return digits(whole) == len(whole) && digits(fraction) == len(fraction)
}

// operators is what the original looks for the operator in, as a substring: so
// "" (which joins the numbers) and "+-" pass too.
const operators = "+-*/"

// Evaluate returns the result as Python prints it, which is also a JSON number.
//
// It returns an error for what the original refuses or Python cannot evaluate
// (leading zeros of an integer, division by zero, an integer too large for a
// float), and, unlike the original, for an infinite result, which JSON cannot
// express. It returns the context's error when that ends first.
func Evaluate(ctx context.Context, number1, operator, number2 string) (string, error) {
	if !isOperand(number1) || !isOperand(number2) || !strings.Contains(operators, operator) {
		return "", errInvalid
	}
	if operator == "/" {
		// The original divides by str(float(number2)).
		divisor, err := strconv.ParseFloat(number2, 64)
		if err != nil {
			return "", errInvalid
		}
		number2 = Repr(divisor)
	}
	result, err := eval(ctx, number1+operator+number2)
	if err != nil {
		return "", err
	}
	return result.text()
}

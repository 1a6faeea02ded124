package bignum_test

import (
	"context"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"

	"secondwind/server/bignum"
)

// calculate asks for an operation with two operands.
func calculate(ctx context.Context, l bignum.Limits, op bignum.Operation, x, y string) (string, error) {
	answer, err := l.Answer(ctx, bignum.Question{Operation: op, Operands: []string{x, y}})
	return answer.Text, err
}

func TestCalculate(t *testing.T) {
	for _, tt := range []struct {
		name string
		op   bignum.Operation
		x, y string
		want string
	}{
		{"decimals add without rounding", "+", "0.1", "0.2", "0.3"},
		{"zeros that say nothing go", "+", "1.50", "1.50", "3"},
		{"a negative zero is zero", "+", "-0.0", "-0", "0"},
		{"signs are read", "-", "+5", "-7", "12"},
		{"a point without digits before it", "+", ".5", "1.", "1.5"},
		{"a small negative keeps its sign", "-", "0.1", "0.15", "-0.05"},
		{"a product keeps every digit", "*", "123456789.123456789", "-987654321.987654321", "-121932631356500531.347203169112635269"},
		{"a whole quotient has no point", "/", "6", "-3", "-2"},
		{"a finite quotient is a decimal", "/", "1", "8", "0.125"},
		{"a quotient of decimals", "/", "0.3", "-0.16", "-1.875"},
		{"a denominator of fives", "/", "7", "3125", "0.00224"},
		{"common factors cancel before the decimal is written", "/", "21", "14", "1.5"},
		{"anything else is a reduced fraction", "/", "10", "-6", "-5/3"},
		{"a fraction of decimals is one of integers", "/", "0.1", "0.3", "1/3"},
		{"floor division rounds down, not towards zero", "//", "-7", "2", "-4"},
		{"floor division of decimals", "//", "7.5", "0.7", "10"},
		{"a remainder has the divisor's sign", "%", "-7", "3", "2"},
		{"a remainder of a negative divisor", "%", "7", "-3", "-2"},
		{"a remainder of decimals", "%", "7.5", "0.7", "0.5"},
		{"a power", "^", "2", "128", "340282366920938463463374607431768211456"},
		{"a power of a decimal", "^", "-0.5", "3", "-0.125"},
		{"a negative power divides", "^", "0.5", "-3", "8"},
		{"a negative power may be a fraction", "^", "-3", "-3", "-1/27"},
		{"anything to the zero is one", "^", "0", "0", "1"},
		{"one has any power", "^", "1.0", strings.Repeat("9", 500), "1"},
		{"minus one to an even power", "^", "-1", strings.Repeat("8", 500), "1"},
		{"minus one to an odd negative power", "^", "-1", "-" + strings.Repeat("9", 500), "-1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := calculate(t.Context(), bignum.Limits{}, tt.op, tt.x, tt.y)
			if err != nil || got != tt.want {
				t.Errorf("Calculate(%s %s %s) = %q, %v, want %q", tt.x, tt.op, tt.y, got, err, tt.want)
			}
		})
	}
}

func TestCalculateRefuses(t *testing.T) {
	for _, tt := range []struct {
		name    string
		op      bignum.Operation
		x, y    string
		operand int
		says    string
	}{
		{"an empty operand", "+", "", "1", 1, "is empty"},
		{"a sign alone", "+", "1", "-", 2, "is empty"},
		{"two signs", "+", "--1", "1", 1, "not a decimal number"},
		{"two points", "+", "1", "1.2.3", 2, "not a decimal number"},
		{"an exponent that is no integer", "+", "1e5.5", "1", 1, "exponent that is not an integer"},
		{"an exponent that makes it too long", "+", "1e999999999", "1", 1, "longer than is allowed"},
		{"an exponent beyond every integer type", "+", "1", "1e99999999999999999999", 2, "longer than is allowed"},
		{"a fraction of zero", "+", "1/0", "1", 1, "zero below its fraction bar"},
		{"digits of another script", "+", "٣", "1", 1, "not a decimal number"},
		{"a hexadecimal number", "+", "0x10", "1", 1, "not a decimal number"},
		{"a separator", "+", "1_000", "1", 1, "not a decimal number"},
		{"an operand that is too long", "+", "1", strings.Repeat("1", 101), 2, "has 101 digits; at most 100"},
		{"a division by zero", "/", "1", "0.0", 2, "is zero"},
		{"a floor division by zero", "//", "1", "-0", 2, "is zero"},
		{"a remainder of zero", "%", "1", "0", 2, "is zero"},
		{"a negative power of zero", "^", "0.0", "-1", 1, "is zero"},
		{"a root", "^", "2", "0.5", 2, "must be an integer"},
		{"a product that is too long", "*", strings.Repeat("9", 60), strings.Repeat("9", 60), 0, "more than 100 digits"},
		{"a power that is too long", "^", "9", "9999999999", 0, "more than 100 digits"},
		{"an exponent beyond every integer type", "^", "2", strings.Repeat("9", 99), 0, "more than 100 digits"},
		{"a decimal whose power is too long", "^", "0.1", "101", 0, "more than 100 digits"},
		{"a sum of a long and a fine number", "+", strings.Repeat("9", 60), "0." + strings.Repeat("1", 60), 0, "more than 100 digits"},
		{"an unknown operation", "√", "1", "1", 0, "use one of + - * / // % ^"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := calculate(t.Context(), bignum.Limits{MaxDigits: 100}, tt.op, tt.x, tt.y)
			input, ok := errors.AsType[*bignum.InputError](err)
			if !ok {
				t.Fatalf("Calculate(%s) = %q, %v, want an InputError", tt.op, got, err)
			}
			if input.Operand != tt.operand || !strings.Contains(input.Error(), tt.says) {
				t.Errorf("Calculate(%s) = %+v, want operand %d and %q", tt.op, input, tt.operand, tt.says)
			}
		})
	}
}

func TestCalculateRefusesALongFractionBeforeReducingIt(t *testing.T) {
	x, y := "1"+strings.Repeat("0", 500_000), "3"+strings.Repeat("1", 450_000)
	_, err := calculate(t.Context(), bignum.Limits{}, bignum.Divide, x, y)
	if input, ok := errors.AsType[*bignum.InputError](err); !ok || !strings.Contains(input.Reason, "too long") {
		t.Errorf("Calculate(long fraction) = %v, want an InputError that says it is too long", err)
	}
}

func TestCalculateStopsWhenItsContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	long := strings.Repeat("7", 50_000)
	for _, op := range bignum.Operations() {
		got, err := bignum.Limits{}.Answer(ctx, bignum.Question{Operation: op, Operands: []string{long, "3"}})
		if _, refused := errors.AsType[*bignum.InputError](err); refused { // it takes one
			got, err = bignum.Limits{}.Answer(ctx, bignum.Question{Operation: op, Operands: []string{long}})
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Answer(%s) after cancellation = %.20q, %v, want context.Canceled", op, got.Text, err)
		}
	}
}

func TestIntegerAgreesWithSetString(t *testing.T) {
	for _, length := range []int{1, 2047, 2048, 2049, 4096, 4097, 6000, 8193, 30_000} {
		text := strings.Repeat("9081726354", length/10+1)[:length]
		want, _ := new(big.Int).SetString(text, 10)
		got, err := bignum.Integer(t.Context(), text)
		if err != nil || got.Cmp(want) != 0 {
			t.Errorf("Integer(%d digits) differs from SetString, error %v", length, err)
		}
	}
}

// FuzzCalculate holds every result against big.Rat, which calculates the same
// by other means.
func FuzzCalculate(f *testing.F) {
	for _, op := range inTheOracle {
		f.Add(string(op), "0.1", "-0.25")
		f.Add(string(op), "-7", "3")
		f.Add(string(op), "1024", "640")
		f.Add(string(op), "+00.50", ".")
	}
	f.Fuzz(func(t *testing.T, op, x, y string) {
		if !slices.Contains(inTheOracle, bignum.Operation(op)) {
			return // FuzzExpression's
		}
		got, err := calculate(t.Context(), bignum.Limits{MaxDigits: 200}, bignum.Operation(op), x, y)
		if err != nil {
			if _, ok := errors.AsType[*bignum.InputError](err); !ok {
				t.Fatalf("Calculate(%q %q %q) = %v, want an InputError", x, op, y, err)
			}
			return
		}
		result, ok := new(big.Rat).SetString(got)
		if !ok {
			t.Fatalf("Calculate(%q %q %q) = %q, which is not a number", x, op, y, got)
		}
		want := oracle(bignum.Operation(op), rat(t, x), rat(t, y))
		if want != nil && result.Cmp(want) != 0 {
			t.Fatalf("Calculate(%q %q %q) = %q, want %s", x, op, y, got, want.RatString())
		}
		if strings.HasPrefix(got, "-0") && result.Sign() == 0 {
			t.Fatalf("Calculate(%q %q %q) = %q, want 0 without a sign", x, op, y, got)
		}
	})
}

var inTheOracle = []bignum.Operation{bignum.Add, bignum.Subtract, bignum.Multiply, bignum.Divide, bignum.FloorDivide,
	bignum.Modulo, bignum.Power}

func rat(t *testing.T, text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("the operand %q was accepted, but is no number", text)
	}
	return r
}

// oracle is x op y; nil for powers too large to check this way.
func oracle(op bignum.Operation, x, y *big.Rat) *big.Rat {
	z := new(big.Rat)
	// No other operation is asked for.
	//exhaustive:ignore
	switch op {
	case bignum.Add:
		return z.Add(x, y)
	case bignum.Subtract:
		return z.Sub(x, y)
	case bignum.Multiply:
		return z.Mul(x, y)
	case bignum.Divide:
		return z.Quo(x, y)
	case bignum.FloorDivide:
		return floor(x, y)
	case bignum.Modulo:
		return z.Sub(x, z.Mul(y, floor(x, y)))
	default: // Power
	}
	if !y.Num().IsInt64() || y.Num().Int64() < 0 || y.Num().Int64() > 200 {
		return nil
	}
	z.SetInt64(1)
	for range y.Num().Int64() {
		z.Mul(z, x)
	}
	return z
}

func floor(x, y *big.Rat) *big.Rat {
	q := new(big.Rat).Quo(x, y)
	// Div rounds down where the divisor is positive, and a Rat's denominator is.
	return q.SetInt(new(big.Int).Div(q.Num(), q.Denom()))
}

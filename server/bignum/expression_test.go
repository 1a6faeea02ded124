package bignum_test

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"secondwind/server/bignum"
)

func TestExpressions(t *testing.T) {
	for _, tt := range []struct {
		expression string
		precision  int
		want       string
		rounded    bool
	}{
		{"1 + 2 * 3", 0, "7", false},
		{"(1 + 2) * 3", 0, "9", false},
		{"10 - 4 - 3", 0, "3", false},
		{"2^3^2", 0, "512", false},
		{"2**10", 0, "1024", false},
		{"-2^2", 0, "-4", false},
		{"(-2)^2", 0, "4", false},
		{"2^-3", 0, "0.125", false},
		{"--5", 0, "5", false},
		{"3 - -5", 0, "8", false},
		{"7 // 2 + 7 % 2", 0, "4", false},
		{"-7 // 2", 0, "-4", false},
		{"6 ÷ 4 × 2 − 1", 0, "2", false},
		{"3!!", 0, "720", false},
		{"-3!", 0, "-6", false},
		{"1/3 + 1/6", 0, "0.5", false},
		{"1/3 * 3", 0, "1", false},
		{"(2/3)^3", 0, "8/27", false},
		{"(2/3)^-2", 0, "2.25", false},
		{"1/3 // 0.25", 0, "1", false},
		{"1/3 % 0.25", 0, "1/12", false},
		{"1.5e3 + .5", 0, "1500.5", false},
		{"25e-1", 0, "2.5", false},
		{"gcd(12, 18, 27)", 0, "3", false},
		{"lcm(4, 6, 10)", 0, "60", false},
		{"lcm(4, 0)", 0, "0", false},
		{"mod_inverse(3, 11) + mod-inverse(3, 7)", 0, "9", false},
		{"factorial(0)", 0, "1", false},
		{"factorial(25)", 0, "15511210043330985984000000", false},
		{"fibonacci(10)", 0, "55", false},
		{"fibonacci(-10)", 0, "-55", false},
		{"fibonacci(300)", 0, "222232244629420445529739893461909967206666939096499764990979600", false},
		{"binomial(10, 3)", 0, "120", false},
		{"binomial(3, 10)", 0, "0", false},
		{"binomial(1e15, 2)", 0, "499999999999999500000000000000", false},
		{"sqrt(144)", 0, "12", false},
		{"sqrt(2.25)", 0, "1.5", false},
		{"sqrt(0.4)", 5, "0.63246", true},
		{"sqrt(4/9)", 0, "2/3", false},
		{"sqrt(2)", 10, "1.414213562", true},
		{"sqrt(2)^2", 5, "2", true},
		{"sqrt(1e-40 * 2)", 5, "0.000000000000000000014142", true},
		{"1/3", 5, "0.33333", true},
		{"2/3", 5, "0.66667", true},
		{"-2/3", 1, "-0.7", true},
		{"0.125", 2, "0.12", true}, // half to even
		{"0.375", 2, "0.38", true},
		{"9.99", 2, "10", true},
		{"99950", 3, "100000", true},
		{"99950", 4, "99950", false},
		{"2^200", 5, "1.6069e+60", true},
		{"1/3 * 10^-40", 3, "3.33e-41", true},
		{"0 * 5", 3, "0", false},
		{"is_prime(2^127 - 1)", 0, "true", false},
		{"is-prime(561)", 0, "false", false},
		{"is-prime(-7)", 0, "false", false},
		{"next-prime(-5)", 0, "2", false},
		{"next_prime(2)", 0, "3", false},
		{"next_prime(10^20)", 0, "100000000000000000039", false},
	} {
		t.Run(tt.expression, func(t *testing.T) {
			got, err := bignum.Limits{}.Answer(t.Context(), bignum.Question{Expression: tt.expression, Precision: tt.precision})
			if err != nil || got.Text != tt.want || got.Exact == tt.rounded {
				t.Errorf("Answer(%s) = %+v, %v, want %s, exact: %v", tt.expression, got, err, tt.want, !tt.rounded)
			}
		})
	}
}

func TestExpressionsThatCannotBeCalculated(t *testing.T) {
	for _, tt := range []struct {
		name, expression string
		position         int
		says             string
	}{
		{"nothing but a space", " ", 2, "not the end"},
		{"an operator at the end", "1 +", 4, "not the end"},
		{"an operator at the beginning", "* 1", 1, `not '*'`},
		{"two numbers without an operator", "1 2", 3, `'2' was not expected`},
		{"a parenthesis that is not closed", "2 * (1 + 2", 5, "not closed"},
		{"a parenthesis too many", "(1))", 4, `')' was not expected`},
		{"an empty parenthesis", "()", 2, "expected here"},
		{"two points", "1.2.3", 1, "this number is not a decimal number"},
		{"a point alone", ".", 1, "this number is empty"},
		{"an exponent without digits", "1e+", 2, "exponent needs digits"},
		{"not a number", "NaN", 1, "neither a number nor a function"},
		{"infinity", "1 + inf", 5, "neither a number nor a function"},
		{"a name that is known elsewhere", "sin(1)", 1, "the functions are mod-inverse gcd"},
		{"a function without arguments", "gcd", 4, "in parentheses"},
		{"a function with too few", "binomial(1)", 1, "takes 2 operands, not 1"},
		{"a function with too many", "sqrt(1, 4)", 1, "takes one operand, not 2"},
		{"a division by zero, where it stands", "1 + 2/(3-3)", 6, "operand 2 of / is zero"},
		{"a position counts characters, not bytes", "2×3 / 0", 5, "operand 2 of / is zero"},
		{"a literal too large", "1e999999999", 1, "longer than is allowed"},
		{"a tower of powers", "9^9^9^9", 4, "more than 2000000 digits"},
		{"a tower of factorials", "9!!!", 4, "more than 2000000 digits"},
		{"a factorial of a fraction", "0.5!", 4, "must be an integer"},
		{"a factorial of less than nothing", "(-1)!", 5, "must be 0 or more"},
		{"a root that has no end", "sqrt(2)", 1, "ask for a precision"},
		{"a root of less than nothing", "sqrt(-1)", 1, "is negative"},
		{"no inverse", "mod_inverse(2, 4)", 1, "shares a factor"},
		{"a modulus of zero", "mod_inverse(2, 0)", 1, "must be above zero"},
		{"a truth is no number", "1 + is_prime(2)", 3, `"true", which is not a number`},
		{"invalid UTF-8", "1 + \xff", 5, "not UTF-8"},
		{"nesting too deep", strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000), 501, "nested more than 500"},
		{"powers nested too deep", strings.Repeat("2^", 5000) + "1", 1001, "nested more than 500"},
		{"more signs than anybody means", "1" + strings.Repeat("-", 5000) + "1", 503, "more than 500 signs"},
		{"too many numbers", strings.Repeat("1+", 100_001) + "1", 200_001, "more than 100000 numbers"},
		{"a prime too long", "is_prime(10^3000)", 1, "at most 2500 digits"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := bignum.Limits{}.Answer(t.Context(), bignum.Question{Expression: tt.expression})
			input, ok := errors.AsType[*bignum.InputError](err)
			if !ok || input.Position != tt.position || !strings.Contains(input.Error(), tt.says) {
				t.Errorf("Answer(%.30s) = %+v, %v, want position %d and %q", tt.expression, got, err, tt.position, tt.says)
			}
		})
	}
}

// TestLongNumbersThatWaitAreRefused has a tenth of the default limit: they are
// computed before it is known that they are too many.
func TestLongNumbersThatWaitAreRefused(t *testing.T) {
	for _, tt := range []struct {
		name, expression string
		position         int
		says             string
	}{
		{"at each level", strings.Repeat("2^660000+(", 20) + "1" + strings.Repeat(")", 20), 89, "more than 1600000 digits in total"},
		{"as arguments", "gcd(" + strings.Repeat("2^660000,", 20) + "1)", 77, "the arguments have more than 1600000 digits"},
	} {
		_, err := bignum.Limits{MaxDigits: 200_000}.Answer(t.Context(), bignum.Question{Expression: tt.expression})
		input, ok := errors.AsType[*bignum.InputError](err)
		if !ok || input.Position != tt.position || !strings.Contains(input.Error(), tt.says) {
			t.Errorf("%s: Answer = %v, want position %d and %q", tt.name, err, tt.position, tt.says)
		}
	}
}

func TestLongExpressionsAreReadWithoutNesting(t *testing.T) {
	for name, expression := range map[string]string{
		"a million signs":             strings.Repeat("-", 1_000_000) + "1",
		"three million digits":        strings.Repeat("9", 3_000_000),
		"a million parentheses":       strings.Repeat("(", 1_000_000),
		"a million exclamation marks": "1" + strings.Repeat("!", 1_000_000),
	} {
		got, err := bignum.Limits{}.Answer(t.Context(), bignum.Question{Expression: expression})
		if _, refused := errors.AsType[*bignum.InputError](err); err != nil && !refused || err == nil && got.Text != "1" {
			t.Errorf("%s = %.20q, %v, want 1 or an InputError", name, got.Text, err)
		}
	}
}

func TestQuestionsThatMakeNoSense(t *testing.T) {
	for name, tt := range map[string]struct {
		question bignum.Question
		says     string
	}{
		"nothing":              {bignum.Question{}, "nothing to calculate"},
		"both":                 {bignum.Question{Expression: "1", Operation: "+"}, "not both"},
		"a negative precision": {bignum.Question{Expression: "1", Precision: -1}, "precision must be"},
		"too few operands":     {bignum.Question{Operation: "+", Operands: []string{"1"}}, "at least 2 operands, not 1"},
		"no operand":           {bignum.Question{Operation: "gcd"}, "at least one operand, not 0"},
		"too many operands":    {bignum.Question{Operation: "+", Operands: make([]string, 100_001)}, "more than 100000 numbers"},
	} {
		_, err := bignum.Limits{}.Answer(t.Context(), tt.question)
		if _, ok := errors.AsType[*bignum.InputError](err); !ok || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: Answer = %v, want an InputError with %q", name, err, tt.says)
		}
	}
}

func TestALongCalculationEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error)
	go func() {
		// Hours of work, in steps of a tenth of a second.
		_, err := bignum.Limits{}.Answer(ctx, bignum.Question{Expression: strings.Repeat("2^6000000 % 7 + ", 30_000) + "1"})
		ended <- err
	}()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Answer = %v, want context.Canceled", err)
	}
}

// TestLaws holds operations against each other and against big.Int.
func TestLaws(t *testing.T) {
	ask := func(t *rapid.T, format string, args ...any) string {
		expression := fmt.Sprintf(format, args...)
		answer, err := bignum.Limits{}.Answer(context.Background(), bignum.Question{Expression: expression})
		if err != nil {
			t.Fatalf("%s: %v", expression, err)
		}
		return answer.Text
	}
	rational := rapid.Custom(func(t *rapid.T) string {
		return fmt.Sprintf("(%d/%d)", rapid.Int64().Draw(t, "above"), rapid.Int64Range(1, 1<<40).Draw(t, "below"))
	})
	rapid.Check(t, func(t *rapid.T) {
		x, y := rational.Draw(t, "x"), rational.Draw(t, "y")
		if ask(t, "%s", y) != "0" {
			if got := ask(t, "%s - (%s * (%s // %s) + %s %% %s)", x, y, x, y, x, y); got != "0" {
				t.Fatalf("x − (y × (x // y) + x %% y) = %s for x = %s, y = %s, want 0", got, x, y)
			}
		}
		a, b := rapid.Int64Range(1, 1<<62).Draw(t, "a"), rapid.Int64Range(1, 1<<62).Draw(t, "b")
		if got, want := ask(t, "gcd(%d,%d)*lcm(%d,%d)", a, b, a, b), ask(t, "%d*%d", a, b); got != want {
			t.Fatalf("gcd × lcm of %d and %d = %s, want %s", a, b, got, want)
		}
		n := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 1500).Draw(t, "n"))
		root := new(big.Int).Sqrt(n)
		square := new(big.Int).Mul(root, root)
		if got := ask(t, "sqrt(%s)", square); got != root.String() {
			t.Fatalf("sqrt(%s) = %s, want %s", square, got, root)
		}
	})
}

// FuzzExpression looks for panics, and for answers that are not read back.
func FuzzExpression(f *testing.F) {
	for _, seed := range []string{"1+2", "2^3^2", "gcd(4,6)", "1/3%0.25", "sqrt(2)", "-3!", "1e5", "((1", "9^9^9", "is-prime(7)",
		"\xff", "×"} {
		f.Add(seed, 0)
		f.Add(seed, 7)
	}
	limits := bignum.Limits{MaxDigits: 300, MaxDepth: 20}
	f.Fuzz(func(t *testing.T, expression string, precision int) {
		answer, err := limits.Answer(t.Context(), bignum.Question{Expression: expression, Precision: precision})
		if err != nil {
			if _, ok := errors.AsType[*bignum.InputError](err); !ok || !utf8.ValidString(err.Error()) {
				t.Fatalf("Answer(%q, %d) = %v, want an InputError in UTF-8", expression, precision, err)
			}
			return
		}
		if answer.Text == "true" || answer.Text == "false" {
			return
		}
		again, err := bignum.Limits{}.Answer(t.Context(),
			bignum.Question{Operation: "+", Operands: []string{answer.Text, "0"}, Precision: max(precision, 0)})
		if err != nil {
			t.Fatalf("Answer(%q, %d) = %q, which is read back with %v", expression, precision, answer.Text, err)
		}
		// A number may be written in two ways: what was rounded with an exponent, the
		// same number as an operand without.
		difference, err := bignum.Limits{}.Answer(t.Context(),
			bignum.Question{Operation: bignum.Subtract, Operands: []string{answer.Text, again.Text}})
		if err != nil || difference.Text != "0" {
			t.Fatalf("Answer(%q, %d) = %q, which is read back as %q: %s apart, %v", expression, precision, answer.Text, again.Text,
				difference.Text, err)
		}
	})
}

package bignum_test

import (
	"context"
	"fmt"

	"secondwind/server/bignum"
)

func ExampleLimits_Answer() {
	ctx := context.Background()
	var limits bignum.Limits
	for _, question := range [][3]string{
		{"0.1", "+", "0.2"},
		{"2", "^", "100"},
		{"1", "/", "8"},
		{"1", "/", "3"},
		{"1", "/", "0"},
	} {
		answer, err := limits.Answer(ctx, bignum.Question{Operation: bignum.Operation(question[1]), Operands: []string{question[0], question[2]}})
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(answer.Text)
	}
	// Output:
	// 0.3
	// 1267650600228229401496703205376
	// 0.125
	// 1/3
	// operand 2 is zero: nothing can be divided by zero
}

func ExampleLimits_Answer_expression() {
	var limits bignum.Limits
	for _, q := range []bignum.Question{
		{Expression: "2^100 + 1/3"},
		{Expression: "sqrt(2)", Precision: 30},
		{Expression: "gcd(12, 18) * 5!"},
		{Expression: "1 + (2 * 3"},
	} {
		answer, err := limits.Answer(context.Background(), q)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(answer.Text, answer.Exact)
	}
	// Output:
	// 3802951800684688204490109616129/3 true
	// 1.41421356237309504880168872421 false
	// 720 true
	// at character 5: this parenthesis is not closed before the end
}

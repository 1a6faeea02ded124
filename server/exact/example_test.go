package exact_test

import (
	"context"
	"fmt"

	"secondwind/server/exact"
)

func ExampleLimits_Calculate() {
	ctx := context.Background()
	var limits exact.Limits
	for _, question := range [][3]string{
		{"0.1", "+", "0.2"},
		{"2", "^", "100"},
		{"1", "/", "8"},
		{"1", "/", "3"},
		{"1", "/", "0"},
	} {
		result, err := limits.Calculate(ctx, exact.Operation(question[1]), question[0], question[2])
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(result)
	}
	// Output:
	// 0.3
	// 1267650600228229401496703205376
	// 0.125
	// 1/3
	// operand 2 is zero: nothing can be divided by zero
}

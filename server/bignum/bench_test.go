package bignum_test

import (
	"fmt"
	"strings"
	"testing"

	"secondwind/server/bignum"
)

// BenchmarkAnswer times what a client waits for: decimal in, decimal out.
func BenchmarkAnswer(b *testing.B) {
	for _, digits := range []int{1_000, 100_000, 1_000_000} {
		long := strings.Repeat("1234567890987654321", digits/19+1)[:digits]
		for _, tt := range []struct {
			name     string
			question bignum.Question
		}{
			{"sum", bignum.Question{Operation: bignum.Add, Operands: []string{long, long}}},
			{"product", bignum.Question{Operation: bignum.Multiply, Operands: []string{long, long}}},
			{"quotient", bignum.Question{Operation: bignum.FloorDivide, Operands: []string{long, long[:digits/2]}}},
			{"root", bignum.Question{Operation: bignum.Sqrt, Operands: []string{"2"}, Precision: digits * 9 / 10}},
			{"fibonacci", bignum.Question{Operation: bignum.Fibonacci, Operands: []string{fmt.Sprint(digits * 4)}}},
		} {
			b.Run(fmt.Sprintf("%s/%d digits", tt.name, digits), func(b *testing.B) {
				for b.Loop() {
					if _, err := (bignum.Limits{}).Answer(b.Context(), tt.question); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

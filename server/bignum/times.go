package bignum

import (
	"math/big"

	"github.com/remyoudompheng/bigfft"
)

// fftBits is the length of both factors from which a product by fast Fourier
// transform is faster than math/big's (Karatsuba, 1963): by a third at 100,000
// digits, by four times at a million. Below, math/big is.
const fftBits = 240_000

// times is x × y.
func times(x, y *big.Int) *big.Int {
	if min(x.BitLen(), y.BitLen()) < fftBits {
		return new(big.Int).Mul(x, y)
	}
	return bigfft.Mul(x, y)
}

// powerOfTen is 10^n.
func powerOfTen(n int) *big.Int { return smallPower(10, n) }

// smallPower is base^n. It cannot be interrupted: n is bounded by the digits
// that are allowed.
func smallPower(base int64, n int) *big.Int {
	const squared = 30_000 // from here on squaring by times is worth its steps
	if n < squared {
		return new(big.Int).Exp(big.NewInt(base), big.NewInt(int64(n)), nil)
	}
	half := smallPower(base, n/2)
	half = times(half, half)
	if n%2 == 1 {
		half.Mul(half, big.NewInt(base))
	}
	return half
}

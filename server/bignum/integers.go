package bignum

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"strconv"
)

// wholes returns operands that must be integers, none longer than most digits
// (0: no bound of its own).
func wholes(operands []number, most int) ([]*big.Int, error) {
	all := make([]*big.Int, len(operands))
	for i, o := range operands {
		n, ok := o.whole()
		if !ok {
			return nil, &InputError{Operand: i + 1, Reason: "must be an integer"}
		}
		if most > 0 && digitsOf(n) > most+1 {
			return nil, &InputError{Operand: i + 1, Reason: fmt.Sprintf("is too long: this takes integers of at most %d digits", most)}
		}
		all[i] = n
	}
	return all, nil
}

// small returns the one operand as an int from least to most.
func (c *calculation) small(operand number, index, least, most int) (int, error) {
	n, ok := operand.whole()
	switch {
	case !ok:
		return 0, &InputError{Operand: index, Reason: "must be an integer"}
	case n.Cmp(big.NewInt(int64(least))) < 0:
		return 0, &InputError{Operand: index, Reason: fmt.Sprintf("must be %d or more", least)}
	case n.Cmp(big.NewInt(int64(most))) > 0:
		return 0, resultTooLong(c.MaxDigits)
	}
	return int(n.Int64()), nil
}

func (c *calculation) gcd(ctx context.Context, operands []number) (number, error) {
	all, err := wholes(operands, maxFractionDigits)
	if err != nil {
		return number{}, err
	}
	common := new(big.Int)
	for _, n := range all {
		if err := ctx.Err(); err != nil {
			return number{}, err
		}
		common.GCD(nil, nil, common, new(big.Int).Abs(n))
	}
	return integer(common), nil
}

func (c *calculation) lcm(ctx context.Context, operands []number) (number, error) {
	all, err := wholes(operands, maxFractionDigits)
	if err != nil {
		return number{}, err
	}
	multiple := big.NewInt(1)
	for _, n := range all {
		if err := ctx.Err(); err != nil {
			return number{}, err
		}
		if n.Sign() == 0 {
			return integer(new(big.Int)), nil
		}
		if digitsOf(multiple) > maxFractionDigits+1 {
			return number{}, resultTooLong(maxFractionDigits)
		}
		n = new(big.Int).Abs(n)
		common := new(big.Int).GCD(nil, nil, multiple, n)
		multiple = times(multiple, common.Quo(n, common))
	}
	return integer(multiple), nil
}

func (c *calculation) modInverse(_ context.Context, operands []number) (number, error) {
	all, err := wholes(operands, maxFractionDigits/4) // the extended algorithm takes about four times as long
	if err != nil {
		return number{}, err
	}
	if all[1].Sign() <= 0 {
		return number{}, &InputError{Operand: 2, Reason: "must be above zero: it is the modulus"}
	}
	inverse := new(big.Int).ModInverse(all[0], all[1])
	if inverse == nil {
		return number{}, &InputError{Operand: 1, Reason: "has no inverse: it shares a factor with the modulus"}
	}
	return integer(inverse), nil
}

// factorial multiplies neighbours first, so that factors are of like length.
func (c *calculation) factorial(ctx context.Context, operands []number) (number, error) {
	n, err := c.small(operands[0], 1, 0, math.MaxInt32)
	if err != nil {
		return number{}, err
	}
	if logarithm, _ := math.Lgamma(float64(n) + 1); logarithm/math.Ln10 > float64(c.MaxDigits) {
		return number{}, resultTooLong(c.MaxDigits)
	}
	product, err := c.product(ctx, 2, int64(n))
	return integer(product), err
}

// product is first × … × last, 1 if there is none.
func (c *calculation) product(ctx context.Context, first, last int64) (*big.Int, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if last-first < 256 {
		return new(big.Int).MulRange(first, max(last, first-1)), nil
	}
	middle := first + (last-first)/2
	low, err := c.product(ctx, first, middle)
	if err != nil {
		return nil, err
	}
	high, err := c.product(ctx, middle+1, last)
	if err != nil {
		return nil, err
	}
	return times(low, high), nil
}

// binomial is how many ways there are to choose k of n.
func (c *calculation) binomial(ctx context.Context, operands []number) (number, error) {
	n, err := c.small(operands[0], 1, 0, math.MaxInt64-1)
	if err != nil {
		return number{}, err
	}
	k, err := c.small(operands[1], 2, 0, math.MaxInt64-1)
	if err != nil {
		return number{}, err
	}
	if k > n {
		return integer(new(big.Int)), nil
	}
	k = min(k, n-k)
	if float64(k)*math.Log10(float64(n)+1) > float64(c.MaxDigits) { // of the product above the fraction bar
		return number{}, resultTooLong(c.MaxDigits)
	}
	above, err := c.product(ctx, int64(n-k)+1, int64(n))
	if err != nil {
		return number{}, err
	}
	below, err := c.product(ctx, 2, int64(k))
	if err != nil {
		return number{}, err
	}
	return integer(above.Quo(above, below)), nil
}

// fibonacci doubles: F(2k) and F(2k+1) from F(k) and F(k+1).
func (c *calculation) fibonacci(ctx context.Context, operands []number) (number, error) {
	const digitsEach = 0.20898764024997873 // log₁₀ of the golden ratio
	n, err := c.small(operands[0], 1, math.MinInt32, math.MaxInt32)
	if err != nil {
		return number{}, err
	}
	index := max(n, -n)
	if float64(index)*digitsEach > float64(c.MaxDigits)+1 {
		return number{}, resultTooLong(c.MaxDigits)
	}
	a, b := big.NewInt(0), big.NewInt(1) // F(k), F(k+1)
	for bit := 31; bit >= 0; bit-- {
		if err := ctx.Err(); err != nil {
			return number{}, err
		}
		twice := new(big.Int).Sub(new(big.Int).Lsh(b, 1), a)
		even := times(twice, a)
		odd := new(big.Int).Add(times(a, a), times(b, b))
		a, b = even, odd
		if index>>bit&1 == 1 {
			a, b = b, even.Add(even, odd)
		}
	}
	if n < 0 && index%2 == 0 {
		a.Neg(a)
	}
	return integer(a), nil
}

func (c *calculation) isPrime(_ context.Context, operands []number) (number, error) {
	all, err := wholes(operands, maxPrimeDigits)
	if err != nil {
		return number{}, err
	}
	return number{truth: strconv.FormatBool(prime(all[0]))}, nil
}

// prime is the test that IsPrime documents.
func prime(n *big.Int) bool {
	const manyRoundsBits = 2048
	if !n.ProbablyPrime(0) { // Baillie–PSW
		return false
	}
	return n.BitLen() > manyRoundsBits || n.ProbablyPrime(20)
}

func (c *calculation) nextPrime(ctx context.Context, operands []number) (number, error) {
	all, err := wholes(operands, maxNextDigits)
	if err != nil {
		return number{}, err
	}
	two := big.NewInt(2)
	candidate := new(big.Int).Add(all[0], big.NewInt(1))
	if candidate.Cmp(two) <= 0 {
		return integer(two), nil
	}
	candidate.SetBit(candidate, 0, 1)
	for !prime(candidate) {
		if err := ctx.Err(); err != nil {
			return number{}, err
		}
		candidate.Add(candidate, two)
	}
	return integer(candidate), nil
}

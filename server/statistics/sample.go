package statistics

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"strconv"

	"secondwind/server/bignum"
)

// MaxKept is how many numbers are kept for quantiles. Beyond, there are none:
// an estimate would look as exact as the rest.
const MaxKept = 250_000

// ErrTooMany says that there are more numbers than quantiles are made of.
var ErrTooMany = fmt.Errorf("there are more than %d numbers, the most that quantiles are calculated of", MaxKept)

// ErrNone says that there was no number at all.
var ErrNone = errors.New("there are no numbers")

// shortDigits always fit an int64.
const shortDigits = 18

// Sample is the numbers so far. The zero value is one without any, which keeps
// none for quantiles.
type Sample struct {
	Keep bool // the numbers, for quantiles

	count    int64
	sum      big.Int // × 10^-scale
	squares  big.Int // × 10^-2·scale
	scale    int
	min, max Number
	kept     []Number

	power         *big.Int // 10^powerExponent, as last needed
	powerExponent int
	x, xx         big.Int // of the number that is added
}

// Add takes one more number. It returns ErrTooMany, or the context's error.
func (s *Sample) Add(ctx context.Context, n Number) error {
	if s.Keep {
		if len(s.kept) >= MaxKept {
			return ErrTooMany
		}
		s.kept = append(s.kept, n)
	}
	if s.count == 0 || n.Compare(s.min) < 0 {
		s.min = n
	}
	if s.count == 0 || n.Compare(s.max) > 0 {
		s.max = n
	}
	s.count++
	if n.digits == "" {
		return nil
	}
	return s.accumulate(ctx, n)
}

// accumulate adds the number and its square.
func (s *Sample) accumulate(ctx context.Context, n Number) error {
	if err := s.read(ctx, n); err != nil {
		return err
	}
	s.xx.Mul(&s.x, &s.x)
	shift := n.exponent + s.scale
	if shift < 0 {
		s.rescale(-n.exponent)
		shift = 0
	}
	if shift > 0 {
		power := s.powerOfTen(shift)
		s.x.Mul(&s.x, power)
		s.xx.Mul(&s.xx, power)
		s.xx.Mul(&s.xx, power)
	}
	s.sum.Add(&s.sum, &s.x)
	s.squares.Add(&s.squares, &s.xx)
	return ctx.Err()
}

// read sets x to the number's digits.
func (s *Sample) read(ctx context.Context, n Number) error {
	if len(n.digits) <= shortDigits {
		v, err := strconv.ParseInt(n.digits, 10, 64)
		if err != nil {
			return fmt.Errorf("read a number's digits: %w", err)
		}
		s.x.SetInt64(v)
	} else {
		v, err := bignum.Integer(ctx, n.digits)
		if err != nil {
			return err
		}
		s.x.Set(v)
	}
	if n.negative {
		s.x.Neg(&s.x)
	}
	return nil
}

// rescale allows more digits after the decimal point.
func (s *Sample) rescale(scale int) {
	power := s.powerOfTen(scale - s.scale)
	s.sum.Mul(&s.sum, power)
	s.squares.Mul(&s.squares, power)
	s.squares.Mul(&s.squares, power)
	s.scale = scale
}

func (s *Sample) powerOfTen(exponent int) *big.Int {
	if s.power == nil || s.powerExponent != exponent {
		s.power = new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(exponent)), nil)
		s.powerExponent = exponent
	}
	return s.power
}

package statistics

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"secondwind/server/bignum"
)

// Result holds the figures of a Sample. Every figure is exact, or rounded to the
// precision that was asked for.
type Result struct {
	Count   int64  `json:"count"`
	Sum     string `json:"sum"`
	Minimum string `json:"minimum"`
	Maximum string `json:"maximum"`
	Mean    string `json:"mean"`
	// Variance is of the sample: divided by one less than the count. "" where
	// there is one number only.
	Variance           string     `json:"variance,omitempty"`
	PopulationVariance string     `json:"populationVariance"` // divided by the count
	Quantiles          []Quantile `json:"quantiles,omitempty"`
	Exact              bool       `json:"exact"` // false: some figure is rounded
}

// Quantile is the value below which the share P of the numbers lies.
type Quantile struct {
	P     string `json:"p"`
	Value string `json:"value"`
}

// Probability is a number from 0 to 1.
type Probability struct {
	text  string
	value *big.Rat
}

// maxProbability is the length of a probability, in characters.
const maxProbability = 20

// ParseProbability reads a decimal from 0 to 1.
func ParseProbability(text string) (Probability, error) {
	n, err := Parse(text, maxProbability)
	if err != nil || len(text) > maxProbability || n.sign() < 0 || n.Compare(Number{digits: "1"}) > 0 {
		return Probability{}, fmt.Errorf("%.20q is not a number from 0 to 1 of at most %d characters", text, maxProbability)
	}
	value, ok := new(big.Rat).SetString(n.String())
	if !ok {
		return Probability{}, fmt.Errorf("%.20q is not a number from 0 to 1", text)
	}
	return Probability{text, value}, nil
}

// figures writes numbers, exactly or rounded.
type figures struct {
	limits    bignum.Limits
	precision int
	rounded   bool
	err       error // the first
}

func (f *figures) of(ctx context.Context, q bignum.Question) string {
	if f.err != nil {
		return ""
	}
	q.Precision = f.precision
	answer, err := f.limits.Answer(ctx, q)
	f.rounded = f.rounded || !answer.Exact
	f.err = err
	return answer.Text
}

func (f *figures) number(ctx context.Context, text string) string {
	return f.of(ctx, bignum.Question{Operation: bignum.Add, Operands: []string{text, "0"}})
}

func (f *figures) quotient(ctx context.Context, above, below string) string {
	return f.of(ctx, bignum.Question{Operation: bignum.Divide, Operands: []string{above, below}})
}

// Result calculates the figures, rounded to precision significant digits, or
// exactly where precision is 0. Quantiles are linear between the two nearest
// numbers (Hyndman and Fan's type 7, as NumPy, R and Excel have by default).
//
// It returns ErrNone, bignum's *InputError where a figure has no form that is
// short enough, and the context's error.
func (s *Sample) Result(ctx context.Context, limits bignum.Limits, precision int, quantiles []Probability) (Result, error) {
	if s.count == 0 {
		return Result{}, ErrNone
	}
	f := &figures{limits: limits, precision: precision}
	n := big.NewInt(s.count)
	sum := fmt.Sprintf("%ve-%d", &s.sum, s.scale)
	// n Σx² − (Σx)² is n² times the variance of the population, with no rounding on the way.
	spread := new(big.Int).Mul(n, &s.squares)
	spread.Sub(spread, new(big.Int).Mul(&s.sum, &s.sum))
	deviation := fmt.Sprintf("%ve-%d", spread, 2*s.scale)
	r := Result{
		Count:              s.count,
		Sum:                f.number(ctx, sum),
		Minimum:            f.number(ctx, s.min.String()),
		Maximum:            f.number(ctx, s.max.String()),
		Mean:               f.quotient(ctx, sum, n.String()),
		PopulationVariance: f.quotient(ctx, deviation, new(big.Int).Mul(n, n).String()),
	}
	if s.count > 1 {
		r.Variance = f.quotient(ctx, deviation, new(big.Int).Mul(n, big.NewInt(s.count-1)).String())
	}
	if len(quantiles) > 0 {
		slices.SortFunc(s.kept, Number.Compare)
	}
	for _, p := range quantiles {
		r.Quantiles = append(r.Quantiles, Quantile{p.text, s.quantile(ctx, f, p.value)})
	}
	r.Exact = !f.rounded
	return r, f.err
}

// quantile is the value at (n-1)p, counted from 0, of what is kept in order.
func (s *Sample) quantile(ctx context.Context, f *figures, p *big.Rat) string {
	at := new(big.Rat).Mul(p, new(big.Rat).SetInt64(s.count-1))
	below := new(big.Int).Quo(at.Num(), at.Denom())
	share := at.Sub(at, new(big.Rat).SetInt(below))
	i := below.Int64()
	if share.Sign() == 0 {
		return f.number(ctx, s.kept[i].String())
	}
	low, high := s.kept[i].String(), s.kept[i+1].String()
	return f.of(ctx, bignum.Question{Expression: fmt.Sprintf("(%s)+((%s)-(%s))*%v/%v", low, high, low, share.Num(), share.Denom())})
}

// Text writes the figures one a line, the name first.
func (r Result) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "count %d\nsum %s\nminimum %s\nmaximum %s\nmean %s\n", r.Count, r.Sum, r.Minimum, r.Maximum, r.Mean)
	if r.Variance != "" {
		fmt.Fprintf(&b, "variance %s\n", r.Variance)
	}
	fmt.Fprintf(&b, "populationVariance %s\n", r.PopulationVariance)
	for _, q := range r.Quantiles {
		fmt.Fprintf(&b, "quantile %s %s\n", q.P, q.Value)
	}
	return b.String()
}

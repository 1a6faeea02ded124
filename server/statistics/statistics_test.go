package statistics_test

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"secondwind/server/bignum"
	"secondwind/server/statistics"
)

const maxDigits = 1000

// sample adds numbers, which must be well-formed.
func sample(t testing.TB, texts ...string) *statistics.Sample {
	t.Helper()
	s := &statistics.Sample{Keep: true}
	for _, text := range texts {
		n, err := statistics.Parse(text, maxDigits)
		if err != nil {
			t.Fatalf("Parse(%q): %v", text, err)
		}
		if err := s.Add(t.Context(), n); err != nil {
			t.Fatalf("Add(%s): %v", text, err)
		}
	}
	return s
}

func probabilities(t testing.TB, texts ...string) []statistics.Probability {
	t.Helper()
	var all []statistics.Probability
	for _, text := range texts {
		p, err := statistics.ParseProbability(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

func TestFiguresAreExact(t *testing.T) {
	huge := "1" + strings.Repeat("0", 400)
	for _, tt := range []struct {
		name      string
		numbers   []string
		precision int
		want      statistics.Result
	}{
		{"four small numbers", []string{"4", "1", "3", "2"}, 0, statistics.Result{
			Count: 4, Sum: "10", Minimum: "1", Maximum: "4", Mean: "2.5", Variance: "5/3", PopulationVariance: "1.25",
			Quantiles: []statistics.Quantile{{"0.25", "1.75"}, {"0.5", "2.5"}, {"1", "4"}}, Exact: true}},
		{"one number", []string{"-7e2"}, 0, statistics.Result{
			Count: 1, Sum: "-700", Minimum: "-700", Maximum: "-700", Mean: "-700", PopulationVariance: "0",
			Quantiles: []statistics.Quantile{{"0.25", "-700"}, {"0.5", "-700"}, {"1", "-700"}}, Exact: true}},
		{"what a float loses", []string{huge, "0.1", "-" + huge, "0.2"}, 5, statistics.Result{
			Count: 4, Sum: "0.3", Minimum: "-1e+400", Maximum: "1e+400", Mean: "0.075", Variance: "6.6667e+799", PopulationVariance: "5e+799",
			Quantiles: []statistics.Quantile{{"0.25", "-2.5e+399"}, {"0.5", "0.15"}, {"1", "1e+400"}}, Exact: false}},
		{"more and more digits behind the point", []string{"1", "0.1", "0.01", "0"}, 0, statistics.Result{
			Count: 4, Sum: "1.11", Minimum: "0", Maximum: "1", Mean: "0.2775", Variance: "0.234025", PopulationVariance: "0.17551875",
			Quantiles: []statistics.Quantile{{"0.25", "0.0075"}, {"0.5", "0.055"}, {"1", "1"}}, Exact: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := sample(t, tt.numbers...).Result(t.Context(), bignum.Limits{}, tt.precision, probabilities(t, "0.25", "0.5", "1"))
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("Result(%q), %v (-want +got):\n%s", tt.numbers, err, diff)
			}
		})
	}
}

func TestFiguresAgreeWithFractions(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var texts []string
	sum, squares := new(big.Rat), new(big.Rat)
	for range 500 {
		text := fmt.Sprintf("%de%d", random.Int64()-1<<62, random.IntN(60)-30)
		texts = append(texts, text)
		x, _ := new(big.Rat).SetString(text)
		sum.Add(sum, x)
		squares.Add(squares, x.Mul(x, x))
	}
	n := new(big.Rat).SetInt64(500)
	mean := new(big.Rat).Quo(sum, n)
	variance := new(big.Rat).Sub(squares.Quo(squares, n), new(big.Rat).Mul(mean, mean))
	got, err := sample(t, texts...).Result(t.Context(), bignum.Limits{}, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string][2]any{"mean": {got.Mean, mean}, "variance": {got.PopulationVariance, variance},
		"sum": {got.Sum, sum}} {
		value, ok := new(big.Rat).SetString(pair[0].(string))
		if !ok || value.Cmp(pair[1].(*big.Rat)) != 0 {
			t.Errorf("%s = %s, want %s", name, pair[0], pair[1].(*big.Rat).FloatString(40))
		}
	}
}

func TestNoNumbersHaveNoFigures(t *testing.T) {
	if _, err := new(statistics.Sample).Result(t.Context(), bignum.Limits{}, 0, nil); !errors.Is(err, statistics.ErrNone) {
		t.Errorf("Result of nothing = %v, want ErrNone", err)
	}
}

func TestQuantilesAreRefusedBeyondTheirBound(t *testing.T) {
	one, _ := statistics.Parse("1", maxDigits)
	s := &statistics.Sample{Keep: true}
	for i := range statistics.MaxKept {
		if err := s.Add(t.Context(), one); err != nil {
			t.Fatalf("Add number %d: %v", i+1, err)
		}
	}
	if err := s.Add(t.Context(), one); !errors.Is(err, statistics.ErrTooMany) {
		t.Errorf("Add number %d = %v, want ErrTooMany", statistics.MaxKept+1, err)
	}
	s.Keep = false
	if err := s.Add(t.Context(), one); err != nil {
		t.Errorf("Add where none is kept = %v, want nil", err)
	}
}

func TestAddingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n, _ := statistics.Parse("1", maxDigits)
	if err := new(statistics.Sample).Add(ctx, n); !errors.Is(err, context.Canceled) {
		t.Errorf("Add = %v, want the context's error", err)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"", "-", ".", "e5", "NaN", "Infinity", "1e", "1e1.5", "1.2.3", "--1", "0x10", "1,5", "１", "1 2", "\xff",
		"1e999999999", "1e-999999999", "1e99999999999999999999", strings.Repeat("9", maxDigits+1), "0." + strings.Repeat("9", maxDigits+1)} {
		if n, err := statistics.Parse(text, maxDigits); err == nil {
			t.Errorf("Parse(%.20q) = %.20v, want an error", text, n)
		}
	}
	for _, text := range []string{"2", "-0.1", "NaN", "1e400", strings.Repeat("0", 30)} {
		if _, err := statistics.ParseProbability(text); err == nil {
			t.Errorf("ParseProbability(%q) = nil, want an error", text)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"1", "-0.50", "+12e-3", "1e999999999", "00.00", "1e5e5", "-1E+5"} {
		f.Add(text, "2")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		x, errX := statistics.Parse(a, 100)
		y, errY := statistics.Parse(b, 100)
		if errX != nil || errY != nil {
			return
		}
		p, _ := new(big.Rat).SetString(a)
		q, _ := new(big.Rat).SetString(b)
		if p == nil || q == nil {
			t.Fatalf("Parse(%q), Parse(%q) took what is no number", a, b)
		}
		if x.Compare(y) != p.Cmp(q) {
			t.Errorf("%q compared with %q = %d, want %d", a, b, x.Compare(y), p.Cmp(q))
		}
		if back, err := statistics.Parse(x.String(), 100); err != nil || back != x {
			t.Errorf("Parse(%q) = %v, %v, want %v again", x, back, err, x)
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	n, _ := statistics.Parse("12345.678", maxDigits)
	s := new(statistics.Sample)
	for b.Loop() {
		if err := s.Add(b.Context(), n); err != nil {
			b.Fatal(err)
		}
	}
}

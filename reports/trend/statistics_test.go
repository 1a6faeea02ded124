package trend

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestThePassRateIsBounded has Clopper and Pearson's bounds from tables, and 0.05^(1/n).
func TestThePassRateIsBounded(t *testing.T) {
	for _, c := range []struct {
		passed, n int
		want      float64
	}{
		{5, 5, 0.5493}, {10, 10, 0.7411}, {20, 20, 0.8609}, {30, 30, 0.9050}, {59, 59, 0.9505},
		{9, 10, 0.6058}, {8, 10, 0.4931}, {1, 10, 0.0051}, {0, 10, 0}, {0, 0, 0},
	} {
		if got := PassRateAtLeast(c.passed, c.n); math.Abs(got-c.want) > 5e-5 {
			t.Errorf("PassRateAtLeast(%d, %d) = %.5f, want %.4f", c.passed, c.n, got, c.want)
		}
	}
}

// TestThePassRateBoundIsExact: at the bound, so many or more pass with a probability of 5 %.
func TestThePassRateBoundIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 100).Draw(t, "n")
		passed := rapid.IntRange(1, n).Draw(t, "passed")
		p, tail := PassRateAtLeast(passed, n), 0.0
		for k := passed; k <= n; k++ {
			choose, _ := math.Lgamma(float64(n + 1))
			a, _ := math.Lgamma(float64(k + 1))
			b, _ := math.Lgamma(float64(n - k + 1))
			tail += math.Exp(choose - a - b + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
		}
		if math.Abs(tail-0.05) > 1e-6 {
			t.Errorf("at %.6f, %d or more of %d pass with a probability of %.6f, want 0.05", p, passed, n, tail)
		}
	})
}

func TestAMedianHasAnIntervalFromSixValuesOn(t *testing.T) {
	for n, ends := range map[int][2]float64{
		0: {}, 1: {}, 5: {}, 6: {1, 6}, 8: {1, 8}, 9: {2, 8}, 10: {2, 9}, 20: {6, 15}, 30: {10, 21},
	} {
		var values []float64
		for i := range n {
			values = append(values, float64(n-i)) // 1 to n, not sorted
		}
		m := MedianOf(values)
		if m.Count != n || n > 0 && m.Median != float64(n+1)/2 {
			t.Errorf("of 1 to %d: %+v", n, m)
		}
		if (m.Low != nil) != (ends[0] > 0) || m.Low != nil && (*m.Low != ends[0] || *m.High != ends[1]) {
			t.Errorf("interval of 1 to %d: %v, want %v", n, m, ends)
		}
	}
}

func TestTheTTestIsStudents(t *testing.T) {
	for _, c := range []struct {
		a, b []float64
		want float64 // as scipy.stats.ttest_ind has it
	}{
		{[]float64{1, 2, 3, 4, 5}, []float64{3, 4, 5, 6, 7}, 0.0805},
		{[]float64{10, 11, 9, 10}, []float64{20, 21, 19, 20}, 2.37e-6},
		{[]float64{1, 1, 1}, []float64{2, 2}, 0},
		{[]float64{1, 1, 1}, []float64{1, 1}, 1},
		{[]float64{1}, []float64{2}, 1},
		{nil, []float64{1, 2, 3}, 1},
	} {
		if got := equalMeans(c.a, c.b); math.Abs(got-c.want) > 0.01*c.want {
			t.Errorf("equalMeans(%v, %v) = %.3g, want %.3g", c.a, c.b, got, c.want)
		}
	}
}

// levels makes a series of normal noise around levels of a length each.
func levels(seed uint64, noise float64, length int, means ...float64) (series []float64) {
	r := rand.New(rand.NewPCG(seed, 0))
	for _, mean := range means {
		for range length {
			series = append(series, mean*(1+noise*r.NormFloat64()))
		}
	}
	return series
}

// TestAChangeOfTheLevelIsFoundWhereItIs has changes of five times the noise or more, all up or
// all down: ups and downs that follow each other closely can hide each other from a divisive search.
func TestAChangeOfTheLevelIsFoundWhereItIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed, length := rapid.Uint64().Draw(t, "seed"), rapid.IntRange(12, 60).Draw(t, "length")
		noise := rapid.Float64Range(0, 0.03).Draw(t, "noise")
		means, falls := []float64{10}, rapid.Bool().Draw(t, "falls")
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			ratio := rapid.Float64Range(1.15, 2).Draw(t, "ratio")
			if falls {
				ratio = 1 / ratio
			}
			means = append(means, means[len(means)-1]*ratio)
		}
		changes := Changes(levels(seed, noise, length, means...))
		for i := 1; i < len(means); i++ {
			near := func(c Change) bool { return math.Abs(float64(c.Index-i*length)) <= 2 }
			if j := slices.IndexFunc(changes, near); j < 0 {
				t.Errorf("the change at %d is not in %+v", i*length, changes)
			} else if c := changes[j]; (c.After > c.Before) != (means[i] > means[i-1]) || c.P > maxP || c.magnitude() < minMagnitude {
				t.Errorf("at %d: %+v, from %g to %g", i*length, c, means[i-1], means[i])
			}
		}
	})
}

// TestNoiseIsHardlyEverTakenForAChange has 500 series without a change, and others that
// change by less than the magnitude.
func TestNoiseIsHardlyEverTakenForAChange(t *testing.T) {
	wrong := 0
	for seed := range uint64(500) {
		if len(Changes(levels(seed, 0.1, 100, 10))) > 0 {
			wrong++
		}
	}
	if wrong > 35 { // the best of 100 splits is tested as if it were the only one
		t.Errorf("%d of 500 series of noise have changes, want at most 35", wrong)
	}
	if found := Changes(levels(1, 0.001, 50, 10, 10.3)); len(found) > 0 {
		t.Errorf("a change of 3 %%: %+v, want none", found)
	}
	for _, series := range [][]float64{nil, {1}, {1, 2}, {1, 1, 1, 1}, {0, 0, 0, 0, 5, 5}} {
		if found := Changes(series); len(found) > 0 {
			t.Errorf("Changes(%v) = %+v, want none", series, found)
		}
	}
	if found := Changes(append(make([]float64, 10), levels(1, 0, 10, 5)...)); len(found) != 1 {
		t.Errorf("a change from nothing: %+v, want one", found)
	}
}

package trend

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// confidence is that of every bound and interval.
const confidence = 0.95

// PassRateAtLeast is the lower bound of the probability that a run passes, of n runs of
// which so many passed, at a one-sided confidence of 95 %: Clopper and Pearson's, which is
// exact. If all passed it is 0.05^(1/n).
func PassRateAtLeast(passed, n int) float64 {
	if passed <= 0 || passed > n {
		return 0
	}
	return mathext.InvRegIncBeta(float64(passed), float64(n-passed+1), 1-confidence)
}

// Median is the median of some times, with an interval that holds that of all runs with a
// confidence of 95 % or more, whatever the distribution of the times.
type Median struct {
	Count  int      `json:"count"`
	Median float64  `json:"median"`        // 0 of none
	Low    *float64 `json:"low,omitempty"` // nil: too few, fewer than 6
	High   *float64 `json:"high,omitempty"`
}

// MedianOf returns the median of the values. Its interval has the order statistics as ends
// that leave out at most 2.5 % on each side.
func MedianOf(values []float64) Median {
	n, sorted := len(values), slices.Sorted(slices.Values(values))
	m := Median{Count: n}
	if n == 0 {
		return m
	}
	m.Median = (sorted[(n-1)/2] + sorted[n/2]) / 2
	for outside := 0; atMost(outside, n) <= (1-confidence)/2; outside++ {
		m.Low, m.High = &sorted[outside], &sorted[n-1-outside]
	}
	return m
}

// atMost is the probability that of n values at most k are below the median.
func atMost(k, n int) float64 {
	if k >= n {
		return 1
	}
	return mathext.RegIncBeta(float64(n-k), float64(k+1), 0.5)
}

// equalMeans is the p-value of Student's t-test, two-sided, with equal variances.
func equalMeans(a, b []float64) float64 {
	freedom := float64(len(a) + len(b) - 2)
	if len(a) == 0 || len(b) == 0 || freedom <= 0 {
		return 1
	}
	meanA, squaresA := moments(a)
	meanB, squaresB := moments(b)
	variance := (squaresA + squaresB) / freedom
	switch {
	case meanA == meanB:
		return 1
	case variance == 0:
		return 0
	}
	t := (meanA - meanB) / math.Sqrt(variance*(1/float64(len(a))+1/float64(len(b))))
	return mathext.RegIncBeta(freedom/2, 0.5, freedom/(freedom+t*t))
}

// moments are the mean and the sum of the squared differences from it.
func moments(values []float64) (mean, squares float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	return mean, squares
}

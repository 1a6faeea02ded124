package trend

import (
	"math"
	"slices"
)

// Change is where the level of a series changed.
type Change struct {
	Index  int     // of the first value at the new level
	Before float64 // mean of the values since the change before
	After  float64 // and until the next one
	P      float64 // of Student's t-test
}

// Relative is by how much of the level before the level changed: 0.05 is 5 % more.
func (c Change) Relative() float64 { return c.After/c.Before - 1 }

// magnitude is the larger of the relative changes there and back.
func (c Change) magnitude() float64 {
	return max(math.Abs(c.Relative()), math.Abs(c.Before/c.After-1))
}

// What is taken for a change. Values are Hunter's, whose magnitude is 0 by default.
const (
	window       = 50 // values that are looked at together
	maxP         = 0.001
	firstPassP   = 10 * maxP // weak ones are merged away later
	minMagnitude = 0.05
	minLevel     = 3 // values at one level: fewer are outliers
)

// Changes finds where the level of a series changed, in order: E-divisive means (Matteson
// and James 2014), tested with a t-test instead of permutations, so that the same series
// always gives the same changes. Sources: Fleming et al., "Hunter", ICPE 2023; Daly et al.,
// ICPE 2020.
func Changes(series []float64) []Change {
	var at []int
	for start := 0; start < len(series); {
		end := min(start+window, len(series))
		found := divide(series, start, end)
		at = append(at, found...)
		next := start + window/2
		if len(found) > 0 {
			next = max(next, found[len(found)-1])
		}
		start = next
	}
	slices.Sort(at)
	return merge(series, slices.Compact(at))
}

// divide returns the indexes of the changes in series[start:end], sorted.
func divide(series []float64, start, end int) []int {
	split := start + bestSplit(series[start:end])
	if split == start || equalMeans(series[start:split], series[split:end]) > firstPassP {
		return nil
	}
	return slices.Concat(divide(series, start, split), []int{split}, divide(series, split, end))
}

// bestSplit is where the energy distance between what is before and what is after is
// largest, weighted by their sizes; 0: nowhere.
func bestSplit(values []float64) (at int) {
	n := len(values)
	distance := func(i, j int) float64 { return math.Abs(values[i] - values[j]) }
	var between, before, after float64 // sums over pairs
	for i := range n {
		for j := range i {
			after += distance(i, j)
		}
	}
	best := 0.0
	for split := 1; split < n; split++ { // values[split-1] goes over
		for j := range n {
			d := distance(split-1, j)
			if j < split {
				before, between = before+d, between-d
			} else {
				after, between = after-d, between+d
			}
		}
		left, right := float64(split), float64(n-split)
		q := 2 * between / (left * right)
		if left > 1 {
			q -= 2 * before / (left * (left - 1))
		}
		if right > 1 {
			q -= 2 * after / (right * (right - 1))
		}
		if q *= left * right / float64(n); q > best && split >= minLevel && n-split >= minLevel {
			best, at = q, split
		}
	}
	return at
}

// merge removes the weakest change, and compares its neighbours anew, until all that are
// left are significant and large enough.
func merge(series []float64, at []int) []Change {
	for {
		changes := make([]Change, len(at))
		ends := slices.Concat([]int{0}, at, []int{len(series)})
		for i := range at {
			a, b := series[ends[i]:ends[i+1]], series[ends[i+1]:ends[i+2]]
			before, _ := moments(a)
			after, _ := moments(b)
			changes[i] = Change{at[i], before, after, equalMeans(a, b)}
		}
		weakest := -1
		for i, c := range changes {
			switch {
			case c.P <= maxP && c.magnitude() >= minMagnitude:
			case weakest < 0 || c.P > changes[weakest].P || c.P == changes[weakest].P && c.magnitude() < changes[weakest].magnitude():
				weakest = i
			}
		}
		if weakest < 0 {
			return changes
		}
		at = slices.Delete(at, weakest, weakest+1)
	}
}

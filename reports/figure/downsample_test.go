package figure

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestDownsampleKeepsExtremesAndBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 3000).Draw(t, "n")
		columns := rapid.IntRange(-1, 50).Draw(t, "columns")
		points := make([]Point, n)
		x := 0.0
		for i := range points {
			x += rapid.Float64Range(0, 5).Draw(t, "dx")
			points[i] = Point{X: x, Y: rapid.Float64Range(-100, 100).Draw(t, "y"), Gap: rapid.Bool().Draw(t, "gap")}
		}
		got := Downsample(points, columns)
		if limit := 4 * max(columns, 1); len(got) > limit {
			t.Fatalf("Downsample(%d points, %d) has %d points, want at most %d", n, columns, len(got), limit)
		}
		low, high := extremes(points)
		if gotLow, gotHigh := extremes(got); gotLow != low || gotHigh != high {
			t.Fatalf("Downsample spans [%v, %v], want [%v, %v]", gotLow, gotHigh, low, high)
		}
		for i := 1; i < len(got); i++ {
			if got[i].X < got[i-1].X {
				t.Fatalf("Downsample is out of order at %d: %v after %v", i, got[i].X, got[i-1].X)
			}
		}
		if n > 0 && (got[0].X != points[0].X || got[len(got)-1].X != points[n-1].X) {
			t.Fatal("Downsample lost the first or the last point")
		}
	})
}

func extremes(points []Point) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, p := range points {
		low, high = min(low, p.Y), max(high, p.Y)
	}
	return low, high
}

func TestDownsampleKeepsTheGapBetweenColumns(t *testing.T) {
	var points []Point
	for i := range 1000 {
		if i < 400 || i >= 600 {
			points = append(points, Point{X: float64(i), Y: 1, Gap: i == 600})
		}
	}
	gaps := 0
	for _, p := range Downsample(points, 20) {
		if p.Gap {
			gaps++
			if p.X != 600 {
				t.Errorf("gap before x = %v, want 600", p.X)
			}
		}
	}
	if gaps != 1 {
		t.Errorf("%d gaps, want 1", gaps)
	}
}

func ExampleDownsample() {
	var points []Point
	for i := range 1000 {
		points = append(points, Point{X: float64(i), Y: 10})
	}
	points[617].Y = 99 // a spike of one point
	kept := Downsample(points, 10)
	_, high := extremes(kept)
	fmt.Println(len(kept), high)
	// Output: 21 99
}

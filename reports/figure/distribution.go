package figure

import (
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
)

// maxNines is the x of the last percentile that is drawn: 99.9999 %.
const maxNines = 6

// Distributions draws the latencies of each phase as a percentile
// distribution: x is −log₁₀(1 − q), so that every further nine takes the same
// room.
func Distributions(r Run) *Figure {
	f := newFigure(r, "latency-distribution", "Latency by percentile and phase",
		"Latency from schedule. A line ends at the last percentile that the number of requests can resolve.")
	f.plot.X.Label.Text = "percentile of requests"
	f.plot.Y.Label.Text = "latency, milliseconds (log)"
	f.plot.X.Min, f.plot.X.Max = 0, 2
	f.plot.Add(grid())
	var all [][]Point
	for i, d := range r.Distributions {
		s := Series{Name: d.Name}
		for _, q := range d.Quantiles {
			x := math.Min(-math.Log10(1-q.Q), maxNines)
			s.Points = append(s.Points, Point{X: x, Y: logarithm(q.Milliseconds)})
			f.plot.X.Max = math.Max(f.plot.X.Max, x)
		}
		all = append(all, s.Points)
		f.addLine(s, styleAt(i), plotter.NoStep)
	}
	f.logarithmic(all...)
	beyond := func(t plot.Tick) bool { return t.Value > f.plot.X.Max }
	f.plot.X.Tick.Marker = plot.ConstantTicks(slices.DeleteFunc([]plot.Tick{
		{Value: 0, Label: "0"}, {Value: -math.Log10(0.5), Label: "50"}, {Value: 1, Label: "90"}, {Value: 2, Label: "99"},
		{Value: 3, Label: "99.9"}, {Value: 4, Label: "99.99"}, {Value: 5, Label: "99.999"}, {Value: 6, Label: "99.9999"},
	}, beyond))
	return f
}

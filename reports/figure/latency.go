package figure

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// Latency draws percentiles of the latency over time, counted from when a
// request was due and from when it was sent: where the two part, the generator
// or the connection held requests back.
func Latency(r Run) *Figure {
	f := overTime(r, "latency", "Latency over time",
		"Percentiles of each interval, from the merged HDR histograms; percentiles are never averaged. "+
			"The broad line counts from when the request was due (from schedule), the dashed line of the same colour from when it left (from "+
			"sending): the distance between them is how long requests waited before they were sent.")
	f.plot.Y.Label.Text = "latency, milliseconds (log)"
	var all [][]Point
	for i, s := range r.Latency {
		points := make([]Point, len(s.Points))
		for j, p := range s.Points {
			points[j] = Point{X: p.X, Y: logarithm(p.Y), Gap: p.Gap}
		}
		f.addLine(Series{Name: s.Name, Points: points}, latencyStyle(i), plotter.NoStep)
		all = append(all, points)
	}
	f.logarithmic(all...)
	return f
}

// latencyStyle gives each percentile a colour and a marker. The pair from
// schedule, which comes first, is broad and light, the pair from sending, which
// often lies on it, thin and dashed.
func latencyStyle(i int) style {
	look := styleAt([]int{1, 2}[i%2])
	if i%4 < 2 {
		// The upper one is the broader and lighter, which shows in grey too.
		look.Color = []color.RGBA{{105, 165, 210, 255}, {252, 190, 145, 255}}[i%2]
		look.Dashes, look.Width, look.Marker = nil, []vg.Length{2.8, 4.6}[i%2], nil
	}
	return look
}

// leastMilliseconds is the resolution of the histograms, 1 µs.
const leastMilliseconds = 0.001

// logarithm is where a latency stands on a logarithmic axis.
func logarithm(milliseconds float64) float64 {
	return math.Log10(math.Max(milliseconds, leastMilliseconds))
}

// logarithmic fits the y axis to the points, whose Y are logarithms.
func (f *Figure) logarithmic(all ...[]Point) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, points := range all {
		for _, p := range points {
			low, high = math.Min(low, p.Y), math.Max(high, p.Y)
		}
	}
	if f.empty = math.IsInf(low, 1); f.empty {
		low, high = 0, 3
	}
	f.plot.Y.Tick.Marker = plot.TickerFunc(logTicks)
	f.plot.Y.Min, f.plot.Y.Max = low-0.1, math.Max(high+0.1, low+0.6)
}

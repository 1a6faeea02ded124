package figure

import "gonum.org/v1/plot/plotter"

// Errors draws the failed requests per second by cause.
func Errors(r Run) *Figure {
	f := overTime(r, "errors", "Failed requests by cause",
		"Requests that were not answered, or not as expected, by the second in which that became clear.")
	f.plot.Y.Label.Text = "requests per second"
	for i, s := range fewest(r.Errors) {
		f.addLine(s, styleAt(i+1), plotter.NoStep)
	}
	return f
}

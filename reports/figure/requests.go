package figure

import "gonum.org/v1/plot/plotter"

// Requests draws the completed requests per second of each instance, which
// shows when a new instance began to serve.
func Requests(r Run) *Figure {
	f := overTime(r, "requests", "Requests completed by instance",
		"Each answer that was as expected is counted for the instance that it names.")
	f.plot.Y.Label.Text = "requests per second"
	for i, s := range fewest(r.Instances) {
		f.addLine(s, styleAt(i+1), plotter.NoStep)
	}
	return f
}

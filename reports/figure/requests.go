package figure

import "gonum.org/v1/plot/plotter"

// Requests draws the completed requests per second of each instance, which
// shows when a new instance began to serve.
func Requests(r Run) *Figure {
	return perSecond(r, "requests", "Requests completed by instance",
		"Each answer that was as expected is counted for the instance that it names.", r.Instances)
}

// Errors draws the failed requests per second by cause.
func Errors(r Run) *Figure {
	return perSecond(r, "errors", "Failed requests by cause",
		"Requests that were not answered, or not as expected, by the second in which that became clear.", r.Errors)
}

// perSecond draws series of requests per second, the first of them if they are many.
func perSecond(r Run, name, title, caption string, all []Series) *Figure {
	f := overTime(r, name, title, caption)
	f.plot.Y.Label.Text = "requests per second"
	for i, s := range fewest(all) {
		f.addLine(s, styleAt(i+1), plotter.NoStep)
	}
	return f
}

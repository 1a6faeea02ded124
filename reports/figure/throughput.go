package figure

import (
	"image/color"

	"gonum.org/v1/plot/plotter"
)

// Throughput draws what was offered, completed and failed, and what was due but
// never sent, each per second.
func Throughput(r Run) *Figure {
	f := overTime(r, "throughput", "Offered load and throughput",
		"Requests due (offered), answered as expected (completed), answered otherwise or not at all (failed) and due but never sent "+
			"(dropped), each divided by its interval's length.")
	f.plot.Y.Label.Text = "requests per second"
	for i, s := range []Series{r.Offered, r.Completed, r.Dropped, r.Failed} {
		f.addLine(s, []style{
			{Color: light(), Width: 5}, // completed lies on offered when all goes well
			styleAt(1),
			{Color: color.RGBA{230, 159, 0, 255}, Width: 4}, // failed must show above dropped
			styleAt(2),
		}[i], plotter.NoStep)
	}
	return f
}

// Requests draws the completed requests per second of each instance, which
// shows when a new instance began to serve.
func Requests(r Run) *Figure {
	f := overTime(r, "requests", "Requests completed by instance",
		"Each answer that was as expected is counted for the instance that it names; what was offered is behind them.")
	f.requests(r)
	return f
}

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

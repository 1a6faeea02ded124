package figure

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
)

// Trend draws how long something took in each of many runs: a point's X is the number of
// the run, from 1 on, its Y seconds. The marks are where levels changed.
func Trend(where string, runs int, times []Series, changes []Mark) *Figure {
	f := overTime(Run{Begin: 1, End: float64(runs)}, "trend", "How long each link took, from run to run",
		"A link's time is counted from the one before it. The numbered marks are where its level changed.")
	f.origin = where
	f.plot.X.Label.Text = "run"
	f.plot.X.Tick.Marker = plot.TickerFunc(wholeTicks)
	f.plot.Y.Label.Text = "seconds"
	f.markFormat = "run %.0f"
	f.mark(changes)
	for i, s := range times {
		f.addLine(s, styleAt(i), plotter.NoStep)
	}
	return f
}

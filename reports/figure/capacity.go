package figure

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// Capacity draws the group's desired capacity, its InService instances and the
// healthy targets over time. A value holds until the next answer is seen.
func Capacity(r Run) *Figure {
	f := overTime(r, "capacity", "Capacity of the group",
		"Each value holds until the next answer of the API; where nobody was watching there is a gap. "+
			"Only instances in the lifecycle state InService and targets in the state healthy count.")
	f.plot.Y.Label.Text = "instances"
	f.plot.Y.Tick.Marker = plot.TickerFunc(wholeTicks)
	f.plot.Y.Min, f.plot.Y.Max = 0, 2.4
	f.height = 200
	for i, s := range []Series{r.Desired, r.InService, r.Healthy} {
		look := styleAt(i)
		// Three lines often lie on each other: the lower ones are wider, so that
		// each shows beside the one above it.
		look.Width = []vg.Length{6, 3.6, 1.4}[i]
		look.Dashes = [][]vg.Length{nil, nil, dashes(5, 3)}[i]
		// From light and wide to dark and thin.
		look.Color = []color.RGBA{{200, 200, 200, 255}, {86, 180, 233, 255}, {0, 0, 0, 255}}[i]
		look.Marker = nil
		f.addLine(s, look, plotter.PostStep)
	}
	return f
}

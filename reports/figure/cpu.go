package figure

import (
	"fmt"

	"gonum.org/v1/plot/plotter"
)

// CPU draws the claim's metric of the group and of each instance with the
// threshold, the alarm's transitions and the scaling activities. A datapoint is
// drawn over the whole period it is the average of; a missing one is a gap.
func CPU(r Run) *Figure {
	f := overTime(r, "cpu", "CPU utilization and what it set off",
		r.MetricName+" as CloudWatch reports it: each datapoint is an average, drawn over its period; a missing datapoint is a gap. "+
			"The numbered marks are alarm transitions and scaling activities by AWS's timestamps.")
	f.plot.Y.Label.Text = r.MetricName + ", percent"
	f.plot.Y.Max = 10
	f.mark(r.Marks)
	for i, s := range fewest(r.CPU) {
		level := Series{Name: s.Name, Points: overPeriods(s.Points, r.PeriodSeconds)}
		f.addMarked(level, atMiddle(s.Points, r.PeriodSeconds), styleAt(i), plotter.NoStep)
	}
	if r.Threshold > 0 {
		look := style{Color: warning(), Width: 1.4, Dashes: dashes(12, 3, 2, 3)}
		f.plot.Add(level(r.Threshold, look))
		f.legend = append(f.legend, entry{Text: fmt.Sprintf("threshold %g %%", r.Threshold), Style: look})
		f.raise(r.Threshold)
	}
	return f
}

// overPeriods turns period averages into a line that is level over each period
// and steps between adjacent ones.
func overPeriods(points []Point, period float64) []Point {
	level := make([]Point, 0, 2*len(points))
	for i, p := range points {
		// Half a period forgives timestamps that are not exactly on the grid.
		gap := i == 0 || p.Gap || p.X-points[i-1].X > 1.5*period
		level = append(level, Point{X: p.X, Y: p.Y, Gap: gap}, Point{X: p.X + period, Y: p.Y})
	}
	return level
}

// atMiddle moves each point to the middle of its period.
func atMiddle(points []Point, period float64) []Point {
	moved := make([]Point, len(points))
	for i, p := range points {
		moved[i] = Point{X: p.X + period/2, Y: p.Y}
	}
	return moved
}

// maxSeries is how many series a figure can show so that they stay distinct.
const maxSeries = 8

// fewest returns at most maxSeries of the series; the name of the last says
// how many more there are.
func fewest(all []Series) []Series {
	if len(all) <= maxSeries {
		return all
	}
	shown := append([]Series(nil), all[:maxSeries]...)
	shown[maxSeries-1].Name += fmt.Sprintf(" (and %d more, not drawn)", len(all)-maxSeries)
	return shown
}

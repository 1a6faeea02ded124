package figure

import (
	"fmt"
	"image/color"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// known says how what the APIs report is drawn.
const known = "A datapoint is an average over a period: it is drawn from when that ended, for nobody knew it before, until the next; " +
	"a missing one is a gap. An alarm's state is by AWS's timestamps, and capacity holds until the next answer of the API."

// Proof draws on one time axis what was offered and who answered, the CPU, the alarms and the
// capacity, with the links of the chain named where they happened.
func Proof(r Run) *Figure {
	f := overTime(r, "proof", "The proof in one picture",
		"Above are the links of the chain, each with the time since the one before. "+known)
	f.links = r.Links
	f.height = 140
	f.requests(r)
	f.below(r, 170)
	f.group(r)
	return f
}

// Group draws the CPU, the alarms and the capacity of an Auto Scaling group, with what happened to it.
func Group(r Run) *Figure {
	f := overTime(r, "group", "The group over time", known+" The numbers are changes of alarms and scaling activities.")
	f.height = 200
	f.mark(r.Marks)
	f.group(r)
	return f
}

func (f *Figure) group(r Run) {
	f.cpu(r)
	f.below(r, vg.Length(20+30*max(len(r.Alarms), 1)))
	f.alarms(r)
	f.below(r, 120)
	f.capacity(r)
}

// requests draws what was offered and how much of it each instance answered as expected.
func (f *Figure) requests(r Run) {
	f.plot.Y.Label.Text = "requests/s"
	f.missing = "no interval of the load"
	f.addLine(r.Offered, style{Color: light(), Width: 5}, plotter.NoStep)
	for i, s := range fewest(r.Instances) {
		f.addLine(s, styleAt(i+1), plotter.NoStep)
	}
}

// cpu draws the claim's metric with its threshold.
func (f *Figure) cpu(r Run) {
	f.plot.Y.Label.Text = strings.TrimSuffix(r.MetricName+", "+r.Unit, ", ")
	f.plot.Y.Max = 10
	f.missing = "no datapoint of " + r.MetricName
	for i, s := range fewest(r.CPU) {
		points := whenKnown(s.Points, r.PeriodSeconds)
		f.addMarked(Series{Name: s.Name, Points: overPeriods(points, r.PeriodSeconds, r.End)}, points, styleAt(i), plotter.NoStep)
	}
	if r.Threshold > 0 {
		look := style{Color: warning(), Width: 1.4, Dashes: dashes(12, 3, 2, 3)}
		f.plot.Add(level(r.Threshold, look))
		f.legend = append(f.legend, entry{Text: strings.TrimSpace(fmt.Sprintf("threshold %g %s", r.Threshold, r.Unit)), Style: look})
		f.raise(r.Threshold)
	}
}

// whenKnown moves each datapoint to the end of its period.
func whenKnown(points []Point, period float64) []Point {
	moved := slices.Clone(points)
	for i := range moved {
		moved[i].X += period
	}
	return moved
}

// overPeriods makes points a line that is level for a period after each, but not after end, and
// steps between adjacent ones.
func overPeriods(points []Point, period, end float64) []Point {
	level := make([]Point, 0, 2*len(points))
	for i, p := range points {
		// Half a period forgives timestamps that are not exactly on the grid.
		gap := i == 0 || p.Gap || p.X-points[i-1].X > 1.5*period
		level = append(level, Point{X: p.X, Y: p.Y, Gap: gap}, Point{X: max(p.X, min(p.X+period, end)), Y: p.Y})
	}
	return level
}

// alarms draws the states of each alarm as a band.
func (f *Figure) alarms(r Run) {
	f.plot.Y.Min, f.plot.Y.Max = -float64(max(len(r.Alarms), 1)), 0
	f.plot.Y.Tick.Marker = plot.ConstantTicks(nil)
	f.missing = "no state of an alarm"
	f.empty = len(r.Alarms) == 0
	f.plot.Add(layer(func(c draw.Canvas, p *plot.Plot) {
		dark := color.Color(warning())
		for i, a := range r.Alarms {
			drawAlarm(c, p, a, -float64(i), dark)
			dark = faint()
		}
	}))
}

// drawAlarm draws an alarm below top: its name, and a box for each of its states. ALARM is dark,
// and red of the alarm whose claim it is.
func drawAlarm(c draw.Canvas, p *plot.Plot, a Alarm, top float64, dark color.Color) {
	toX, toY := p.Transforms(&c)
	for _, s := range a.States {
		box := vg.Rectangle{
			Min: vg.Point{X: max(toX(s.From), c.Min.X), Y: toY(top-1) + 2},
			Max: vg.Point{X: min(toX(s.To), c.Max.X), Y: toY(top) - 12},
		}
		if box.Max.X <= box.Min.X {
			continue
		}
		fill, label := color.Color(color.RGBA{223, 233, 243, 255}), textStyle(8.5, true)
		switch s.Name {
		case "ALARM":
			fill, label.Color = dark, color.White
		case "INSUFFICIENT_DATA":
			fill = color.White
		}
		c.FillPolygon(fill, corners(box))
		c.StrokeLines(draw.LineStyle{Color: faint(), Width: vg.Points(0.5)}, append(corners(box), box.Min))
		if label.Width(s.Name)+8 < box.Max.X-box.Min.X {
			c.FillText(label, vg.Point{X: box.Min.X + 4, Y: (box.Min.Y+box.Max.Y)/2 - 4}, s.Name)
		}
	}
	c.FillText(textStyle(8.5, false), vg.Point{X: c.Min.X + 3, Y: toY(top) - 10}, "alarm "+Shorten(a.Name, 80))
}

// capacity draws the desired capacity, the InService instances and the healthy targets.
func (f *Figure) capacity(r Run) {
	f.plot.Y.Label.Text = "instances"
	f.plot.Y.Tick.Marker = plot.TickerFunc(wholeTicks)
	f.plot.Y.Min, f.plot.Y.Max = 0, 2.4
	f.missing = "no answer that describes the group"
	for i, s := range []Series{r.Desired, r.InService, r.Healthy} {
		// Three lines often lie on each other: from light and wide to dark and thin, each shows
		// beside the one above it.
		f.addLine(s, []style{
			{Color: color.RGBA{200, 200, 200, 255}, Width: 6},
			{Color: color.RGBA{86, 180, 233, 255}, Width: 3.6},
			{Color: color.RGBA{0, 0, 0, 255}, Width: 1.4, Dashes: dashes(5, 3)},
		}[i], plotter.PostStep)
	}
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

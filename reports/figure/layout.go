package figure

import (
	"fmt"
	"image/color"
	"strconv"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Heights of a row of text, by what it holds.
const (
	titleRow  = vg.Length(18)
	originRow = vg.Length(15)
	laneRow   = vg.Length(12)
	markRow   = vg.Length(14)
	legendRow = vg.Length(16)
	keyRow    = vg.Length(13)
)

// layout is the figure cut into horizontal parts, from the top: title, origin,
// phase names, numbered marks, data, legend, what the marks mean.
type layout struct {
	phaseLanes, markLanes int
	phases, marks         []placed
	legend                [][]entry
	keys                  []string
	data                  vg.Length
}

// placed is a label in a lane; X is its left edge.
type placed struct {
	Text string
	X    vg.Length
	At   vg.Length // what it points at
	Lane int
}

// layout measures the figure's parts. It does not draw, but needs the x axis.
func (f *Figure) layout() layout {
	l := layout{legend: flow(f.legend), data: f.height}
	left, right := f.dataEdges()
	at := func(x float64) vg.Length { return left + vg.Length(f.plot.X.Norm(x))*(right-left) }

	var phases, marks []placed
	for _, p := range f.phases {
		phases = append(phases, placed{Text: p.Name, At: at(p.From)})
	}
	for i, m := range f.marks {
		marks = append(marks, placed{Text: strconv.Itoa(i + 1), At: at(m.At)})
		l.keys = append(l.keys, fmt.Sprintf("%d · "+f.markFormat+" · %s", i+1, m.At, Shorten(m.Text, 130)))
	}
	if f.omitted > 0 {
		l.keys = append(l.keys, fmt.Sprintf("and %d later events", f.omitted))
	}
	l.phases, l.phaseLanes = lanes(phases, left, right, 3, func(s string) vg.Length { return textStyle(9, false).Width(s) + 5 })
	for i := range marks {
		marks[i].At -= markRadius // a disc is centred on its line
	}
	l.marks, l.markLanes = lanes(marks, left-markRadius, right+2*markRadius, 1, func(string) vg.Length { return 2 * markRadius })
	return l
}

func (l layout) total() vg.Length {
	return 2*margin + titleRow + originRow + vg.Length(l.phaseLanes)*laneRow + vg.Length(l.markLanes)*markRow +
		l.data + vg.Length(len(l.legend))*legendRow + vg.Length(len(l.keys))*keyRow
}

// lanes puts each label to the right of what it points at, at the right edge to
// the left of it, in the first lane where it overlaps none before it. Labels must be in the order of At.
func lanes(labels []placed, left, right, space vg.Length, widthOf func(string) vg.Length) ([]placed, int) {
	var ends []vg.Length // of the last label of each lane
	for i, l := range labels {
		w := widthOf(l.Text)
		x := max(left, l.At)
		if x+w > right {
			x = min(x, right) - w // to the left of what it points at
		}
		lane := 0
		for lane < len(ends) && ends[lane]+space > x {
			lane++
		}
		if lane == len(ends) {
			ends = append(ends, 0)
		}
		ends[lane] = x + w
		labels[i].X, labels[i].Lane = x, lane
	}
	return labels, len(ends)
}

// dataEdges returns where the data area begins and ends horizontally, measured
// on a canvas that cannot be drawn on.
func (f *Figure) dataEdges() (left, right vg.Length) {
	c := draw.Canvas{Rectangle: vg.Rectangle{
		Min: vg.Point{X: margin},
		Max: vg.Point{X: width - margin, Y: f.height},
	}}
	d := f.plot.DataCanvas(c)
	return d.Min.X, d.Max.X
}

func (f *Figure) draw(c draw.Canvas) {
	l := f.layout()
	c.FillPolygon(color.White, corners(c.Rectangle))
	y := c.Max.Y - margin - titleRow
	c.FillText(textStyle(12.5, true), vg.Point{X: margin, Y: y + 4}, f.Title)
	y -= originRow
	small := textStyle(9, false)
	small.Color = faint()
	c.FillText(small, vg.Point{X: margin, Y: y + 5}, f.origin)

	phasesTop := y
	y -= vg.Length(l.phaseLanes) * laneRow
	marksTop := y
	y -= vg.Length(l.markLanes) * markRow
	data := draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
		Min: vg.Point{X: margin, Y: y - l.data}, Max: vg.Point{X: width - margin, Y: y},
	}}
	f.plot.Draw(data)
	edge := f.plot.DataCanvas(data)
	drawPhases(c, l.phases, phasesTop, edge.Max.Y)
	drawMarks(c, l.marks, marksTop, edge)
	if f.empty {
		f.drawEmpty(c, edge)
	}
	y = drawLegend(c, l.legend, y-l.data)
	for _, key := range l.keys {
		y -= keyRow
		c.FillText(textStyle(9, false), vg.Point{X: margin, Y: y + 2}, key)
	}
}

// drawPhases writes the names of the phases above the data, each with a thin
// line down to where it begins.
func drawPhases(c draw.Canvas, phases []placed, top, bottom vg.Length) {
	style := textStyle(9, false)
	style.Color = faint()
	for _, p := range phases {
		y := top - vg.Length(p.Lane+1)*laneRow
		c.StrokeLine2(draw.LineStyle{Color: faint(), Width: vg.Points(0.4)}, p.At, y+laneRow-3, p.At, bottom)
		c.FillText(style, vg.Point{X: p.X + 3, Y: y + 1}, p.Text)
	}
}

const markRadius = vg.Length(6)

// drawMarks draws the numbered marks above the data and their lines through it.
func drawMarks(c draw.Canvas, marks []placed, top vg.Length, data draw.Canvas) {
	line := draw.LineStyle{Color: ink(), Width: vg.Points(0.7), Dashes: dashes(1, 2)}
	for _, m := range marks {
		center := vg.Point{X: m.X + markRadius, Y: top - vg.Length(m.Lane)*markRow - markRow/2}
		x := m.At + markRadius
		c.StrokeLines(line, []vg.Point{{X: x, Y: center.Y}, {X: x, Y: data.Min.Y}})
	}
	// The discs come last, so that no line strikes a number out.
	for _, m := range marks {
		center := vg.Point{X: m.X + markRadius, Y: top - vg.Length(m.Lane)*markRow - markRow/2}
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: ink(), Radius: markRadius, Shape: draw.CircleGlyph{}}, center)
		number := textStyle(8, true)
		number.Color = color.White
		number.XAlign, number.YAlign = draw.XCenter, draw.YCenter
		c.FillText(number, center, m.Text)
	}
}

// drawEmpty says in the middle of the data area that there is nothing to draw.
func (f *Figure) drawEmpty(c draw.Canvas, edge draw.Canvas) {
	style := textStyle(11, false)
	style.Color = faint()
	style.XAlign, style.YAlign = draw.XCenter, draw.YCenter
	c.FillText(style, edge.Center(), "nothing recorded")
}

func corners(r vg.Rectangle) []vg.Point {
	return []vg.Point{r.Min, {X: r.Max.X, Y: r.Min.Y}, r.Max, {X: r.Min.X, Y: r.Max.Y}}
}

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
// phase names, names of links, numbered marks, each panel's data and legend, what the marks mean.
type layout struct {
	phaseLanes, markLanes int
	phases, links, marks  []placed
	legends               [][][]entry // a panel's rows
	keys                  []string
	panels                vg.Length
}

// placed is a label in a lane; X is its left edge.
type placed struct {
	Text string
	X    vg.Length
	At   vg.Length // what it points at
	Lane int
	Bad  bool // what a link shows that broke
}

// layout measures the figure's parts. It does not draw, but needs the x axis.
func (f *Figure) layout() layout {
	var l layout
	for _, p := range f.panels {
		rows := flow(p.legend)
		l.legends = append(l.legends, rows)
		l.panels += p.height + vg.Length(len(rows))*legendRow
	}
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
	l.links = f.namedLinks(at, right)
	for i := range marks {
		marks[i].At -= markRadius // a disc is centred on its line
	}
	l.marks, l.markLanes = lanes(marks, left-markRadius, right+2*markRadius, 1, func(string) vg.Length { return 2 * markRadius })
	return l
}

// namedLinks are the labels of the links that a figure shows, each in a lane of its own, so that no
// line to a label below crosses it.
func (f *Figure) namedLinks(at func(float64) vg.Length, right vg.Length) (all []placed) {
	for _, l := range f.links {
		text, when := l.label()
		if text == "" || when < f.plot.X.Min || when > f.plot.X.Max {
			continue
		}
		label := placed{Text: text, At: at(when), X: at(when) + 3, Lane: len(all), Bad: l.Broken}
		if w := textStyle(9, true).Width(text); label.X+w > right {
			label.X = label.At - 3 - w
		}
		all = append(all, label)
	}
	return all
}

func (l layout) total() vg.Length {
	return 2*margin + titleRow + originRow + vg.Length(l.phaseLanes+len(l.links))*laneRow + vg.Length(l.markLanes)*markRow +
		l.panels + vg.Length(len(l.keys))*keyRow
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

// dataEdges returns where the data of every panel begins and ends horizontally, measured
// on a canvas that cannot be drawn on.
func (f *Figure) dataEdges() (left, right vg.Length) {
	left, right = 0, width
	for _, p := range f.panels {
		d := p.plot.DataCanvas(draw.Canvas{Rectangle: vg.Rectangle{
			Min: vg.Point{X: margin},
			Max: vg.Point{X: width - margin, Y: p.height},
		}})
		left, right = max(left, d.Min.X), min(right, d.Max.X)
	}
	return left, right
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
	linksTop := phasesTop - vg.Length(l.phaseLanes)*laneRow
	marksTop := linksTop - vg.Length(len(l.links))*laneRow
	y = marksTop - vg.Length(l.markLanes)*markRow
	var data []vg.Rectangle
	for i, p := range f.panels {
		data = append(data, f.drawPanel(c, p, y))
		y = drawLegend(c, l.legends[i], y-p.height)
	}
	drawPhases(c, l.phases, phasesTop, data[0].Max.Y)
	drawMarks(c, l.marks, marksTop, data[0])
	drawLinks(c, l.links, linksTop, data)
	for _, key := range l.keys {
		y -= keyRow
		c.FillText(textStyle(9, false), vg.Point{X: margin, Y: y + 2}, key)
	}
}

// drawPanel draws a panel below top, its data between those of the others, and returns where its
// data lie.
func (f *Figure) drawPanel(c draw.Canvas, p *panel, top vg.Length) vg.Rectangle {
	left, right := f.dataEdges()
	area := draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
		Min: vg.Point{X: margin, Y: top - p.height}, Max: vg.Point{X: width - margin, Y: top},
	}}
	own := p.plot.DataCanvas(area)
	area.Min.X += left - own.Min.X
	area.Max.X += right - own.Max.X
	p.plot.Draw(area)
	data := p.plot.DataCanvas(area)
	if p.empty {
		style := textStyle(11, false)
		style.Color = faint()
		style.XAlign, style.YAlign = draw.XCenter, draw.YCenter
		text := "nothing recorded"
		if p.missing != "" {
			text += ": " + p.missing
		}
		c.FillText(style, data.Center(), text)
	}
	return data.Rectangle
}

// drawLinks writes the names of links, each with a line down through the data of every panel.
func drawLinks(c draw.Canvas, links []placed, top vg.Length, panels []vg.Rectangle) {
	for _, l := range links {
		look := draw.LineStyle{Color: ink(), Width: vg.Points(0.7), Dashes: dashes(3, 2)}
		if l.Bad {
			look.Color = warning()
		}
		for i, data := range panels {
			from := data.Max.Y
			if i == 0 {
				from = top - vg.Length(l.Lane)*laneRow
			}
			c.StrokeLine2(look, l.At, from, l.At, data.Min.Y)
		}
	}
	for _, l := range links {
		style := textStyle(9, true)
		if l.Bad {
			style.Color = warning()
		}
		at := vg.Point{X: l.X, Y: top - vg.Length(l.Lane+1)*laneRow + 2}
		box := vg.Rectangle{Min: vg.Point{X: at.X - 1, Y: at.Y - 2}, Max: vg.Point{X: at.X + style.Width(l.Text) + 2, Y: at.Y + 10}}
		c.FillPolygon(color.White, corners(box)) // over the lines of phases
		c.FillText(style, at, l.Text)
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
func drawMarks(c draw.Canvas, marks []placed, top vg.Length, data vg.Rectangle) {
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

func corners(r vg.Rectangle) []vg.Point {
	return []vg.Point{r.Min, {X: r.Max.X, Y: r.Min.Y}, r.Max, {X: r.Min.X, Y: r.Max.Y}}
}

package figure

import (
	"cmp"
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Chain draws every event of the chain as a row: the time it was allowed as a
// bar from the event before to its deadline, and when it was seen.
func Chain(r Run) *Figure {
	f := newFigure(r, "chain", "The chain of events and their deadlines",
		"A bar reaches from the event before to the deadline of this one; a disc is when the event was seen; a cross is what broke the chain, "+
			"or the deadline at which it was not seen; a ring is an event that the record does not decide.")
	f.origin = origin(r, "x = 0 at")
	f.overSeconds(chainRange(r))
	f.plot.Y.Min, f.plot.Y.Max = -0.7, math.Max(float64(len(r.Links)), 1)-0.3
	f.height = vg.Length(60 + 24*max(len(r.Links), 4))
	rows := make([]plot.Tick, len(r.Links))
	for i, l := range r.Links {
		rows[i] = plot.Tick{Value: row(r, i), Label: Shorten(l.ID+"  "+l.Name, 52)}
	}
	f.plot.Y.Tick.Marker = plot.ConstantTicks(rows)
	f.plot.Y.Tick.Length = 0
	f.plot.Add(grid(), layer(func(c draw.Canvas, p *plot.Plot) {
		for i, l := range r.Links {
			drawLink(c, p, l, row(r, i))
		}
	}))
	f.empty = len(r.Links) == 0
	return f
}

// row is the y of the i-th link: the first is at the top.
func row(r Run, i int) float64 { return float64(len(r.Links) - 1 - i) }

// chainRange is the x axis of the chain: from its first event to its last
// deadline, with room for the words to the right.
func chainRange(r Run) (from, to float64) {
	from, to = math.Inf(1), math.Inf(-1)
	for _, l := range r.Links {
		if l.Seen {
			from, to = math.Min(from, l.At), math.Max(to, l.At)
		}
		if l.Bounded {
			from, to = math.Min(from, l.Since), math.Max(to, l.Since+l.Allowed)
		}
	}
	if math.IsInf(from, 1) {
		return 0, math.Max(r.End, 1)
	}
	span := math.Max(to-from, 1)
	return from - 0.03*span, to + 0.30*span
}

// drawLink draws the bar, the event and the words of one row.
func drawLink(c draw.Canvas, p *plot.Plot, l Link, row float64) {
	toX, toY := p.Transforms(&c)
	y := toY(row)
	end := c.Min.X
	if l.Bounded {
		from, to := toX(l.Since), toX(l.Since+l.Allowed)
		bar := corners(vg.Rectangle{Min: vg.Point{X: from, Y: y - 6}, Max: vg.Point{X: to, Y: y + 6}})
		c.FillPolygon(color.RGBA{215, 226, 238, 255}, bar)
		c.StrokeLines(draw.LineStyle{Color: faint(), Width: vg.Points(0.6)}, append(bar, bar[0]))
		end = to
	}
	if l.Seen {
		x := toX(l.At)
		if l.Bounded {
			c.StrokeLine2(draw.LineStyle{Color: ink(), Width: vg.Points(1.6)}, toX(l.Since), y, x, y)
		}
		c.DrawGlyphNoClip(linkGlyph(l), vg.Point{X: x, Y: y})
		end = max(end, x+5)
	} else if l.Broken && l.Bounded {
		// What did not come broke the chain when its deadline expired.
		c.DrawGlyphNoClip(linkGlyph(l), vg.Point{X: end, Y: y})
		end += 5
	}
	drawWords(c, l, vg.Point{X: end + 6, Y: y})
}

// drawWords writes the words of a row from at on, over the grid.
func drawWords(c draw.Canvas, l Link, at vg.Point) {
	words := textStyle(9, l.Broken)
	words.YAlign = draw.YCenter
	box := vg.Rectangle{Min: vg.Point{X: at.X - 2, Y: at.Y - 6}, Max: vg.Point{X: at.X + words.Width(linkWords(l)) + 2, Y: at.Y + 6}}
	c.FillPolygon(color.White, corners(box))
	c.FillText(words, vg.Point{X: at.X, Y: at.Y + 1.5}, linkWords(l))
}

func linkGlyph(l Link) draw.GlyphStyle {
	switch {
	case l.Held:
		return draw.GlyphStyle{Color: ink(), Radius: vg.Points(4.5), Shape: draw.CircleGlyph{}}
	case l.Broken:
		return draw.GlyphStyle{Color: warning(), Radius: vg.Points(6), Shape: boldCross{}}
	default:
		return draw.GlyphStyle{Color: ink(), Radius: vg.Points(4.5), Shape: draw.RingGlyph{}}
	}
}

// boldCross is a cross that stands out from a bar.
type boldCross struct{}

// DrawGlyph draws the cross.
func (boldCross) DrawGlyph(c *draw.Canvas, look draw.GlyphStyle, at vg.Point) {
	line, r := draw.LineStyle{Color: look.Color, Width: vg.Points(2.4)}, look.Radius
	c.StrokeLine2(line, at.X-r, at.Y-r, at.X+r, at.Y+r)
	c.StrokeLine2(line, at.X-r, at.Y+r, at.X+r, at.Y-r)
}

// label is what a picture writes at a link, and where; "" if there is no time at which to write it.
func (l Link) label() (text string, at float64) {
	text = l.ID + "  " + cmp.Or(l.Short, l.Name)
	switch {
	case l.Seen && l.Bounded:
		return fmt.Sprintf("%s, %+.1f s", text, l.At-l.Since), l.At
	case l.Seen:
		return text, l.At
	case l.Broken && l.Bounded:
		return fmt.Sprintf("%s: not seen within %.1f s", text, l.Allowed), l.Since + l.Allowed
	}
	return "", 0
}

// linkWords tells a row in words: when, how long after the event before, and
// how much earlier than it had to.
func linkWords(l Link) string {
	switch {
	case l.NotJudged:
		return "not judged"
	case !l.Seen && !l.Broken && !l.Held:
		return "not decided"
	case !l.Seen && l.Bounded:
		return fmt.Sprintf("not seen within %.1f s", l.Allowed)
	case !l.Seen:
		return "not seen"
	case !l.Bounded:
		return fmt.Sprintf("at %.1f s", l.At)
	}
	after := l.At - l.Since
	if slack := l.Allowed - after; slack < 0 {
		return fmt.Sprintf("after %.1f s, %.1f s too late", after, -slack)
	}
	return fmt.Sprintf("after %.1f s, %.1f s to spare", after, l.Allowed-after)
}

package figure

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// layer is a plot.Plotter made of a function, without a say in the axes' ranges.
type layer func(draw.Canvas, *plot.Plot)

// Plot draws the layer.
func (l layer) Plot(c draw.Canvas, p *plot.Plot) { l(c, p) }

// bands shades every other phase.
func bands(phases []Span) layer {
	return func(c draw.Canvas, p *plot.Plot) {
		toX, _ := p.Transforms(&c)
		for i, s := range phases {
			if i%2 == 0 {
				continue
			}
			c.FillPolygon(shade(), c.ClipPolygonXY(corners(vg.Rectangle{
				Min: vg.Point{X: toX(s.From), Y: c.Min.Y}, Max: vg.Point{X: toX(s.To), Y: c.Max.Y},
			})))
		}
	}
}

// grid draws a line at each labelled tick.
func grid() *plotter.Grid {
	g := plotter.NewGrid()
	g.Horizontal = draw.LineStyle{Color: gridColor(), Width: vg.Points(0.5)}
	g.Vertical = g.Horizontal
	return g
}

func level(y float64, s style) layer {
	return func(c draw.Canvas, p *plot.Plot) {
		_, toY := p.Transforms(&c)
		c.StrokeLine2(s.line(), c.Min.X, toY(y), c.Max.X, toY(y))
	}
}

// addLine draws the series and names it in the legend. Markers are drawn at
// every point of a short series, and at some of a long one, so that they tell
// lines apart without hiding them. It fits the y axis.
func (f *Figure) addLine(s Series, look style, steps plotter.StepKind) {
	f.addMarked(s, s.Points, look, steps)
}

// addMarked is addLine with markers at other points than the line's.
func (f *Figure) addMarked(s Series, marked []Point, look style, steps plotter.StepKind) {
	f.legend = append(f.legend, entry{Text: Shorten(s.Name, 60), Style: look})
	for _, points := range segments(s.Points) {
		f.plot.Add(line(points, look, steps))
	}
	f.fit(s.Points)
	if look.Marker != nil {
		f.plot.Add(markers(marked, look))
	}
}

// line draws points joined; a point alone becomes a disc, or it would be invisible.
func line(points []Point, look style, steps plotter.StepKind) layer {
	xys := make(plotter.XYs, len(points))
	for i, p := range points {
		xys[i] = plotter.XY{X: p.X, Y: p.Y}
	}
	l := plotter.Line{XYs: xys, StepStyle: steps, LineStyle: look.line()}
	return func(c draw.Canvas, p *plot.Plot) {
		if len(points) > 1 {
			l.Plot(c, p)
			return
		}
		toX, toY := p.Transforms(&c)
		disc := draw.GlyphStyle{Color: look.Color, Radius: max(look.Width, vg.Points(2.5)), Shape: draw.CircleGlyph{}}
		if at := (vg.Point{X: toX(points[0].X), Y: toY(points[0].Y)}); c.Contains(at) {
			c.DrawGlyphNoClip(disc, at) // the whole disc, also where it lies on the axis
		}
	}
}

// maxMarkers bounds the markers of a series.
const maxMarkers = 24

// markers draws the series' glyph at evenly spread points.
func markers(points []Point, look style) layer {
	stride := (len(points) + maxMarkers - 1) / maxMarkers
	return func(c draw.Canvas, p *plot.Plot) {
		toX, toY := p.Transforms(&c)
		for i := stride / 2; i < len(points); i += stride {
			c.DrawGlyph(look.glyph(), vg.Point{X: toX(points[i].X), Y: toY(points[i].Y)})
		}
	}
}

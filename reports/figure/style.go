package figure

import (
	"image/color"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// style is how a series looks: by itself in each of colour, dash and marker.
type style struct {
	Color  color.RGBA
	Width  vg.Length
	Dashes []vg.Length
	Marker draw.GlyphDrawer // nil: none
}

// styles tell series apart. The colours are Okabe and Ito's, which remain
// distinct to colour-blind readers; neighbours differ in lightness too.
func styles() []style {
	return []style{
		{Color: color.RGBA{0, 0, 0, 255}, Width: vg.Points(2)},
		{Color: color.RGBA{0, 114, 178, 255}, Width: vg.Points(1.4), Dashes: dashes(6, 3), Marker: draw.RingGlyph{}},
		{Color: color.RGBA{213, 94, 0, 255}, Width: vg.Points(1.4), Dashes: dashes(2, 2), Marker: draw.CrossGlyph{}},
		{Color: color.RGBA{0, 158, 115, 255}, Width: vg.Points(1.4), Dashes: dashes(8, 2, 2, 2), Marker: draw.TriangleGlyph{}},
		{Color: color.RGBA{204, 121, 167, 255}, Width: vg.Points(1.4), Dashes: dashes(4, 2), Marker: draw.SquareGlyph{}},
		{Color: color.RGBA{86, 180, 233, 255}, Width: vg.Points(1.4), Dashes: dashes(10, 4), Marker: draw.PlusGlyph{}},
		{Color: color.RGBA{230, 159, 0, 255}, Width: vg.Points(1.4), Dashes: dashes(1, 2), Marker: draw.CircleGlyph{}},
		{Color: color.RGBA{110, 110, 110, 255}, Width: vg.Points(1), Dashes: dashes(3, 3), Marker: draw.PyramidGlyph{}},
	}
}

// styleAt returns the style of the i-th series, starting over when all are used.
func styleAt(i int) style {
	all := styles()
	return all[i%len(all)]
}

func dashes(lengths ...float64) []vg.Length {
	pattern := make([]vg.Length, len(lengths))
	for i, l := range lengths {
		pattern[i] = vg.Points(l)
	}
	return pattern
}

func (s style) line() draw.LineStyle {
	return draw.LineStyle{Color: s.Color, Width: s.Width, Dashes: s.Dashes}
}

func (s style) glyph() draw.GlyphStyle {
	return draw.GlyphStyle{Color: s.Color, Radius: vg.Points(2.6), Shape: s.Marker}
}

// Colours of what is not a series.
func ink() color.Color       { return color.RGBA{34, 34, 34, 255} }
func faint() color.Color     { return color.RGBA{96, 96, 96, 255} }
func gridColor() color.Color { return color.RGBA{214, 214, 214, 255} }
func light() color.RGBA      { return color.RGBA{185, 185, 185, 255} }
func warning() color.RGBA    { return color.RGBA{160, 20, 20, 255} }
func shade() color.Color     { return color.RGBA{240, 241, 244, 255} }

// textStyle is upright sans-serif text of the given size in points, anchored at
// the lower left.
func textStyle(size float64, bold bool) text.Style {
	f := font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, vg.Points(size))
	if bold {
		f.Weight = xfont.WeightBold
	}
	return text.Style{Color: ink(), Font: f, XAlign: draw.XLeft, YAlign: draw.YBottom, Handler: plot.DefaultTextHandler}
}

// Shorten cuts s to at most n runes, the last of which is then an ellipsis.
func Shorten(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:max(n-1, 0)]) + "…"
}

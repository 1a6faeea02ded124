package figure

import (
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

type entry struct {
	Text  string
	Style style
}

// Widths of a legend entry's parts.
const (
	sampleWidth = vg.Length(34)
	entryGap    = vg.Length(10)
)

// width is the entry's width with the space after it.
func (e entry) width() vg.Length {
	return sampleWidth + 5 + textStyle(10, false).Width(e.Text) + entryGap
}

// flow breaks the entries into rows that fit the figure.
func flow(entries []entry) [][]entry {
	var rows [][]entry
	used := width // so that the first entry opens a row
	for _, e := range entries {
		w := e.width()
		if used+w > width-2*margin+entryGap {
			rows, used = append(rows, nil), 0
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], e)
		used += w
	}
	return rows
}

// drawLegend draws the rows below y and returns where they end.
func drawLegend(c draw.Canvas, rows [][]entry, y vg.Length) vg.Length {
	for _, row := range rows {
		y -= legendRow
		x := margin
		for _, e := range row {
			middle := y + 6
			c.StrokeLine2(e.Style.line(), x, middle, x+sampleWidth, middle)
			if e.Style.Marker != nil {
				c.DrawGlyphNoClip(e.Style.glyph(), vg.Point{X: x + sampleWidth/2, Y: middle})
			}
			c.FillText(textStyle(10, false), vg.Point{X: x + sampleWidth + 5, Y: y + 2}, e.Text)
			x += e.width()
		}
	}
	return y
}

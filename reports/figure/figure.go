package figure

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Figure is a plot with its legend and its events around it.
type Figure struct {
	Name    string // of the file, without extension: "cpu"
	Title   string
	Caption string // what is drawn and how, in sentences

	plot    *plot.Plot
	height  vg.Length // of the data area with its axes
	origin  string    // run, place and UTC time of x = 0
	phases  []Span
	marks   []Mark
	omitted int // marks that were left out
	// markFormat is how a mark's place on the x axis is written.
	markFormat string
	legend     []entry
	empty      bool // nothing was recorded
}

// All returns every figure of the run, in the order of a report: the chain
// first, then CPU, in a long run first around the chain.
func All(r Run) []*Figure {
	all := append([]*Figure{Chain(r)}, details(r)...)
	return append(all, CPU(r), Capacity(r), Throughput(r), Latency(r), Distributions(r), Requests(r))
}

// Load returns the figures of load, as far as there is something to draw.
func Load(r Run) []*Figure {
	all := []*Figure{Throughput(r), Latency(r), Distributions(r)}
	if len(r.Instances) > 0 {
		all = append(all, Requests(r))
	}
	if len(r.Errors) > 0 {
		all = append(all, Errors(r))
	}
	return all
}

// Group returns the figures of an Auto Scaling group.
func Group(r Run) []*Figure { return []*Figure{CPU(r), Capacity(r)} }

// Widths and heights of the parts of a figure.
const (
	width      = vg.Length(800)
	dataHeight = vg.Length(260)
	margin     = vg.Length(10)
	dpi        = 144
)

// newFigure returns a figure with empty axes in the house style.
func newFigure(r Run, name, title, caption string) *Figure {
	p := plot.New()
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.TextStyle.Font = textStyle(10, false).Font
		axis.Label.TextStyle.Color = ink()
		axis.Tick.Label.Font = textStyle(9.5, false).Font
		axis.Tick.Label.Color = ink()
		axis.Label.Padding = vg.Points(3)
		axis.Padding = 0
	}
	p.BackgroundColor = nil
	return &Figure{Name: name, Title: title, Caption: caption, plot: p, height: dataHeight, origin: origin(r), markFormat: "+%.1f s"}
}

// overTime returns a figure whose x axis is the run's time, with its phases
// shaded.
func overTime(r Run, name, title, caption string) *Figure {
	f := newFigure(r, name, title, caption)
	f.phases = r.Phases
	f.plot.X.Label.Text = "seconds since the start of the run"
	f.plot.X.Tick.Marker = plot.TickerFunc(secondTicks)
	f.plot.X.Min, f.plot.X.Max = r.Begin, max(r.End, r.Begin+1)
	f.plot.Y.Min, f.plot.Y.Max = 0, 1
	f.plot.Y.Tick.Marker = plot.TickerFunc(roundTicks)
	f.plot.Add(bands(r.Phases), grid())
	f.empty = true // until there are points
	return f
}

// origin names the run, its place and the time of x = 0.
func origin(r Run) string {
	s := "start unknown"
	if !r.Start.IsZero() {
		s = "x = 0 at " + r.Start.UTC().Format(time.DateOnly+" "+time.TimeOnly) + " UTC"
	}
	for _, part := range []string{r.Where, r.ID} {
		if part != "" {
			s = part + " · " + s
		}
	}
	return s
}

// maxMarks bounds the events listed below a figure.
const maxMarks = 20

// mark marks the first of the events.
func (f *Figure) mark(marks []Mark) {
	f.marks = marks[:min(len(marks), maxMarks)]
	f.omitted = len(marks) - len(f.marks)
}

// raise makes the y axis reach top and a little more.
func (f *Figure) raise(top float64) {
	if top *= 1.08; top > f.plot.Y.Max {
		f.plot.Y.Max = top
	}
}

// fit makes the y axis reach the highest of the points.
func (f *Figure) fit(points []Point) {
	f.empty = f.empty && len(points) == 0
	for _, p := range points {
		f.raise(p.Y)
	}
}

// WriteSVG writes the figure as SVG: text as text, nothing outside the file.
func (f *Figure) WriteSVG(w io.Writer) error {
	height := f.layout().total()
	c := vgsvg.NewWith(vgsvg.UseWH(width, height))
	f.draw(draw.New(c))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return fmt.Errorf("draw figure %q as SVG: %w", f.Name, err)
	}
	svg := b.Bytes()
	// The canvas names one font and goes without its file; these have its metrics.
	svg = bytes.ReplaceAll(svg, []byte("font-family:Liberation Sans;"), []byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"))
	label := `<svg role="img" aria-label="` + html.EscapeString(f.Title+". "+f.Caption) + `" `
	svg = bytes.Replace(svg, []byte("<svg "), []byte(label), 1)
	_, err := w.Write(svg)
	return err
}

// WritePNG writes the figure as PNG, two pixels a point.
func (f *Figure) WritePNG(w io.Writer) error {
	c := vgimg.NewWith(vgimg.UseWH(width, f.layout().total()), vgimg.UseDPI(dpi))
	f.draw(draw.New(c))
	if _, err := (vgimg.PngCanvas{Canvas: c}).WriteTo(w); err != nil {
		return fmt.Errorf("draw figure %q as PNG: %w", f.Name, err)
	}
	return nil
}

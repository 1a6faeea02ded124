package figure

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"strings"
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

	*panel          // that is being made: the last
	panels []*panel // from the top, on one x axis
	origin string   // run, place and UTC time of x = 0
	phases []Span
	links  []Link // named above the data, with a line through every panel
	marks  []Mark // numbered above the data, and named below
	// markFormat is how a mark's place on the x axis is written.
	markFormat string
	omitted    int // marks that were left out
}

// panel is a plot with its legend.
type panel struct {
	plot    *plot.Plot
	height  vg.Length // of the data area with its axes
	legend  []entry
	empty   bool   // nothing was recorded
	missing string // what was not, if not everything
}

// All returns every figure of a proof in the order of a report: the picture that shows all of
// it comes first. Where the chain is a few pixels of the run, that is of the time around the
// chain, and one of the whole run follows.
func All(r Run) []*Figure {
	proof, chain := Proof(aroundChain(r)), Chain(r)
	rest := []*Figure{Throughput(r), Latency(r), Distributions(r)}
	if proof.plot.X.Max-proof.plot.X.Min < r.End-r.Begin {
		whole := Proof(r)
		whole.Name, whole.Title, whole.links = "run", "The whole run", nil
		whole.mark(r.Marks)
		rest = append([]*Figure{whole}, rest...)
	}
	return append([]*Figure{proof, chain}, rest...)
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

// Widths and heights of the parts of a figure.
const (
	width      = vg.Length(800)
	dataHeight = vg.Length(260)
	margin     = vg.Length(10)
	dpi        = 144
)

// newFigure returns a figure with empty axes in the house style.
func newFigure(r Run, name, title, caption string) *Figure {
	f := &Figure{Name: name, Title: title, Caption: caption, origin: origin(r, "began")}
	f.addPanel(dataHeight)
	return f
}

// addPanel adds a panel below the others.
func (f *Figure) addPanel(height vg.Length) {
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
	f.panel = &panel{plot: p, height: height}
	f.panels = append(f.panels, f.panel)
}

// overTime returns a figure whose x axis is the run's time, with its phases
// shaded.
func overTime(r Run, name, title, caption string) *Figure {
	f := newFigure(r, name, title, caption)
	f.origin = origin(r, "x = 0 at")
	f.phases = r.Phases
	f.markFormat = "+%.1f s"
	f.timeAxis(r)
	return f
}

// below adds a panel on the run's time below the others, which lose what is written at their
// x axes.
func (f *Figure) below(r Run, height vg.Length) {
	f.plot.X.Label.Text, f.plot.X.Tick.Label.Font.Size = "", 0
	f.addPanel(height)
	f.timeAxis(r)
}

// timeAxis makes the panel one over the run's time, on which there is nothing until there are points.
func (f *Figure) timeAxis(r Run) {
	f.overSeconds(r.Begin, max(r.End, r.Begin+1))
	f.plot.Y.Min, f.plot.Y.Max = 0, 1
	f.plot.Y.Tick.Marker = plot.TickerFunc(roundTicks)
	f.plot.Add(bands(r.Phases), grid())
	f.empty = true
}

// overSeconds makes the x axis one of the run's time.
func (f *Figure) overSeconds(from, to float64) {
	p := f.plot
	p.X.Min, p.X.Max = from, to
	p.X.Label.Text = timeLabel(to)
	p.X.Tick.Marker = plot.TickerFunc(timeTicks)
}

// origin names the run, its place and when it began.
func origin(r Run, began string) string {
	s := "start unknown"
	if !r.Start.IsZero() {
		s = began + " " + r.Start.UTC().Format(time.DateOnly+" "+time.TimeOnly) + " UTC"
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

// dark is how an SVG looks to a reader who asked for dark pages.
const dark = "@media (prefers-color-scheme:dark){svg>g{filter:invert(.913) hue-rotate(180deg)}}"

// WriteSVG writes the figure as SVG: text as text, and nothing outside the file, its fonts in a
// style element of their own.
func (f *Figure) WriteSVG(w io.Writer) error {
	c := vgsvg.NewWith(vgsvg.UseWH(width, f.layout().total()))
	f.draw(draw.New(c))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return fmt.Errorf("draw figure %q as SVG: %w", f.Name, err)
	}
	_, err := strings.NewReplacer(
		"font-family:Liberation Sans;", "font-family:"+fontFamily+";",
		"<svg ", `<svg role="img" aria-label="`+html.EscapeString(f.Title+". "+f.Caption)+`" `,
		"<g transform=\"scale(1, -1) translate", "<style>"+FontFaces()+dark+"</style>\n<g transform=\"scale(1, -1) translate",
	).WriteString(w, b.String())
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

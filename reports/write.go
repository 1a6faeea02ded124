package reports

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"secondwind/reports/figure"
	"secondwind/runlog"
	"secondwind/verify/judge"
)

// The files that Write makes; the plots lie in PlotsDir as SVG and as PNG.
const (
	HTMLFile     = "report.html"
	MarkdownFile = "report.md"
	JUnitFile    = "junit.xml"
	PlotsDir     = "plots"
)

// Write makes the reports of a run in its folder: report.html, report.md,
// junit.xml and plots/. A record that claims nothing has no verdict, and its reports
// show what was sent or seen, without junit.xml. They are all made before the first is written, and put
// into place together, so that a context that ends, or a disk that is full, leaves
// every file as it was. A record that ends early, or is empty, gives a report that
// says so. The folder of a sealed run must be sealed again afterwards.
func Write(ctx context.Context, dir string, rec *runlog.Record, v judge.Verdict) error {
	return write(ctx, dir, rec, v, formats())
}

// format is a kind of file that figures are drawn into.
type format struct {
	Extension string
	draw      func(*figure.Figure, io.Writer) error
}

// formats are those of a report. SVG comes first, for pages hold it.
func formats() []format {
	return []format{{".svg", (*figure.Figure).WriteSVG}, {".png", (*figure.Figure).WritePNG}}
}

// write writes the reports with plots in the given formats.
func write(ctx context.Context, dir string, rec *runlog.Record, v judge.Verdict, as []format) error {
	plots := filepath.Join(dir, PlotsDir)
	// First, so that a folder that cannot be written to is found before anything is drawn.
	made := os.Mkdir(plots, 0o755)
	if made != nil && !errors.Is(made, fs.ErrExist) {
		return fmt.Errorf("write reports: %w", made)
	}
	files, err := render(ctx, rec, v, as)
	if err == nil {
		err = runlog.WriteFiles(dir, files)
	}
	if err != nil {
		if made == nil {
			os.Remove(plots) // it is empty
		}
		return fmt.Errorf("write reports: %w", err)
	}
	return nil
}

// render makes every file of the reports.
func render(ctx context.Context, rec *runlog.Record, v judge.Verdict, as []format) ([]runlog.File, error) {
	figures, complete := figure.All, func(*page, *account) {}
	switch rec.Manifest.Command {
	case runlog.CommandLoad:
		order, _ := ordered(rec)
		v = judge.Verdict{RunID: rec.Manifest.RunID, Where: order["server"]}
		figures, complete = figure.Load, completeLoad
	case runlog.CommandSoak:
	case runlog.CommandObserve:
		v = judge.Verdict{RunID: rec.Manifest.RunID}
		figures, complete = func(r figure.Run) []*figure.Figure { return []*figure.Figure{figure.Group(r)} }, completeObserved
	}
	a := read(rec, v)
	a.required = Required(rec, v)
	drawn, files, err := renderPlots(ctx, figures(a.run), as)
	if err != nil {
		return nil, err
	}
	p := newPage(a, v, drawn)
	complete(&p, a)
	html, err1 := renderHTML(p)
	markdown, err2 := renderMarkdown(p)
	files = append(files, runlog.File{Name: HTMLFile, Data: html}, runlog.File{Name: MarkdownFile, Data: markdown})
	if rec.Manifest.Claims() {
		junit, err := renderJUnit(a, v)
		files, err1 = append(files, runlog.File{Name: JUnitFile, Data: junit}), errors.Join(err1, err)
	}
	return files, errors.Join(err1, err2, ctx.Err())
}

// renderPlots draws every figure in every format, and returns them for a page too.
func renderPlots(ctx context.Context, figures []*figure.Figure, as []format) (drawn []pageFigure, files []runlog.File, err error) {
	for _, f := range figures {
		onPage := pageFigure{Name: f.Name, Title: f.Title, Caption: f.Caption}
		for i, kind := range as {
			var b bytes.Buffer
			if err := errors.Join(ctx.Err(), kind.draw(f, &b)); err != nil {
				return nil, nil, err
			}
			files = append(files, runlog.File{Name: PlotsDir + "/" + f.Name + kind.Extension, Data: b.Bytes()})
			if i == 0 {
				onPage.SVG = inline(b.Bytes())
			}
		}
		drawn = append(drawn, onPage)
	}
	return drawn, files, nil
}

package reports

import (
	"bytes"
	"fmt"
	"io"
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
// junit.xml and plots/. Each file is whole or as it was before. A record that
// ends early, or is empty, gives a report that says so. The folder of a sealed
// run must be sealed again afterwards.
func Write(dir string, rec *runlog.Record, v judge.Verdict) error {
	return write(dir, rec, v, formats())
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
func write(dir string, rec *runlog.Record, v judge.Verdict, as []format) error {
	if err := os.MkdirAll(filepath.Join(dir, PlotsDir), 0o755); err != nil {
		return fmt.Errorf("write reports: %w", err)
	}
	a := read(rec, v)
	drawn, err := writePlots(dir, figure.All(a.run), as)
	if err != nil {
		return fmt.Errorf("write reports: %w", err)
	}
	p := newPage(a, v, drawn)
	for _, file := range []struct {
		name   string
		render func() ([]byte, error)
	}{
		{HTMLFile, func() ([]byte, error) { return renderHTML(p) }},
		{MarkdownFile, func() ([]byte, error) { return renderMarkdown(p) }},
		{JUnitFile, func() ([]byte, error) { return renderJUnit(a, v) }},
	} {
		data, err := file.render()
		if err != nil {
			return fmt.Errorf("write reports: %w", err)
		}
		if err := runlog.WriteFile(dir, file.name, data); err != nil {
			return fmt.Errorf("write reports: %w", err)
		}
	}
	return nil
}

// writePlots writes every figure in every format, and returns them for a page.
func writePlots(dir string, figures []*figure.Figure, as []format) ([]pageFigure, error) {
	var drawn []pageFigure
	for _, f := range figures {
		onPage := pageFigure{Name: f.Name, Title: f.Title, Caption: f.Caption}
		for i, kind := range as {
			var b bytes.Buffer
			if err := kind.draw(f, &b); err != nil {
				return nil, err
			}
			if err := runlog.WriteFile(dir, PlotsDir+"/"+f.Name+kind.Extension, b.Bytes()); err != nil {
				return nil, err
			}
			if i == 0 {
				onPage.SVG = inline(b.Bytes())
			}
		}
		drawn = append(drawn, onPage)
	}
	return drawn, nil
}

package reports

import (
	"bytes"
	"fmt"
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
	if err := os.MkdirAll(filepath.Join(dir, PlotsDir), 0o755); err != nil {
		return fmt.Errorf("write reports: %w", err)
	}
	a := read(rec, v)
	drawn, err := writePlots(dir, figure.All(a.run))
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

// writePlots writes every figure as SVG and PNG, and returns them for a page.
func writePlots(dir string, figures []*figure.Figure) ([]pageFigure, error) {
	var drawn []pageFigure
	for _, f := range figures {
		var svg, png bytes.Buffer
		if err := f.WriteSVG(&svg); err != nil {
			return nil, err
		}
		if err := f.WritePNG(&png); err != nil {
			return nil, err
		}
		if err := runlog.WriteFile(dir, PlotsDir+"/"+f.Name+".svg", svg.Bytes()); err != nil {
			return nil, err
		}
		if err := runlog.WriteFile(dir, PlotsDir+"/"+f.Name+".png", png.Bytes()); err != nil {
			return nil, err
		}
		drawn = append(drawn, pageFigure{Name: f.Name, Title: f.Title, Caption: f.Caption, SVG: inline(svg.Bytes())})
	}
	return drawn, nil
}

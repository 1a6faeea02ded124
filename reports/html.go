package reports

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
)

// templates are the layouts of report.html and report.md.
//
//go:embed templates
var templates embed.FS

// renderHTML returns report.html: one file without scripts and without any
// address outside itself.
func renderHTML(p page) ([]byte, error) {
	t, err := template.ParseFS(templates, "templates/report.html")
	if err != nil {
		return nil, fmt.Errorf("parse the layout of report.html: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("lay out report.html: %w", err)
	}
	return b.Bytes(), nil
}

// inline returns a drawing as it stands inside a page: without the prologue of
// an XML file.
func inline(svg []byte) template.HTML {
	if i := bytes.Index(svg, []byte("<svg")); i > 0 {
		svg = svg[i:]
	}
	return template.HTML(svg) // figure escapes the text it draws
}

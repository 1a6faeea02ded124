package reports

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"slices"

	"secondwind/reports/figure"
)

// templates are the layouts of report.html and report.md.
//
//go:embed templates
var templates embed.FS

// renderHTML returns report.html: one file without scripts and without any
// address outside itself.
func renderHTML(p page) ([]byte, error) {
	t, err := template.New(p.Layout+".html").Funcs(formatting).
		Funcs(template.FuncMap{"fonts": func() template.CSS { return template.CSS(figure.FontFaces()) }}).
		ParseFS(templates, "templates/parts.html", "templates/"+p.Layout+".html")
	return layOut(t, err, p)
}

// layOut executes a layout, of text or HTML, unless parsing it failed.
func layOut(t interface{ Execute(io.Writer, any) error }, err error, p page) ([]byte, error) {
	var b bytes.Buffer
	if err == nil {
		err = t.Execute(&b, p)
	}
	if err != nil {
		return nil, fmt.Errorf("lay out a report: %w", err) // which names the file itself
	}
	return b.Bytes(), nil
}

// inline returns a drawing as it stands inside a page: without the prologue of
// an XML file, and without its fonts, which the page has.
func inline(svg []byte) template.HTML {
	if i := bytes.Index(svg, []byte("<svg")); i > 0 {
		svg = svg[i:]
	}
	before, styled, _ := bytes.Cut(svg, []byte("<style>"))
	_, after, _ := bytes.Cut(styled, []byte("</style>"))
	return template.HTML(slices.Concat(before, after)) // figure escapes the text it draws
}

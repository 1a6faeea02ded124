package reports

import (
	"fmt"
	"strings"
	"text/template"
)

// renderMarkdown returns report.md, which shows the drawings of plots/.
func renderMarkdown(p page) ([]byte, error) {
	t, err := template.New(p.Layout+".md").
		Funcs(formatting).Funcs(template.FuncMap{"md": markdown, "code": markdownCode}).
		ParseFS(templates, "templates/parts.md", "templates/"+p.Layout+".md")
	return layOut(t, err, p)
}

// markdown escapes text for a table cell: what AWS answered must neither break
// the table nor become markup.
func markdown(v any) string {
	s := strings.Join(strings.Fields(fmt.Sprint(v)), " ")
	return strings.NewReplacer(
		`\`, `\\`, "`", "\\`", "|", `\|`, "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`,
		"<", "&lt;", ">", "&gt;", "&", "&amp;", "#", `\#`, "~", `\~`, "!", `\!`,
	).Replace(s)
}

// markdownCode makes text fit between back quotes in a table cell.
func markdownCode(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return strings.NewReplacer("`", "'", "|", `\|`).Replace(s)
}

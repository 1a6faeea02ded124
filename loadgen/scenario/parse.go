package scenario

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"secondwind/textfile"
)

// Error is one fault of a scenario: where it is and what would be right.
type Error struct {
	File string
	Line int    // 0 if the fault is not in a line of the file
	Key  string // "load.band"; "" if the file cannot be read at all
	Text string
}

// Error returns file:line: key: text.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	b.WriteString(": ")
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	b.WriteString(e.Text)
	return b.String()
}

// Parse reads a scenario; name stands for the file in errors. An empty text is
// the default scenario. All faults are joined, each an *Error.
func Parse(name string, data []byte) (Scenario, error) {
	s := Default()
	text, err := textfile.UTF8(data)
	if err != nil {
		return s, &Error{File: name, Text: err.Error()}
	}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return s, &Error{File: name, Line: lineOf(err), Text: oneLine(err)}
	}
	d := decoder{name: name, lines: map[string]int{}}
	documents := slices.DeleteFunc(file.Docs, func(doc *ast.DocumentNode) bool { return isEmpty(doc.Body) })
	if len(documents) > 1 {
		d.fault(documents[1].Body, "", "this is a second document; a file holds one scenario: remove the line ---, or make two files")
	} else if len(documents) == 1 {
		d.mapping("", documents[0].Body, reflect.ValueOf(&s).Elem())
	}
	if len(d.faults) > 0 {
		return s, errors.Join(d.faults...)
	}
	return s, s.validate(name, d.lines)
}

// Validate reports every fault of a scenario that was changed after it was read.
func (s Scenario) Validate() error { return s.validate("scenario", nil) }

func (s Scenario) validate(name string, lines map[string]int) error {
	var faults []error
	for _, f := range s.faults() {
		faults = append(faults, &Error{File: name, Line: lines[f.key], Key: f.key, Text: f.text})
	}
	return errors.Join(faults...)
}

// lineOf is the line that a YAML error is about.
func lineOf(err error) int {
	var y yaml.Error
	if errors.As(err, &y) && y.GetToken() != nil {
		return y.GetToken().Position.Line
	}
	return 0
}

// oneLine is a YAML error's message without the excerpt of the file.
func oneLine(err error) string {
	var y yaml.Error
	if errors.As(err, &y) {
		return y.GetMessage()
	}
	return strings.SplitN(err.Error(), "\n", 2)[0]
}

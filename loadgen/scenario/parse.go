package scenario

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Error is one fault of a scenario: where it stands and what would be right.
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

// Parse reads a scenario; name stands for the file in errors. All faults are
// joined, each an *Error.
func Parse(name string, data []byte) (Scenario, error) {
	s := Default()
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return s, &Error{File: name, Line: lineOf(err), Text: oneLine(err)}
	}
	keys := map[string]int{} // line, by key
	var faults []error
	for _, doc := range file.Docs {
		faults = append(faults, walk(name, "", doc.Body, reflect.TypeFor[Scenario](), keys)...)
	}
	if len(file.Docs) > 1 {
		faults = append(faults, &Error{File: name, Text: "holds several documents; a scenario is one"})
	}
	if len(faults) > 0 {
		return s, errors.Join(faults...)
	}
	if err := yaml.UnmarshalWithOptions(data, &s, yaml.Strict()); err != nil {
		return s, &Error{File: name, Line: lineOf(err), Text: oneLine(err)}
	}
	return s, s.validate(name, keys)
}

// Validate tells every fault of a scenario that was changed after it was read.
func (s Scenario) Validate() error { return s.validate("scenario", nil) }

func (s Scenario) validate(name string, lines map[string]int) error {
	var faults []error
	for _, f := range s.faults() {
		faults = append(faults, &Error{File: name, Line: lines[f.key], Key: f.key, Text: f.text})
	}
	return errors.Join(faults...)
}

// walk notes the line of every key and finds those that mean nothing,
// and the values that are of another type than their key's.
func walk(name, prefix string, node ast.Node, t reflect.Type, lines map[string]int) []error {
	var values []*ast.MappingValueNode
	switch n := node.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		return nil
	}
	var faults []error
	for _, v := range values {
		key := v.Key.GetToken().Value
		full, line := prefix+key, v.Key.GetToken().Position.Line
		lines[full] = line
		field, ok := fieldOf(t, key)
		if !ok {
			faults = append(faults, &Error{File: name, Line: line, Key: full, Text: "unknown key" + suggestion(t, key)})
			continue
		}
		if field.Kind() == reflect.Struct {
			faults = append(faults, walk(name, full+".", v.Value, field, lines)...)
		} else if yaml.NodeToValue(v.Value, reflect.New(field).Interface()) != nil {
			faults = append(faults, &Error{File: name, Line: line, Key: full, Text: fmt.Sprintf("is %q; give %s", v.Value.GetToken().Value, meant(field))})
		}
	}
	return faults
}

// meant says what a key of a type wants.
func meant(t reflect.Type) string {
	if t == reflect.TypeFor[time.Duration]() {
		return "a duration, for instance 30s"
	}
	switch t.Kind() {
	case reflect.Int:
		return "a whole number"
	case reflect.Uint64:
		return "a whole number, 0 or more"
	case reflect.Float64:
		return "a number"
	case reflect.Bool:
		return "true or false"
	default:
		return "text"
	}
}

func fieldOf(t reflect.Type, key string) (reflect.Type, bool) {
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("yaml") == key {
			return t.Field(i).Type, true
		}
	}
	return nil, false
}

// suggestion names the key that was probably meant, else all that there are.
func suggestion(t reflect.Type, key string) string {
	var all []string
	best, distance := "", 3
	for i := range t.NumField() {
		known := t.Field(i).Tag.Get("yaml")
		all = append(all, known)
		if d := editDistance(key, known); d < distance {
			best, distance = known, d
		}
	}
	if best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return "; known here: " + strings.Join(all, ", ")
}

// editDistance is Levenshtein's, in bytes: keys are ASCII and short.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
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

package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"secondwind/textfile"
)

// faultAt is what is wrong with a file: file:line:column: key: text. What is zero is
// left out.
func faultAt(file string, line, column int, key, text string) error {
	for _, n := range []int{line, column} {
		if n > 0 {
			file += fmt.Sprintf(":%d", n)
		}
	}
	if key != "" {
		file += ": " + key
	}
	return errors.New(file + ": " + text)
}

// Parse reads a scenario; name stands for the file in errors. An empty text is
// the default scenario. All faults are joined, each with its line, its key and what
// would be right.
func Parse(name string, data []byte) (Scenario, error) {
	s := Default()
	text, err := textfile.UTF8(data)
	if err != nil {
		return s, textfile.In(name, err)
	}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return s, syntaxError(name, text, err)
	}
	d := decoder{name: name, lines: map[string]int{}, faulty: map[string]bool{}}
	documents := slices.DeleteFunc(file.Docs, func(doc *ast.DocumentNode) bool { return isEmpty(doc.Body) })
	if len(documents) > 1 {
		d.fault(documents[1].Body, "", "this is a second document; a file holds one scenario: remove the line ---, or make two files")
	} else if len(documents) == 1 {
		d.mapping("", documents[0].Body, reflect.ValueOf(&s).Elem())
	}
	for _, f := range s.faults() {
		// What could not be read is its default, with which nothing else is compared.
		if !d.faulty[f.key] && (f.key != "payload.digits.max" || !d.faulty["payload.digits.min"]) {
			d.faults = append(d.faults, faultAt(name, d.lines[f.key], 0, f.key, f.text))
		}
	}
	return s, errors.Join(d.faults...)
}

// Validate reports every fault of a scenario that flags have changed, by the flag
// that a key is set with ("hold": "--hold").
func (s Scenario) Validate(flags map[string]string) error {
	var faults []error
	for _, f := range s.faults() {
		faults = append(faults, fmt.Errorf("%s %s", cmp.Or(flags[f.key], f.key), f.text))
	}
	return errors.Join(faults...)
}

// syntaxErrors are what the YAML parser's messages mean to somebody who wrote a file.
var syntaxErrors = []struct{ message, text string }{
	{"already defined", "the key %s is given twice; keep one"},
	{"unexpected end content", "%s comes after the end of the document; remove it, or the line ..."},
	{"end character of", "a quotation mark is not closed"},
	{"end token", "a bracket is not closed"},
	{"not allowed in this context", "this does not belong here; indent keys of one level alike, and put text with a colon in quotation marks"},
}

// tabbed is an indentation up to its first tab.
var tabbed = regexp.MustCompile("^ *\t")

// syntaxError says what is wrong with a text that is not YAML.
func syntaxError(name string, text []byte, err error) error {
	var y yaml.Error
	if !errors.As(err, &y) || y.GetToken() == nil {
		return fmt.Errorf("%s: not valid YAML: %w", name, err)
	}
	at := y.GetToken().Position
	lines := strings.Split(string(text), "\n")
	if indent := tabbed.FindString(lines[min(at.Line, len(lines))-1]); indent != "" {
		return faultAt(name, at.Line, len(indent), "", "this is a tab; indent with spaces")
	}
	for _, known := range syntaxErrors {
		if strings.Contains(y.GetMessage(), known.message) {
			return faultAt(name, at.Line, at.Column, "", strings.ReplaceAll(known.text, "%s", y.GetToken().Value))
		}
	}
	return faultAt(name, at.Line, at.Column, "", "not valid YAML: "+y.GetMessage())
}

// decoder fills a scenario in from YAML. It reads scalars itself: where YAML's
// versions disagree, such as about 010, a value is what it looks like.
type decoder struct {
	name   string         // of the file
	lines  map[string]int // by key
	faulty map[string]bool
	faults []error
}

func (d *decoder) fault(at ast.Node, key, format string, args ...any) {
	d.faulty[key] = true
	d.faults = append(d.faults, faultAt(d.name, at.GetToken().Position.Line, 0, key, fmt.Sprintf(format, args...)))
}

// isEmpty reports whether a document, or a key, has nothing in it but comments.
func isEmpty(node ast.Node) bool {
	switch node.(type) {
	case nil, *ast.NullNode, *ast.CommentGroupNode, *ast.DirectiveNode:
		return true
	}
	return false
}

// mapping fills a struct in, and notes the line of every key.
func (d *decoder) mapping(key string, node ast.Node, into reflect.Value) {
	mapping, ok := node.(*ast.MappingNode)
	if _, list := node.(*ast.SequenceNode); list {
		d.fault(node, key, "this is a list; give keys instead, one on a line, for instance %s: …", into.Type().Field(0).Tag.Get("yaml"))
		return
	}
	if !ok {
		d.fault(node, key, "holds no keys; give them one on a line, for instance %s: …", into.Type().Field(0).Tag.Get("yaml"))
		return
	}
	for _, v := range mapping.Values {
		name := v.Key.GetToken().Value
		full := strings.TrimPrefix(key+"."+name, ".")
		d.lines[full] = v.Key.GetToken().Position.Line
		field := fieldOf(into, name)
		switch {
		case !field.IsValid():
			d.fault(v.Key, full, "%s", textfile.UnknownKey(name, into.Type(), "yaml"))
		case field.Kind() != reflect.Struct:
			d.scalar(full, v.Value, field)
		case !isEmpty(v.Value):
			d.mapping(full, v.Value, field)
		}
	}
}

func fieldOf(of reflect.Value, key string) reflect.Value {
	for field, value := range of.Fields() {
		if field.Tag.Get("yaml") == key {
			return value
		}
	}
	return reflect.Value{}
}

// scalars are how the values of each type are written, and read; of any other type,
// they are text. Numbers are decimal: 010 is ten.
var scalars = map[reflect.Type]struct {
	meant string
	read  func(string) (any, error)
}{
	reflect.TypeFor[time.Duration](): {"a duration, for instance 30s", func(s string) (any, error) { return time.ParseDuration(s) }},
	reflect.TypeFor[int]():           {"a whole number", func(s string) (any, error) { return strconv.Atoi(s) }},
	reflect.TypeFor[uint64]():        {"a whole number, 0 or more", func(s string) (any, error) { return strconv.ParseUint(s, 10, 64) }},
	reflect.TypeFor[float64]():       {"a number", func(s string) (any, error) { return strconv.ParseFloat(s, 64) }},
	reflect.TypeFor[bool]():          {"true or false", func(s string) (any, error) { return strconv.ParseBool(s) }},
}

// scalar fills a field in.
func (d *decoder) scalar(key string, node ast.Node, into reflect.Value) {
	text, ok := textOf(node)
	kind, typed := scalars[into.Type()]
	if _, isBool := node.(*ast.BoolNode); into.Kind() == reflect.Bool {
		ok = isBool // and no 1, no t
	}
	if !typed {
		kind.meant = "text"
		into.SetString(text)
	} else if ok {
		value, err := kind.read(text)
		if errors.Is(err, strconv.ErrRange) {
			kind.meant = "a number that is not so large"
		}
		if ok = err == nil; ok {
			into.Set(reflect.ValueOf(value))
		}
	}
	switch {
	case isEmpty(node):
		d.fault(node, key, "has no value; give %s, or leave the key out", kind.meant)
	case !ok:
		d.fault(node, key, "is %q; give %s", text, kind.meant)
	}
}

// textOf returns a scalar as it is written, without quotes; ok is false if the node
// is not a scalar. Anchors, aliases and tags are refused: a scenario needs none.
func textOf(node ast.Node) (text string, ok bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return node.GetToken().Value, true
	}
	return node.String(), false
}

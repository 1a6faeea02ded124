package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"secondwind/loadgen/mix"
	"secondwind/loadgen/profile"
	"secondwind/textfile"
)

// position is where something stands in a file; zero is not known.
type position struct{ line, column int }

func (p position) compare(o position) int { return cmp.Or(p.line-o.line, p.column-o.column) }

// faultAt is what is wrong with a file: file:line:column: key: text. What is not known is
// left out.
func faultAt(file string, at position, key, text string) error {
	if at != (position{}) {
		file += fmt.Sprintf(":%d:%d", at.line, at.column)
	}
	if key != "" {
		file += ": " + key
	}
	return errors.New(file + ": " + text)
}

// Parse reads a scenario; name stands for the file in errors, and the files that the
// scenario names belong beside it. An empty text is the default scenario. All faults are
// joined, each with its line and column, its key and what would be right.
func Parse(name string, data []byte) (Scenario, error) {
	return parse(name, data, func(s *Scenario) []mix.Fault { return s.Faults() })
}

// parse reads a scenario, and examines one that can be read.
func parse(name string, data []byte, examine func(*Scenario) []mix.Fault) (Scenario, error) {
	s := Default()
	text, err := textfile.UTF8(data)
	if err != nil {
		return s, textfile.In(name, err)
	}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return s, syntaxError(name, text, err)
	}
	s.Dir = filepath.Dir(name)
	s.Identity, s.LoadOnly.Profile = mix.Identity{}, "" // which a file may give otherwise
	d := decoder{name: name, at: map[string]position{}, faulty: map[string]bool{}}
	documents := slices.DeleteFunc(file.Docs, func(doc *ast.DocumentNode) bool { return isEmpty(doc.Body) })
	if len(documents) > 1 {
		d.fault(documents[1].Body, "", "this is a second document; a file holds one scenario: remove the line ---, or make two files")
	} else if len(documents) == 1 {
		d.mapping("", documents[0].Body, reflect.ValueOf(&s).Elem())
	}
	_, requests := d.at["requests"]
	s.complete(requests)
	if len(d.faults) == 0 {
		d.wrong(examine(&s))
	} else {
		d.wrong(slices.DeleteFunc(s.Faults(), func(f mix.Fault) bool { return d.faulty[part(f.Key)] }))
	}
	return s, errors.Join(d.faults...)
}

// complete fills in what cannot be the default beforehand; requests tells whether they were given.
func (s *Scenario) complete(requests bool) {
	if s.LoadOnly.Targets != "" && !requests {
		s.Requests = []mix.Request{{}}
	}
	if s.Identity == (mix.Identity{}) {
		s.Identity = mix.Calculator
	}
	if l := &s.LoadOnly; l.Replay == "" && l.Users == "" && len(l.Phases) == 0 {
		l.Profile = cmp.Or(l.Profile, defaultProfile)
	}
	if s.Version == withPayload {
		s.Version = Version // which has another key, and all others as they were
	}
}

// wrong takes up what is wrong with the values, in the order of the file.
func (d *decoder) wrong(found []mix.Fault) {
	slices.SortStableFunc(found, func(a, b mix.Fault) int { return d.position(a.Key).compare(d.position(b.Key)) })
	for _, f := range found {
		d.faults = append(d.faults, faultAt(d.name, d.position(f.Key), f.Key, f.Text))
	}
}

// position is where a key stands, or what it would belong to.
func (d *decoder) position(key string) position {
	for key != "" {
		if at, ok := d.at[key]; ok {
			return at
		}
		key = key[:max(0, strings.LastIndexAny(key, ".["))]
	}
	return position{}
}

// Validate reports every fault of a scenario that flags have changed, by the flag
// that a key is set with ("hold": "--hold").
func (s Scenario) Validate(flags map[string]string) error {
	var faults []error
	for _, f := range s.Faults() {
		faults = append(faults, fmt.Errorf("%s %s", cmp.Or(flags[f.Key], f.Key), f.Text))
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
	at := positionOf(y.GetToken())
	lines := strings.Split(string(text), "\n")
	if indent := tabbed.FindString(lines[min(at.line, len(lines))-1]); indent != "" {
		return faultAt(name, position{at.line, len(indent)}, "", "this is a tab; indent with spaces")
	}
	for _, known := range syntaxErrors {
		if strings.Contains(y.GetMessage(), known.message) {
			return faultAt(name, at, "", strings.ReplaceAll(known.text, "%s", y.GetToken().Value))
		}
	}
	return faultAt(name, at, "", "not valid YAML: "+y.GetMessage())
}

// decoder fills a scenario in from YAML. It reads scalars itself: where YAML's
// versions disagree, such as about 010, a value is what it looks like.
type decoder struct {
	name   string              // of the file
	at     map[string]position // by key
	faulty map[string]bool     // parts that could not be read
	faults []error
}

func (d *decoder) fault(at ast.Node, key, format string, args ...any) {
	d.faulty[part(key)] = true
	d.faults = append(d.faults, faultAt(d.name, cmp.Or(d.at[key], start(at)), key, fmt.Sprintf(format, args...)))
}

// part is the part of a scenario that a key belongs to, whose values are compared with each
// other: what could not be read there is its default, with which nothing is compared.
func part(key string) string {
	for _, whole := range []string{"requests", "identity", "load_only"} {
		if strings.HasPrefix(key, whole) {
			return whole
		}
	}
	return key
}

func positionOf(t *token.Token) position { return position{t.Position.Line, t.Position.Column} }

// start is where a node begins.
func start(node ast.Node) position {
	if m, ok := node.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		node = m.Values[0].Key // the token of a block is a colon
	}
	return positionOf(node.GetToken())
}

// isEmpty reports whether a document, or a key, has nothing in it but comments.
func isEmpty(node ast.Node) bool {
	switch node.(type) {
	case nil, *ast.NullNode, *ast.CommentGroupNode, *ast.DirectiveNode:
		return true
	}
	return false
}

// gone are keys that the format had.
var gone = map[string]string{
	"payload": "is a key of version 1; instead of it, write requests: [{numbers: {operation: \"*\", digits: {min: 24000, max: 32000}}, " +
		"expect: {exact: true}}] with the values that you had, and seed by itself",
}

// value fills in whatever a key holds.
func (d *decoder) value(key string, node ast.Node, into reflect.Value) {
	switch into.Kind() {
	case reflect.Struct, reflect.Map:
		if !isEmpty(node) {
			d.mapping(key, node, into)
		}
	case reflect.Slice:
		d.list(key, node, into)
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		d.scalar(key, node, into.Elem())
	default:
		d.scalar(key, node, into)
	}
}

// mapping fills a struct or a map of texts in, and notes where every key stands.
func (d *decoder) mapping(key string, node ast.Node, into reflect.Value) {
	mapping, ok := node.(*ast.MappingNode)
	if !ok {
		example, holds := "name", "holds no keys; give them"
		if into.Kind() == reflect.Struct {
			example = keyOf(into.Type().Field(0))
		}
		if _, list := node.(*ast.SequenceNode); list {
			holds = "this is a list; give keys instead,"
		}
		d.fault(node, key, "%s one on a line, for instance %s: …", holds, example)
		return
	}
	for _, v := range mapping.Values {
		name := v.Key.GetToken().Value
		full := strings.TrimPrefix(key+"."+name, ".")
		d.at[full] = start(v.Key)
		switch field := fieldOf(into, name); {
		case into.Kind() == reflect.Map:
			d.member(full, name, v.Value, into)
		case field.IsValid():
			d.value(full, v.Value, field)
		case gone[full] != "":
			d.fault(v.Key, full, "%s", gone[full])
		default:
			d.fault(v.Key, full, "%s", textfile.UnknownKey(name, into.Type(), "yaml"))
		}
	}
}

// member puts a text into a map.
func (d *decoder) member(key, name string, node ast.Node, into reflect.Value) {
	if into.IsNil() {
		into.Set(reflect.MakeMap(into.Type()))
	}
	text := reflect.New(into.Type().Elem()).Elem()
	d.value(key, node, text)
	into.SetMapIndex(reflect.ValueOf(name), text)
}

// list fills a list in. A scalar by itself is a list of one.
func (d *decoder) list(key string, node ast.Node, into reflect.Value) {
	sequence, ok := node.(*ast.SequenceNode)
	if !ok {
		if _, keys := node.(*ast.MappingNode); keys || isEmpty(node) || into.Type().Elem().Kind() == reflect.Struct {
			d.fault(node, key, "is no list; begin each of its parts with a hyphen and a space")
			return
		}
		into.Set(reflect.MakeSlice(into.Type(), 1, 1))
		d.value(key, node, into.Index(0))
		if c, ok := into.Addr().Interface().(*Command); ok && (*c)[0] != "" {
			words, err := ParseCommand((*c)[0])
			if *c = words; err != nil {
				d.fault(node, key, "%v", err)
			}
		}
		return
	}
	into.SetZero()
	if len(sequence.Values) > 0 {
		into.Set(reflect.MakeSlice(into.Type(), len(sequence.Values), len(sequence.Values)))
	} else if into.Type().Elem().Kind() == reflect.Struct {
		d.fault(node, key, "is an empty list; give at least one, or leave the key out")
	}
	for i, v := range sequence.Values {
		element := fmt.Sprintf("%s[%d]", key, i)
		d.at[element] = start(v)
		d.value(element, v, into.Index(i))
	}
}

// keyOf is the key of a field, "" if it has none.
func keyOf(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
	return strings.TrimPrefix(name, "-")
}

// fieldOf is the field of a struct, or of one embedded there, that has the key.
func fieldOf(of reflect.Value, key string) reflect.Value {
	if of.Kind() == reflect.Struct && key != "" {
		for _, field := range reflect.VisibleFields(of.Type()) {
			if keyOf(field) == key {
				return of.FieldByIndex(field.Index)
			}
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
	reflect.TypeFor[time.Duration](): {"a duration, for instance 30s", func(s string) (any, error) { return profile.ParseDuration(s) }},
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
			kind.meant = "one that is not so large"
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

package scenario

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// decoder fills a scenario in from YAML. It reads scalars itself: where YAML's
// versions disagree, such as about 010, a value is what it looks like.
type decoder struct {
	name   string         // of the file
	lines  map[string]int // by key
	faults []error
}

func (d *decoder) fault(at ast.Node, key, format string, args ...any) {
	d.faults = append(d.faults, &Error{File: d.name, Line: at.GetToken().Position.Line, Key: key, Text: fmt.Sprintf(format, args...)})
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
	var values []*ast.MappingValueNode
	switch n := node.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		d.fault(node, key, "holds no keys; give them one on a line, for instance %s: …", into.Type().Field(0).Tag.Get("yaml"))
		return
	}
	prefix := ""
	if key != "" {
		prefix = key + "."
	}
	for _, v := range values {
		name := v.Key.GetToken().Value
		full := prefix + name
		d.lines[full] = v.Key.GetToken().Position.Line
		field := fieldOf(into, name)
		switch {
		case !field.IsValid():
			d.fault(v.Key, full, "unknown key%s", suggestion(into.Type(), name))
		case field.Kind() != reflect.Struct:
			d.scalar(full, v.Value, field)
		case !isEmpty(v.Value):
			d.mapping(full, v.Value, field)
		}
	}
}

func fieldOf(of reflect.Value, key string) reflect.Value {
	for i := range of.NumField() {
		if of.Type().Field(i).Tag.Get("yaml") == key {
			return of.Field(i)
		}
	}
	return reflect.Value{}
}

// scalar fills a field in. Numbers are decimal: 010 is ten.
func (d *decoder) scalar(key string, node ast.Node, into reflect.Value) {
	text, ok := textOf(node)
	var meant string
	switch kind := into.Kind(); {
	case into.Type() == reflect.TypeFor[time.Duration]():
		meant = "a duration, for instance 30s"
		ok = ok && parse(text, time.ParseDuration, func(v time.Duration) { into.SetInt(int64(v)) })
	case kind == reflect.Int:
		meant = "a whole number"
		ok = ok && parse(text, strconv.Atoi, func(v int) { into.SetInt(int64(v)) })
	case kind == reflect.Uint64:
		meant = "a whole number, 0 or more"
		ok = ok && parse(text, func(s string) (uint64, error) { return strconv.ParseUint(s, 10, 64) }, into.SetUint)
	case kind == reflect.Float64:
		meant = "a number"
		ok = ok && parse(text, func(s string) (float64, error) { return strconv.ParseFloat(s, 64) }, into.SetFloat)
	case kind == reflect.Bool:
		meant = "true or false"
		var b *ast.BoolNode
		if b, ok = node.(*ast.BoolNode); ok {
			into.SetBool(b.Value)
		}
	default:
		meant = "text"
		into.SetString(text)
	}
	if !ok {
		d.fault(node, key, "is %q; give %s", text, meant)
	}
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

// parse sets a value from its text, and reports whether it could be read.
func parse[T any](text string, read func(string) (T, error), set func(T)) bool {
	v, err := read(text)
	if err == nil {
		set(v)
	}
	return err == nil
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

package awsapi

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// form is the parameters of an awsQuery or ec2Query request as a tree:
// Filter.1.Name=x is the value x of the node Name, in the node 1, in Filter.
type form struct {
	root *formNode
}

// formNode is one step of a parameter's name.
type formNode struct {
	value    string
	set      bool // value was given, though it may be ""
	used     bool // value was asked for
	children map[string]*formNode
}

// parseForm parses parameters in the form of a URL's query. It does not use
// url.ParseQuery, which refuses more than 10,000 parameters: a legal
// PutMetricData has more.
func parseForm(query string) (*form, error) {
	f := &form{root: &formNode{}}
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(key)
		if err != nil {
			return nil, fmt.Errorf("parameter name %.40q: %w", key, err)
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return nil, fmt.Errorf("value of parameter %.40q: %w", name, err)
		}
		if err := f.set(name, value); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// set adds a parameter.
func (f *form) set(name, value string) error {
	if strings.Count(name, ".") >= maxDepth {
		return fmt.Errorf("parameter %.40q is nested more than %d deep", name, maxDepth)
	}
	node := f.root
	for step := range strings.SplitSeq(name, ".") {
		next, ok := node.children[step]
		if !ok {
			next = &formNode{}
			if node.children == nil {
				node.children = make(map[string]*formNode)
			}
			node.children[step] = next
		}
		node = next
	}
	if node.set {
		return fmt.Errorf("parameter %.40q is given twice", name)
	}
	node.value, node.set = value, true
	return nil
}

// take returns a parameter's value, "" if it is not there.
func (f *form) take(name string) string {
	node, ok := f.root.children[name]
	if !ok {
		return ""
	}
	node.used = true
	return node.value
}

// unused lists the parameters that nothing asked for, sorted.
func (f *form) unused() []string {
	var names []string
	f.root.addUnused("", &names)
	slices.Sort(names)
	return names
}

func (n *formNode) addUnused(path string, names *[]string) {
	if n.set && !n.used {
		*names = append(*names, path)
	}
	for step, child := range n.children {
		child.addUnused(join(path, step), names)
	}
}

// formDecoder decodes a form into a Go value.
type formDecoder struct {
	flat bool // lists have no element name: ec2Query
}

// decode decodes a node. The path names it in errors.
func (d formDecoder) decode(s *shape, node *formNode, dst reflect.Value, element, path string) error {
	dst = settle(dst)
	switch s.kind {
	case structure:
		return d.decodeFields(s, node, dst, path)
	case list:
		return d.decodeList(s, node, dst, element, path)
	case mapping:
		return d.decodeMap(s, node, dst, path)
	case union:
		return d.decodeUnion(s, node, dst, path)
	case text, boolean, integer, float, timestamp, blob: // below
	}
	if !node.set {
		return &inputError{path: path, problem: errors.New("a value is expected here, not a structure")}
	}
	node.used = true
	if err := parseScalar(s, node.value, dst); err != nil {
		return &inputError{path: path, problem: err}
	}
	return nil
}

func (d formDecoder) decodeFields(s *shape, node *formNode, dst reflect.Value, path string) error {
	node.takeEmpty()
	for _, f := range s.fields {
		child, ok := node.children[f.names.Request]
		if !ok {
			continue
		}
		err := d.decode(f.shape, child, dst.Field(f.index), f.names.RequestElement, join(path, f.names.Request))
		if err != nil {
			return err
		}
	}
	return nil
}

// decodeList decodes Name.member.1, Name.member.2 or, if flat, Name.1, Name.2.
// Name= without elements is an empty list.
func (d formDecoder) decodeList(s *shape, node *formNode, dst reflect.Value, element, path string) error {
	if node.takeEmpty() {
		dst.Set(reflect.MakeSlice(dst.Type(), 0, 0))
	}
	if !d.flat {
		inner, ok := node.children[element]
		if !ok {
			return nil
		}
		node, path = inner, join(path, element)
	}
	positions, err := node.positions(path)
	if err != nil {
		return err
	}
	values := reflect.MakeSlice(dst.Type(), len(positions), len(positions))
	for i, position := range positions {
		// A list in a list follows the rule; the generator made sure of that.
		err := d.decode(s.element, node.children[position], values.Index(i), "member", join(path, position))
		if err != nil {
			return err
		}
	}
	if len(positions) > 0 {
		dst.Set(values)
	}
	return nil
}

// decodeMap decodes Name.entry.1.key and Name.entry.1.value.
func (d formDecoder) decodeMap(s *shape, node *formNode, dst reflect.Value, path string) error {
	node.takeEmpty()
	if !d.flat {
		inner, ok := node.children["entry"]
		if !ok {
			return nil
		}
		node, path = inner, join(path, "entry")
	}
	positions, err := node.positions(path)
	if err != nil {
		return err
	}
	entries := reflect.MakeMap(dst.Type())
	for _, position := range positions {
		key, value := node.children[position].children["key"], node.children[position].children["value"]
		if key == nil || value == nil || !key.set {
			return &inputError{path: join(path, position), problem: errors.New("a map entry needs key and value")}
		}
		key.used = true
		v := reflect.New(dst.Type().Elem()).Elem()
		if err := d.decode(s.element, value, v, "member", join(path, position)); err != nil {
			return err
		}
		name := reflect.ValueOf(key.value).Convert(dst.Type().Key())
		if entries.MapIndex(name).IsValid() {
			return &inputError{path: path, problem: fmt.Errorf("key %.40q is given twice", key.value)}
		}
		entries.SetMapIndex(name, v)
	}
	dst.Set(entries)
	return nil
}

func (d formDecoder) decodeUnion(s *shape, node *formNode, dst reflect.Value, path string) error {
	node.takeEmpty()
	for _, m := range s.members {
		child, ok := node.children[m.name]
		if !ok {
			continue
		}
		if !dst.IsNil() {
			return &inputError{path: path, problem: errors.New("only one member of a union may be set")}
		}
		v := reflect.New(m.concrete)
		if err := d.decode(m.shape, child, v.Elem().FieldByName("Value"), "member", join(path, m.name)); err != nil {
			return err
		}
		dst.Set(v)
	}
	return nil
}

// takeEmpty takes a value that is empty, which stands for an empty structure, list
// or map.
func (n *formNode) takeEmpty() bool {
	empty := n.set && n.value == ""
	n.used = n.used || empty
	return empty
}

// positions returns the numbers among a node's children in ascending order.
// Gaps are closed, as AWS does: Name.1 and Name.3 are two elements.
func (n *formNode) positions(path string) ([]string, error) {
	var numbers []int
	for step := range n.children {
		// Anything else, 01 and +1 too, is refused as an unknown parameter.
		if number, err := strconv.Atoi(step); err == nil && number >= 0 && strconv.Itoa(number) == step {
			numbers = append(numbers, number)
		}
	}
	if len(numbers) > maxList {
		return nil, &inputError{path: path, problem: fmt.Errorf("a list has at most %d elements, this one has %d", maxList, len(numbers))}
	}
	slices.Sort(numbers)
	steps := make([]string, len(numbers))
	for i, number := range numbers {
		steps[i] = strconv.Itoa(number)
	}
	return steps, nil
}

// join adds a step to a parameter's path.
func join(path, step string) string {
	if path == "" {
		return step
	}
	return path + "." + step
}

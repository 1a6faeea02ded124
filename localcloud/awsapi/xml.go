package awsapi

import (
	"bytes"
	"encoding/xml"
	"maps"
	"reflect"
	"slices"
)

// xmlWriter writes the XML of awsQuery and ec2Query answers.
type xmlWriter struct {
	b    bytes.Buffer
	item string // element name of a list in a list: "member" or "item"
}

// open writes a start tag; a namespace is optional.
func (w *xmlWriter) open(name, namespace string) {
	w.b.WriteByte('<')
	w.b.WriteString(name)
	if namespace != "" {
		w.b.WriteString(` xmlns="`)
		w.escape(namespace)
		w.b.WriteByte('"')
	}
	w.b.WriteByte('>')
}

func (w *xmlWriter) close(name string) {
	w.b.WriteString("</")
	w.b.WriteString(name)
	w.b.WriteByte('>')
}

// element writes an element that holds text only.
func (w *xmlWriter) element(name, content string) {
	w.open(name, "")
	w.escape(content)
	w.close(name)
}

func (w *xmlWriter) escape(s string) {
	_ = xml.EscapeText(&w.b, []byte(s)) // a bytes.Buffer does not fail
}

// fields writes the members of a structure.
func (w *xmlWriter) fields(s *shape, v reflect.Value) {
	for _, f := range s.fields {
		if member, ok := present(f.shape, v.Field(f.index)); ok {
			w.open(f.names.Response, "")
			w.content(f.shape, member, f.names.ResponseElement)
			w.close(f.names.Response)
		}
	}
}

// content writes what stands between a value's tags.
func (w *xmlWriter) content(s *shape, v reflect.Value, element string) {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	switch s.kind {
	case structure:
		w.fields(s, v)
	case list:
		for i := range v.Len() {
			w.open(element, "")
			w.content(s.element, v.Index(i), w.item)
			w.close(element)
		}
	case mapping:
		w.entries(s, v)
	case union:
		if m, value, ok := s.memberOf(v); ok {
			w.open(m.name, "")
			w.content(m.shape, value, w.item)
			w.close(m.name)
		}
	case text, boolean, integer, float, timestamp, blob:
		w.escape(formatScalar(s, v))
	}
}

// entries writes a map, sorted by key so that equal answers are equal bytes.
func (w *xmlWriter) entries(s *shape, v reflect.Value) {
	for _, key := range sortedKeys(v) {
		w.open("entry", "")
		w.element("key", key.String())
		w.open("value", "")
		w.content(s.element, v.MapIndex(key), w.item)
		w.close("value")
		w.close("entry")
	}
}

// sortedKeys returns the keys of a map of strings in order.
func sortedKeys(v reflect.Value) []reflect.Value {
	byName := make(map[string]reflect.Value, v.Len())
	for _, key := range v.MapKeys() {
		byName[key.String()] = key
	}
	keys := make([]reflect.Value, 0, len(byName))
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		keys = append(keys, byName[name])
	}
	return keys
}

package awsapi

import (
	"fmt"
	"reflect"
	"time"
)

// kind says how a value looks on the wire.
type kind int

// The kinds of shapes.
const (
	structure kind = iota + 1
	list
	mapping
	union
	text
	boolean
	integer
	float
	timestamp
	blob
)

// shape is the wire form of a Go type, without its pointers.
type shape struct {
	kind    kind
	fields  []field        // of a structure
	byWire  map[string]int // fields of a structure by their name in JSON and CBOR
	element *shape         // of a list; the values of a mapping
	members []unionMember  // of a union
}

// field is one member of a structure.
type field struct {
	index int // in the Go struct
	names memberNames
	shape *shape
}

// unionMember is one alternative of a union: a struct whose only field is Value.
type unionMember struct {
	name     string
	concrete reflect.Type
	shape    *shape
}

// shaper makes and remembers the shapes of one service.
type shaper struct {
	table  nameTable
	ec2    bool
	unions map[reflect.Type][]unionMember
	known  map[reflect.Type]*shape
}

func newShaper(s Service) (*shaper, error) {
	if _, ok := s.traits(); !ok {
		return nil, fmt.Errorf("service %q is not served", s)
	}
	table, err := nameTableOf(s)
	if err != nil {
		return nil, err
	}
	return &shaper{table: table, ec2: s == EC2, unions: unions(), known: make(map[reflect.Type]*shape)}, nil
}

// shapeOf returns the shape of a type, or an error if the wire has no form for it.
func (r *shaper) shapeOf(t reflect.Type) (*shape, error) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if s, ok := r.known[t]; ok {
		return s, nil
	}
	// Remembered before it is complete, so that a type may contain itself.
	s := &shape{}
	r.known[t] = s
	if err := r.fill(s, t); err != nil {
		return nil, err
	}
	return s, nil
}

func (r *shaper) fill(s *shape, t reflect.Type) (err error) {
	switch {
	case t == reflect.TypeFor[time.Time]():
		s.kind = timestamp
	case t.Kind() == reflect.Struct:
		s.kind = structure
		err = r.fillFields(s, t)
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		s.kind = blob
	case t.Kind() == reflect.Slice:
		s.kind = list
		s.element, err = r.shapeOf(t.Elem())
	case t.Kind() == reflect.Map && t.Key().Kind() == reflect.String:
		s.kind = mapping
		s.element, err = r.shapeOf(t.Elem())
	case t.Kind() == reflect.Interface:
		s.kind = union
		err = r.fillMembers(s, t)
	case t.Kind() == reflect.String:
		s.kind = text
	case t.Kind() == reflect.Bool:
		s.kind = boolean
	case t.Kind() == reflect.Int32 || t.Kind() == reflect.Int64:
		s.kind = integer
	case t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64:
		s.kind = float
	default:
		err = fmt.Errorf("type %s has no form on the wire", t)
	}
	return err
}

func (r *shaper) fillFields(s *shape, t reflect.Type) error {
	s.byWire = make(map[string]int)
	for i := range t.NumField() {
		f := t.Field(i)
		// ResultMetadata is the SDK's own note on an answer, not part of it.
		if !f.IsExported() || f.Name == "ResultMetadata" {
			continue
		}
		member, err := r.shapeOf(f.Type)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", t, f.Name, err)
		}
		names := r.table.names(t, f.Name, r.ec2)
		s.byWire[names.Wire] = len(s.fields)
		s.fields = append(s.fields, field{index: i, names: names, shape: member})
	}
	return nil
}

func (r *shaper) fillMembers(s *shape, t reflect.Type) error {
	members, ok := r.unions[t]
	if !ok {
		return fmt.Errorf("the members of union %s are not known: unions.go must list them", t)
	}
	for _, m := range members {
		value, ok := m.concrete.FieldByName("Value")
		if !ok {
			return fmt.Errorf("union member %s has no Value", m.concrete)
		}
		var err error
		if m.shape, err = r.shapeOf(value.Type); err != nil {
			return fmt.Errorf("%s: %w", m.concrete, err)
		}
		s.members = append(s.members, m)
	}
	return nil
}

// memberOf returns the alternative that a union value holds and its Value; ok is
// false for nil and for members that are unknown.
func (s *shape) memberOf(v reflect.Value) (m unionMember, value reflect.Value, ok bool) {
	if v.IsNil() {
		return m, value, false
	}
	concrete := v.Elem()
	if concrete.Kind() == reflect.Pointer {
		concrete = concrete.Elem()
	}
	for _, m := range s.members {
		if concrete.IsValid() && concrete.Type() == m.concrete {
			return m, concrete.FieldByName("Value"), true
		}
	}
	return m, value, false
}

// present follows a field's pointers and tells whether there is anything to
// write: nil pointers, maps and unions and empty enums are left out. A nil list
// is present, for clients take a missing list element for a missing key.
func present(s *shape, v reflect.Value) (reflect.Value, bool) {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return v, false
		}
		v = v.Elem()
		if s.kind == text {
			return v, true
		}
	}
	switch s.kind {
	case mapping, blob:
		return v, !v.IsNil()
	case union:
		_, _, ok := s.memberOf(v)
		return v, ok
	case text:
		return v, v.Len() > 0
	case structure, list, boolean, integer, float, timestamp:
	}
	return v, true
}

// settle allocates what dst's pointers need and returns what they point to.
func settle(dst reflect.Value) reflect.Value {
	for dst.Kind() == reflect.Pointer {
		dst.Set(reflect.New(dst.Type().Elem()))
		dst = dst.Elem()
	}
	return dst
}

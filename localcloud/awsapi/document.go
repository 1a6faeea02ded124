package awsapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// documentDecoder decodes a document, the common form of JSON and CBOR bodies,
// into a Go value. A document is made of map[string]any, []any, string, bool,
// nil, json.Number (JSON only) and int64, float64, []byte, time.Time (CBOR only).
type documentDecoder struct {
	unknown []string // paths of members that the shapes do not have
}

// decode decodes v. The path names it in errors. A null is an absent value.
func (d *documentDecoder) decode(s *shape, v any, dst reflect.Value, path string) error {
	if v == nil {
		return nil
	}
	dst = settle(dst)
	var err error
	switch s.kind {
	case structure:
		return d.decodeFields(s, v, dst, path)
	case list:
		return d.decodeList(s, v, dst, path)
	case mapping:
		return d.decodeMap(s, v, dst, path)
	case union:
		return d.decodeUnion(s, v, dst, path)
	case integer:
		err = setInteger(v, dst)
	case float:
		err = setFloat(s, v, dst)
	case timestamp:
		err = setTime(s, v, dst)
	case text, boolean, blob:
		err = setPlain(s, v, dst)
	}
	if err != nil {
		return &inputError{path: path, problem: err}
	}
	return nil
}

func (d *documentDecoder) decodeFields(s *shape, v any, dst reflect.Value, path string) error {
	members, ok := v.(map[string]any)
	if !ok {
		return mismatch(path, "a structure", v)
	}
	for name, value := range members {
		i, ok := s.byWire[name]
		if !ok {
			d.unknown = append(d.unknown, join(path, name))
			continue
		}
		f := s.fields[i]
		if err := d.decode(f.shape, value, dst.Field(f.index), join(path, name)); err != nil {
			return err
		}
	}
	return nil
}

func (d *documentDecoder) decodeList(s *shape, v any, dst reflect.Value, path string) error {
	elements, ok := v.([]any)
	if !ok {
		return mismatch(path, "a list", v)
	}
	values := reflect.MakeSlice(dst.Type(), len(elements), len(elements))
	for i, element := range elements {
		at := path + "[" + strconv.Itoa(i) + "]"
		if element == nil {
			return &inputError{path: at, problem: errors.New("a list must not contain null")}
		}
		if err := d.decode(s.element, element, values.Index(i), at); err != nil {
			return err
		}
	}
	dst.Set(values)
	return nil
}

func (d *documentDecoder) decodeMap(s *shape, v any, dst reflect.Value, path string) error {
	members, ok := v.(map[string]any)
	if !ok {
		return mismatch(path, "a map", v)
	}
	entries := reflect.MakeMapWithSize(dst.Type(), len(members))
	for name, member := range members {
		value := reflect.New(dst.Type().Elem()).Elem()
		if err := d.decode(s.element, member, value, join(path, name)); err != nil {
			return err
		}
		entries.SetMapIndex(reflect.ValueOf(name).Convert(dst.Type().Key()), value)
	}
	dst.Set(entries)
	return nil
}

func (d *documentDecoder) decodeUnion(s *shape, v any, dst reflect.Value, path string) error {
	members, ok := v.(map[string]any)
	if !ok {
		return mismatch(path, "a union", v)
	}
	for name, value := range members {
		i := slices.IndexFunc(s.members, func(m unionMember) bool { return m.name == name })
		switch {
		case i < 0:
			d.unknown = append(d.unknown, join(path, name))
			continue
		case value == nil:
			continue
		case !dst.IsNil():
			return &inputError{path: path, problem: errors.New("only one member of a union may be set")}
		}
		member := reflect.New(s.members[i].concrete)
		if err := d.decode(s.members[i].shape, value, member.Elem().FieldByName("Value"), join(path, name)); err != nil {
			return err
		}
		dst.Set(member)
	}
	return nil
}

// mismatch says that the document holds something else than the shape.
func mismatch(path, want string, v any) error {
	return &inputError{path: path, problem: fmt.Errorf("%s is expected here, not %s", want, describe(v))}
}

// describe names what a document holds, for messages.
func describe(v any) string {
	switch v.(type) {
	case map[string]any:
		return "a structure"
	case []any:
		return "a list"
	case string:
		return "a string"
	case bool:
		return "a boolean"
	case []byte:
		return "a blob"
	case time.Time:
		return "a timestamp"
	}
	return "a number"
}

func setInteger(v any, dst reflect.Value) error {
	var n int64
	switch v := v.(type) {
	case int64:
		n = v
	case json.Number:
		var err error
		if n, err = strconv.ParseInt(v.String(), 10, 64); err != nil {
			return fmt.Errorf("%.40s is not an integer", v)
		}
	case float64: // JavaScript clients send whole numbers as floats
		if v != math.Trunc(v) || math.Abs(v) >= 1<<53 {
			return fmt.Errorf("%v is not an integer", v)
		}
		n = int64(v)
	default:
		return fmt.Errorf("an integer is expected here, not %s", describe(v))
	}
	if dst.OverflowInt(n) {
		return fmt.Errorf("%d does not fit an integer of %d bits", n, dst.Type().Bits())
	}
	dst.SetInt(n)
	return nil
}

func setFloat(s *shape, v any, dst reflect.Value) error {
	switch v := v.(type) {
	case float64:
		dst.SetFloat(v)
	case int64:
		dst.SetFloat(float64(v))
	case json.Number:
		return parseScalar(s, v.String(), dst)
	case string: // JSON has no other way to write these
		if v != "NaN" && v != "Infinity" && v != "-Infinity" {
			return fmt.Errorf("%.40q is not a number", v)
		}
		return parseScalar(s, v, dst)
	default:
		return fmt.Errorf("a number is expected here, not %s", describe(v))
	}
	return nil
}

func setTime(s *shape, v any, dst reflect.Value) error {
	switch v := v.(type) {
	case time.Time:
		dst.Set(reflect.ValueOf(v))
	case json.Number:
		seconds, err := v.Float64()
		if err != nil {
			return fmt.Errorf("%.40s is not a timestamp in epoch seconds", v)
		}
		t, err := fromEpoch(seconds)
		if err != nil {
			return err
		}
		dst.Set(reflect.ValueOf(t))
	case string:
		return parseScalar(s, v, dst)
	default:
		return fmt.Errorf("a timestamp is expected here, not %s", describe(v))
	}
	return nil
}

// setPlain sets text, booleans and blobs.
func setPlain(s *shape, v any, dst reflect.Value) error {
	switch v := v.(type) {
	case string:
		if s.kind == text || s.kind == blob {
			return parseScalar(s, v, dst)
		}
	case bool:
		if s.kind == boolean {
			dst.SetBool(v)
			return nil
		}
	case []byte:
		if s.kind == blob {
			dst.SetBytes(v)
			return nil
		}
	}
	wanted := map[kind]string{text: "a string", boolean: "a boolean", blob: "a blob"}
	return fmt.Errorf("%s is expected here, not %s", wanted[s.kind], describe(v))
}

// checkLimits reports a document that is nested too deep or has too long a list.
func checkLimits(v any, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("the body is nested more than %d deep", maxDepth)
	}
	switch v := v.(type) {
	case map[string]any:
		if len(v) > maxList {
			return fmt.Errorf("a map has at most %d entries, this one has %d", maxList, len(v))
		}
		for _, member := range v {
			if err := checkLimits(member, depth+1); err != nil {
				return err
			}
		}
	case []any:
		if len(v) > maxList {
			return fmt.Errorf("a list has at most %d elements, this one has %d", maxList, len(v))
		}
		for _, element := range v {
			if err := checkLimits(element, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

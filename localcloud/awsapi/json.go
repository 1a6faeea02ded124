package awsapi

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"time"
)

// parseJSON parses a body into a document. An empty body is an empty structure.
func parseJSON(body []byte) (any, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return map[string]any{}, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber() // a float64 would round large integers
	v, err := readJSON(decoder, 0)
	if err != nil {
		return nil, fmt.Errorf("the body is not JSON: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the body goes on after its JSON value")
	}
	return v, checkLimits(v, 0)
}

// readJSON reads one value. Unlike package json it refuses a member that is given
// twice, of which one would have to be ignored.
func readJSON(d *json.Decoder, depth int) (any, error) {
	token, err := d.Token()
	delimiter, opens := token.(json.Delim)
	switch {
	case err != nil || !opens:
		return token, err
	case depth > maxDepth:
		return nil, fmt.Errorf("it is nested more than %d deep", maxDepth)
	case delimiter == '[':
		return readElements(d, depth+1)
	}
	return readMembers(d, depth+1)
}

func readElements(d *json.Decoder, depth int) (any, error) {
	elements := []any{}
	for d.More() {
		v, err := readJSON(d, depth)
		if err != nil {
			return nil, err
		}
		elements = append(elements, v)
	}
	_, err := d.Token() // its end
	return elements, err
}

func readMembers(d *json.Decoder, depth int) (any, error) {
	members := map[string]any{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		if _, twice := members[name.(string)]; twice { // package json knows no other names
			return nil, fmt.Errorf("member %.40q is given twice", name)
		}
		if members[name.(string)], err = readJSON(d, depth); err != nil {
			return nil, err
		}
	}
	_, err := d.Token() // its end
	return members, err
}

// appendJSON appends a value's JSON. Floats always have a fraction or an exponent.
func appendJSON(b []byte, s *shape, v reflect.Value) []byte {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return append(b, "null"...)
		}
		v = v.Elem()
	}
	switch s.kind {
	case structure:
		return appendJSONFields(b, s, v)
	case list:
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, s.element, v.Index(i))
		}
		return append(b, ']')
	case mapping:
		b = append(b, '{')
		for i, key := range sortedKeys(v) {
			b = appendJSONKey(b, i, key.String())
			b = appendJSON(b, s.element, v.MapIndex(key))
		}
		return append(b, '}')
	case union:
		b = append(b, '{')
		if m, value, ok := s.memberOf(v); ok {
			b = appendJSONKey(b, 0, m.name)
			b = appendJSON(b, m.shape, value)
		}
		return append(b, '}')
	case text, boolean, integer, float, timestamp, blob:
	}
	return appendJSONScalar(b, s, v)
}

func appendJSONFields(b []byte, s *shape, v reflect.Value) []byte {
	b = append(b, '{')
	n := 0
	for _, f := range s.fields {
		if member, ok := present(f.shape, v.Field(f.index)); ok {
			b = appendJSONKey(b, n, f.names.Wire)
			b = appendJSON(b, f.shape, member)
			n++
		}
	}
	return append(b, '}')
}

// appendJSONKey appends the n-th key of an object.
func appendJSONKey(b []byte, n int, key string) []byte {
	if n > 0 {
		b = append(b, ',')
	}
	return append(appendJSONString(b, key), ':')
}

func appendJSONScalar(b []byte, s *shape, v reflect.Value) []byte {
	// What has members is no scalar.
	//exhaustive:ignore
	switch s.kind {
	case boolean:
		return strconv.AppendBool(b, v.Bool())
	case integer:
		return strconv.AppendInt(b, v.Int(), 10)
	case float:
		number := formatFloat(v.Float(), v.Type().Bits())
		if last := number[len(number)-1]; last < '0' || last > '9' {
			return appendJSONString(b, number) // NaN and the infinities
		}
		return append(b, number...)
	case timestamp:
		return append(b, formatFloat(toEpoch(v.Interface().(time.Time)), 64)...)
	case blob:
		return appendJSONString(b, base64.StdEncoding.EncodeToString(v.Bytes()))
	default:
		return appendJSONString(b, v.String())
	}
}

func appendJSONString(b []byte, s string) []byte {
	quoted, _ := json.Marshal(s) // strings do not fail: invalid UTF-8 is replaced
	return append(b, quoted...)
}

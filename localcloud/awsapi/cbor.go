package awsapi

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

// epochTag is the CBOR tag of timestamps. Source: RFC 8949, 3.4.2.
const epochTag = 1

// parseCBOR parses a body into a document. An empty body is an empty structure.
func parseCBOR(body []byte) (any, error) {
	if len(body) == 0 {
		return map[string]any{}, nil
	}
	v, err := cbor.Decode(body)
	if err != nil {
		return nil, fmt.Errorf("the body is not CBOR: %w", err)
	}
	wire := cborScanner{rest: body}
	if wire.value(); wire.members != membersOf(v) {
		return nil, errors.New("a member is given twice in the body")
	}
	document, err := fromCBOR(v)
	if err != nil {
		return nil, err
	}
	return document, checkLimits(document, 0)
}

// fromCBOR turns a CBOR value into a document. Nesting is bounded by the decoder.
func fromCBOR(v cbor.Value) (any, error) {
	switch v := v.(type) {
	case cbor.Map:
		members := make(map[string]any, len(v))
		for name, value := range v {
			member, err := fromCBOR(value)
			if err != nil {
				return nil, err
			}
			members[name] = member
		}
		return members, nil
	case cbor.List:
		elements := make([]any, len(v))
		for i, value := range v {
			element, err := fromCBOR(value)
			if err != nil {
				return nil, err
			}
			elements[i] = element
		}
		return elements, nil
	case cbor.String:
		return string(v), nil
	case cbor.Slice:
		return []byte(v), nil
	case cbor.Bool:
		return bool(v), nil
	case *cbor.Nil, *cbor.Undefined:
		return nil, nil
	}
	return numberFromCBOR(v)
}

// numberFromCBOR turns numbers and timestamps into int64, float64 or time.Time.
func numberFromCBOR(v cbor.Value) (any, error) {
	switch v := v.(type) {
	case cbor.Uint, cbor.NegInt:
		n, err := cbor.AsInt64(v)
		if err != nil {
			return nil, fmt.Errorf("an integer of the body: %w", err)
		}
		return n, nil
	case cbor.Float32:
		return float64(v), nil
	case cbor.Float64:
		return float64(v), nil
	case *cbor.Tag:
		if v.ID != epochTag {
			return nil, fmt.Errorf("the body has CBOR tag %d; only %d, epoch seconds, is known", v.ID, epochTag)
		}
		seconds, err := cbor.AsFloat64(v.Value)
		if err != nil {
			return nil, fmt.Errorf("a timestamp of the body: %w", err)
		}
		return fromEpoch(seconds)
	}
	return nil, fmt.Errorf("the body has a CBOR value of the unexpected type %T", v)
}

// toCBOR turns a Go value into a CBOR value.
func toCBOR(s *shape, v reflect.Value) cbor.Value {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return &cbor.Nil{}
		}
		v = v.Elem()
	}
	switch s.kind {
	case structure:
		members := make(cbor.Map)
		for _, f := range s.fields {
			if member, ok := present(f.shape, v.Field(f.index)); ok {
				members[f.names.Wire] = toCBOR(f.shape, member)
			}
		}
		return members
	case list:
		elements := make(cbor.List, v.Len())
		for i := range elements {
			elements[i] = toCBOR(s.element, v.Index(i))
		}
		return elements
	case mapping:
		members := make(cbor.Map, v.Len())
		for _, key := range v.MapKeys() {
			members[key.String()] = toCBOR(s.element, v.MapIndex(key))
		}
		return members
	case union:
		if m, value, ok := s.memberOf(v); ok {
			return cbor.Map{m.name: toCBOR(m.shape, value)}
		}
		return cbor.Map{}
	case text, boolean, integer, float, timestamp, blob:
	}
	return scalarToCBOR(s, v)
}

func scalarToCBOR(s *shape, v reflect.Value) cbor.Value {
	// What has members is no scalar.
	//exhaustive:ignore
	switch s.kind {
	case boolean:
		return cbor.Bool(v.Bool())
	case integer:
		if n := v.Int(); n < 0 {
			return cbor.NegInt(-uint64(n)) // right for math.MinInt64 too
		}
		return cbor.Uint(v.Int())
	case float:
		if v.Kind() == reflect.Float32 {
			return cbor.Float32(v.Float())
		}
		return cbor.Float64(v.Float())
	case timestamp:
		return &cbor.Tag{ID: epochTag, Value: cbor.Float64(toEpoch(v.Interface().(time.Time)))}
	case blob:
		return cbor.Slice(v.Bytes())
	default:
		return cbor.String(v.String())
	}
}

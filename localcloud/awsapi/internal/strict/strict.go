// Package strict helps tests to prove that decoding is strict, so that nothing that
// is sent is lost or changed: it fills every field of a struct with a distinct
// value, calls operations of the SDK's clients by name, and compares what was sent
// with what arrived.
package strict

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Filler fills structs. Its zero value is ready for use; two values that one
// Filler wrote are never equal, booleans apart.
type Filler struct {
	// Unions returns a value of the n-th member of a union, a pointer to a
	// struct, and the number of its members. nil leaves unions out.
	Unions func(union reflect.Type, n int) (member any, members int)

	count int64
	stack []reflect.Type // structs that are being filled
}

// Fill sets every exported field of the struct that v points to.
func (f *Filler) Fill(v any) { f.fill(reflect.ValueOf(v).Elem(), "") }

func (f *Filler) fill(v reflect.Value, path string) {
	f.count++
	switch v.Kind() {
	case reflect.Pointer:
		if slices.Contains(f.stack, v.Type().Elem()) {
			return // a structure that contains itself
		}
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem(), path)
	case reflect.Struct:
		f.fillStruct(v, path)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes(fmt.Appendf(nil, "\x00\xff%d", f.count))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			f.fill(v.Index(i), path)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			f.fill(key, path+".key")
			f.fill(value, path)
			v.SetMapIndex(key, value)
		}
	case reflect.Interface:
		f.fillUnion(v, path)
	default:
		f.fillScalar(v, path)
	}
}

func (f *Filler) fillStruct(v reflect.Value, path string) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		// AWS timestamps have milliseconds.
		v.Set(reflect.ValueOf(time.UnixMilli(1_767_225_600_000 + f.count*86_399_977).UTC()))
		return
	}
	f.stack = append(f.stack, v.Type())
	defer func() { f.stack = f.stack[:len(f.stack)-1] }()
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.IsExported() && field.Name != "ResultMetadata" {
			f.fill(v.Field(i), path+"."+field.Name)
		}
	}
}

func (f *Filler) fillUnion(v reflect.Value, path string) {
	if f.Unions == nil {
		return
	}
	_, members := f.Unions(v.Type(), 0)
	member, _ := f.Unions(v.Type(), int(f.count)%members)
	f.fill(reflect.ValueOf(member).Elem(), path)
	v.Set(reflect.ValueOf(member))
}

func (f *Filler) fillScalar(v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("%s  <&>\"' é+%%=;\n☃ %d", path, f.count))
	case reflect.Bool:
		v.SetBool(f.count%2 == 0)
	case reflect.Int32, reflect.Int64:
		v.SetInt(f.count * (1 - f.count%2*2)) // every other one is negative
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(f.count) + 0.25*float64(f.count%2))
	default:
		panic(fmt.Sprintf("strict: %s has the type %s, which has no form on the wire", path, v.Type()))
	}
}

// Diff compares two structs by the names of their exported fields, whatever
// their types are called: the SDK's Input with the copy of it that a server has.
// It returns "" if they are equal. An empty list equals a missing one.
func Diff(want, got any) string {
	return cmp.Diff(fields(want), fields(got),
		cmpopts.EquateEmpty(),
		cmp.Exporter(func(reflect.Type) bool { return true }))
}

// fields returns a struct's exported fields by name.
func fields(v any) map[string]any {
	all := make(map[string]any)
	s := reflect.ValueOf(v).Elem()
	for i := range s.NumField() {
		if field := s.Type().Field(i); field.IsExported() && field.Name != "ResultMetadata" {
			all[field.Name] = s.Field(i).Interface()
		}
	}
	return all
}

// Operation is an operation of an SDK client, found by reflection.
type Operation struct {
	Name          string
	Input, Output reflect.Type // structs
	method        reflect.Value
}

// Operations lists the operations of a client: its methods of the form
// (ctx, *XInput, ...options) (*XOutput, error).
func Operations(client any) []Operation {
	var operations []Operation
	c := reflect.ValueOf(client)
	for i := range c.NumMethod() {
		name, t := c.Type().Method(i).Name, c.Method(i).Type()
		if t.NumIn() != 3 || t.NumOut() != 2 || t.In(1).Kind() != reflect.Pointer || t.In(1).Elem().Name() != name+"Input" {
			continue
		}
		operations = append(operations, Operation{Name: name, Input: t.In(1).Elem(), Output: t.Out(0).Elem(), method: c.Method(i)})
	}
	return operations
}

// Call calls the operation with in, a pointer to its Input, and returns a
// pointer to its Output.
func (o Operation) Call(ctx context.Context, in any) (any, error) {
	results := o.method.Call([]reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(in)})
	if err, ok := results[1].Interface().(error); ok {
		return nil, fmt.Errorf("%s: %w", o.Name, err)
	}
	return results[0].Interface(), nil
}

// Client is an HTTP client for the SDK. Its zero value is ready for use. It
// sends each request's body from memory: the SDK closes a body as soon as the
// answer begins, and if net/http has not looked for the body's end by then, as
// happens on loopback on a busy machine, it closes the connection and the rest
// of a long answer is lost.
type Client struct {
	// Prepare, if not nil, may change a request whose body is body.
	Prepare func(r *http.Request, body []byte) error

	transport http.Transport
}

// Do sends a request.
func (c *Client) Do(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	if c.Prepare != nil {
		if err := c.Prepare(r, body); err != nil {
			return nil, err
		}
	}
	return c.transport.RoundTrip(r)
}

package operation

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"secondwind/localcloud/awsapi"
)

// shapes are the errors whose shape has another name than their query code, in
// the services that are also spoken in JSON and CBOR (CloudWatch).
var shapes = map[string]string{
	"InvalidParameterValue":       "InvalidParameterValueException",
	"InvalidParameterCombination": "InvalidParameterCombinationException",
	"MissingParameter":            "MissingRequiredParameterException",
	"LimitExceeded":               "LimitExceededFault",
}

// Errorf is an error of the API with one of AWS's codes.
func Errorf(code, format string, args ...any) *awsapi.Error {
	return &awsapi.Error{Code: code, Shape: shapes[code], Message: fmt.Sprintf(format, args...)}
}

// Invalidf is a ValidationError, AWS's commonest.
func Invalidf(format string, args ...any) *awsapi.Error {
	return Errorf("ValidationError", format, args...)
}

// NotServed refuses a part of an operation that the local cloud does not have.
// It must be loud: a setting that is accepted and ignored would make a run prove
// something else than its configuration says.
func NotServed(what string) *awsapi.Error {
	return Invalidf("%s: the local cloud does not serve this; leave it out or use AWS", what)
}

// Without refuses a request that has one of the members, which the local cloud
// does not serve; of says of what. False and 0 are as good as left out.
func Without(in any, of string, members ...string) error {
	for _, name := range members {
		v := member(in, name)
		off := v.Kind() == reflect.Pointer && (v.Elem().CanInt() || v.Elem().Kind() == reflect.Bool) && v.Elem().IsZero()
		if !missing(v) && !off {
			return NotServed(name + of)
		}
	}
	return nil
}

// Require refuses a request that lacks members, in the words of AWS.
func Require(in any, members ...string) error {
	var lacking []string
	for _, name := range members {
		if missing(member(in, name)) {
			lacking = append(lacking, strings.ToLower(name[:1])+name[1:])
		}
	}
	return lack(lacking)
}

// Given refuses a request that lacks the one member.
func Given[T any](name string, member *T) error {
	if member != nil {
		return nil
	}
	return lack([]string{name})
}

func lack(names []string) error {
	texts := make([]string, len(names))
	for i, name := range names {
		texts[i] = fmt.Sprintf("Value null at '%s' failed to satisfy constraint: Member must not be null", name)
	}
	switch len(names) {
	case 0:
		return nil
	case 1:
		return Invalidf("1 validation error detected: %s", texts[0])
	}
	return Invalidf("%d validation errors detected: %s", len(names), strings.Join(texts, "; "))
}

// member is a member of a request by the name that the SDK gives it. It panics on
// a name that the request does not have.
func member(in any, name string) reflect.Value {
	v := reflect.ValueOf(in).Elem().FieldByName(name)
	if !v.IsValid() {
		panic(fmt.Sprintf("operation: %T has no member %s", in, name))
	}
	return v
}

// missing tells whether a caller left a member out: a pointer, an enum or a list.
func missing(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.String:
		return v.Len() == 0
	}
	return v.IsNil()
}

// Message is an error without its code.
func Message(err error) error {
	if refused, ok := errors.AsType[*awsapi.Error](err); ok {
		return errors.New(refused.Message)
	}
	return err
}

package operation

import (
	"cmp"
	"context"
	"errors"
	"reflect"

	"secondwind/autoscale"
	"secondwind/localcloud/awsapi"
)

// Serve serves a service's operations on m: the methods of api that have an
// operation's name and the form
//
//	func(in *CreateTagsInput, out *CreateTagsOutput) error
//
// A method reads in and fills out, which is dropped if it fails. The engine's errors
// become API errors. A method that changes anything must ask DryRun before.
func Serve(m *awsapi.Mux, s awsapi.Service, api any) {
	v := reflect.ValueOf(api)
	for i := range v.NumMethod() {
		name, method := v.Type().Method(i).Name, v.Method(i)
		t := method.Type()
		if t.NumIn() != 2 || t.In(0).Kind() != reflect.Pointer || t.In(0).Elem().Name() != name+"Input" {
			continue // not an operation, such as what api has from the cloud
		}
		in, out := t.In(0).Elem(), t.In(1).Elem()
		awsapi.HandleTypes(m, s, in, out, func(_ context.Context, in any) (any, error) {
			answer := reflect.New(out)
			err, _ := method.Call([]reflect.Value{reflect.ValueOf(in), answer})[0].Interface().(error)
			if refused, ok := errors.AsType[*autoscale.Error](err); ok {
				err = Errorf(refused.Code, "%s", refused.Message)
			}
			return answer.Interface(), cmp.Or(err, DryRun(in))
		})
	}
}

// DryRun answers a request that only asks whether it would be allowed; nil if it
// asks for more.
func DryRun(in any) error {
	asked := reflect.ValueOf(in).Elem().FieldByName("DryRun")
	if !asked.IsValid() || asked.IsNil() || !asked.Elem().Bool() {
		return nil
	}
	return &awsapi.Error{Code: "DryRunOperation", Message: "Request would have succeeded, but DryRun flag is set.", HTTPStatus: 412}
}

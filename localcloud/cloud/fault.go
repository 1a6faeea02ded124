package cloud

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"secondwind/autoscale"
	"secondwind/localcloud/awsapi"
)

// handle serves an operation, with the engine's errors as API errors.
func handle[In, Out any](m *awsapi.Mux, s awsapi.Service, h func(ctx context.Context, in *In) (*Out, error)) {
	awsapi.Handle(m, s, func(ctx context.Context, in *In) (*Out, error) {
		out, err := h(ctx, in)
		if err != nil {
			return nil, apiError(err)
		}
		return out, nil
	})
}

// shapes are the errors whose shape has another name than their query code, in
// the services that are also spoken in JSON and CBOR (CloudWatch).
var shapes = map[string]string{
	"InvalidParameterValue":       "InvalidParameterValueException",
	"InvalidParameterCombination": "InvalidParameterCombinationException",
	"MissingParameter":            "MissingRequiredParameterException",
	"LimitExceeded":               "LimitExceededFault",
}

// apiError gives an error the form of the API. Errors that are nobody's input's
// fault stay as they are, and become an internal failure.
func apiError(err error) error {
	if refused, ok := errors.AsType[*autoscale.Error](err); ok {
		return &awsapi.Error{Code: refused.Code, Shape: shapes[refused.Code], Message: refused.Message}
	}
	return err
}

func apiErrorf(code, format string, args ...any) *awsapi.Error {
	return &awsapi.Error{Code: code, Shape: shapes[code], Message: fmt.Sprintf(format, args...)}
}

func validationError(format string, args ...any) *awsapi.Error {
	return apiErrorf("ValidationError", format, args...)
}

// notServed refuses a part of an operation that the local cloud does not have.
// It must be loud: a setting that is accepted and ignored would make a run prove
// something else than its configuration says.
func notServed(what string) *awsapi.Error {
	return validationError("%s: the local cloud does not serve this; leave it out or use AWS", what)
}

// member is a named member of a request, and whether the caller gave it.
type member struct {
	name  string
	given bool
}

// required refuses a request that lacks members, in the words of AWS.
func required(members ...member) error {
	var missing []string
	for _, m := range members {
		if !m.given {
			missing = append(missing, fmt.Sprintf("Value null at '%s' failed to satisfy constraint: Member must not be null", m.name))
		}
	}
	switch len(missing) {
	case 0:
		return nil
	case 1:
		return validationError("1 validation error detected: %s", missing[0])
	}
	return validationError("%d validation errors detected: %s", len(missing), strings.Join(missing, "; "))
}

// deref is what p points to, or the zero value: callers may leave any member out.
func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// orElse is what p points to, or a default.
func orElse[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}

// messageOf is an error without its code.
func messageOf(err error) error {
	if refused, ok := errors.AsType[*awsapi.Error](err); ok {
		return errors.New(refused.Message)
	}
	return err
}

package autoscale

import (
	"fmt"
	"strings"
)

// Error is a refused call, with the code that AWS gives it.
type Error struct{ Code, Message string }

// Error returns the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// The codes of refused calls.
const (
	codeValidation         = "ValidationError"
	codeInvalidValue       = "InvalidParameterValue"
	codeResourceNotFound   = "ResourceNotFound"
	codeAlreadyExists      = "AlreadyExists"
	codeResourceInUse      = "ResourceInUse"
	codeActivityInProgress = "ScalingActivityInProgress"
	codeLimitExceeded      = "LimitExceeded"
	codeInvalidFormat      = "InvalidFormat"
)

func invalid(format string, args ...any) error { return refuse(codeValidation, format, args...) }

func refuse(code, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// oneOf refuses a value outside an enumeration, in the words of AWS's
// validation layer. member is the parameter's name as the wire spells it.
func oneOf(member, value string, allowed ...string) error {
	for _, a := range allowed {
		if value == a {
			return nil
		}
	}
	return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: "+
		"Member must satisfy enum value set: [%s]", value, member, strings.Join(allowed, ", "))
}

// firstError returns the first error: AWS, too, reports one at a time.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

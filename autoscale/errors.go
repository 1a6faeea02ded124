package autoscale

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Error is a refused call, with the code that AWS gives it.
type Error struct{ Code, Message string }

// Error returns the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// The codes of refused calls.
const (
	codeValidation         = "ValidationError"
	codeInvalidValue       = "InvalidParameterValue"
	codeMissingParameter   = "MissingParameter"
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
func oneOf[T ~string](member string, value T, allowed ...T) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: "+
		"Member must satisfy enum value set: [%s]", value, member, commas(allowed))
}

func commas[T ~string](words []T) string {
	text := make([]string, len(words))
	for i, w := range words {
		text[i] = string(w)
	}
	return strings.Join(text, ", ")
}

// impossible is what a switch over all values of T panics with: Validate lets no
// other value into an Engine.
func impossible[T ~string](value T) string { return fmt.Sprintf("autoscale: %T %q", value, value) }

// notNegative refuses a duration that is given and less than 0.
func notNegative(name string, d *time.Duration) error {
	if d != nil && *d < 0 {
		return invalid("%s must not be negative", name)
	}
	return nil
}

// nameLength refuses a name that is empty or too long.
func nameLength(member, name string) error {
	if name == "" || len(name) > 255 {
		return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: "+
			"Member must have length between 1 and 255", name, member)
	}
	return nil
}

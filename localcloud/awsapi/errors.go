package awsapi

import (
	"fmt"
	"net/http"
)

// Error is an answer that is an error. Handlers return it; the Mux writes it in
// the form of the request's protocol.
type Error struct {
	Code       string // the query code: "ValidationError", "InvalidParameterValue", "ResourceNotFound"
	Shape      string // the error's shape name where JSON and CBOR differ from Code: "InvalidParameterValueException"; "" = Code
	Message    string
	HTTPStatus int // 0 means 400
}

// Error returns the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// status is the HTTP status of the answer.
func (e *Error) status() int {
	if e.HTTPStatus == 0 {
		return http.StatusBadRequest
	}
	return e.HTTPStatus
}

// shape is the name of the error's shape.
func (e *Error) shape() string {
	if e.Shape == "" {
		return e.Code
	}
	return e.Shape
}

// fault says whose fault the error is, in the words of awsQuery.
func (e *Error) fault() string {
	if e.status() >= http.StatusInternalServerError {
		return "Receiver"
	}
	return "Sender"
}

// inputError is a parameter that cannot be decoded.
type inputError struct {
	path    string // "MetricData.member.1.Value"; "" is the whole body
	problem error
}

func (e *inputError) Error() string {
	if e.path == "" {
		return e.problem.Error()
	}
	return fmt.Sprintf("parameter %s: %v", e.path, e.problem)
}

func (e *inputError) Unwrap() error { return e.problem }

// refusal is a reason for which the Mux itself answers with an error, whatever
// the operation. Its code depends on the family of protocols.
type refusal int

// The refusals.
const (
	unknownOperation refusal = iota + 1
	missingAction
	malformedInput
	unknownParameter
	tooLarge
	missingAuthentication
	incompleteSignature
	unknownKey
	wrongSignature
	expiredSignature
	expiredToken
	accessDenied
	internalFailure
)

// family is the style in which a protocol names errors.
type family int

// The families: the two forms with their XML answers, and JSON with CBOR.
const (
	queryFamily family = iota + 1
	ec2Family
	documentFamily
)

// refuse makes the error of a refusal.
// Sources: "Common errors" of the CloudWatch, Auto Scaling and EC2 API
// References. EC2 answers an unknown key with 401 and old dates with 400.
func (f family) refuse(r refusal, format string, args ...any) *Error {
	code, status := r.code(f)
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), HTTPStatus: status}
}

// code returns the error code and the HTTP status of a refusal.
func (r refusal) code(f family) (string, int) {
	switch r {
	case unknownOperation:
		return f.pick("InvalidAction", "InvalidAction", "UnknownOperationException"), http.StatusBadRequest
	case missingAction:
		return f.pick("MissingAction", "MissingAction", "UnknownOperationException"), http.StatusBadRequest
	case malformedInput:
		return f.pick("MalformedInput", "InvalidParameterValue", "SerializationException"), http.StatusBadRequest
	case unknownParameter:
		return f.pick("ValidationError", "UnknownParameter", "ValidationException"), http.StatusBadRequest
	case tooLarge:
		return f.pick("RequestEntityTooLarge", "RequestEntityTooLarge", "RequestEntityTooLargeException"), http.StatusRequestEntityTooLarge
	case missingAuthentication:
		return f.pick("MissingAuthenticationToken", "MissingAuthenticationToken", "MissingAuthenticationTokenException"), http.StatusForbidden
	case incompleteSignature:
		return f.pick("IncompleteSignature", "IncompleteSignature", "IncompleteSignatureException"), http.StatusForbidden
	case unknownKey:
		if f == ec2Family {
			return "AuthFailure", http.StatusUnauthorized
		}
		return f.pick("InvalidClientTokenId", "", "UnrecognizedClientException"), http.StatusForbidden
	case wrongSignature:
		return f.pick("SignatureDoesNotMatch", "SignatureDoesNotMatch", "InvalidSignatureException"), http.StatusForbidden
	case expiredSignature:
		if f == ec2Family {
			return "RequestExpired", http.StatusBadRequest
		}
		return f.pick("SignatureDoesNotMatch", "", "InvalidSignatureException"), http.StatusForbidden
	case expiredToken:
		if f == ec2Family {
			return "RequestExpired", http.StatusBadRequest
		}
		return f.pick("ExpiredToken", "", "ExpiredTokenException"), http.StatusForbidden
	case accessDenied:
		if f == documentFamily {
			return "AccessDeniedException", http.StatusBadRequest
		}
		return f.pick("AccessDenied", "UnauthorizedOperation", ""), http.StatusForbidden
	default:
		return f.pick("InternalFailure", "InternalError", "InternalFailure"), http.StatusInternalServerError
	}
}

// pick returns the name that belongs to the family.
func (f family) pick(query, ec2, document string) string {
	switch f {
	case ec2Family:
		return ec2
	case documentFamily:
		return document
	case queryFamily:
	}
	return query
}

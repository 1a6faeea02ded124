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
type refusal map[family]refusalCode

// refusalCode is a refusal in one family.
type refusalCode struct {
	code   string
	status int // of HTTP
}

// The refusals. Sources: "Common errors" of the CloudWatch, Auto Scaling and EC2 API
// References. EC2 answers an unknown key with 401 and old dates with 400.
var (
	unknownOperation = refusalOf(400, "InvalidAction", "InvalidAction", "UnknownOperationException")
	missingAction    = refusalOf(400, "MissingAction", "MissingAction", "UnknownOperationException")
	malformedInput   = refusalOf(400, "MalformedInput", "InvalidParameterValue", "SerializationException")
	unknownParameter = refusalOf(400, "ValidationError", "UnknownParameter", "ValidationException")
	tooLarge         = refusalOf(413, "RequestEntityTooLarge", "RequestEntityTooLarge", "RequestEntityTooLargeException")

	missingAuthentication = refusalOf(
		403, "MissingAuthenticationToken", "MissingAuthenticationToken", "MissingAuthenticationTokenException",
	)
	incompleteSignature = refusalOf(403, "IncompleteSignature", "IncompleteSignature", "IncompleteSignatureException")
	unknownKey          = refusal{queryFamily: {"InvalidClientTokenId", 403}, ec2Family: {"AuthFailure", 401},
		documentFamily: {"UnrecognizedClientException", 403}}
	wrongSignature   = refusalOf(403, "SignatureDoesNotMatch", "SignatureDoesNotMatch", "InvalidSignatureException")
	expiredSignature = refusal{queryFamily: {"SignatureDoesNotMatch", 403}, ec2Family: {"RequestExpired", 400},
		documentFamily: {"InvalidSignatureException", 403}}
	expiredToken = refusal{queryFamily: {"ExpiredToken", 403}, ec2Family: {"RequestExpired", 400},
		documentFamily: {"ExpiredTokenException", 403}}
	accessDenied = refusal{queryFamily: {"AccessDenied", 403}, ec2Family: {"UnauthorizedOperation", 403},
		documentFamily: {"AccessDeniedException", 400}}
	internalFailure = refusalOf(500, "InternalFailure", "InternalError", "InternalFailure")
)

// refusalOf is a refusal with one HTTP status, and its codes by family.
func refusalOf(status int, query, ec2, document string) refusal {
	return refusal{queryFamily: {query, status}, ec2Family: {ec2, status}, documentFamily: {document, status}}
}

// family is the style in which a protocol names errors.
type family int

// The families: the two forms with their XML answers, and JSON with CBOR.
const (
	queryFamily family = iota + 1
	ec2Family
	documentFamily
)

// refuse makes the error of a refusal.
func (f family) refuse(r refusal, format string, args ...any) *Error {
	return &Error{Code: r[f].code, Message: fmt.Sprintf(format, args...), HTTPStatus: r[f].status}
}

package awsapi

import (
	"errors"
	"net/http"
	"testing"
)

// The codes by which clients tell the refusals apart, and decide what to try again:
// of awsQuery, ec2Query, and of JSON and CBOR. Where one status stands it is that of
// all three.
func TestRefusalsHaveTheCodesOfTheirFamily(t *testing.T) {
	for name, test := range map[string]struct {
		refusal  refusal
		codes    [3]string
		statuses []int
	}{
		"unknown operation": {unknownOperation, [3]string{"InvalidAction", "InvalidAction", "UnknownOperationException"}, []int{400}},
		"missing action":    {missingAction, [3]string{"MissingAction", "MissingAction", "UnknownOperationException"}, []int{400}},
		"malformed input":   {malformedInput, [3]string{"MalformedInput", "InvalidParameterValue", "SerializationException"}, []int{400}},
		"unknown parameter": {unknownParameter, [3]string{"ValidationError", "UnknownParameter", "ValidationException"}, []int{400}},
		"too large": {
			tooLarge, [3]string{"RequestEntityTooLarge", "RequestEntityTooLarge", "RequestEntityTooLargeException"}, []int{413},
		},
		"missing authentication": {
			missingAuthentication,
			[3]string{"MissingAuthenticationToken", "MissingAuthenticationToken", "MissingAuthenticationTokenException"}, []int{403},
		},
		"incomplete signature": {
			incompleteSignature, [3]string{"IncompleteSignature", "IncompleteSignature", "IncompleteSignatureException"}, []int{403},
		},
		"unknown key": {unknownKey, [3]string{"InvalidClientTokenId", "AuthFailure", "UnrecognizedClientException"}, []int{403, 401, 403}},
		"wrong signature": {
			wrongSignature, [3]string{"SignatureDoesNotMatch", "SignatureDoesNotMatch", "InvalidSignatureException"}, []int{403},
		},
		"expired signature": {
			expiredSignature, [3]string{"SignatureDoesNotMatch", "RequestExpired", "InvalidSignatureException"}, []int{403, 400, 403},
		},
		"expired token":    {expiredToken, [3]string{"ExpiredToken", "RequestExpired", "ExpiredTokenException"}, []int{403, 400, 403}},
		"access denied":    {accessDenied, [3]string{"AccessDenied", "UnauthorizedOperation", "AccessDeniedException"}, []int{403, 403, 400}},
		"internal failure": {internalFailure, [3]string{"InternalFailure", "InternalError", "InternalFailure"}, []int{500}},
	} {
		for i, f := range []family{queryFamily, ec2Family, documentFamily} {
			got := f.refuse(test.refusal, "%d %%", 100)
			if want := test.statuses[min(i, len(test.statuses)-1)]; got.Code != test.codes[i] || got.status() != want {
				t.Errorf("%s in family %d = %s, %d, want %s, %d", name, f, got.Code, got.status(), test.codes[i], want)
			}
			if got.Message != "100 %" {
				t.Errorf("%s in family %d says %q, want 100 %%", name, f, got.Message)
			}
		}
	}
}

func TestAnErrorIsTheCallersFaultUnlessItsStatusSaysOtherwise(t *testing.T) {
	for name, test := range map[string]struct {
		err    Error
		status int
		fault  string
		shape  string
	}{
		"a code alone":       {Error{Code: "A"}, http.StatusBadRequest, "Sender", "A"},
		"another status":     {Error{Code: "A", HTTPStatus: 404}, http.StatusNotFound, "Sender", "A"},
		"the cloud's own":    {Error{Code: "A", HTTPStatus: 500}, http.StatusInternalServerError, "Receiver", "A"},
		"busy":               {Error{Code: "A", HTTPStatus: 503}, http.StatusServiceUnavailable, "Receiver", "A"},
		"a shape's own name": {Error{Code: "A", Shape: "AException"}, http.StatusBadRequest, "Sender", "AException"},
	} {
		if e := &test.err; e.status() != test.status || e.fault() != test.fault || e.shape() != test.shape {
			t.Errorf("%s: %d, %s, %s, want %d, %s, %s", name, e.status(), e.fault(), e.shape(), test.status, test.fault, test.shape)
		}
	}
	problem := errors.New("not base64")
	for path, want := range map[string]string{"": "not base64", "Data.1": "parameter Data.1: not base64"} {
		if err := error(&inputError{path: path, problem: problem}); err.Error() != want || !errors.Is(err, problem) {
			t.Errorf("at %q: %v, want %s", path, err, want)
		}
	}
}

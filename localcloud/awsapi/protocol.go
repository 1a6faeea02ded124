package awsapi

import (
	"net/http"
	"reflect"
	"slices"

	"github.com/aws/smithy-go/encoding/cbor"
)

// protocol is a way to write requests and answers.
type protocol interface {
	family() family
	// decode fills in from the request and returns the parameters it did not know.
	decode(op *operation, c *call, in reflect.Value) (unknown []string, err error)
	// encode returns the answer; out may be a nil pointer.
	encode(op *operation, out reflect.Value, requestID string) []byte
	// encodeError returns the answer that is an error and sets its headers.
	encodeError(h http.Header, e *Error, requestID string) []byte
	// header sets the headers of every answer.
	header(h http.Header)
}

// queryProtocol is awsQuery or, if ec2, ec2Query.
// Source: Smithy 2.0, "AWS query protocol" and "AWS EC2 query protocol".
type queryProtocol struct{ ec2 bool }

var _ protocol = queryProtocol{}

func (p queryProtocol) family() family {
	if p.ec2 {
		return ec2Family
	}
	return queryFamily
}

func (p queryProtocol) header(h http.Header) { h.Set("Content-Type", "text/xml;charset=UTF-8") }

func (p queryProtocol) decode(op *operation, c *call, in reflect.Value) ([]string, error) {
	d := formDecoder{flat: p.ec2}
	if err := d.decode(op.in, c.form.root, in, "", ""); err != nil {
		return nil, err
	}
	return c.form.unused(), nil
}

func (p queryProtocol) encode(op *operation, out reflect.Value, requestID string) []byte {
	w := &xmlWriter{item: "member"}
	response, result := op.name+"Response", op.name+"Result"
	w.b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	w.open(response, op.namespace)
	if p.ec2 {
		w.item = "item"
		w.element("requestId", requestID)
		w.content(op.out, out, "")
	} else {
		w.open(result, "")
		w.content(op.out, out, "")
		w.close(result)
		w.open("ResponseMetadata", "")
		w.element("RequestId", requestID)
		w.close("ResponseMetadata")
	}
	w.close(response)
	return w.b.Bytes()
}

func (p queryProtocol) encodeError(_ http.Header, e *Error, requestID string) []byte {
	w := &xmlWriter{}
	w.b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	if p.ec2 {
		w.open("Response", "")
		w.open("Errors", "")
		w.open("Error", "")
		w.element("Code", e.Code)
		w.element("Message", e.Message)
		w.close("Error")
		w.close("Errors")
		w.element("RequestID", requestID)
		w.close("Response")
		return w.b.Bytes()
	}
	w.open("ErrorResponse", "")
	w.open("Error", "")
	w.element("Type", e.fault())
	w.element("Code", e.Code)
	w.element("Message", e.Message)
	w.close("Error")
	w.element("RequestId", requestID)
	w.close("ErrorResponse")
	return w.b.Bytes()
}

// jsonProtocol is AWS JSON 1.0 or 1.1. Source: Smithy 2.0, "AWS JSON 1.0 protocol".
type jsonProtocol struct{ contentType string }

var _ protocol = jsonProtocol{}

func (jsonProtocol) family() family         { return documentFamily }
func (p jsonProtocol) header(h http.Header) { h.Set("Content-Type", p.contentType) }

func (p jsonProtocol) decode(op *operation, c *call, in reflect.Value) ([]string, error) {
	document, err := parseJSON(c.body)
	return decodeDocument(op, document, err, in)
}

func (p jsonProtocol) encode(op *operation, out reflect.Value, _ string) []byte {
	if out.IsNil() {
		return []byte("{}")
	}
	return appendJSON(nil, op.out, out)
}

func (p jsonProtocol) encodeError(h http.Header, e *Error, _ string) []byte {
	setQueryError(h, e)
	b := appendJSONString(appendJSONKey([]byte{'{'}, 0, "__type"), e.shape())
	b = appendJSONString(appendJSONKey(b, 1, "message"), e.Message)
	return append(b, '}')
}

// cborProtocol is Smithy RPC v2 CBOR. Source: Smithy 2.0, "Smithy RPC v2 CBOR protocol".
type cborProtocol struct{}

var _ protocol = cborProtocol{}

func (cborProtocol) family() family { return documentFamily }

func (cborProtocol) header(h http.Header) {
	h.Set("Content-Type", "application/cbor")
	h.Set("Smithy-Protocol", smithyProtocol)
}

func (cborProtocol) decode(op *operation, c *call, in reflect.Value) ([]string, error) {
	document, err := parseCBOR(c.body)
	return decodeDocument(op, document, err, in)
}

func (cborProtocol) encode(op *operation, out reflect.Value, _ string) []byte {
	if out.IsNil() {
		return cbor.Encode(cbor.Map{})
	}
	return cbor.Encode(toCBOR(op.out, out))
}

func (cborProtocol) encodeError(h http.Header, e *Error, _ string) []byte {
	setQueryError(h, e)
	// The model spells the member in lower case for some errors and not for
	// others, and clients of this protocol mind the case.
	return cbor.Encode(cbor.Map{
		"__type":  cbor.String(e.shape()),
		"message": cbor.String(e.Message),
		"Message": cbor.String(e.Message),
	})
}

// decodeDocument decodes what JSON and CBOR bodies have in common.
func decodeDocument(op *operation, document any, err error, in reflect.Value) ([]string, error) {
	if err != nil {
		return nil, &inputError{problem: err}
	}
	var d documentDecoder
	if err := d.decode(op.in, document, in, ""); err != nil {
		return nil, err
	}
	slices.Sort(d.unknown)
	return d.unknown, nil
}

// setQueryError tells clients of services that once spoke awsQuery the code that
// the error had there.
func setQueryError(h http.Header, e *Error) {
	h.Set("x-amzn-query-error", e.Code+";"+e.fault())
}

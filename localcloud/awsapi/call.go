package awsapi

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// smithyProtocol names RPC v2 CBOR in the header Smithy-Protocol.
const smithyProtocol = "rpc-v2-cbor"

// call is one request.
type call struct {
	protocol  protocol
	scope     Service // the service that the signature is for; "" without one
	service   Service // the service that is called; "" if it is none that is served
	operation string
	form      *form  // query protocols only
	body      []byte // decompressed
	problem   *Error // why it cannot be served
}

// newCall tells the protocol, in this order: the path of RPC v2, the header of
// AWS JSON, else a form. Host says nothing with a custom endpoint. It looks at
// nothing that is costly to read, for the caller is not known yet.
func newCall(r *http.Request) *call {
	a, _ := parseAuthorization(r.Header.Get("Authorization"))
	c := &call{scope: Service(a.service)}
	switch {
	case strings.HasPrefix(r.URL.Path, "/service/"):
		c.protocol = cborProtocol{}
	case r.Header.Get("X-Amz-Target") != "":
		c.protocol = jsonProtocol{contentType: jsonContentType(r)}
	default:
		c.protocol = queryProtocol{ec2: c.scope == EC2}
	}
	return c
}

// jsonContentType is the version of AWS JSON that the client speaks.
func jsonContentType(r *http.Request) string {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-amz-json-1.1") {
		return "application/x-amz-json-1.1"
	}
	return "application/x-amz-json-1.0"
}

// read finds the service and the operation. The body is as it was sent.
func (c *call) read(r *http.Request, body []byte) {
	switch c.protocol.(type) {
	case cborProtocol:
		c.readCBOR(r)
	case jsonProtocol:
		c.readJSON(r)
	}
	c.decompress(r, body)
	if _, ok := c.protocol.(queryProtocol); ok {
		c.readForm(r)
	}
	if c.service != "" && c.service != c.scope {
		c.refuse(wrongSignature, "Credential should be scoped to correct service: '%s', not '%s'.", c.service, c.scope)
	}
}

// readCBOR reads /service/NAME/operation/OPERATION.
func (c *call) readCBOR(r *http.Request) {
	target, operation, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/service/"), "/operation/")
	switch {
	case !ok || strings.Contains(operation, "/"):
		c.refuse(unknownOperation, "The path %.200q is not /service/NAME/operation/OPERATION.", r.URL.Path)
	case r.Method != http.MethodPost:
		c.refuse(unknownOperation, "The method is %s; use POST.", r.Method)
	case r.Header.Get("Smithy-Protocol") != smithyProtocol:
		c.refuse(malformedInput, "The header Smithy-Protocol must be %s.", smithyProtocol)
	}
	c.refuseQuery(r)
	c.service, _ = serviceOfTarget(target)
	c.operation = operation
}

// readJSON reads X-Amz-Target: NAME.OPERATION. Of CloudTrail, botocore's NAME has the
// package of AWS's own program before it, with dots.
func (c *call) readJSON(r *http.Request) {
	if r.Method != http.MethodPost || r.URL.Path != "/" {
		c.refuse(unknownOperation, "The request is %s %.200s; use POST /.", r.Method, r.URL.Path)
	}
	target := r.Header.Get("X-Amz-Target")
	c.operation = target[strings.LastIndexByte(target, '.')+1:]
	target = strings.TrimSuffix(target[:len(target)-len(c.operation)], ".")
	c.service, _ = serviceOfTarget(target[strings.LastIndexByte(target, '.')+1:])
	c.refuseQuery(r)
}

// refuseQuery refuses a query string where all parameters are in the body.
func (c *call) refuseQuery(r *http.Request) {
	if r.URL.RawQuery != "" {
		c.refuse(unknownParameter, "The query string %.200q is not recognized: parameters are in the body", r.URL.RawQuery)
	}
}

// readForm reads Action and Version from the URL and the body.
func (c *call) readForm(r *http.Request) {
	if r.Method != http.MethodPost && r.Method != http.MethodGet || r.URL.Path != "/" {
		c.refuse(unknownOperation, "The request is %s %.200s; use POST /.", r.Method, r.URL.Path)
	}
	if c.problem != nil {
		return
	}
	f, err := parseForm(r.URL.RawQuery + "&" + string(c.body))
	if err != nil {
		c.refuse(malformedInput, "The form is malformed: %v.", err)
		return
	}
	c.form = f
	c.operation = f.take("Action")
	c.chooseService(f.take("Version"))
}

// chooseService finds the form's service by its version or, without one, by the
// credential scope.
func (c *call) chooseService(version string) {
	service, ok := serviceOfVersion(version)
	if !ok && version == "" {
		service = c.scope
		_, ok = service.traits()
	}
	if ok {
		c.service = service
		c.protocol = queryProtocol{ec2: service == EC2}
	}
	switch {
	case c.operation == "":
		c.refuse(missingAction, "The request has no parameter Action.")
	case !ok:
		c.refuse(unknownOperation, "Could not find operation %.100s for version %.40s.", c.operation, version)
	}
}

// refuse notes why the call cannot be served; the first reason stays.
func (c *call) refuse(r refusal, format string, args ...any) {
	if c.problem == nil {
		c.problem = c.protocol.family().refuse(r, format, args...)
	}
}

// decompress sets the call's body.
func (c *call) decompress(r *http.Request, body []byte) {
	switch encoding := strings.ToLower(r.Header.Get("Content-Encoding")); encoding {
	case "", "identity":
		c.body = body
	case "gzip":
		plain, err := gunzip(body)
		if errors.Is(err, errTooLarge) {
			c.refuse(tooLarge, "The decompressed body is larger than %d bytes.", maxBody)
		} else if err != nil {
			c.refuse(malformedInput, "The body is not gzip: %v.", err)
		}
		c.body = plain
	default:
		c.refuse(malformedInput, "The Content-Encoding %.40q is not known; use gzip or none.", encoding)
	}
}

// errTooLarge says that a body is larger than maxBody.
var errTooLarge = errors.New("body too large")

// gunzip decompresses up to maxBody bytes.
func gunzip(body []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return readAll(z)
}

// readAll reads up to maxBody bytes; more is errTooLarge.
func readAll(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("read body: %w", err)
	}
	if len(b) > maxBody {
		return nil, errTooLarge
	}
	return b, nil
}

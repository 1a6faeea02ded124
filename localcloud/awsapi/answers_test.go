package awsapi

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestAnswers(t *testing.T) {
	four := `{"AlarmNames":["a","b","c","d"]}`
	for _, tt := range []struct {
		name    string
		service Service
		request func(t *testing.T) *http.Request
		status  int
		headers map[string]string
		body    string // a regular expression
	}{
		{
			"a form's success is wrapped twice and carries the request id", STS,
			func(t *testing.T) *http.Request {
				return newRequest(t, "POST", "/", "Action=GetCallerIdentity&Version=2011-06-15")
			},
			200, map[string]string{"Content-Type": "text/xml;charset=UTF-8"},
			`<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Account>` +
				`123456789012</Account><UserId>AIDA</UserId></GetCallerIdentityResult><ResponseMetadata><RequestId>` +
				`[0-9a-f-]{36}</RequestId></ResponseMetadata></GetCallerIdentityResponse>$`,
		},
		{
			"a form may come in the URL", STS,
			func(t *testing.T) *http.Request {
				return newRequest(t, "GET", "/?Action=GetCallerIdentity&Version=2011-06-15", "")
			},
			200, nil, `<Account>123456789012</Account>`,
		},
		{
			"a form without a version is told by its scope", STS,
			func(t *testing.T) *http.Request { return newRequest(t, "POST", "/", "Action=GetCallerIdentity") },
			200, nil, `<Account>123456789012</Account>`,
		},
		{
			"a form's error has a type and a code", AutoScaling,
			func(t *testing.T) *http.Request {
				return newRequest(t, "POST", "/", "Action=SetDesiredCapacity&Version=2011-01-01&DesiredCapacity=7")
			},
			400, nil, `<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>7</Message></Error><RequestId>` +
				`[0-9a-f-]{36}</RequestId></ErrorResponse>$`,
		},
		{
			"a number that is none is named", AutoScaling,
			func(t *testing.T) *http.Request {
				return newRequest(t, "POST", "/", "Action=SetDesiredCapacity&Version=2011-01-01&DesiredCapacity=two")
			},
			400, nil, `<Code>MalformedInput</Code><Message>parameter DesiredCapacity: &#34;two&#34; is not an integer of 32 bits.</Message>`,
		},
		{
			"a parameter given twice is refused", AutoScaling,
			func(t *testing.T) *http.Request {
				return newRequest(t, "POST", "/", "Action=SetDesiredCapacity&Version=2011-01-01&DesiredCapacity=1&DesiredCapacity=2")
			},
			400, nil, `<Code>MalformedInput</Code>.*given twice`,
		},
		{
			"classic load balancing is not ELBv2, though both have one scope", ELBv2,
			func(t *testing.T) *http.Request {
				return newRequest(t, "POST", "/", "Action=DescribeLoadBalancers&Version=2012-06-01")
			},
			400, nil, `<Code>InvalidAction</Code><Message>Could not find operation DescribeLoadBalancers for version 2012-06-01.`,
		},
		{
			"an operation that is not served in a form", AutoScaling,
			func(t *testing.T) *http.Request {
				return newRequest(t, "POST", "/", "Action=PutWarmPool&Version=2011-01-01")
			},
			400, nil, `<Code>InvalidAction</Code>`,
		},
		{
			"an operation that is not served in EC2's form", EC2,
			func(t *testing.T) *http.Request {
				return newRequest(t, "POST", "/", "Action=RunInstances&Version=2016-11-15")
			},
			400, nil, `<Response><Errors><Error><Code>InvalidAction</Code><Message>[^<]*</Message></Error></Errors><RequestID>` +
				`[0-9a-f-]{36}</RequestID></Response>$`,
		},
		{
			"a signature for another service", STS,
			func(t *testing.T) *http.Request {
				return newRequest(t, "POST", "/", "Action=DescribeVpcs&Version=2016-11-15")
			},
			403, nil, `<Response><Errors><Error><Code>SignatureDoesNotMatch</Code><Message>Credential should be scoped to correct service: ` +
				`&#39;ec2&#39;, not &#39;sts&#39;`,
		},
		{
			"a form without an action", AutoScaling,
			func(t *testing.T) *http.Request { return newRequest(t, "POST", "/", "Version=2011-01-01") },
			400, nil, `<Code>MissingAction</Code>`,
		},
		{
			"a path that is none", AutoScaling,
			func(t *testing.T) *http.Request {
				return newRequest(t, "POST", "/nowhere", "Action=SetDesiredCapacity&Version=2011-01-01")
			},
			400, nil, `<Code>InvalidAction</Code>`,
		},
		{
			"JSON's success", CloudWatch,
			func(t *testing.T) *http.Request { return newRequest(t, "POST", "/", `{}`, jsonTarget+"DeleteAlarms") },
			200, map[string]string{"Content-Type": "application/x-amz-json-1.0"}, `^\{\}$`,
		},
		{
			"JSON's error names the shape and, in a header, the query code", CloudWatch,
			func(t *testing.T) *http.Request {
				return newRequest(t, "POST", "/", `{"AlarmNames":["a","b"]}`, jsonTarget+"DeleteAlarms", "Content-Type: application/x-amz-json-1.1")
			},
			400, map[string]string{"X-Amzn-Query-Error": "InvalidParameterValue;Sender", "Content-Type": "application/x-amz-json-1.1"},
			`^\{"__type":"InvalidParameterValueException","message":"two"\}$`,
		},
		{
			"JSON's unknown operation", CloudWatch,
			func(t *testing.T) *http.Request {
				return newRequest(t, "POST", "/", `{}`, jsonTarget+"DeleteEverything")
			},
			400, nil, `"__type":"UnknownOperationException"`,
		},
		{
			"a JSON service that is not served", "",
			func(t *testing.T) *http.Request {
				return newRequest(t, "POST", "/", `{}`, "X-Amz-Target: DynamoDB_20120810.ListTables")
			},
			400, nil, `"__type":"UnknownOperationException"`,
		},
		{
			"a body that is not JSON", CloudWatch,
			func(t *testing.T) *http.Request {
				return newRequest(t, "POST", "/", `{"AlarmNames":`, jsonTarget+"DeleteAlarms")
			},
			400, nil, `"__type":"SerializationException","message":"the body is not JSON`,
		},
		{
			"a JSON member of the wrong type", CloudWatch,
			func(t *testing.T) *http.Request {
				return newRequest(t, "POST", "/", `{"AlarmNames":["a",{}]}`, jsonTarget+"DeleteAlarms")
			},
			400, nil, `"message":"parameter AlarmNames\[1\]: a string is expected here, not a structure\."`,
		},
		{
			"an error that is no Error is a fault of the server", CloudWatch,
			func(t *testing.T) *http.Request {
				return newRequest(t, "POST", "/", `{"AlarmNames":["a","b","c"]}`, jsonTarget+"DeleteAlarms")
			},
			500, map[string]string{"X-Amzn-Query-Error": "InternalFailure;Receiver"}, `"message":"disk on fire"`,
		},
		{
			"a handler that panics", CloudWatch,
			func(t *testing.T) *http.Request { return newRequest(t, "POST", "/", four, jsonTarget+"DeleteAlarms") },
			500, nil, `"__type":"InternalFailure"`,
		},
		{
			"CBOR without its protocol header", CloudWatch,
			func(t *testing.T) *http.Request { return newRequest(t, "POST", cborPath+"DeleteAlarms", "\xa0") },
			400, map[string]string{"Smithy-Protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"}, `SerializationException`,
		},
		{
			"CBOR by GET", CloudWatch,
			func(t *testing.T) *http.Request {
				return newRequest(t, "GET", cborPath+"DeleteAlarms", "", "Smithy-Protocol: rpc-v2-cbor")
			},
			400, nil, `UnknownOperationException`,
		},
		{
			"CBOR with an empty body", CloudWatch,
			func(t *testing.T) *http.Request {
				return newRequest(t, "POST", cborPath+"DeleteAlarms", "", "Smithy-Protocol: rpc-v2-cbor")
			},
			200, map[string]string{"Smithy-Protocol": "rpc-v2-cbor"}, `^.$`,
		},
		{
			"a body that is too large", AutoScaling,
			func(t *testing.T) *http.Request { return newRequest(t, "POST", "/", strings.Repeat("x", maxBody+1)) },
			413, nil, `<Code>RequestEntityTooLarge</Code>`,
		},
		{
			"a body that is too large once decompressed", CloudWatch,
			func(t *testing.T) *http.Request {
				return newRequest(t, "POST", "/", zip(t, strings.Repeat(" ", maxBody+1)), jsonTarget+"DeleteAlarms", "Content-Encoding: gzip")
			},
			413, nil, `RequestEntityTooLargeException`,
		},
		{
			"a compressed body", CloudWatch,
			func(t *testing.T) *http.Request {
				return newRequest(t, "POST", "/", zip(t, `{"AlarmNames":["zipped"]}`), jsonTarget+"DeleteAlarms", "Content-Encoding: gzip")
			},
			404, nil, `zipped`,
		},
		{
			"a body that only says it is compressed", CloudWatch,
			func(t *testing.T) *http.Request {
				return newRequest(t, "POST", "/", `{}`, jsonTarget+"DeleteAlarms", "Content-Encoding: gzip")
			},
			400, nil, `the body is not gzip|The body is not gzip`,
		},
		{
			"a compression that is not known", CloudWatch,
			func(t *testing.T) *http.Request {
				return newRequest(t, "POST", "/", `{}`, jsonTarget+"DeleteAlarms", "Content-Encoding: br")
			},
			400, nil, `Content-Encoding`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			service := tt.service
			if service == "" {
				service = "dynamodb"
			}
			status, header, body := raw(t, newTestMux(&logRecorder{}), service, tt.request(t))
			if status != tt.status || !regexp.MustCompile(tt.body).MatchString(body) {
				t.Errorf("answer = %d %q, want %d %s", status, body, tt.status, tt.body)
			}
			for name, want := range tt.headers {
				if got := header.Get(name); got != want {
					t.Errorf("header %s = %q, want %q", name, got, want)
				}
			}
			if id := header.Get("x-amzn-requestid"); len(id) != 36 {
				t.Errorf("x-amzn-requestid = %q, want a UUID", id)
			}
			if _, err := http.ParseTime(header.Get("Date")); err != nil {
				t.Errorf("Date: %v", err)
			}
		})
	}
}

// zip compresses s.
func zip(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, s); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

package awsapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/encoding/cbor"
)

// raw sends a request that is signed for the service and returns the answer.
func raw(t *testing.T, m *Mux, service Service, r *http.Request) (int, http.Header, string) {
	t.Helper()
	server := httptest.NewServer(m)
	defer server.Close()
	r.URL.Scheme, r.URL.Host = "http", strings.TrimPrefix(server.URL, "http://")
	answer, err := newSigner(service).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(body)
}

// newRequest makes a request whose headers are "Name: value".
func newRequest(t *testing.T, method, target, body string, headers ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	return r
}

const (
	cborPath   = "/service/GraniteServiceVersion20100801/operation/"
	jsonTarget = "X-Amz-Target: GraniteServiceVersion20100801."
)

// serveNothing serves an operation with an empty answer.
func serveNothing[In, Out any](m *Mux, s Service) {
	Handle(m, s, func(context.Context, *In) (*Out, error) { return nil, nil })
}

// newTestMux serves one operation of each kind that the tests need.
func newTestMux(log *logRecorder) *Mux {
	cfg := testConfig()
	cfg.Log = log.logger()
	m := NewMux(cfg)
	Handle(m, CloudWatch, func(_ context.Context, in *cloudwatch.DeleteAlarmsInput) (*cloudwatch.DeleteAlarmsOutput, error) {
		switch len(in.AlarmNames) {
		case 0:
			return nil, nil
		case 1:
			return nil, &Error{Code: "ResourceNotFound", Message: "no <alarm> " + in.AlarmNames[0], HTTPStatus: 404}
		case 2:
			return nil, fmt.Errorf("wrapped: %w", &Error{Code: "InvalidParameterValue", Shape: "InvalidParameterValueException", Message: "two"})
		case 3:
			return nil, errors.New("disk on fire")
		default:
			panic("four alarms")
		}
	})
	Handle(m, AutoScaling, func(_ context.Context, in *autoscaling.SetDesiredCapacityInput) (*autoscaling.SetDesiredCapacityOutput, error) {
		return nil, &Error{Code: "ValidationError", Message: fmt.Sprint(aws.ToInt32(in.DesiredCapacity))}
	})
	serveNothing[cloudwatch.PutMetricDataInput, cloudwatch.PutMetricDataOutput](m, CloudWatch)
	serveNothing[autoscaling.CreateAutoScalingGroupInput, autoscaling.CreateAutoScalingGroupOutput](m, AutoScaling)
	Handle(m, STS, func(context.Context, *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
		return &sts.GetCallerIdentityOutput{Account: aws.String("123456789012"), UserId: aws.String("AIDA")}, nil
	})
	return m
}

// TestUnsignedCallersLearnNothing plays a web page in the user's browser.
func TestUnsignedCallersLearnNothing(t *testing.T) {
	m := newTestMux(&logRecorder{})
	for _, r := range []*http.Request{
		httptest.NewRequest("OPTIONS", "/", nil),
		httptest.NewRequest("GET", "/?Action=GetCallerIdentity&Version=2011-06-15", nil),
		httptest.NewRequest("POST", "/", strings.NewReader("Action=SetDesiredCapacity&Version=2011-01-01")),
		httptest.NewRequest("POST", "/", strings.NewReader("Action=NoSuchThing&Version=1")),
		httptest.NewRequest("POST", cborPath+"DeleteAlarms", strings.NewReader("\xa0")),
		httptest.NewRequest("GET", "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00", nil),
	} {
		w := httptest.NewRecorder()
		m.ServeHTTP(w, r)
		if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "MissingAuthenticationToken") {
			t.Errorf("%s %s = %d %s, want 403 MissingAuthenticationToken", r.Method, r.URL, w.Code, w.Body)
		}
		if origin := w.Header().Get("Access-Control-Allow-Origin"); origin != "" {
			t.Errorf("%s %s allows the origin %q", r.Method, r.URL, origin)
		}
	}
}

// Whatever a request has beyond the operation's members is refused by name: it
// would be accepted and ignored otherwise.
func TestUnknownParametersAreRefused(t *testing.T) {
	form := func(parameters string) *http.Request {
		return newRequest(t, "POST", "/", "Action=CreateAutoScalingGroup&Version=2011-01-01&"+parameters)
	}
	document := func(body string) *http.Request { return newRequest(t, "POST", "/", body, jsonTarget+"PutMetricData") }
	cborBody := func(body string) *http.Request {
		return newRequest(t, "POST", cborPath+"PutMetricData", body, "Smithy-Protocol: rpc-v2-cbor")
	}
	const twice = "SerializationException: a member is given twice in the body."
	encoded := func(m cbor.Map) string { return string(cbor.Encode(m)) }
	datum := func(m cbor.Map) cbor.Map { return cbor.Map{"MetricData": cbor.List{m}} }
	for _, tt := range []struct {
		name, want string // code and message
		request    *http.Request
	}{
		{"a parameter", "ValidationError: The parameter Colour is not recognized", form("Colour=red")},
		{"a parameter without a value", "ValidationError: The parameter Colour is not recognized", form("Colour=")},
		{"a parameter in another case", "ValidationError: The parameter minSize is not recognized", form("minSize=1")},
		{"two parameters", "ValidationError: The parameters Colour, Size are not recognized", form("Size=1&Colour=red")},
		{"one in a structure", "ValidationError: The parameter LaunchTemplate.Colour is not recognized", form("LaunchTemplate.Colour=red")},
		{"one in a list", "ValidationError: The parameter Tags.member.1.Colour is not recognized", form("Tags.member.1.Colour=red")},
		{"a value of a structure", "ValidationError: The parameter LaunchTemplate is not recognized", form("LaunchTemplate=red")},
		{"a value of a list", "ValidationError: The parameter Tags is not recognized", form("Tags=red")},
		{"a value of a list's elements", "ValidationError: The parameter Tags.member is not recognized", form("Tags.member=red")},
		{"a part of a value", "ValidationError: The parameter MinSize.Colour is not recognized", form("MinSize=1&MinSize.Colour=red")},
		{"a flat list", "ValidationError: The parameter Tags.1.Key is not recognized", form("Tags.1.Key=a")},
		{"another name of elements", "ValidationError: The parameter Tags.item.1.Key is not recognized", form("Tags.item.1.Key=a")},
		{"an element that has no number", "ValidationError: The parameter Tags.member.one.Key is not recognized", form("Tags.member.one.Key=a")},
		{"an element with a leading zero", "ValidationError: The parameter Tags.member.01.Key is not recognized", form("Tags.member.01.Key=a")},
		{"an element with a sign", "ValidationError: The parameter Tags.member.+1.Key is not recognized", form("Tags.member.%2B1.Key=a")},
		{"a part of the action", "ValidationError: The parameter Action.x is not recognized", form("Action.x=1")},
		{
			"one in the URL", "ValidationError: The parameter Colour is not recognized",
			newRequest(t, "POST", "/?Colour=red", "Action=CreateAutoScalingGroup"),
		},
		{"a parameter given twice", `MalformedInput: The form is malformed: parameter "MinSize" is given twice.`, form("MinSize=1&MinSize=1")},

		{"JSON: a member", "ValidationException: The parameter Colour is not recognized", document(`{"Colour":1}`)},
		{"JSON: null", "ValidationException: The parameter Colour is not recognized", document(`{"Colour":null}`)},
		{"JSON: two members", "ValidationException: The parameters Colour, Size are not recognized", document(`{"Size":1,"Colour":1}`)},
		{
			"JSON: in a list", "ValidationException: The parameter MetricData[1].Colour is not recognized",
			document(`{"MetricData":[{},{"Colour":1}]}`),
		},
		{
			"JSON: twice", `SerializationException: the body is not JSON: member "Namespace" is given twice.`,
			document(`{"Namespace":"a","Namespace":"a"}`),
		},
		{
			"JSON: in the URL", `ValidationException: The query string "Colour=red" is not recognized: parameters are in the body`,
			newRequest(t, "POST", "/?Colour=red", `{}`, jsonTarget+"PutMetricData"),
		},

		{"CBOR: a member", "ValidationException: The parameter Colour is not recognized", cborBody(encoded(cbor.Map{"Colour": cbor.Uint(1)}))},
		{
			"CBOR: in a list", "ValidationException: The parameter MetricData[0].Colour is not recognized",
			cborBody(encoded(datum(cbor.Map{"Colour": cbor.Uint(1)}))),
		},
		{"CBOR: twice", twice, cborBody("\xa2\x69Namespace\x61a\x69Namespace\x61b")},
		{"CBOR: twice, of no length", twice, cborBody("\xbf\x69Namespace\x61a\x69Namespace\x61b\xff")},
		{
			"CBOR: in the URL", `ValidationException: The query string "Colour=red" is not recognized: parameters are in the body`,
			newRequest(t, "POST", cborPath+"PutMetricData?Colour=red", "\xa0", "Smithy-Protocol: rpc-v2-cbor"),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			log := &logRecorder{}
			m, service := newTestMux(log), AutoScaling
			if strings.Contains(tt.request.Header.Get("X-Amz-Target")+tt.request.URL.Path, "Granite") {
				service = CloudWatch
			}
			status, _, _ := raw(t, m, service, tt.request)
			code, message, _ := strings.Cut(tt.want, ": ")
			if status != 400 || len(log.find("code="+code, strings.ReplaceAll(message, `"`, `\"`))) != 1 {
				t.Errorf("answer = %d, log %v, want 400 %s", status, log.find(""), tt.want)
			}
		})
	}
}

// What stands for nothing is not unknown: an empty structure, list or map.
func TestEmptyValuesAreAccepted(t *testing.T) {
	m := newTestMux(&logRecorder{})
	for _, parameters := range []string{
		"MetricData=", "MetricData.member.1=", "EntityMetricData.member.1.Entity=", "EntityMetricData.member.1.Entity.Attributes=",
		"MetricData.member.1.MetricName=a&MetricData.member.3.MetricName=c", // a gap closes
	} {
		r := newRequest(t, "POST", "/", "Action=PutMetricData&Version=2010-08-01&"+parameters)
		if status, _, body := raw(t, m, CloudWatch, r); status != 200 {
			t.Errorf("%s = %d %s, want 200", parameters, status, body)
		}
	}
}

func TestPanicsAreLoggedAndSurvived(t *testing.T) {
	log := &logRecorder{}
	m := newTestMux(log)
	raw(t, m, CloudWatch, newRequest(t, "POST", "/", `{"AlarmNames":["a","b","c","d"]}`, jsonTarget+"DeleteAlarms"))
	if len(log.find("level=ERROR", "four alarms", "mux_test.go")) != 1 {
		t.Errorf("log = %v, want the panic and its stack", log.find(""))
	}
	if status, _, _ := raw(t, m, CloudWatch, newRequest(t, "POST", "/", `{}`, jsonTarget+"DeleteAlarms")); status != 200 {
		t.Errorf("status after a panic = %d, want 200", status)
	}
}

// TestErrorsReachTheSDK checks that the SDK's users can match errors by type and code.
func TestErrorsReachTheSDK(t *testing.T) {
	url := newServer(t, newTestMux(&logRecorder{}))
	deleteAlarms := func(cfg aws.Config, names ...string) error {
		_, err := cloudwatch.NewFromConfig(cfg).DeleteAlarms(t.Context(), &cloudwatch.DeleteAlarmsInput{AlarmNames: names})
		return err
	}
	err := deleteAlarms(testAWS(url), "a")
	missing, ok := errors.AsType[*cwtypes.ResourceNotFound](err)
	if !ok || missing.ErrorMessage() != "no <alarm> a" {
		t.Errorf("DeleteAlarms(a) = %v, want ResourceNotFound with its message", err)
	}
	other := testAWS(url)
	other.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: testKey, SecretAccessKey: "wrong", SessionToken: testToken}, nil
	})
	for name, got := range map[string]struct {
		err  error
		want string
	}{
		"an error with a shape": {deleteAlarms(testAWS(url), "a", "b"), "InvalidParameterValue"},
		"a failure":             {deleteAlarms(testAWS(url), "a", "b", "c"), "InternalFailure"},
		"a wrong secret":        {deleteAlarms(other, "a"), "InvalidSignatureException"},
		"a form's error": {func() error {
			_, err := autoscaling.NewFromConfig(testAWS(url)).SetDesiredCapacity(t.Context(), &autoscaling.SetDesiredCapacityInput{
				AutoScalingGroupName: aws.String("g"), DesiredCapacity: aws.Int32(2)})
			return err
		}(), "ValidationError"},
		"an operation that is not served": {func() error {
			_, err := elasticloadbalancingv2.NewFromConfig(testAWS(url)).DescribeLoadBalancers(t.Context(), nil)
			return err
		}(), "InvalidAction"},
		"a wrong secret in a form": {func() error {
			_, err := sts.NewFromConfig(other).GetCallerIdentity(t.Context(), nil)
			return err
		}(), "SignatureDoesNotMatch"},
	} {
		api, ok := errors.AsType[smithy.APIError](got.err)
		if !ok || api.ErrorCode() != got.want {
			t.Errorf("%s: %v, want code %s", name, got.err, got.want)
		}
	}
}

// TestClockSkewIsCorrected checks that a client whose clock is wrong can learn
// the right time from the Date header, as the SDK does when it tries again.
func TestClockSkewIsCorrected(t *testing.T) {
	cfg := testConfig()
	cfg.Now = func() time.Time { return time.Now().Add(time.Hour) }
	m := NewMux(cfg)
	Handle(m, STS, func(context.Context, *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
		return nil, nil
	})
	client := testAWS(newServer(t, m))
	client.RetryMaxAttempts = 2
	c := sts.NewFromConfig(client)
	if _, err := c.GetCallerIdentity(t.Context(), nil); err != nil {
		if _, err = c.GetCallerIdentity(t.Context(), nil); err != nil {
			t.Errorf("GetCallerIdentity with a clock an hour behind = %v, want success once the skew is known", err)
		}
	}
}

func TestMuxPanicsOnProgrammersMistakes(t *testing.T) {
	handle := func(m *Mux, s Service) {
		Handle(m, s, func(context.Context, *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
			return nil, nil
		})
	}
	type ChannelInput struct{ C chan int }
	type Request struct{}
	for name, mistake := range map[string]func(){
		"no credentials":       func() { NewMux(Config{}) },
		"a service not served": func() { handle(NewMux(testConfig()), "s3") },
		"an operation twice":   func() { m := NewMux(testConfig()); handle(m, STS); handle(m, STS) },
		"a type without a form": func() {
			Handle(NewMux(testConfig()), STS, func(context.Context, *ChannelInput) (*struct{}, error) { return nil, nil })
		},
		"a type that is no Input": func() {
			Handle(NewMux(testConfig()), STS, func(context.Context, *Request) (*struct{}, error) { return nil, nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it was accepted, want a panic")
				}
			}()
			mistake()
		})
	}
}

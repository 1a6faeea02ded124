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
	Handle(m, STS, func(ctx context.Context, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
		return &sts.GetCallerIdentityOutput{Account: aws.String("123456789012"), UserId: aws.String(RequestID(ctx))}, nil
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

func TestUnknownParametersAreLogged(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		request    *http.Request
	}{
		{"in a form", "[Colour Tags.member.1.Key]", newRequest(t, "POST", "/", "Action=SetDesiredCapacity&Version=2011-01-01&DesiredCapacity=1&Colour=red&Tags.member.1.Key=x")},
		{"in JSON", "[Colour]", newRequest(t, "POST", "/", `{"Colour":1}`, jsonTarget+"DeleteAlarms")},
		{"in CBOR", "[Colour]", newRequest(t, "POST", cborPath+"DeleteAlarms", string(cbor.Encode(cbor.Map{"Colour": cbor.Uint(1)})), "Smithy-Protocol: rpc-v2-cbor")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			log := &logRecorder{}
			service := CloudWatch
			if tt.name == "in a form" {
				service = AutoScaling
			}
			raw(t, newTestMux(log), service, tt.request)
			if len(log.find("level=WARN", "unknown parameters ignored", tt.want, "request_id=")) != 1 {
				t.Errorf("log = %v, want one line that names %s", log.find(""), tt.want)
			}
		})
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

func TestRequestIDOutsideOfARequest(t *testing.T) {
	if id := RequestID(t.Context()); id != "" {
		t.Errorf("RequestID = %q, want none", id)
	}
}

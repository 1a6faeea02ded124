package awsapi

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

func TestElementsAreWhatACallSaid(t *testing.T) {
	for name, test := range map[string]struct {
		service Service
		in      any
		want    string
	}{
		"nothing": {AutoScaling, &autoscaling.DescribePoliciesInput{}, `null`},
		"texts, numbers and lists": {AutoScaling, &autoscaling.CreateAutoScalingGroupInput{
			AutoScalingGroupName: aws.String("web"), MinSize: aws.Int32(0), TargetGroupARNs: []string{"a", "b"}, LoadBalancerNames: []string{},
			NewInstancesProtectedFromScaleIn: aws.Bool(false),
		}, `{"autoScalingGroupName":"web","minSize":0,"newInstancesProtectedFromScaleIn":false,"targetGroupARNs":["a","b"]}`},
		"times, and numbers that JSON has not": {CloudWatch, &cloudwatch.PutMetricDataInput{MetricData: []cwtypes.MetricDatum{{
			Timestamp: aws.Time(time.Unix(1767225600, 0)), Value: aws.Float64(math.Inf(1)), Values: []float64{1.5},
		}}}, `{"metricData":[{"timestamp":"2026-01-01T00:00:00Z","value":"Infinity","values":[1.5]}]}`},
		"maps": {ELBv2, &elasticloadbalancingv2.CreateRuleInput{Actions: []elbtypes.Action{{
			AuthenticateOidcConfig: &elbtypes.AuthenticateOidcActionConfig{AuthenticationRequestExtraParams: map[string]string{"A": "b"}},
		}}}, `{"actions":[{"authenticateOidcConfig":{"authenticationRequestExtraParams":{"A":"b"}}}]}`},
		"no secrets": {KMS, &kms.EncryptInput{KeyId: aws.String("k"), Plaintext: []byte("secret")}, `{"keyId":"k"}`},
	} {
		shaper, err := newShaper(test.service)
		if err != nil {
			t.Fatal(err)
		}
		s, err := shaper.shapeOf(reflect.TypeOf(test.in))
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(elements(s, reflect.ValueOf(test.in)))
		if err != nil || string(got) != test.want {
			t.Errorf("%s: %s, %v; want %s", name, got, err, test.want)
		}
	}
}

func TestAUnionIsItsMember(t *testing.T) {
	shaper, err := newShaper(CloudWatch)
	if err != nil {
		t.Fatal(err)
	}
	s, err := shaper.shapeOf(reflect.TypeFor[cloudwatch.PutMetricAlarmInput]())
	if err != nil {
		t.Fatal(err)
	}
	in := &cloudwatch.PutMetricAlarmInput{EvaluationWindow: &cwtypes.EvaluationWindowMemberSlidingWindow{}}
	if got := elements(s, reflect.ValueOf(in)); len(got) != 1 || !strings.Contains(string(mustJSON(t, got)), `"slidingWindow":`) {
		t.Errorf("elements = %v, want the union's member", got)
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestEveryServedCallIsRecordedOnce whatever becomes of it; and none of a caller that
// cannot sign, nor of an operation that is not served.
func TestEveryServedCallIsRecordedOnce(t *testing.T) {
	var got []string
	cfg := testConfig()
	cfg.Record = func(e Event) {
		outcome := "answered"
		if e.Failure != nil {
			outcome = e.Failure.Code
		}
		if e.RequestID == "" || e.Time.IsZero() || e.AccessKeyID != testKey || e.SourceIP != "127.0.0.1" || e.UserAgent == "" {
			t.Errorf("event = %+v, want its caller", e)
		}
		got = append(got, e.Operation+" "+outcome)
	}
	m := NewMux(cfg)
	fails := map[string]error{"panic": nil, "error": errors.New("disk full"), "refused": &Error{Code: "ValidationError", Message: "no"}}
	Handle(m, AutoScaling, func(_ context.Context, in *autoscaling.DeletePolicyInput) (*autoscaling.DeletePolicyOutput, error) {
		if *in.PolicyName == "panic" {
			panic("a fault of ours")
		}
		return nil, fails[*in.PolicyName]
	})
	url := newServer(t, m)
	client := autoscaling.NewFromConfig(testAWS(url))
	for _, policy := range []string{"fine", "refused", "error", "panic"} {
		_, err := client.DeletePolicy(t.Context(), &autoscaling.DeletePolicyInput{PolicyName: &policy})
		if (err == nil) != (policy == "fine") {
			t.Errorf("DeletePolicy(%s) = %v", policy, err)
		}
	}
	if _, err := client.DescribePolicies(t.Context(), nil); err == nil {
		t.Error("an operation that is not served was answered")
	}
	unknown := testAWS(url)
	unknown.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIAOTHER", SecretAccessKey: "x"}, nil
	})
	one := &autoscaling.DeletePolicyInput{PolicyName: aws.String("x")}
	if _, err := autoscaling.NewFromConfig(unknown).DeletePolicy(t.Context(), one); err == nil {
		t.Error("a caller who cannot sign was answered")
	}
	const want = "DeletePolicy answered, DeletePolicy ValidationError, DeletePolicy InternalFailure, DeletePolicy InternalFailure"
	if all := strings.Join(got, ", "); all != want {
		t.Errorf("recorded %s, want %s", all, want)
	}
}

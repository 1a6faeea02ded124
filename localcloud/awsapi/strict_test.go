package awsapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"

	"secondwind/localcloud/awsapi/internal/strict"
)

// The credentials of every test.
const (
	testKey    = "AKIDTESTTESTTESTTEST"
	testSecret = "a/secret+of=tests"
	testToken  = "session/token=="
	testRegion = "eu-central-1"
)

// testConfig is a Mux's configuration that matches testAWS.
func testConfig() Config {
	return Config{AccessKeyID: testKey, SecretAccessKey: testSecret, SessionToken: testToken, Region: testRegion}
}

// testAWS configures SDK clients for the server at url.
func testAWS(url string) aws.Config {
	return aws.Config{
		Region:           testRegion,
		BaseEndpoint:     aws.String(url),
		RetryMaxAttempts: 1,
		HTTPClient:       &strict.Client{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: testKey, SecretAccessKey: testSecret, SessionToken: testToken}, nil
		}),
	}
}

// newServer serves h on loopback until the test ends.
func newServer(t testing.TB, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// newSigner returns an HTTP client that signs what is not signed: raw requests,
// and the operations of STS that the SDK leaves unsigned.
func newSigner(service Service) *strict.Client {
	return &strict.Client{Prepare: func(r *http.Request, body []byte) error {
		if r.Header.Get("Authorization") != "" {
			return nil
		}
		digest := sha256.Sum256(body)
		creds := aws.Credentials{AccessKeyID: testKey, SecretAccessKey: testSecret, SessionToken: testToken}
		return v4.NewSigner().SignHTTP(r.Context(), creds, r, hex.EncodeToString(digest[:]), string(service), testRegion, time.Now())
	}}
}

// unionValue makes the n-th member of a CloudWatch union.
func unionValue(union reflect.Type, n int) (any, int) {
	members := unions()[union]
	return reflect.New(members[n].concrete).Interface(), len(members)
}

// formUnionValue is unionValue without members that are empty structures: the
// SDK writes nothing at all for an empty structure in a form.
func formUnionValue(union reflect.Type, n int) (any, int) {
	members := slices.DeleteFunc(unions()[union], func(m unionMember) bool {
		value, _ := m.concrete.FieldByName("Value")
		return len(reflect.VisibleFields(value.Type)) <= 1 // noSmithyDocumentSerde
	})
	return reflect.New(members[n].concrete).Interface(), len(members)
}

// TestEveryOperationArrivesWhole sends every operation of the services through the
// SDK's own client, with every field of the Input and of the Output filled.
func TestEveryOperationArrivesWhole(t *testing.T) {
	for _, tt := range []struct {
		name    string
		service Service
		client  func(cfg aws.Config) any
		atLeast int // operations the service has had; fewer means the test looks past them
	}{
		{"CloudWatch in CBOR", CloudWatch, func(cfg aws.Config) any { return cloudwatch.NewFromConfig(cfg) }, 40},
		{"CloudWatch in JSON", CloudWatch, func(cfg aws.Config) any {
			return cloudwatch.NewFromConfig(cfg, func(o *cloudwatch.Options) {
				o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801)
			})
		}, 40},
		{"CloudWatch in awsQuery", CloudWatch, func(cfg aws.Config) any {
			return cloudwatch.NewFromConfig(cfg, func(o *cloudwatch.Options) {
				o.Protocol = awsquery.New(schemas.GraniteServiceVersion20100801)
			})
		}, 40},
		{"Auto Scaling", AutoScaling, func(cfg aws.Config) any { return autoscaling.NewFromConfig(cfg) }, 60},
		{"Elastic Load Balancing v2", ELBv2, func(cfg aws.Config) any { return elasticloadbalancingv2.NewFromConfig(cfg) }, 50},
		{"KMS", KMS, func(cfg aws.Config) any { return kms.NewFromConfig(cfg) }, 50},
		{"Resource Groups Tagging API", Tagging, func(cfg aws.Config) any { return resourcegroupstaggingapi.NewFromConfig(cfg) }, 8},
		{"CloudTrail", CloudTrail, func(cfg aws.Config) any { return cloudtrail.NewFromConfig(cfg) }, 50},
		{"STS", STS, func(cfg aws.Config) any {
			cfg.HTTPClient = newSigner(STS)
			return sts.NewFromConfig(cfg)
		}, 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			testArrivesWhole(t, tt.service, tt.client, tt.atLeast, strings.HasSuffix(tt.name, "awsQuery"))
		})
	}
}

func testArrivesWhole(t *testing.T, service Service, client func(aws.Config) any, atLeast int, form bool) {
	log := &logRecorder{}
	cfg := testConfig()
	cfg.Log = log.logger()
	m := NewMux(cfg)
	operations := strict.Operations(client(testAWS("http://unused.invalid")))
	if len(operations) < atLeast {
		t.Fatalf("the client has %d operations, want at least %d", len(operations), atLeast)
	}
	filler := &strict.Filler{Unions: unionValue}
	if form {
		filler.Unions = formUnionValue
	}
	var mu sync.Mutex
	var received any
	answers := make(map[string]any)
	for _, op := range operations {
		answer := reflect.New(op.Output).Interface()
		filler.Fill(answer)
		answers[op.Name] = answer
		HandleTypes(m, service, op.Input, op.Output, func(_ context.Context, in any) (any, error) {
			mu.Lock()
			defer mu.Unlock()
			received = in
			return answer, nil
		})
	}
	for _, op := range strict.Operations(client(testAWS(newServer(t, m)))) {
		sent := reflect.New(op.Input).Interface()
		filler.Fill(sent)
		got, err := op.Call(t.Context(), sent)
		if err != nil {
			t.Errorf("%s: %v", op.Name, err)
			continue
		}
		mu.Lock()
		if d := strict.Diff(sent, received); d != "" {
			t.Errorf("%s: the Input changed on its way (-sent +received):\n%s", op.Name, d)
		}
		mu.Unlock()
		if d := strict.Diff(answers[op.Name], got); d != "" {
			t.Errorf("%s: the Output changed on its way (-sent +received):\n%s", op.Name, d)
		}
	}
}

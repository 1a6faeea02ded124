package conformance

import (
	"bufio"
	"context"
	"errors"
	"maps"
	"net/http/httptest"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go"

	"secondwind/localcloud/awsapi"
	"secondwind/localcloud/awsapi/ec2shapes"
	"secondwind/localcloud/awsapi/internal/strict"
)

const (
	key    = "AKIDTESTTESTTESTTEST"
	secret = "a/secret+of=tests"
	region = "eu-central-1"
)

// recorder keeps the last Input that arrived and answers with filled Outputs.
type recorder struct {
	mu       sync.Mutex
	received any
	answers  map[string]any // by operation
	filler   strict.Filler
}

// serve registers an operation that records its Input.
func serve[In, Out any](m *awsapi.Mux, r *recorder) {
	out := new(Out)
	r.filler.Fill(out)
	r.answers[strings.TrimSuffix(reflect.TypeFor[In]().Name(), "Input")] = out
	awsapi.Handle(m, awsapi.EC2, func(_ context.Context, in *In) (*Out, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.received = in
		return out, nil
	})
}

// register serves every operation of ec2shapes.
func register(m *awsapi.Mux, r *recorder) {
	serve[ec2shapes.CreateLaunchTemplateInput, ec2shapes.CreateLaunchTemplateOutput](m, r)
	serve[ec2shapes.CreateLaunchTemplateVersionInput, ec2shapes.CreateLaunchTemplateVersionOutput](m, r)
	serve[ec2shapes.CreateTagsInput, ec2shapes.CreateTagsOutput](m, r)
	serve[ec2shapes.DeleteLaunchTemplateInput, ec2shapes.DeleteLaunchTemplateOutput](m, r)
	serve[ec2shapes.DescribeAvailabilityZonesInput, ec2shapes.DescribeAvailabilityZonesOutput](m, r)
	serve[ec2shapes.DescribeImagesInput, ec2shapes.DescribeImagesOutput](m, r)
	serve[ec2shapes.DescribeInstanceCreditSpecificationsInput, ec2shapes.DescribeInstanceCreditSpecificationsOutput](m, r)
	serve[ec2shapes.DescribeInstanceStatusInput, ec2shapes.DescribeInstanceStatusOutput](m, r)
	serve[ec2shapes.DescribeInstanceTypesInput, ec2shapes.DescribeInstanceTypesOutput](m, r)
	serve[ec2shapes.DescribeInstancesInput, ec2shapes.DescribeInstancesOutput](m, r)
	serve[ec2shapes.DescribeLaunchTemplateVersionsInput, ec2shapes.DescribeLaunchTemplateVersionsOutput](m, r)
	serve[ec2shapes.DescribeLaunchTemplatesInput, ec2shapes.DescribeLaunchTemplatesOutput](m, r)
	serve[ec2shapes.DescribeSecurityGroupsInput, ec2shapes.DescribeSecurityGroupsOutput](m, r)
	serve[ec2shapes.DescribeSubnetsInput, ec2shapes.DescribeSubnetsOutput](m, r)
	serve[ec2shapes.DescribeTagsInput, ec2shapes.DescribeTagsOutput](m, r)
	serve[ec2shapes.DescribeVpcsInput, ec2shapes.DescribeVpcsOutput](m, r)
	serve[ec2shapes.TerminateInstancesInput, ec2shapes.TerminateInstancesOutput](m, r)
}

// newClient serves m on loopback and returns a client that signs with secret.
func newClient(t *testing.T, m *awsapi.Mux, secret string) *ec2.Client {
	t.Helper()
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	return ec2.NewFromConfig(aws.Config{
		Region:           region,
		BaseEndpoint:     aws.String(server.URL),
		RetryMaxAttempts: 1,
		HTTPClient:       &strict.Client{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: key, SecretAccessKey: secret}, nil
		}),
	})
}

func newMux() *awsapi.Mux {
	return awsapi.NewMux(awsapi.Config{AccessKeyID: key, SecretAccessKey: secret, Region: region})
}

// listed reads the operations that are meant to be served.
func listed(t *testing.T) []string {
	t.Helper()
	file, err := os.Open("../ec2shapes/operations.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var names []string
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name := strings.TrimSpace(lines.Text()); name != "" && !strings.HasPrefix(name, "#") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// TestEveryServedOperationIsExact sends every served operation through the SDK's
// client, with every field of the Input and of the Output filled.
func TestEveryServedOperationIsExact(t *testing.T) {
	r := &recorder{answers: make(map[string]any)}
	m := newMux()
	register(m, r)
	if got, want := slices.Sorted(maps.Keys(r.answers)), listed(t); !slices.Equal(got, want) {
		t.Fatalf("register serves %v, want all of operations.txt: %v", got, want)
	}
	sent := 0
	for _, op := range strict.Operations(newClient(t, m, secret)) {
		if r.answers[op.Name] == nil {
			continue
		}
		sent++
		in := reflect.New(op.Input).Interface()
		r.filler.Fill(in)
		got, err := op.Call(t.Context(), in)
		if err != nil {
			t.Error(err)
			continue
		}
		r.mu.Lock()
		if d := strict.Diff(in, r.received); d != "" {
			t.Errorf("%s: the Input changed on its way (-sent +received):\n%s", op.Name, d)
		}
		r.mu.Unlock()
		if d := strict.Diff(r.answers[op.Name], got); d != "" {
			t.Errorf("%s: the Output changed on its way (-sent +received):\n%s", op.Name, d)
		}
	}
	if sent != len(r.answers) {
		t.Errorf("the client has %d of %d operations", sent, len(r.answers))
	}
}

// TestErrorsReachTheClient checks that codes arrive as the SDK's users match them.
func TestErrorsReachTheClient(t *testing.T) {
	m := newMux()
	awsapi.Handle(m, awsapi.EC2, func(context.Context, *ec2shapes.DescribeImagesInput) (*ec2shapes.DescribeImagesOutput, error) {
		return nil, &awsapi.Error{Code: "InvalidAMIID.NotFound", Message: "The image id '[ami-1]' does not exist"}
	})
	for _, tt := range []struct {
		name, secret, want string
		call               func(*ec2.Client) error
	}{
		{"a handler's error", secret, "InvalidAMIID.NotFound", func(c *ec2.Client) error {
			_, err := c.DescribeImages(t.Context(), &ec2.DescribeImagesInput{})
			return err
		}},
		{"an operation that is not served", secret, "InvalidAction", func(c *ec2.Client) error {
			_, err := c.DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{})
			return err
		}},
		{"a wrong secret", "other", "SignatureDoesNotMatch", func(c *ec2.Client) error {
			_, err := c.DescribeImages(t.Context(), &ec2.DescribeImagesInput{})
			return err
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.call(newClient(t, m, tt.secret))
			api, ok := errors.AsType[smithy.APIError](err)
			if !ok || api.ErrorCode() != tt.want {
				t.Errorf("error = %v, want code %s", err, tt.want)
			}
		})
	}
}

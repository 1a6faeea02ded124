package operation_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"secondwind/autoscale"
	"secondwind/localcloud/awsapi"
	"secondwind/localcloud/awsapi/ec2shapes"
	"secondwind/localcloud/operation"
)

// service fails as its callers ask. Of its methods the first two are operations.
type service struct{ helped *bool }

func (s service) DeleteLaunchTemplate(in *ec2shapes.DeleteLaunchTemplateInput, _ *ec2shapes.DeleteLaunchTemplateOutput) error {
	switch name := aws.ToString(in.LaunchTemplateName); name {
	case "engine":
		return &autoscale.Error{Code: "ScalingActivityInProgress", Message: "100 % busy"}
	case "refused":
		return operation.Invalidf("no")
	case "broken":
		return errors.New("disk on fire")
	}
	return nil
}

func (s service) DescribeVpcs(in *ec2shapes.DescribeVpcsInput, out *ec2shapes.DescribeVpcsOutput) error {
	out.NextToken = aws.String("next")
	if len(in.VpcIds) > 0 {
		return operation.Invalidf("half an answer")
	}
	return nil
}

func (s service) DescribeSubnets(*ec2shapes.DescribeVpcsInput, *ec2shapes.DescribeVpcsOutput) error {
	return nil
}
func (s service) Help(helped bool) { *s.helped = helped }

// ask makes a signed request of EC2 and returns the status and the answer.
func ask(t *testing.T, m *awsapi.Mux, request string) (int, string) {
	t.Helper()
	body := "Version=2016-11-15&Action=" + request
	r := httptest.NewRequestWithContext(t.Context(), "POST", "http://cloud.test/", strings.NewReader(body))
	digest := sha256.Sum256([]byte(body))
	signer := aws.Credentials{AccessKeyID: "AKIDTEST", SecretAccessKey: "secret"}
	if err := v4.NewSigner().SignHTTP(t.Context(), signer, r, hex.EncodeToString(digest[:]), "ec2", "local-1", time.Now()); err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	m.ServeHTTP(answer, r)
	return answer.Code, answer.Body.String()
}

func TestMethodsThatAreOperationsAreServed(t *testing.T) {
	m := awsapi.NewMux(awsapi.Config{AccessKeyID: "AKIDTEST", SecretAccessKey: "secret"})
	operation.Serve(m, awsapi.EC2, service{})
	for name, test := range map[string]struct {
		request string
		status  int
		want    string
		not     string
	}{
		"an answer":                 {"DescribeVpcs", 200, "<nextToken>next</nextToken>", "Error"},
		"an answer to a dry run":    {"DescribeVpcs&DryRun=true", 412, "<Code>DryRunOperation</Code>", "next"},
		"a dry run that is none":    {"DescribeVpcs&DryRun=false", 200, "<nextToken>next</nextToken>", "Error"},
		"an error drops the answer": {"DescribeVpcs&VpcId.1=a", 400, "<Message>half an answer</Message>", "next"},
		"an error before a dry run": {"DescribeVpcs&VpcId.1=a&DryRun=true", 400, "half an answer", "DryRunOperation"},
		"an error of the engine": {
			"DeleteLaunchTemplate&LaunchTemplateName=engine", 400, "<Code>ScalingActivityInProgress</Code><Message>100 % busy<", "InternalError",
		},
		"a refusal":                  {"DeleteLaunchTemplate&LaunchTemplateName=refused", 400, "<Code>ValidationError</Code>", "InternalError"},
		"a fault":                    {"DeleteLaunchTemplate&LaunchTemplateName=broken", 500, "<Code>InternalError</Code>", "Validation"},
		"a method of another's form": {"DescribeSubnets", 400, "<Code>InvalidAction</Code>", "next"},
		"a method that is a helper":  {"Help", 400, "<Code>InvalidAction</Code>", "next"},
	} {
		status, answer := ask(t, m, test.request)
		if status != test.status || !strings.Contains(answer, test.want) || strings.Contains(answer, test.not) {
			t.Errorf("%s: %d %s, want %d with %s and without %s", name, status, answer, test.status, test.want, test.not)
		}
	}
}

func TestADryRunIsOneOnlyIfItIsAskedFor(t *testing.T) {
	for name, test := range map[string]struct {
		in   any
		want bool
	}{
		"asked for":                 {&ec2shapes.DescribeVpcsInput{DryRun: aws.Bool(true)}, true},
		"denied":                    {&ec2shapes.DescribeVpcsInput{DryRun: aws.Bool(false)}, false},
		"left out":                  {&ec2shapes.DescribeVpcsInput{}, false},
		"of a request without such": {&request{}, false},
	} {
		err := operation.DryRun(test.in)
		refused, ok := errors.AsType[*awsapi.Error](err)
		if ok != test.want || ok && (refused.Code != "DryRunOperation" || refused.HTTPStatus != 412) {
			t.Errorf("%s: DryRun() = %v, want %t", name, err, test.want)
		}
	}
}

package main_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/smithy-go/encoding/cbor"
	"github.com/aws/smithy-go/middleware"

	"secondwind/account/ec2form"
	"secondwind/account/stack"
	"secondwind/localcloud"
	"secondwind/verify/doctor"
	"secondwind/verify/terminal"
)

// A bench is a local cloud with a healthy stack in it, on which one thing after
// the other is broken.
type bench struct {
	cfg    aws.Config
	stack  stack.Stack
	groups *autoscaling.Client
	alarms *cloudwatch.Client
	elb    *elb.Client
	ec2    ec2form.Client
}

func newBench(t *testing.T, policy string) *bench {
	t.Helper()
	const image = "ami-0123456789abcdef0"
	cloud, err := localcloud.Start(t.Context(), localcloud.Config{
		MetricsPeriod: 10 * time.Second, Dir: t.TempDir(), Seed: 7,
		Images: map[string]localcloud.Image{image: {Program: filepath.Join(bin, "calculator"), Args: []string{"--address", "{{address}}"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cloud.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	})
	numbers, err := stack.ReadScalingVariables(filepath.Join("..", "..", "terraform", "scaling.auto.tfvars.json"), stack.ScalingVariables{})
	if err != nil {
		t.Fatal(err)
	}
	numbers.Policy = policy
	cfg := cloud.AWSConfig()
	cfg.HTTPClient = between{awshttp.NewBuildableClient(), nil}
	s, err := stack.Create(t.Context(), cfg, stack.Options{Name: "demo", Variables: numbers, MetricsPeriod: 10 * time.Second, ImageID: image})
	if err != nil {
		t.Fatal(err)
	}
	return &bench{
		cfg: cfg, stack: s, groups: autoscaling.NewFromConfig(cfg), alarms: cloudwatch.NewFromConfig(cfg), elb: elb.NewFromConfig(cfg), ec2: ec2form.Client{AWS: cfg},
	}
}

// config is what the doctor is given. The local cloud keeps no CPU credits: what
// an instance has left, the answer says that is given here.
func (b *bench) config() doctor.Config {
	c := doctor.Config{AWS: b.cfg, AutoScalingGroupName: b.stack.AutoScalingGroupName}
	credits(&c, 144)
	return c
}

// awaitHealthy examines until nothing is found, and fails with what is.
func (b *bench) awaitHealthy(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ticker := time.NewTicker(250 * time.Millisecond)
	defer ticker.Stop()
	for {
		report := doctor.Examine(t.Context(), b.config())
		if len(report.Findings) == 0 {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the stack does not get healthy: %s\n%s", report.Summary(), told(report))
		case <-ticker.C:
		}
	}
}

func told(r doctor.Report) string {
	var b bytes.Buffer
	doctor.WriteFindings(&b, r, terminal.Style{})
	return b.String()
}

func idsOf(r doctor.Report) (ids []string) {
	for _, f := range r.Findings {
		ids = append(ids, f.ID)
	}
	return ids
}

// edit changes the answers of a type, after the local cloud gave them: what it
// does not have itself can be broken so.
func edit[Out any](c *doctor.Config, change func(*Out)) {
	c.AWS.APIOptions = append(slices.Clone(c.AWS.APIOptions), func(s *middleware.Stack) error {
		return s.Initialize.Add(middleware.InitializeMiddlewareFunc(fmt.Sprintf("edit%d", len(s.Initialize.List())), func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleInitialize(ctx, in)
			if answer, ok := out.Result.(*Out); ok && err == nil {
				change(answer)
			}
			return out, metadata, err
		}), middleware.Before)
	})
}

// between stands between the SDK and the local cloud. It sends every body from
// memory, because the SDK may close it before net/http has seen its end.
type between struct {
	next   aws.HTTPClient
	change func(operation string, r *http.Response, body []byte) []byte // nil: nothing
}

func (b between) Do(r *http.Request) (*http.Response, error) {
	var sent []byte
	if r.Body != nil {
		var err error
		if sent, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(sent)), int64(len(sent))
	}
	response, err := b.next.Do(r)
	if err != nil || b.change == nil {
		return response, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	body = b.change(operationOf(r, sent), response, body)
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	response.Header.Set("Content-Length", fmt.Sprint(len(body)))
	return response, nil
}

// operationOf is an IAM action: the service from the signature's scope, the
// operation from wherever the protocol has it.
func operationOf(r *http.Request, body []byte) string {
	scope := strings.Split(r.Header.Get("Authorization"), "/")
	service := scope[min(3, len(scope)-1)]
	if service == "monitoring" {
		service = "cloudwatch"
	}
	if _, operation, ok := strings.Cut(r.URL.Path, "/operation/"); ok {
		return service + ":" + operation
	}
	if _, operation, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		return service + ":" + operation
	}
	form, _ := url.ParseQuery(string(body))
	return service + ":" + form.Get("Action")
}

// rewrite changes the bytes of answers.
func rewrite(c *doctor.Config, change func(operation string, r *http.Response, body []byte) []byte) {
	c.AWS.HTTPClient = between{c.AWS.HTTPClient, change}
}

// refuse answers an operation with an error, as its service writes it.
func refuse(c *doctor.Config, action, code string) {
	rewrite(c, func(operation string, r *http.Response, body []byte) []byte {
		if operation != action {
			return body
		}
		r.StatusCode, r.Status = http.StatusForbidden, "403 Forbidden"
		message := "User: arn:aws:iam::000000000000:user/secondwind is not authorized to perform: " + action
		switch {
		case strings.HasPrefix(action, "ec2:"):
			return fmt.Appendf(nil, "<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors></Response>", code, message)
		case r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor":
			return cbor.Encode(cbor.Map{"__type": cbor.String("com.amazonaws.cloudwatch#" + code), "message": cbor.String(message)})
		case strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-amz-json"):
			return fmt.Appendf(nil, `{"__type":%q,"message":%q}`, code, message)
		}
		return fmt.Appendf(nil, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>1</RequestId></ErrorResponse>", code, message)
	})
}

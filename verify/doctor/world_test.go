package doctor_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/encoding/cbor"
	"github.com/aws/smithy-go/middleware"

	"secondwind/account/ec2form"
	"secondwind/verify/doctor"
	"secondwind/verify/terminal"
	"secondwind/virtual"
)

// world is a cloud in virtual time with a stack in which the doctor finds nothing,
// until something is broken.
type world struct {
	*testing.T
	virtual.Cloud
	cfg    doctor.Config // what the doctor is given
	groups *autoscaling.Client
	alarms *cloudwatch.Client
	elb    *elb.Client
	ec2    ec2form.Client
}

// settled is how long a new stack takes until its alarms have data.
const settled = time.Minute

// inWorld runs a test in a world whose group has a policy of that type.
func inWorld(t *testing.T, policy string, test func(*world)) {
	t.Helper()
	cfg := virtual.Default(t)
	cfg.Variables.Policy = policy
	virtual.InCloud(t, cfg, func(t *testing.T, c virtual.Cloud) {
		w := &world{
			T: t, Cloud: c, groups: autoscaling.NewFromConfig(c.AWS), alarms: cloudwatch.NewFromConfig(c.AWS),
			elb: elb.NewFromConfig(c.AWS), ec2: ec2form.Client{AWS: c.AWS},
			cfg: doctor.Config{AWS: c.AWS, AutoScalingGroupName: c.Stack.AutoScalingGroupName, Transport: c.Transport,
				LoadBalancerURL: c.Stack.LoadBalancerURL, InstanceHeader: "X-Instance-Id"},
		}
		w.credits(144) // the local cloud keeps none
		time.Sleep(settled)
		test(w)
	})
}

func (w *world) examine() doctor.Report { return doctor.Examine(w.Context(), w.cfg) }

// must ends the test if its own preparation fails.
func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func text(r doctor.Report) string {
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
func edit[Out any](w *world, change func(*Out)) {
	w.cfg.AWS.APIOptions = append(slices.Clone(w.cfg.AWS.APIOptions), func(s *middleware.Stack) error {
		id := fmt.Sprintf("edit%d", len(s.Initialize.List()))
		return s.Initialize.Add(middleware.InitializeMiddlewareFunc(id, func(
			ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
		) (middleware.InitializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleInitialize(ctx, in)
			if answer, ok := out.Result.(*Out); ok && err == nil {
				change(answer)
			}
			return out, metadata, err
		}), middleware.Before)
	})
}

// edited is a breakage that changes the answers of a type.
func edited[Out any](change func(*Out)) func(*world) {
	return func(w *world) { edit(w, change) }
}

// failQuery fails the questions for datapoints that ask for a series of that id.
func (w *world) failQuery(id string) {
	w.cfg.AWS.APIOptions = append(slices.Clone(w.cfg.AWS.APIOptions), func(s *middleware.Stack) error {
		return s.Initialize.Add(middleware.InitializeMiddlewareFunc("failQuery", func(
			ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
		) (middleware.InitializeOutput, middleware.Metadata, error) {
			if asked, ok := in.Parameters.(*cloudwatch.GetMetricDataInput); ok && *asked.MetricDataQueries[0].Id == id {
				return middleware.InitializeOutput{}, middleware.Metadata{}, &smithy.GenericAPIError{Code: "Throttling", Message: "Rate exceeded"}
			}
			return next.HandleInitialize(ctx, in)
		}), middleware.Before)
	})
}

// rewritten stands between the SDK and the local cloud, and changes the bytes of answers.
type rewritten struct {
	next   aws.HTTPClient
	change func(operation string, r *http.Response, body []byte) []byte
}

func (c rewritten) Do(r *http.Request) (*http.Response, error) {
	var sent []byte
	if r.Body != nil {
		var err error
		if sent, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(sent))
	}
	response, err := c.next.Do(r)
	if err != nil {
		return response, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	body = c.change(operationOf(r, sent), response, body)
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
func (w *world) rewrite(change func(operation string, r *http.Response, body []byte) []byte) {
	w.cfg.AWS.HTTPClient = rewritten{w.cfg.AWS.HTTPClient, change}
}

// refuse answers an operation with an error, as its service writes it.
func (w *world) refuse(action, code string) { w.fail(action, code, http.StatusForbidden) }

// fail answers every request for an operation with an error and an HTTP status.
func (w *world) fail(action, code string, status int) {
	w.rewrite(func(operation string, r *http.Response, body []byte) []byte {
		if operation != action {
			return body
		}
		r.StatusCode, r.Status = status, fmt.Sprintf("%d %s", status, http.StatusText(status))
		message := "User: arn:aws:iam::000000000000:user/secondwind is not authorized to perform: " + action
		switch {
		case strings.HasPrefix(action, "ec2:"):
			return fmt.Appendf(nil, "<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors></Response>", code, message)
		case r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor":
			return cbor.Encode(cbor.Map{"__type": cbor.String("com.amazonaws.cloudwatch#" + code), "message": cbor.String(message)})
		case strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-amz-json"):
			return fmt.Appendf(nil, `{"__type":%q,"message":%q}`, code, message)
		}
		return fmt.Appendf(nil, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error>"+
			"<RequestId>1</RequestId></ErrorResponse>", code, message)
	})
}

package cloudtrailapi_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go"

	"secondwind/localcloud/awsapi"
	"secondwind/localcloud/cloudtrailapi"
)

// direct is the SDK's HTTP client: it hands requests to the API.
type direct struct{ api http.Handler }

func (d direct) Do(r *http.Request) (*http.Response, error) {
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		return nil, err
	}
	served, err := http.ReadRequest(bufio.NewReader(&wire))
	if err != nil {
		return nil, err
	}
	served.RemoteAddr = "127.0.0.9:1234"
	answer := httptest.NewRecorder()
	d.api.ServeHTTP(answer, served)
	return answer.Result(), nil
}

// world is an API whose calls a trail records.
type world struct {
	trail *cloudtrailapi.Trail
	aws   aws.Config
	role  aws.Config // of an instance, which may do nothing
}

var errGone = &awsapi.Error{Code: "ValidationError", Message: "there is no such group"}

// inWorld calls f in a bubble. SetDesiredCapacity of the group gone fails.
func inWorld(t *testing.T, delay time.Duration, f func(t *testing.T, w world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		trail := cloudtrailapi.New(cloudtrailapi.Config{Region: "local-1", AccountID: "000000000000", Delay: delay})
		m := awsapi.NewMux(awsapi.Config{
			AccessKeyID: "AKIAOWNER", SecretAccessKey: "secret", Region: "local-1", Record: trail.Record,
			Principals: func(id string) (awsapi.Principal, bool) {
				return awsapi.Principal{
					ARN: "arn:aws:sts::000000000000:assumed-role/instance/i-1", ID: "AROA:i-1", SecretAccessKey: "secret",
					Expires: time.Now().Add(time.Hour),
				}, id == "ASIAROLE"
			},
		})
		trail.Register(m)
		awsapi.Handle(m, awsapi.AutoScaling, func(_ context.Context, in *autoscaling.SetDesiredCapacityInput) (
			*autoscaling.SetDesiredCapacityOutput, error,
		) {
			if aws.ToString(in.AutoScalingGroupName) == "gone" {
				return nil, errGone
			}
			return nil, nil
		})
		awsapi.Handle(m, awsapi.AutoScaling, func(context.Context, *autoscaling.PutScalingPolicyInput) (
			*autoscaling.PutScalingPolicyOutput, error,
		) {
			return &autoscaling.PutScalingPolicyOutput{PolicyARN: aws.String("arn:policy")}, nil
		})
		awsapi.Handle(m, awsapi.AutoScaling, func(context.Context, *autoscaling.DescribePoliciesInput) (
			*autoscaling.DescribePoliciesOutput, error,
		) {
			return nil, nil
		})
		awsapi.Handle(m, awsapi.KMS, func(context.Context, *kms.EncryptInput) (*kms.EncryptOutput, error) {
			return &kms.EncryptOutput{CiphertextBlob: []byte("sealed")}, nil
		})
		f(t, world{trail, config(m, "AKIAOWNER"), config(m, "ASIAROLE")})
	})
}

func config(m *awsapi.Mux, accessKeyID string) aws.Config {
	return aws.Config{
		Region: "local-1", BaseEndpoint: aws.String("http://cloud.test"), HTTPClient: direct{m}, AppID: "a-test",
		Credentials: credentials.NewStaticCredentialsProvider(accessKeyID, "secret", ""), RetryMaxAttempts: 1,
	}
}

func (w world) setDesired(t *testing.T, group string) {
	t.Helper()
	_, err := autoscaling.NewFromConfig(w.aws).SetDesiredCapacity(t.Context(), &autoscaling.SetDesiredCapacityInput{
		AutoScalingGroupName: &group, DesiredCapacity: aws.Int32(2),
	})
	if (err != nil) != (group == "gone") {
		t.Fatal(err)
	}
}

// lookup returns the events of every page.
func (w world) lookup(t *testing.T, in cloudtrail.LookupEventsInput) (all []types.Event) {
	t.Helper()
	for {
		out, err := cloudtrail.NewFromConfig(w.aws).LookupEvents(t.Context(), &in)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, out.Events...)
		if in.NextToken = out.NextToken; out.NextToken == nil {
			return all
		}
	}
}

func attribute(key types.LookupAttributeKey, value string) cloudtrail.LookupEventsInput {
	return cloudtrail.LookupEventsInput{LookupAttributes: []types.LookupAttribute{{AttributeKey: key, AttributeValue: &value}}}
}

// record is the part of CloudTrailEvent that the tests look at.
type record struct {
	EventID, EventName, EventSource, SourceIPAddress, UserAgent, RequestID, ErrorCode string

	EventTime                           time.Time
	UserIdentity                        struct{ Type, ARN string }
	RequestParameters, ResponseElements map[string]any
}

func recordOf(t *testing.T, e types.Event) (r record) {
	t.Helper()
	if err := json.Unmarshal([]byte(aws.ToString(e.CloudTrailEvent)), &r); err != nil {
		t.Fatalf("%s: %v", aws.ToString(e.CloudTrailEvent), err)
	}
	return r
}

func TestACallIsRecordedWithItsCaller(t *testing.T) {
	inWorld(t, 0, func(t *testing.T, w world) {
		time.Sleep(1500 * time.Millisecond)
		w.setDesired(t, "web")
		time.Sleep(time.Second)
		all := w.lookup(t, attribute(types.LookupAttributeKeyReadOnly, "false"))
		if len(all) != 1 {
			t.Fatalf("%d events that changed anything, want 1", len(all))
		}
		e, r := all[0], recordOf(t, all[0])
		if *e.EventName != "SetDesiredCapacity" || *e.EventSource != "autoscaling.amazonaws.com" || *e.Username != "secondwind" ||
			*e.AccessKeyId != "AKIAOWNER" || *e.ReadOnly != "false" || !e.EventTime.Equal(time.Date(2000, 1, 1, 0, 0, 1, 0, time.UTC)) {
			t.Errorf("event = %+v, want the owner's SetDesiredCapacity in the second of the call", e)
		}
		if r.EventID != *e.EventId || r.EventName != *e.EventName || r.EventSource != *e.EventSource || !r.EventTime.Equal(*e.EventTime) ||
			r.UserIdentity.Type != "IAMUser" || r.UserIdentity.ARN != "arn:aws:iam::000000000000:user/secondwind" ||
			r.SourceIPAddress != "127.0.0.9" || !strings.Contains(r.UserAgent, "app/a-test") || r.RequestID == "" || r.ErrorCode != "" {
			t.Errorf("CloudTrailEvent = %+v, want the same with its caller's address and agent", r)
		}
		if got := fmt.Sprint(r.RequestParameters); got != "map[autoScalingGroupName:web desiredCapacity:2]" || r.ResponseElements != nil {
			t.Errorf("parameters %s, elements %v; want those of the call, and none", got, r.ResponseElements)
		}
		if len(e.Resources) != 1 || *e.Resources[0].ResourceType+*e.Resources[0].ResourceName != "AWS::AutoScaling::AutoScalingGroupweb" {
			t.Errorf("resources = %+v, want the group", e.Resources)
		}
	})
}

func TestWhatWasRefusedIsRecorded(t *testing.T) {
	inWorld(t, 0, func(t *testing.T, w world) {
		w.setDesired(t, "gone")
		_, err := autoscaling.NewFromConfig(w.role).SetDesiredCapacity(t.Context(), &autoscaling.SetDesiredCapacityInput{
			AutoScalingGroupName: aws.String("web"), DesiredCapacity: aws.Int32(2),
		})
		if err == nil {
			t.Fatal("a role that may do nothing set the capacity")
		}
		time.Sleep(time.Second)
		var got []string
		for _, e := range w.lookup(t, attribute(types.LookupAttributeKeyEventName, "SetDesiredCapacity")) {
			r := recordOf(t, e)
			got = append(got, strings.Join([]string{*e.Username, r.UserIdentity.Type, r.ErrorCode}, " "))
		}
		if want := []string{"i-1 AssumedRole AccessDenied", "secondwind IAMUser ValidationError"}; !slices.Equal(got, want) {
			t.Errorf("events = %q, want %q", got, want)
		}
	})
}

func TestSecretsAreNotRecorded(t *testing.T) {
	inWorld(t, 0, func(t *testing.T, w world) {
		_, err := kms.NewFromConfig(w.aws).Encrypt(t.Context(), &kms.EncryptInput{KeyId: aws.String("key-1"), Plaintext: []byte("plain")})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		all := w.lookup(t, attribute(types.LookupAttributeKeyResourceName, "key-1"))
		if len(all) != 1 || *all[0].ReadOnly != "true" || strings.Contains(strings.ToLower(*all[0].CloudTrailEvent), "plaintext") {
			t.Errorf("events = %+v, want one that reads, without the plaintext", all)
		}
	})
}

func TestAnEventIsSeenAfterItsDelay(t *testing.T) {
	inWorld(t, 5*time.Minute, func(t *testing.T, w world) {
		w.setDesired(t, "web")
		changes := attribute(types.LookupAttributeKeyReadOnly, "false")
		if time.Sleep(5*time.Minute - time.Second); len(w.lookup(t, changes)) != 0 {
			t.Error("an event was seen before its delay was over")
		}
		if time.Sleep(time.Second); len(w.lookup(t, changes)) != 1 {
			t.Error("the event is not seen once its delay is over")
		}
	})
}

func TestEventsAreFoundByEveryAttribute(t *testing.T) {
	inWorld(t, 0, func(t *testing.T, w world) {
		w.setDesired(t, "web")
		_, err := autoscaling.NewFromConfig(w.aws).PutScalingPolicy(t.Context(), &autoscaling.PutScalingPolicyInput{
			AutoScalingGroupName: aws.String("web"), PolicyName: aws.String("out"),
		})
		if err != nil {
			t.Fatal(err)
		}
		w.trail.Record(awsapi.Event{Time: time.Now(), Service: awsapi.EC2, Operation: "RunInstances", InvokedBy: "autoscaling.amazonaws.com"})
		if _, err := autoscaling.NewFromConfig(w.aws).DescribePolicies(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		id := *w.lookup(t, attribute(types.LookupAttributeKeyEventName, "RunInstances"))[0].EventId
		for _, tt := range []struct {
			key   types.LookupAttributeKey
			value string
			want  string // the newest first
		}{
			{types.LookupAttributeKeyEventId, id, "RunInstances"},
			{types.LookupAttributeKeyEventName, "PutScalingPolicy", "PutScalingPolicy"},
			{types.LookupAttributeKeyEventSource, "autoscaling.amazonaws.com", "DescribePolicies PutScalingPolicy SetDesiredCapacity"},
			{types.LookupAttributeKeyResourceName, "web", "PutScalingPolicy SetDesiredCapacity"},
			{types.LookupAttributeKeyResourceName, "arn:policy", "PutScalingPolicy"},
			{types.LookupAttributeKeyResourceType, "AWS::AutoScaling::ScalingPolicy", "PutScalingPolicy"},
			{types.LookupAttributeKeyUsername, "AutoScaling", "RunInstances"},
			{types.LookupAttributeKeyReadOnly, "false", "RunInstances PutScalingPolicy SetDesiredCapacity"},
			{types.LookupAttributeKeyAccessKeyId, "AKIAOTHER", ""},
		} {
			var got []string
			for _, e := range w.lookup(t, attribute(tt.key, tt.value)) {
				got = append(got, *e.EventName)
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("%s %s = %q, want %q", tt.key, tt.value, got, tt.want)
			}
		}
	})
}

func TestPagesAndTimesJoinToTheWhole(t *testing.T) {
	inWorld(t, 0, func(t *testing.T, w world) {
		start := time.Now()
		for range 120 {
			w.setDesired(t, "web")
			time.Sleep(time.Second)
		}
		changes := attribute(types.LookupAttributeKeyReadOnly, "false")
		changes.StartTime, changes.EndTime = aws.Time(start.Add(10*time.Second)), aws.Time(start.Add(109*time.Second))
		for _, size := range []*int32{nil, aws.Int32(7), aws.Int32(50)} {
			changes.MaxResults = size
			all := w.lookup(t, changes)
			ordered := slices.IsSortedFunc(all, func(a, b types.Event) int { return b.EventTime.Compare(*a.EventTime) })
			if len(all) != 100 || !ordered {
				t.Errorf("in pages of %d: %d events, the newest first: %t; want the 100 of that time", aws.ToInt32(size), len(all), ordered)
			}
		}
	})
}

func TestBadLookupsAreRefused(t *testing.T) {
	inWorld(t, 0, func(t *testing.T, w world) {
		w.setDesired(t, "web")
		w.setDesired(t, "web")
		time.Sleep(time.Second)
		now := time.Now()
		one, none := attribute(types.LookupAttributeKeyReadOnly, "false"), attribute(types.LookupAttributeKeyReadOnly, "")
		one.MaxResults = aws.Int32(1)
		first, err := cloudtrail.NewFromConfig(w.aws).LookupEvents(t.Context(), &one)
		if err != nil || first.NextToken == nil {
			t.Fatalf("LookupEvents() = %+v, %v, want a page and the token of the next", first, err)
		}
		backwards := cloudtrail.LookupEventsInput{StartTime: aws.Time(now), EndTime: aws.Time(now.Add(-time.Second))}
		two := cloudtrail.LookupEventsInput{LookupAttributes: append(one.LookupAttributes, one.LookupAttributes...)}
		for want, in := range map[string]cloudtrail.LookupEventsInput{
			"InvalidMaxResultsException: A maximum of 0":                               {MaxResults: aws.Int32(0)},
			"InvalidMaxResultsException: A maximum of 51":                              {MaxResults: aws.Int32(51)},
			"InvalidTimeRangeException":                                                backwards,
			"InvalidEventCategoryException":                                            {EventCategory: "management"},
			"ValidationError: EventCategory insight":                                   {EventCategory: types.EventCategoryInsight},
			"InvalidLookupAttributesException: Only one":                               two,
			"InvalidLookupAttributesException: The lookup attribute \"ReadOnly\" with": none,
			"InvalidLookupAttributesException: The lookup attribute \"Colour\"":        attribute("Colour", "red"),
			"InvalidNextTokenException: The token \"?\"":                               {NextToken: aws.String("?")},
			"InvalidNextTokenException":                                                {NextToken: first.NextToken}, // of another request
		} {
			_, err := cloudtrail.NewFromConfig(w.aws).LookupEvents(t.Context(), &in)
			if api, ok := errors.AsType[smithy.APIError](err); !ok || !strings.HasPrefix(api.ErrorCode()+": "+api.ErrorMessage(), want) {
				t.Errorf("LookupEvents(%+v) = %v, want %s", in, err, want)
			}
		}
	})
}

func TestWhatIsNoLongerKeptIsNotLeftOutInSilence(t *testing.T) {
	inWorld(t, 0, func(t *testing.T, w world) {
		start := time.Now()
		large := map[string]any{"policyDocument": strings.Repeat("x", 90_000)}
		for range 100 { // 9 MB
			w.trail.Record(awsapi.Event{
				Time: time.Now(), Service: awsapi.AutoScaling, Operation: "PutScalingPolicy", Parameters: large,
			})
			time.Sleep(time.Second)
		}
		w.trail.Record(awsapi.Event{
			Time: time.Now(), Service: awsapi.AutoScaling, Operation: "PutScalingPolicy",
			Parameters: map[string]any{"policyDocument": strings.Repeat("x", 110_000)},
		})
		time.Sleep(time.Second)
		in := cloudtrail.LookupEventsInput{StartTime: &start}
		_, err := cloudtrail.NewFromConfig(w.aws).LookupEvents(t.Context(), &in)
		if api, ok := errors.AsType[smithy.APIError](err); !ok || api.ErrorCode() != "InvalidTimeRangeException" {
			t.Errorf("LookupEvents from the start = %v, want InvalidTimeRangeException", err)
		}
		in = cloudtrail.LookupEventsInput{StartTime: aws.Time(start.Add(99 * time.Second))}
		newest := w.lookup(t, in)
		if len(newest) != 2 || recordOf(t, newest[0]).RequestParameters != nil {
			t.Errorf("LookupEvents of what came last = %d events, want 2, and no parameters of the one that is too large", len(newest))
		}
	})
}

package observe

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"secondwind/runlog"
)

// TestRecordLeavesOutWhatDidNotChange runs the real SDK client against a server
// that answers the same twice, then something else, then an error.
func TestRecordLeavesOutWhatDidNotChange(t *testing.T) {
	answers := []string{policyAnswer("a"), policyAnswer("a"), policyAnswer("b")}
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Amzn-Requestid", "request-"+string(rune('0'+calls)))
		if calls >= len(answers) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>no such group</Message></Error><RequestId>request-3</RequestId></ErrorResponse>`))
			return
		}
		_, _ = w.Write([]byte(answers[calls]))
		calls++
	}))
	defer server.Close()
	var lines []runlog.Observation
	o := New(Config{AWS: testAWS(server.URL), AutoScalingGroupName: "g", Sink: func(l runlog.Observation) error {
		lines = append(lines,
			l)
		return nil
	}})
	for range 3 {
		if _, err := o.policies(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := o.policies(t.Context()); err == nil {
		t.Error("an error answer gave no error")
	}
	if len(lines) != 4 {
		t.Fatalf("recorded %d lines, want 4", len(lines))
	}
	for i, l := range lines {
		if l.Seq != int64(i+1) || l.Operation != runlog.OpDescribePolicies || len(l.Input) == 0 {
			t.Errorf("line %d = seq %d, operation %q, input %q", i, l.Seq, l.Operation, l.Input)
		}
	}
	if lines[0].RequestID != "request-0" || lines[0].Date.IsZero() || len(lines[0].BodySHA256) != 64 {
		t.Errorf("line 1 = request id %q, date %s, digest %q: the wire's side is missing", lines[0].RequestID, lines[0].Date, lines[0].BodySHA256)
	}
	if lines[1].Unchanged != 1 || lines[1].Answer != nil {
		t.Errorf("line 2: unchanged %d, answer %q; want 1 and none", lines[1].Unchanged, lines[1].Answer)
	}
	if lines[2].Unchanged != 0 || !strings.Contains(string(lines[2].Answer), `"PolicyName":"b"`) {
		t.Errorf("line 3: unchanged %d, answer %s; want the new answer", lines[2].Unchanged, lines[2].Answer)
	}
	if strings.Contains(string(lines[0].Answer), "ResultMetadata") {
		t.Errorf("answer holds the SDK's own metadata: %s", lines[0].Answer)
	}
	if lines[3].Error == nil || lines[3].Error.Code != "ValidationError" || lines[3].RequestID != "request-3" {
		t.Errorf("line 4: error %+v, request id %q", lines[3].Error, lines[3].RequestID)
	}
}

func TestRunEndsWhenTheRecordCannotBeWritten(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups/></DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>`))
	}))
	defer server.Close()
	full := errors.New("no space left on device")
	o := New(Config{AWS: testAWS(server.URL), AutoScalingGroupName: "g", Interval: time.Millisecond,
		Sink: func(runlog.Observation) error { return full }})
	if err := o.Run(t.Context()); !errors.Is(err, full) {
		t.Errorf("Run = %v, want %v", err, full)
	}
}

func TestRunEndsQuietlyWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o := New(Config{AWS: testAWS("http://127.0.0.1:1"), AutoScalingGroupName: "g", Interval: time.Hour,
		Sink: func(runlog.Observation) error { return nil }})
	if err := o.Run(ctx); err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
}

func TestConfigureNamesAGroupThatIsNotThere(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups/></DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>`))
	}))
	defer server.Close()
	o := New(Config{AWS: testAWS(server.URL), AutoScalingGroupName: "nobody", Sink: func(runlog.Observation) error { return nil }})
	if _, err := o.Configure(t.Context()); err == nil || !strings.Contains(err.Error(), `"nobody"`) {
		t.Errorf("Configure = %v, want an error that names the group", err)
	}
}

func testAWS(url string) aws.Config {
	return aws.Config{
		Region:       "us-east-1",
		BaseEndpoint: &url,
		Credentials:  credentials.NewStaticCredentialsProvider("AKIATEST", "secret", ""),
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
	}
}

func policyAnswer(name string) string {
	return `<DescribePoliciesResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><DescribePoliciesResult><ScalingPolicies><member><PolicyName>` + name +
		`</PolicyName></member></ScalingPolicies></DescribePoliciesResult></DescribePoliciesResponse>`
}

// TestAShorterIntervalCutsALongWaitShort is for the release after a long hold,
// whose polls are far apart.
func TestAShorterIntervalCutsALongWaitShort(t *testing.T) {
	polls := make(chan struct{}, 16)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		polls <- struct{}{}
		_, _ = w.Write([]byte(`<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups/></DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>`))
	}))
	defer server.Close()
	o := New(Config{AWS: testAWS(server.URL), AutoScalingGroupName: "g", Interval: 24 * time.Hour,
		Sink: func(runlog.Observation) error { return nil }})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- o.Run(ctx) }()
	<-polls
	o.SetInterval(24 * time.Hour)
	<-polls // a day early
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestThePollUnderWayIsFinished ends the observer in the middle of a poll: what it
// asked is answered and recorded, not cut off and recorded as a failure.
func TestThePollUnderWayIsFinished(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		_, _ = w.Write([]byte(`<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups/></DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>`))
	}))
	defer server.Close()
	var lines []runlog.Observation
	o := New(Config{AWS: testAWS(server.URL), AutoScalingGroupName: "g", Interval: time.Hour,
		Sink: func(l runlog.Observation) error { lines = append(lines, l); return nil }})
	if err := o.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if len(lines) != 1 || lines[0].Error != nil || len(lines[0].Answer) == 0 {
		t.Errorf("record = %+v, want one answer", lines)
	}
}

package observe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/smithy-go/middleware"

	"secondwind/runlog"
)

// wire answers the SDK's requests in process.
type wire func() (status int, header http.Header, body io.Reader)

// Do implements aws.HTTPClient.
func (w wire) Do(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	status, header, body := w()
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(body), Request: r}, nil
}

func (w wire) config() aws.Config {
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String("http://aws.test"), HTTPClient: w,
		Credentials: credentials.NewStaticCredentialsProvider("AKIATEST", "secret", ""),
		Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
	}
}

func policyAnswer(name string) string {
	const before, after = `<DescribePoliciesResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><DescribePoliciesResult>` +
		`<ScalingPolicies><member><PolicyName>`, `</PolicyName></member></ScalingPolicies></DescribePoliciesResult></DescribePoliciesResponse>`
	return before + name + after
}

const refusal = `<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>no such group</Message></Error>` +
	`<RequestId>request-3</RequestId></ErrorResponse>`

// TestRecordLeavesOutWhatDidNotChange has the same answer twice, then another one,
// then an error.
func TestRecordLeavesOutWhatDidNotChange(t *testing.T) {
	answers := []string{policyAnswer("a"), policyAnswer("a"), policyAnswer("b"), refusal, policyAnswer("b")}
	calls := 0
	server := wire(func() (int, http.Header, io.Reader) {
		status, body := http.StatusOK, answers[calls]
		if body == refusal {
			status = http.StatusBadRequest
		}
		header := http.Header{"X-Amzn-Requestid": {fmt.Sprint("request-", calls)}, "Date": {"Sat, 14 Mar 2026 12:00:00 GMT"}}
		calls++
		return status, header, strings.NewReader(body)
	})
	var r tape
	o := New(Config{AWS: server.config(), AutoScalingGroupName: "g", Sink: r.add})
	for i, answer := range answers {
		if _, err := o.policies(t.Context()); (err != nil) != (answer == refusal) {
			t.Errorf("answer %d gave %v", i+1, err)
		}
	}
	if len(r.lines) != len(answers) {
		t.Fatalf("recorded %d lines, want %d", len(r.lines), len(answers))
	}
	for i, l := range r.lines {
		if l.Seq != int64(i+1) || l.Operation != runlog.OpDescribePolicies || len(l.Input) == 0 || l.RequestID != fmt.Sprint("request-", i) {
			t.Errorf("line %d = seq %d, operation %q, input %q, request id %q", i+1, l.Seq, l.Operation, l.Input, l.RequestID)
		}
		if len(l.BodySHA256) != 64 || !l.Date.Equal(time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)) {
			t.Errorf("line %d = date %s, digest %q: the wire's side is missing", i+1, l.Date, l.BodySHA256)
		}
	}
	if l := r.lines[0]; l.Unchanged != 0 || strings.Contains(string(l.Answer), "ResultMetadata") {
		t.Errorf("line 1: unchanged %d, answer %s; want it whole, without the SDK's own metadata", l.Unchanged, l.Answer)
	}
	if l := r.lines[1]; l.Unchanged != 1 || l.Answer != nil {
		t.Errorf("line 2: unchanged %d, answer %q; want 1 and none", l.Unchanged, l.Answer)
	}
	if l := r.lines[2]; l.Unchanged != 0 || !strings.Contains(string(l.Answer), `"PolicyName":"b"`) {
		t.Errorf("line 3: unchanged %d, answer %s; want the new answer", l.Unchanged, l.Answer)
	}
	if l := r.lines[3]; l.Error == nil || l.Error.Code != "ValidationError" || l.Error.Message != "no such group" || l.Answer != nil {
		t.Errorf("line 4: error %+v, answer %s; want the error alone", l.Error, l.Answer)
	}
	if l := r.lines[4]; l.Unchanged != 3 {
		t.Errorf("line 5: unchanged %d, want 3: an error between changes nothing", l.Unchanged)
	}
}

// TestTheRecordCanBeReadBack asks more questions than are remembered, some of them
// again: what a line leaves out is in an earlier one of the same question.
func TestTheRecordCanBeReadBack(t *testing.T) {
	var tape tape
	r := New(Config{Sink: tape.add}).recorder
	said := func(question int) string { return fmt.Sprintf(`"answer to %d"`, question) }
	for i := range 4 * maxRemembered {
		question := i
		if i%3 == 0 {
			question = i % 7
		}
		line := runlog.Observation{Operation: "op", Input: json.RawMessage(fmt.Sprint(question)), Answer: json.RawMessage(said(question))}
		if err := r.append(line); err != nil {
			t.Fatal(err)
		}
		if len(r.last) > maxRemembered {
			t.Fatalf("%d answers are remembered, want at most %d", len(r.last), maxRemembered)
		}
	}
	left := 0
	for i, l := range tape.lines {
		whole := l
		if l.Unchanged > 0 {
			left++
			whole = tape.lines[l.Unchanged-1]
		}
		var question int
		if err := json.Unmarshal(l.Input, &question); err != nil || string(whole.Answer) != said(question) || l.Unchanged > int64(i) {
			t.Fatalf("line %d reads as %s, of line %d; want %s", i+1, whole.Answer, l.Unchanged, said(question))
		}
	}
	if left < maxRemembered {
		t.Errorf("%d answers were left out, want most of those that repeat one", left)
	}
}

func TestAnAnswerIsTheOutputWithoutTheSDKsMetadata(t *testing.T) {
	type metadata = middleware.Metadata
	for _, c := range []struct {
		output any
		want   string // "": an error
	}{
		{&struct{ ResultMetadata metadata }{}, `{}`},
		{&struct {
			A              int
			ResultMetadata metadata
		}{A: 1}, `{"A":1}`},
		{&struct {
			ResultMetadata metadata
			B              int
		}{B: 2}, `{"B":2}`},
		{&struct {
			A              string
			ResultMetadata metadata
			B              int
		}{A: `"ResultMetadata":{},`, B: 2}, `{"A":"\"ResultMetadata\":{},","B":2}`},
		{&struct{ A int }{}, ""},
		{func() {}, ""},
	} {
		got, err := answerOf(c.output)
		if (err != nil) != (c.want == "") || string(got) != c.want {
			t.Errorf("answerOf(%T) = %s, %v, want %q", c.output, got, err, c.want)
		}
	}
}

func TestAnAnswerThatCannotBeReadIsAnError(t *testing.T) {
	for name, c := range map[string]struct {
		body io.Reader
		want string
	}{
		"a connection that breaks": {iotest.ErrReader(errors.New("connection reset")), "connection reset"},
		"an answer without end":    {io.LimitReader(zeros{}, maxBody+10), "is over 32 MiB"},
		"no XML":                   {strings.NewReader("<html"), "deserialization failed"},
	} {
		var r tape
		server := wire(func() (int, http.Header, io.Reader) { return http.StatusOK, nil, c.body })
		o := New(Config{AWS: server.config(), AutoScalingGroupName: "g", Sink: r.add})
		if _, err := o.policies(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if len(r.lines) != 1 || r.lines[0].Error == nil {
			t.Fatalf("%s: recorded %+v, want one error", name, r.lines)
		}
		if e := r.lines[0].Error; !strings.Contains(e.Message, c.want) || e.Code != "" {
			t.Errorf("%s: recorded %+v, want the error, without a code", name, r.lines)
		}
	}
}

// zeros is a reader without end.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

func TestAnInputThatCannotBeEncodedIsAnError(t *testing.T) {
	type unencodable struct{ F func() }
	call := func(context.Context, *unencodable, ...func(*autoscaling.Options)) (*struct{}, error) {
		t.Error("the call was made all the same")
		return nil, nil
	}
	o := New(Config{Sink: new(tape).add})
	_, err := record(t.Context(), o.recorder, "op", new(unencodable), call)
	if err == nil || !strings.Contains(err.Error(), "op: encode input") {
		t.Errorf("record() = %v, want that the input cannot be encoded", err)
	}
}

// TestAWSsClockIsFollowed has a clock that is 90 s ahead of ours: the estimate and the
// metric's window go by it.
func TestAWSsClockIsFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ahead = 90 * time.Second
		server := wire(func() (int, http.Header, io.Reader) {
			date := time.Now().Add(ahead).UTC().Format(http.TimeFormat)
			return http.StatusOK, http.Header{"Date": {date}}, strings.NewReader(policyAnswer("a"))
		})
		var r tape
		o := New(Config{AWS: server.config(), AutoScalingGroupName: "g", Sink: r.add})
		for range 10 {
			if _, err := o.policies(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(1300 * time.Millisecond) // to see the second's edges
		}
		o.publish(runlog.State{})
		s, _ := o.State()
		if off := (s.ClockOffset - ahead).Abs(); off > 100*time.Millisecond {
			t.Errorf("offset = %v, want about %v", s.ClockOffset, ahead)
		}
		now := time.Now().UTC()
		_ = o.pollMetric(t.Context(), &s) // the answer is that of another operation
		var asked struct{ EndTime time.Time }
		last := r.lines[len(r.lines)-1]
		if err := json.Unmarshal(last.Input, &asked); err != nil || last.Operation != runlog.OpGetMetricData {
			t.Fatalf("%s, %v, want the question for the metric", last.Operation, err)
		}
		// Without an alarm the period is a minute.
		if want := now.Add(s.ClockOffset).Truncate(time.Minute).Add(time.Minute); !asked.EndTime.Equal(want) {
			t.Errorf("asked until %v, want %v: the end of the minute on AWS's clock", asked.EndTime, want)
		}
	})
}

package audit_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"secondwind/runlog"
	"secondwind/verify/audit"
	"secondwind/virtual"
)

// wire is the SDK's HTTP client. It notes when events were looked up, and may answer in
// CloudTrail's place.
type wire struct {
	next    aws.HTTPClient
	lookups []time.Time
	answer  func(number int) string // the code of an error; "": CloudTrail answers
}

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".LookupEvents") {
		return w.next.Do(r)
	}
	w.lookups = append(w.lookups, time.Now())
	if w.answer != nil {
		if code := w.answer(len(w.lookups)); code != "" {
			return &http.Response{
				StatusCode: http.StatusBadRequest, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, Request: r,
				Body: io.NopCloser(bytes.NewBufferString(`{"__type":"` + code + `","message":"no"}`)),
			}, nil
		}
	}
	return w.next.Do(r)
}

// world is a run that has just ended in a cloud, in which somebody then called.
type world struct {
	*wire
	aws    aws.Config
	record *runlog.Record
}

// inWorld calls f in a bubble of virtual time. Events are seen after the delay.
func inWorld(t *testing.T, delay time.Duration, f func(t *testing.T, w world)) {
	t.Helper()
	cfg := virtual.Default(t)
	cfg.EventDelay, cfg.Audit = delay, true
	virtual.InCloud(t, cfg, func(t *testing.T, c virtual.Cloud) {
		w := world{wire: &wire{next: c.AWS.HTTPClient}, aws: c.AWS.Copy()}
		w.aws.HTTPClient = w.wire
		time.Sleep(time.Minute) // the stack was built long before
		declared := time.Now()
		for range 60 { // more than a page
			change(t, w.aws, c.Stack.AutoScalingGroupName)
			time.Sleep(time.Second)
		}
		sent := time.Now()
		out, err := autoscaling.NewFromConfig(w.aws).DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{})
		if err != nil {
			t.Fatal(err)
		}
		id, _ := awsmiddleware.GetRequestIDMetadata(out.ResultMetadata)
		w.record = &runlog.Record{
			Hypothesis: &runlog.Hypothesis{Declared: declared, AutoScalingGroupName: c.Stack.AutoScalingGroupName, AlarmName: c.Stack.ScaleOutAlarm},
			Cloud: []runlog.Observation{
				{Operation: runlog.OpDescribeAutoScalingGroups, RequestID: id, Sent: sent, Received: time.Now()},
			},
		}
		f(t, w)
	})
}

func change(t *testing.T, cfg aws.Config, group string) {
	t.Helper()
	_, err := autoscaling.NewFromConfig(cfg).CreateOrUpdateTags(t.Context(), &autoscaling.CreateOrUpdateTagsInput{Tags: []astypes.Tag{{
		ResourceId: &group, ResourceType: aws.String("auto-scaling-group"), Key: aws.String("a"), Value: aws.String("b"),
		PropagateAtLaunch: aws.Bool(false),
	}}})
	if err != nil {
		t.Fatal(err)
	}
}

// changes counts the events that changed something.
func changes(a runlog.Audit) (n int) {
	for _, e := range a.Events {
		if e.ReadOnly == "false" {
			n++
		}
	}
	return n
}

func TestAnAuditWaitsUntilCloudTrailShowsItsOwnCalls(t *testing.T) {
	for _, delay := range []time.Duration{time.Second, 6 * time.Minute} {
		inWorld(t, delay, func(t *testing.T, w world) {
			start, waited := time.Now(), 0
			a, err := audit.Run(t.Context(), audit.Config{AWS: w.aws, Waiting: func(time.Duration) { waited++ }}, w.record)
			if err != nil {
				t.Fatal(err)
			}
			took := time.Since(start)
			if changes(a) != 60 || len(a.Events) != 60+len(a.Markers)+1 || len(a.Markers) != 4 || a.Cut != "" || a.Region != w.aws.Region {
				t.Errorf("after %s: %d changes of %d events, %d markers, cut %q; want 60, those, 4 and one of the run's own",
					delay, changes(a), len(a.Events), len(a.Markers), a.Cut)
			}
			if took < delay || took > delay+30*time.Second || waited == 0 {
				t.Errorf("after %s: it took %s, reported %d times", delay, took, waited)
			}
			for i, at := range w.lookups {
				if i > 1 && at.Sub(w.lookups[i-2]) < time.Second {
					t.Errorf("the lookups %d to %d were made within %s", i-2, i, at.Sub(w.lookups[i-2]))
				}
			}
		})
	}
}

func TestAQuarterOfAnHourLaterNothingIsWaitedFor(t *testing.T) {
	inWorld(t, 10*time.Minute, func(t *testing.T, w world) {
		time.Sleep(runlog.AuditDelay)
		a, err := audit.Run(t.Context(), audit.Config{AWS: w.aws, Waiting: func(time.Duration) { t.Error("it waited") }}, w.record)
		if err != nil || changes(a) != 60 || len(a.Markers) != 0 {
			t.Errorf("Run() = %d changes, %d markers, %v; want 60 and none", changes(a), len(a.Markers), err)
		}
	})
}

func TestALateCloudTrailIsNotWaitedForLonger(t *testing.T) {
	inWorld(t, 20*time.Minute, func(t *testing.T, w world) {
		start := time.Now()
		_, err := audit.Run(t.Context(), audit.Config{AWS: w.aws}, w.record)
		if err == nil || !strings.Contains(err.Error(), "none of the run's own calls") || time.Since(start) > runlog.AuditDelay+2*time.Minute {
			t.Errorf("Run() = %v after %s, want that CloudTrail shows nothing of the run", err, time.Since(start))
		}
	})
}

func TestAnotherCloudIsNotTakenForThatOfTheRun(t *testing.T) {
	inWorld(t, time.Second, func(t *testing.T, w world) {
		w.record.Cloud[0].RequestID = "of another account"
		if _, err := audit.Run(t.Context(), audit.Config{AWS: w.aws}, w.record); err == nil || !strings.Contains(err.Error(), "another account") {
			t.Errorf("Run() = %v, want that it is another account's", err)
		}
	})
}

func TestWhatCloudTrailRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		answer func(number, pages int) string
		cut    string
		err    string
	}{
		"throttled now and then": {func(n, _ int) string {
			if n%3 == 0 {
				return "ThrottlingException"
			}
			return ""
		}, "", ""},
		"throttled for a while": {func(n, _ int) string {
			if n > 1 && n < 12 {
				return "ThrottlingException"
			}
			return ""
		}, "", ""},
		"not allowed":   {func(int, int) string { return "AccessDeniedException" }, "", "AccessDeniedException"},
		"a page missed": {func(_, pages int) string { return map[bool]string{true: "InternalFailure"}[pages == 2] }, "page 2 of the events", ""},
	} {
		inWorld(t, time.Second, func(t *testing.T, w world) {
			time.Sleep(runlog.AuditDelay)
			w.answer = func(n int) string { return test.answer(n, n-1) } // one witness, then the pages
			a, err := audit.Run(t.Context(), audit.Config{AWS: w.aws}, w.record)
			switch {
			case test.err != "":
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("%s: Run() = %v, want %s", name, err, test.err)
				}
			case err != nil || !strings.HasPrefix(a.Cut, test.cut) || test.cut == "" && (a.Cut != "" || changes(a) != 60):
				t.Errorf("%s: Run() = %d changes, cut %q, %v; want %q", name, changes(a), a.Cut, err, test.cut)
			}
		})
	}
}

func TestAnAuditThatIsInterruptedIsNone(t *testing.T) {
	inWorld(t, time.Hour, func(t *testing.T, w world) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if _, err := audit.Run(ctx, audit.Config{AWS: w.aws}, w.record); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Run() = %v, want that its time was over", err)
		}
	})
}

func TestARunWithoutAClaimHasNothingToAudit(t *testing.T) {
	for want, r := range map[string]*runlog.Record{
		"declared no hypothesis": {}, "nothing was recorded after": {Hypothesis: &runlog.Hypothesis{Declared: time.Now()}},
	} {
		if _, err := audit.Run(t.Context(), audit.Config{}, r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Run() = %v, want %q", err, want)
		}
	}
}

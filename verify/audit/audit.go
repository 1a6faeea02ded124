// Package audit asks CloudTrail who called during a recorded run: every call that
// changed something, of every caller. Events take minutes to appear on AWS, so that it
// makes calls of its own that change nothing, and waits until CloudTrail shows them: what
// was called before is then shown, too.
package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/smithy-go"
	smithytime "github.com/aws/smithy-go/time"

	"secondwind/runlog"
)

const (
	// margin is added to a run's time on both sides: clocks differ, and events have
	// whole seconds.
	margin = 10 * time.Second
	// lookupInterval keeps within AWS's two lookups a second for an account and Region,
	// and leaves room for somebody else's.
	lookupInterval = 600 * time.Millisecond
	// maxPages bounds an audit: 50,000 calls that change something, in ten minutes.
	maxPages = 1000
	// maxThrottled is how often a lookup is made that is throttled, each time with the
	// retries of the SDK.
	maxThrottled = 5
	// How often is asked whether CloudTrail shows a marker: more rarely the longer it takes.
	firstWait, longestWait = 500 * time.Millisecond, 15 * time.Second
)

// Config is whom to ask about what.
type Config struct {
	AWS aws.Config // of the run's account and Region
	// Waiting is told that CloudTrail is waited for, and how long that may still take;
	// nil: nobody.
	Waiting func(atMost time.Duration)
}

// Window returns the time of a run that an audit is about, by our clock: from the
// declaration to the record's end. It is an error if the run claims nothing, or has not
// ended.
func Window(r *runlog.Record) (from, to time.Time, err error) {
	if r.Hypothesis == nil {
		return from, to, errors.New("the run declared no hypothesis: there is nothing that a call could have interfered with")
	}
	for _, l := range r.Load {
		to = later(to, l.Time)
	}
	if n := len(r.Cloud); n > 0 {
		to = later(to, r.Cloud[n-1].Received)
	}
	if from = r.Hypothesis.Declared; to.Before(from) {
		return from, to, errors.New("nothing was recorded after the hypothesis was declared")
	}
	return from, to, nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Run asks CloudTrail about the run of a record, once it has caught up: a quarter of an hour
// after the run at the latest. An answer that is cut off is no error: the audit says so, and
// the judge sees it. It is an error if nothing could be asked, or if CloudTrail shows none of
// the run's own calls, because it is then another account's or Region's.
func Run(ctx context.Context, cfg Config, r *runlog.Record) (a runlog.Audit, err error) {
	from, to, err := Window(r)
	if err != nil {
		return a, err
	}
	if cfg.Waiting == nil {
		cfg.Waiting = func(time.Duration) {}
	}
	x := asking{cfg: cfg, events: cloudtrail.NewFromConfig(cfg.AWS)}
	a = runlog.Audit{Region: cfg.AWS.Region, From: from.Add(-margin).UTC(), To: to.Add(margin).UTC(), Others: map[string]int64{}}
	if err := x.awaitMarkers(ctx, r, to.Add(runlog.AuditDelay), &a); err != nil {
		return a, err
	}
	if err := x.findWitness(ctx, r, &a); err != nil {
		return a, err
	}
	return a, x.changes(ctx, &a)
}

// asking asks CloudTrail, not too fast.
type asking struct {
	cfg    Config
	events *cloudtrail.Client
	last   time.Time // when the last lookup was begun
}

// lookup returns a page. Somebody else may look up events, too, in the same account: what is
// throttled is asked again, after the SDK has given up.
func (x *asking) lookup(ctx context.Context, in *cloudtrail.LookupEventsInput) (out *cloudtrail.LookupEventsOutput, err error) {
	for range maxThrottled {
		if err := smithytime.SleepWithContext(ctx, time.Until(x.last.Add(lookupInterval))); err != nil {
			return nil, err
		}
		x.last = time.Now()
		out, err = x.events.LookupEvents(ctx, in)
		if refused, ok := errors.AsType[smithy.APIError](err); !ok || refused.ErrorCode() != "ThrottlingException" {
			return out, err
		}
	}
	return out, err
}

// by is a lookup by an attribute, in a time.
func by(key types.LookupAttributeKey, value string, from, to time.Time) *cloudtrail.LookupEventsInput {
	return &cloudtrail.LookupEventsInput{
		LookupAttributes: []types.LookupAttribute{{AttributeKey: key, AttributeValue: &value}}, StartTime: &from, EndTime: &to,
	}
}

// changes adds every call of the audit's time that changed something.
func (x *asking) changes(ctx context.Context, a *runlog.Audit) error {
	in := by(types.LookupAttributeKeyReadOnly, "false", a.From, a.To)
	a.Asked = time.Now().UTC()
	for page := 1; ; page++ {
		out, err := x.lookup(ctx, in)
		switch {
		case ctx.Err() != nil || err != nil && page == 1:
			return err
		case err != nil:
			a.Cut = fmt.Sprintf("page %d of the events could not be had: %v", page, err)
			return nil
		}
		for _, e := range out.Events {
			if source := aws.ToString(e.EventSource); !slices.Contains(runlog.AuditedSources(), source) {
				a.Others[source]++
				continue
			}
			a.Events = append(a.Events, eventOf(e))
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return nil
		}
		if page == maxPages {
			a.Cut = fmt.Sprintf("there are more than %d pages of events", maxPages)
			return nil
		}
	}
}

// eventOf is an event as it is recorded.
func eventOf(e types.Event) runlog.AuditEvent {
	made := runlog.AuditEvent{
		EventId: aws.ToString(e.EventId), EventName: aws.ToString(e.EventName), EventSource: aws.ToString(e.EventSource),
		EventTime: aws.ToTime(e.EventTime).UTC(), Username: aws.ToString(e.Username), AccessKeyId: aws.ToString(e.AccessKeyId),
		ReadOnly: aws.ToString(e.ReadOnly), CloudTrailEvent: aws.ToString(e.CloudTrailEvent), Resources: []runlog.AuditResource{},
	}
	for _, r := range e.Resources {
		made.Resources = append(made.Resources, runlog.AuditResource{
			ResourceType: aws.ToString(r.ResourceType), ResourceName: aws.ToString(r.ResourceName),
		})
	}
	return made
}

// await looks until there is nothing left to wait for, more and more rarely, but not beyond
// a time.
func (x *asking) await(ctx context.Context, latest time.Time, look func() (done bool, err error)) error {
	for wait := firstWait; ; wait = min(2*wait, longestWait) {
		left := time.Until(latest)
		if done, err := look(); done || err != nil || left <= 0 {
			return err
		}
		x.cfg.Waiting(left)
		if err := smithytime.SleepWithContext(ctx, min(wait, left)); err != nil {
			return err
		}
	}
}

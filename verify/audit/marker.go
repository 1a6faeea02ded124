package audit

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/smithy-go/middleware"

	"secondwind/account/ec2form"
	"secondwind/runlog"
)

// markers are the calls that show how far CloudTrail has come, one of each service whose
// calls matter: services deliver their events by themselves. A proof makes the same calls,
// so that they need no further permission. Each returns its request id.
var markers = []struct {
	source, operation string
	call              func(context.Context, aws.Config, runlog.Hypothesis) (requestID string, err error)
}{
	{runlog.SourceAutoScaling, "DescribeAutoScalingGroups", func(ctx context.Context, cfg aws.Config, h runlog.Hypothesis) (string, error) {
		out, err := autoscaling.NewFromConfig(cfg).DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{
			AutoScalingGroupNames: []string{h.AutoScalingGroupName},
		})
		if err != nil {
			return "", err
		}
		return requestID(out.ResultMetadata), nil
	}},
	{runlog.SourceCloudWatch, "DescribeAlarms", func(ctx context.Context, cfg aws.Config, h runlog.Hypothesis) (string, error) {
		out, err := cloudwatch.NewFromConfig(cfg).DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{h.AlarmName}})
		if err != nil {
			return "", err
		}
		return requestID(out.ResultMetadata), nil
	}},
	{runlog.SourceELB, "DescribeTargetGroups", func(ctx context.Context, cfg aws.Config, _ runlog.Hypothesis) (string, error) {
		out, err := elb.NewFromConfig(cfg).DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{PageSize: aws.Int32(1)})
		if err != nil {
			return "", err
		}
		return requestID(out.ResultMetadata), nil
	}},
	{runlog.SourceEC2, "DescribeInstances", func(ctx context.Context, cfg aws.Config, _ runlog.Hypothesis) (string, error) {
		var answer struct {
			RequestID string `xml:"requestId"`
		}
		err := ec2form.Client{AWS: cfg}.Call(ctx, "DescribeInstances", url.Values{"MaxResults": {"5"}}, &answer)
		return answer.RequestID, err
	}},
}

func requestID(of middleware.Metadata) string {
	id, _ := awsmiddleware.GetRequestIDMetadata(of)
	return id
}

// awaitMarkers makes the markers' calls, unless CloudTrail must have caught up by now, and
// waits until it shows them, or must. It adds those that it does show.
func (x *asking) awaitMarkers(ctx context.Context, r *runlog.Record, latest time.Time, a *runlog.Audit) error {
	if !time.Now().Before(latest) {
		return nil
	}
	for _, m := range markers {
		sent := time.Now().UTC()
		id, err := m.call(ctx, x.cfg.AWS, *r.Hypothesis)
		if err != nil {
			return fmt.Errorf("make a call that CloudTrail is to show: %w", err)
		}
		a.Markers = append(a.Markers, runlog.AuditMarker{EventSource: m.source, RequestID: id, Sent: sent})
	}
	next := 0 // all before it are shown
	return x.await(ctx, latest, func() (bool, error) {
		for ; next < len(markers); next++ {
			e, err := x.find(ctx, markers[next].operation, a.Markers[next].RequestID, a.Markers[next].Sent)
			if e == nil || err != nil {
				return false, err
			}
			a.Events = append(a.Events, *e)
		}
		return true, nil
	})
}

// find returns the event of a call that was made about then; nil if it is not shown.
func (x *asking) find(ctx context.Context, operation, requestID string, sent time.Time) (*runlog.AuditEvent, error) {
	in := by(types.LookupAttributeKeyEventName, operation, sent.Add(-margin), sent.Add(margin))
	for {
		out, err := x.lookup(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, e := range out.Events {
			made := eventOf(e)
			if record, _ := made.Record(); record.RequestID == requestID && requestID != "" {
				return &made, nil
			}
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return nil, nil
		}
	}
}

// errStrange says that CloudTrail was asked about another account or Region.
var errStrange = errors.New("CloudTrail shows none of the run's own calls: it is that of another account or Region, or of another " +
	"local cloud, or the run is older than the 90 days that CloudTrail keeps; " +
	"use the credentials, the Region and the AWS_ENDPOINT_URL of the run")

// strangeAfter is how long one of the run's own calls is looked for: CloudTrail has caught
// up by then, but the order in which it shows calls is not that of the calls.
const strangeAfter = time.Minute

// findWitness adds one of the run's own calls, the last that CloudTrail shows of some
// operations.
func (x *asking) findWitness(ctx context.Context, r *runlog.Record, a *runlog.Audit) error {
	found := false
	err := x.await(ctx, time.Now().Add(strangeAfter), func() (bool, error) {
		for _, o := range lastOf(r, runlog.OpDescribeAutoScalingGroups, runlog.OpDescribeAlarms, runlog.OpDescribeTargetHealth) {
			_, operation, _ := strings.Cut(o.Operation, ":")
			e, err := x.find(ctx, operation, o.RequestID, o.Sent)
			if err != nil {
				return false, err
			}
			if e != nil {
				a.Events, found = append(a.Events, *e), true
				return true, nil
			}
		}
		return false, nil
	})
	if err == nil && !found {
		err = errStrange
	}
	return err
}

// lastOf are the last answers of operations.
func lastOf(r *runlog.Record, operations ...string) (all []runlog.Observation) {
	for _, operation := range operations {
		for i := len(r.Cloud) - 1; i >= 0; i-- {
			if o := r.Cloud[i]; o.Operation == operation && o.RequestID != "" && o.Error == nil {
				all = append(all, o)
				break
			}
		}
	}
	return all
}

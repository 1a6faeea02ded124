package observe

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"secondwind/runlog"
)

// account is an AWS account with one Auto Scaling group in it. It answers the SDK's
// clients without a wire.
type account struct {
	groups   []astypes.AutoScalingGroup
	policies []astypes.ScalingPolicy
	onMetric []string // names of the alarms on the group's CPU
	perPage  int      // alarms on a page; 0: all
	health   []elbtypes.TargetHealthStateEnum
	delay    string // deregistration delay; "": not answered
	metric   func(*cloudwatch.GetMetricDataInput) []cwtypes.MetricDataResult
	latency  time.Duration
	asks     func(operation string) error // before an answer; its error is the answer

	mu    sync.Mutex
	asked []string // operations, in order
	under int      // questions that are under way
	most  int      // of under
}

func newAccount() *account {
	return &account{
		groups: []astypes.AutoScalingGroup{{
			AutoScalingGroupName: aws.String("g"), TargetGroupARNs: []string{"arn:tg"}, HealthCheckGracePeriod: aws.Int32(30),
			Instances: []astypes.Instance{{InstanceId: aws.String("i-2")}, {InstanceId: aws.String("i-1")}},
		}},
		policies: []astypes.ScalingPolicy{{PolicyName: aws.String("out"), Alarms: []astypes.Alarm{{AlarmName: aws.String("high")}}}},
		onMetric: []string{"high", "low"}, health: []elbtypes.TargetHealthStateEnum{elbtypes.TargetHealthStateEnumHealthy}, delay: "30",
		metric: func(*cloudwatch.GetMetricDataInput) []cwtypes.MetricDataResult { return nil },
	}
}

// config points the SDK at the account.
func (a *account) config() aws.Config {
	answer := middleware.InitializeMiddlewareFunc("account", func(
		ctx context.Context, in middleware.InitializeInput, _ middleware.InitializeHandler,
	) (out middleware.InitializeOutput, metadata middleware.Metadata, err error) {
		out.Result, err = a.answer(ctx, in.Parameters)
		return out, metadata, err
	})
	return aws.Config{Region: "us-east-1", APIOptions: []func(*middleware.Stack) error{func(s *middleware.Stack) error {
		return s.Initialize.Add(answer, middleware.Before)
	}}}
}

func (a *account) answer(ctx context.Context, in any) (any, error) {
	_, name, _ := strings.Cut(strings.TrimSuffix(fmt.Sprintf("%T", in), "Input"), ".")
	a.mu.Lock()
	a.asked = append(a.asked, name)
	a.under++
	a.most = max(a.most, a.under)
	a.mu.Unlock()
	defer func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.under--
	}()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if a.asks != nil {
		if err := a.asks(name); err != nil {
			return nil, err
		}
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(a.latency):
		return a.known(in), nil
	}
}

func (a *account) known(in any) any {
	switch in := in.(type) {
	case *autoscaling.DescribeAutoScalingGroupsInput:
		return &autoscaling.DescribeAutoScalingGroupsOutput{AutoScalingGroups: a.groups}
	case *autoscaling.DescribePoliciesInput:
		return &autoscaling.DescribePoliciesOutput{ScalingPolicies: a.policies}
	case *autoscaling.DescribeScalingActivitiesInput:
		return &autoscaling.DescribeScalingActivitiesOutput{Activities: []astypes.Activity{{ActivityId: aws.String("launch")}}}
	case *autoscaling.DescribeScheduledActionsInput:
		return &autoscaling.DescribeScheduledActionsOutput{}
	case *autoscaling.DescribeInstanceRefreshesInput:
		return &autoscaling.DescribeInstanceRefreshesOutput{}
	case *autoscaling.DescribeLifecycleHooksInput:
		return &autoscaling.DescribeLifecycleHooksOutput{}
	case *autoscaling.DescribeWarmPoolInput:
		return &autoscaling.DescribeWarmPoolOutput{}
	case *elb.DescribeListenersInput:
		return &elb.DescribeListenersOutput{Listeners: []elbtypes.Listener{{ListenerArn: aws.String("arn:listener")}}}
	case *elb.DescribeRulesInput:
		return &elb.DescribeRulesOutput{}
	case *cloudwatch.DescribeAlarmsForMetricInput:
		return &cloudwatch.DescribeAlarmsForMetricOutput{MetricAlarms: alarms(a.onMetric)}
	case *cloudwatch.DescribeAlarmsInput:
		return a.page(in)
	case *cloudwatch.DescribeAlarmHistoryInput:
		return &cloudwatch.DescribeAlarmHistoryOutput{}
	case *cloudwatch.GetMetricDataInput:
		return &cloudwatch.GetMetricDataOutput{MetricDataResults: a.metric(in)}
	case *elb.DescribeTargetGroupsInput:
		return &elb.DescribeTargetGroupsOutput{TargetGroups: []elbtypes.TargetGroup{{
			TargetGroupArn: aws.String("arn:tg"), LoadBalancerArns: []string{"arn:lb"},
			HealthCheckIntervalSeconds: aws.Int32(10), HealthyThresholdCount: aws.Int32(3),
		}}}
	case *elb.DescribeTargetHealthInput:
		out := new(elb.DescribeTargetHealthOutput)
		for i, state := range a.health {
			out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, elbtypes.TargetHealthDescription{
				Target: &elbtypes.TargetDescription{Id: aws.String(fmt.Sprintf("i-%d", i+1))}, TargetHealth: &elbtypes.TargetHealth{State: state},
			})
		}
		return out
	case *elb.DescribeTargetGroupAttributesInput:
		return &elb.DescribeTargetGroupAttributesOutput{Attributes: []elbtypes.TargetGroupAttribute{
			{Key: aws.String("stickiness.enabled"), Value: aws.String("7")},
			{Key: aws.String("deregistration_delay.timeout_seconds"), Value: &a.delay},
		}}
	}
	panic(fmt.Sprintf("the account was asked %T", in))
}

// page is the page of the alarms asked for that the token names.
func (a *account) page(in *cloudwatch.DescribeAlarmsInput) *cloudwatch.DescribeAlarmsOutput {
	if len(in.AlarmNames) == 0 {
		panic("every alarm of the account was asked for")
	}
	from, size := 0, len(in.AlarmNames)
	if a.perPage > 0 {
		size = a.perPage
	}
	if in.NextToken != nil {
		if _, err := fmt.Sscan(*in.NextToken, &from); err != nil {
			panic(err)
		}
	}
	to := min(from+size, len(in.AlarmNames))
	out := &cloudwatch.DescribeAlarmsOutput{MetricAlarms: alarms(in.AlarmNames[from:to])}
	if to < len(in.AlarmNames) {
		out.NextToken = aws.String(fmt.Sprint(to))
	}
	return out
}

// alarms are alarms of those names on the group's CPU.
func alarms(names []string) (all []cwtypes.MetricAlarm) {
	m := runlog.CPUOf("g")
	for _, name := range names {
		all = append(all, cwtypes.MetricAlarm{
			AlarmName: &name, Namespace: &m.Namespace, MetricName: &m.MetricName, Dimensions: dimensions(m), Period: aws.Int32(10),
			StateValue: cwtypes.StateValueOk, ComparisonOperator: cwtypes.ComparisonOperatorGreaterThanThreshold,
		})
	}
	return all
}

// times counts how often an operation was asked for.
func (a *account) times(operation string) (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, asked := range a.asked {
		if asked == operation {
			n++
		}
	}
	return n
}

// throttled is AWS's answer to somebody who asks too often.
func throttled() error { return &smithy.GenericAPIError{Code: "Throttling", Message: "Rate exceeded"} }

// tape is a sink that keeps every line.
type tape struct {
	mu    sync.Mutex
	lines []runlog.Observation
	err   error // of the sink
}

func (r *tape) add(o runlog.Observation) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.lines = append(r.lines, o)
	}
	return r.err
}

// of are the lines of an operation.
func (r *tape) of(operation string) []runlog.Observation {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.lines), func(o runlog.Observation) bool { return o.Operation != operation })
}

// running is an observer whose Run runs, in a bubble.
type running struct {
	*Observer
	account *account
	record  *tape
	cancel  context.CancelFunc
	ended   chan error
}

// observing starts an observer of the account's group.
func observing(t *testing.T, a *account, interval time.Duration) *running {
	t.Helper()
	r := &running{account: a, record: new(tape), ended: make(chan error, 1)}
	r.Observer = New(Config{AWS: a.config(), AutoScalingGroupName: "g", Interval: interval, Since: time.Now(), Sink: r.record.add})
	ctx, cancel := context.WithCancel(t.Context())
	r.cancel = cancel
	go func() { r.ended <- r.Run(ctx) }()
	return r
}

// end ends the observer, and checks that its record is whole.
func (r *running) end(t *testing.T) {
	t.Helper()
	r.cancel()
	if err := <-r.ended; err != nil {
		t.Errorf("Run() = %v, want nil", err)
	}
	for i, line := range r.record.lines {
		// The line that ends a snapshot is of all the time that this took.
		if line.Seq != int64(i)+1 || line.Received.Before(line.Sent) ||
			line.Snapshot == nil && i > 0 && line.Sent.Before(r.record.lines[i-1].Received) {
			t.Errorf("line %d = seq %d, sent %v, received %v: lines are out of order", i+1, line.Seq, line.Sent, line.Received)
		}
	}
	if r.account.most > 1 {
		t.Errorf("%d questions were under way at once, want one", r.account.most)
	}
}

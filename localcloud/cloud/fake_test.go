package cloud

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"secondwind/localcloud/awsapi/ec2shapes"
	"secondwind/localcloud/balancer"
	"secondwind/localcloud/fleet"
)

// Processes and sockets have no place in a bubble of virtual time: these two
// stand for them. Everything in between, the engine too, is the real one.

// work is a fleet on which a load is spread evenly.
type work struct {
	boot  time.Duration // how long a launch takes
	exits chan fleet.Exit

	mu      sync.Mutex
	fail    error   // of the next launches
	percent float64 // of one vCPU that the whole load costs
	used    map[string]time.Duration
	read    time.Time
}

func (w *work) Launch(_ context.Context, s fleet.Spec) (fleet.Instance, error) {
	time.Sleep(w.boot)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail != nil {
		return fleet.Instance{}, w.fail
	}
	w.spend()
	w.used[s.InstanceID] = 0
	return fleet.Instance{ID: s.InstanceID, Address: fmt.Sprintf("127.0.0.%d:8080", len(w.used)), LaunchTime: time.Now(), VCPUs: 1}, nil
}

func (w *work) Terminate(_ context.Context, id string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spend()
	delete(w.used, id)
	return nil
}

func (w *work) CPU(id string) (time.Duration, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spend()
	used, ok := w.used[id]
	if !ok {
		return 0, errors.New("no such instance")
	}
	return used, nil
}

func (w *work) Exits() <-chan fleet.Exit { return w.exits }

// spend divides the CPU time since the last reading; callers hold mu.
func (w *work) spend() {
	since := time.Since(w.read)
	w.read = time.Now()
	for id := range w.used {
		w.used[id] += time.Duration(float64(since) * w.percent / 100 / float64(len(w.used)))
	}
}

func (w *work) set(percent float64, fail error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spend()
	w.percent, w.fail = percent, fail
}

// routes is a balancer whose targets are healthy at once and drain at once.
type routes struct {
	onHealth func(balancer.TargetHealth)

	mu     sync.Mutex
	health map[string][]balancer.TargetHealth
	counts balancer.Counts
}

func (r *routes) PutTargetGroup(balancer.TargetGroup) {}
func (r *routes) DeleteTargetGroup(string)            {}
func (r *routes) CloseListener(string) error          { return nil }

func (r *routes) Register(arn, id, address string) error {
	h := balancer.TargetHealth{TargetGroupARN: arn, TargetID: id, Address: address, State: balancer.StateHealthy}
	r.mu.Lock()
	r.health[arn] = append(r.health[arn], h)
	r.mu.Unlock()
	r.onHealth(h)
	return nil
}

func (r *routes) Deregister(arn, id string) error {
	r.mu.Lock()
	for i, h := range r.health[arn] {
		if h.TargetID == id {
			r.health[arn] = append(r.health[arn][:i:i], r.health[arn][i+1:]...)
			r.mu.Unlock()
			r.onHealth(balancer.TargetHealth{TargetGroupARN: arn, TargetID: id})
			return nil
		}
	}
	r.mu.Unlock()
	return errors.New("not registered")
}

func (r *routes) Health(arn string) []balancer.TargetHealth {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]balancer.TargetHealth{}, r.health[arn]...)
}

func (r *routes) Listen(_, address, _ string) (string, error) { return address, nil }

func (r *routes) Counts(string) balancer.Counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts
}

// world is a cloud in a bubble.
type world struct {
	*Cloud
	work   *work
	routes *routes
	tg     string // ARN of the target group
}

const (
	testImage = "ami-1"
	testGroup = "web-asg"
)

// newWorld makes a cloud with metrics every 10 s that does not run yet.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{work: &work{boot: 2 * time.Second, exits: make(chan fleet.Exit), used: map[string]time.Duration{}, read: time.Now()}}
	c, err := New(Config{
		Region: "local-1", AccountID: "123456789012", MetricsPeriod: 10 * time.Second, Seed: 1,
		Images: map[string]Image{testImage: {Program: "/bin/true"}}, Fleet: w.work,
		Balancer: func(onHealth func(balancer.TargetHealth)) LoadBalancing {
			w.routes = &routes{onHealth: onHealth, health: map[string][]balancer.TargetHealth{}}
			return w.routes
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Cloud = c
	return w
}

// inWorld runs f in a bubble with a running cloud that has a group of 1 to 2
// instances behind a target group, and an alarm above 20 % that adds one.
func inWorld(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { w.Run(ctx) })
		defer running.Wait()
		defer cancel()
		w.build(t)
		f(t, w)
	})
}

// must fails the test if a handler does.
func must[Out any](t *testing.T) func(*Out, error) *Out {
	t.Helper()
	return func(out *Out, err error) *Out {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

func (w *world) build(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	must[ec2shapes.CreateLaunchTemplateOutput](t)(ec2API{w.Cloud}.createLaunchTemplate(ctx, &ec2shapes.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("web-lt"), LaunchTemplateData: &ec2types.RequestLaunchTemplateData{ImageId: aws.String(testImage), InstanceType: "t2.micro"},
	}))
	tg := must[elb.CreateTargetGroupOutput](t)(elbAPI{w.Cloud}.createTargetGroup(ctx, &elb.CreateTargetGroupInput{Name: aws.String("web-tg"), Protocol: elbtypes.ProtocolEnumHttp, Port: aws.Int32(8080)}))
	w.tg = *tg.TargetGroups[0].TargetGroupArn
	must[autoscaling.CreateAutoScalingGroupOutput](t)(autoScalingAPI{w.Cloud}.createAutoScalingGroup(ctx, &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String(testGroup), MinSize: aws.Int32(1), MaxSize: aws.Int32(2), TargetGroupARNs: []string{w.tg},
		LaunchTemplate: &astypes.LaunchTemplateSpecification{LaunchTemplateName: aws.String("web-lt")}, AvailabilityZones: []string{"local-1a", "local-1b"},
		DefaultInstanceWarmup: aws.Int32(0),
	}))
	policy := must[autoscaling.PutScalingPolicyOutput](t)(autoScalingAPI{w.Cloud}.putScalingPolicy(ctx, &autoscaling.PutScalingPolicyInput{
		AutoScalingGroupName: aws.String(testGroup), PolicyName: aws.String("out"), PolicyType: aws.String("StepScaling"), AdjustmentType: aws.String("ChangeInCapacity"),
		StepAdjustments: []astypes.StepAdjustment{{MetricIntervalLowerBound: aws.Float64(0), ScalingAdjustment: aws.Int32(1)}},
	}))
	must[cloudwatch.PutMetricAlarmOutput](t)(cloudWatchAPI{w.Cloud}.putMetricAlarm(ctx, &cloudwatch.PutMetricAlarmInput{
		AlarmName: aws.String("high"), Namespace: aws.String("AWS/EC2"), MetricName: aws.String("CPUUtilization"), Statistic: cwtypes.StatisticAverage,
		Dimensions: groupDimension(), Period: aws.Int32(10), EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(20),
		ComparisonOperator: cwtypes.ComparisonOperatorGreaterThanThreshold, AlarmActions: []string{*policy.PolicyARN},
	}))
}

func groupDimension() []cwtypes.Dimension {
	return []cwtypes.Dimension{{Name: aws.String("AutoScalingGroupName"), Value: aws.String(testGroup)}}
}

func (w *world) group(t *testing.T) astypes.AutoScalingGroup {
	t.Helper()
	out := must[autoscaling.DescribeAutoScalingGroupsOutput](t)(autoScalingAPI{w.Cloud}.describeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{}))
	if len(out.AutoScalingGroups) != 1 {
		t.Fatalf("%d groups, want 1", len(out.AutoScalingGroups))
	}
	return out.AutoScalingGroups[0]
}

func (w *world) alarmState(t *testing.T) cwtypes.StateValue {
	t.Helper()
	out := must[cloudwatch.DescribeAlarmsOutput](t)(cloudWatchAPI{w.Cloud}.describeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{}))
	if len(out.MetricAlarms) != 1 {
		t.Fatalf("%d alarms, want 1", len(out.MetricAlarms))
	}
	return out.MetricAlarms[0].StateValue
}

// series are the last n values of a metric of the group, newest first.
func (w *world) series(t *testing.T, stat string, n int) []float64 {
	t.Helper()
	return w.metric(t, &cwtypes.Metric{Namespace: aws.String("AWS/EC2"), MetricName: aws.String("CPUUtilization"), Dimensions: groupDimension()}, stat, n)
}

func (w *world) metric(t *testing.T, m *cwtypes.Metric, stat string, n int) []float64 {
	t.Helper()
	out := must[cloudwatch.GetMetricDataOutput](t)(cloudWatchAPI{w.Cloud}.getMetricData(t.Context(), &cloudwatch.GetMetricDataInput{
		StartTime: aws.Time(time.Now().Add(-10 * time.Minute)), EndTime: aws.Time(time.Now()),
		MetricDataQueries: []cwtypes.MetricDataQuery{{Id: aws.String("m"), MetricStat: &cwtypes.MetricStat{Metric: m, Period: aws.Int32(10), Stat: &stat}}},
	}))
	values := out.MetricDataResults[0].Values
	return values[:min(n, len(values))]
}

package cloud

import (
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"secondwind/autoscale"
	"secondwind/localcloud/balancer"
)

// counted is a load balancer of which only counts and health are known.
type counted struct {
	LoadBalancing
	counts map[string]balancer.Counts
	health []balancer.TargetHealth
}

func (b *counted) Counts(arn string) balancer.Counts     { return b.counts[arn] }
func (b *counted) Health(string) []balancer.TargetHealth { return b.health }
func (b *counted) set(arn string, requests, answered int64) {
	b.counts[arn] = counts(requests, answered)
}
func counts(requests, answered int64) balancer.Counts {
	return balancer.Counts{
		RequestCount: requests, HTTPCodeTarget: map[int]int64{2: answered}, HTTPCodeELB5XX: requests - answered,
		TargetResponseTime: time.Duration(answered) * 20 * time.Millisecond,
	}
}

const webARN = "arn:aws:elasticloadbalancing:local-1:000000000000:targetgroup/web/1"

// newCounted is a cloud, not running, with a target group that a listener uses, and the
// meter of its traffic since grid.
func newCounted(t *testing.T) (*trafficMeter, *counted) {
	t.Helper()
	b := &counted{counts: map[string]balancer.Counts{}}
	c, err := New(Config{
		Region: "local-1", AccountID: "000000000000", MetricsPeriod: 10 * time.Second, Images: map[string]Image{"ami-1": {}},
		Fleet: struct{ InstanceRunner }{}, Balancer: func(func(balancer.TargetHealth)) LoadBalancing { return b },
	})
	if err != nil {
		t.Fatal(err)
	}
	c.state.TargetGroups = []*TargetGroup{{Described: types.TargetGroup{TargetGroupArn: aws.String(webARN)}}}
	c.state.Listeners = []*Listener{listenerOf("alb", webARN)}
	return &trafficMeter{cloud: c, period: grid, before: map[string]balancer.Counts{}}, b
}

func listenerOf(loadBalancer, targetGroupARN string) *Listener {
	arn := "arn:aws:elasticloadbalancing:local-1:000000000000:loadbalancer/app/" + loadBalancer + "/1"
	return &Listener{TargetGroupARN: targetGroupARN, Described: types.Listener{LoadBalancerArn: &arn}}
}

// valueOf is the Sum of a metric under the load balancer alone, or under both; -1 if
// there is none.
func valueOf(samples []autoscale.Sample, name string) float64 {
	for _, s := range samples {
		if s.Metric.Name == name {
			return s.Value.Sum
		}
	}
	return -1
}

func TestRequestsFallToThePeriodInWhichTheyWereCounted(t *testing.T) {
	type look struct {
		at       time.Duration // since grid
		requests int64         // counted by then, all in all
		want     float64       // RequestCount that is published; -1: nothing, 0: a period without requests
		start    time.Duration // of the period that it is published for
	}
	const s = time.Second
	for name, looks := range map[string][]look{
		"each period its own":       {{5 * s, 3, -1, 0}, {10 * s, 10, 10, 0}, {15 * s, 12, -1, 0}, {20 * s, 15, 5, 10 * s}},
		"a period without requests": {{10 * s, 10, 10, 0}, {20 * s, 10, 0, 10 * s}, {30 * s, 11, 1, 20 * s}},
		"a look that comes late":    {{12 * s, 10, 10, 0}, {20 * s, 11, 1, 10 * s}},
		"nobody looked for long":    {{10 * s, 1, 1, 0}, {95 * s, 50, 49, 10 * s}, {100 * s, 52, 2, 90 * s}},
		"a target group made anew":  {{10 * s, 100, 100, 0}, {20 * s, 4, 4, 10 * s}},
		"the clock is set back, and goes through an hour again": {
			{3600 * s, 100, 100, 0}, {11 * s, 110, -1, 0}, {1800 * s, 5000, -1, 0}, {3599 * s, 9000, -1, 0}, {3605 * s, 9001, -1, 0},
			{3610 * s, 9007, 7, 3600 * s},
		},
	} {
		t.Run(name, func(t *testing.T) {
			m, b := newCounted(t)
			for _, l := range looks {
				b.set(webARN, l.requests, l.requests)
				samples := m.observe(grid.Add(l.at))
				if l.want < 0 {
					if len(samples) > 0 {
						t.Errorf("at %s: %v, want nothing", l.at, samples)
					}
					continue
				}
				if got := max(0, valueOf(samples, "RequestCount")); got != l.want {
					t.Errorf("at %s: %g requests, want %g", l.at, got, l.want)
				}
				if len(samples) == 0 || !samples[0].Time.Equal(grid.Add(l.start)) {
					t.Errorf("at %s: %v, want samples of the period from %s", l.at, samples, l.start)
				}
			}
		})
	}
}

func TestATargetGroupWithoutAListenerPublishesNothing(t *testing.T) {
	m, b := newCounted(t)
	listeners := m.cloud.state.Listeners
	b.set(webARN, 100, 100)
	m.observe(grid.Add(10 * time.Second))
	m.cloud.state.Listeners = nil
	b.set(webARN, 103, 103) // requests that were under way
	if samples := m.observe(grid.Add(20 * time.Second)); len(samples) > 0 {
		t.Errorf("without a listener %v, want nothing", samples)
	}
	m.cloud.state.Listeners = listeners
	b.set(webARN, 110, 110)
	if got := valueOf(m.observe(grid.Add(30*time.Second)), "RequestCount"); got != 7 {
		t.Errorf("with a listener again %g requests, want the 7 since then", got)
	}
}

func TestMetricsOfALoadBalancer(t *testing.T) {
	m, b := newCounted(t)
	b.set(webARN, 40, 30)
	b.health = []balancer.TargetHealth{
		{State: balancer.StateHealthy}, {State: balancer.StateHealthy}, {State: balancer.StateUnhealthy}, {State: balancer.StateDraining},
		{State: balancer.StateInitial},
	}
	samples := m.observe(grid.Add(10 * time.Second))
	want := map[string]autoscale.Statistics{
		"HealthyHostCount": autoscale.Value(2), "UnHealthyHostCount": autoscale.Value(1),
		"RequestCount":              {SampleCount: 40, Sum: 40, Minimum: 1, Maximum: 1},
		"RequestCountPerTarget":     autoscale.Value(20),
		"HTTPCode_Target_2XX_Count": {SampleCount: 30, Sum: 30, Minimum: 1, Maximum: 1},
		"HTTPCode_ELB_5XX_Count":    {SampleCount: 10, Sum: 10, Minimum: 1, Maximum: 1},
		"TargetResponseTime":        {SampleCount: 30, Sum: 0.6, Minimum: 0.02, Maximum: 0.02},
	}
	seen := map[string]bool{}
	for _, s := range samples {
		seen[s.Metric.Name] = true
		if s.Value != want[s.Metric.Name] {
			t.Errorf("%s = %+v, want %+v", s.Metric.Name, s.Value, want[s.Metric.Name])
		}
		if s.Resolution != time.Second {
			t.Errorf("%s has the resolution %s, want 1s: the period is under a minute", s.Metric.Name, s.Resolution)
		}
	}
	if got, want := slices.Sorted(maps.Keys(seen)), slices.Sorted(maps.Keys(want)); !slices.Equal(got, want) {
		t.Errorf("metrics = %v, want %v", got, want)
	}
	b.health = nil
	b.set(webARN, 50, 30)
	if got := valueOf(m.observe(grid.Add(20*time.Second)), "RequestCountPerTarget"); got != 10 {
		t.Errorf("requests per target without a healthy one = %g, want all 10", got)
	}
}

func TestATargetsAnswersAreCountedByPeriod(t *testing.T) {
	m, b := newCounted(t)
	count := func(answered map[string]int64) {
		c := counts(10, 10)
		c.Answered = answered
		b.counts[webARN] = c
	}
	count(map[string]int64{"i-1": 6})
	m.observe(grid.Add(10 * time.Second))
	count(map[string]int64{"i-1": 6, "i-2": 4})
	var got []autoscale.Metric
	for _, s := range m.observe(grid.Add(20 * time.Second)) {
		if s.Metric.Namespace == "LocalCloud/ApplicationELB" && s.Value.Sum == 4 {
			got = append(got, s.Metric)
		}
	}
	want := []autoscale.Metric{{Namespace: "LocalCloud/ApplicationELB", Name: "RequestCount",
		Dimensions: []autoscale.Dimension{{Name: "Target", Value: "i-2"}, {Name: "TargetGroup", Value: "targetgroup/web/1"}}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("metrics of targets = %v, want those of i-2 alone: %v", got, want)
	}
}

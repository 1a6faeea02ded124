package cloud

import (
	"fmt"
	"strings"
	"time"

	"secondwind/autoscale"
	"secondwind/localcloud/balancer"
)

// trafficMeter turns what the load balancer counts since its start into metrics
// by period, and adds the sizes of the Auto Scaling groups. Only sampleMetrics
// uses it.
type trafficMeter struct {
	cloud  *Cloud
	period time.Time                  // start of the period that is under way
	before map[string]balancer.Counts // by target group ARN, at its start
}

func (c *Cloud) newTrafficMeter() *trafficMeter {
	return &trafficMeter{cloud: c, period: c.cfg.Now().UTC().Truncate(c.cfg.MetricsPeriod), before: map[string]balancer.Counts{}}
}

// observe returns the samples of the period that has ended by now, if one has.
// Requests that were counted between its end and now fall to it: they are those
// of a moment. What is counted while the clock, set back, goes through periods that
// were published already is in none.
func (t *trafficMeter) observe(now time.Time) []autoscale.Sample {
	start, current := t.period, now.Truncate(t.cloud.cfg.MetricsPeriod)
	if current.Equal(start) {
		return nil
	}
	before, routes := t.before, t.cloud.routes()
	t.before = make(map[string]balancer.Counts, len(routes))
	for _, r := range routes {
		t.before[r.targetGroupARN] = t.cloud.balancer.Counts(r.targetGroupARN)
	}
	if current.Before(start) {
		return nil
	}
	t.period = current
	samples := t.cloud.groupSamples(start)
	for _, r := range routes {
		if r.loadBalancerARN != "" {
			counted := difference(t.before[r.targetGroupARN], before[r.targetGroupARN])
			samples = append(samples, t.cloud.routeSamples(r, start, counted)...)
		}
	}
	return samples
}

// route is a target group and the load balancer that uses it, "" if none does: its
// requests are counted on when it has one again.
type route struct{ targetGroupARN, loadBalancerARN string }

func (c *Cloud) routes() []route {
	c.mu.Lock()
	defer c.mu.Unlock()
	var routes []route
	for _, tg := range c.state.TargetGroups {
		lbs := append(c.state.LoadBalancersOf(tg.ARN()), "")
		routes = append(routes, route{tg.ARN(), lbs[0]})
	}
	return routes
}

// routeSamples are the metrics of AWS/ApplicationELB, under the load balancer and
// under both. As in AWS, counts are published only while requests flow, and codes
// only when there are any. Of the response times only the mean of a period is
// known, so their Minimum and Maximum are the mean too.
func (c *Cloud) routeSamples(r route, start time.Time, n balancer.Counts) []autoscale.Sample {
	_, balancerName, _ := strings.Cut(r.loadBalancerARN, "loadbalancer/")
	_, groupName, _ := strings.Cut(r.targetGroupARN, "targetgroup/")
	lb := autoscale.Dimension{Name: "LoadBalancer", Value: balancerName}
	tg := autoscale.Dimension{Name: "TargetGroup", Value: "targetgroup/" + groupName}
	var samples []autoscale.Sample
	add := func(name, unit string, v autoscale.Statistics, sets ...[]autoscale.Dimension) {
		for _, d := range sets {
			m := autoscale.Metric{Namespace: "AWS/ApplicationELB", Name: name, Dimensions: d}
			samples = append(samples, c.sample(m, start, v, unit))
		}
	}
	both, alone := []autoscale.Dimension{tg, lb}, []autoscale.Dimension{lb}
	healthy, unhealthy := healthCounts(c.balancer.Health(r.targetGroupARN))
	add("HealthyHostCount", "Count", autoscale.Value(healthy), both)
	add("UnHealthyHostCount", "Count", autoscale.Value(unhealthy), both)
	if n.RequestCount > 0 {
		requests := float64(n.RequestCount)
		add("RequestCount", "Count", sum(requests), alone, both)
		add("RequestCountPerTarget", "Count", autoscale.Value(requests/max(healthy, 1)), []autoscale.Dimension{tg}, both)
	}
	var answered int64
	for class, count := range n.HTTPCodeTarget {
		if count > 0 {
			answered += count
			add(fmt.Sprintf("HTTPCode_Target_%dXX_Count", class), "Count", sum(float64(count)), alone, both)
		}
	}
	if answered > 0 {
		mean := n.TargetResponseTime.Seconds() / float64(answered)
		v := autoscale.Statistics{SampleCount: float64(answered), Sum: n.TargetResponseTime.Seconds(), Minimum: mean, Maximum: mean}
		add("TargetResponseTime", "Seconds", v, alone, both)
	}
	if n.HTTPCodeELB5XX > 0 {
		add("HTTPCode_ELB_5XX_Count", "Count", sum(float64(n.HTTPCodeELB5XX)), alone)
	}
	return append(samples, c.targetSamples(tg, start, n)...)
}

// targetSamples tell which target answered how many requests, in a namespace of their own: AWS
// publishes no such metric.
func (c *Cloud) targetSamples(targetGroup autoscale.Dimension, start time.Time, n balancer.Counts) (samples []autoscale.Sample) {
	for id, count := range n.Answered {
		if count > 0 {
			m := autoscale.Metric{Namespace: "LocalCloud/ApplicationELB", Name: "RequestCount",
				Dimensions: []autoscale.Dimension{{Name: "Target", Value: id}, targetGroup}}
			samples = append(samples, c.sample(m, start, sum(float64(count)), "Count"))
		}
	}
	return samples
}

// groupSamples are the metrics of AWS/AutoScaling. AWS publishes them only where
// EnableMetricsCollection was called; here they are always on.
func (c *Cloud) groupSamples(start time.Time) []autoscale.Sample {
	c.mu.Lock()
	groups := c.state.Engine.Groups()
	c.mu.Unlock()
	var samples []autoscale.Sample
	for _, g := range groups {
		for name, n := range GroupSizes(g) {
			m := autoscale.Metric{Namespace: "AWS/AutoScaling", Name: name,
				Dimensions: []autoscale.Dimension{{Name: "AutoScalingGroupName", Value: g.Name}}}
			samples = append(samples, c.sample(m, start, autoscale.Value(float64(n)), "None"))
		}
	}
	return samples
}

// GroupSizes are a group's metrics by name.
func GroupSizes(g autoscale.GroupStatus) map[string]int {
	sizes := map[string]int{
		"GroupMinSize": g.MinSize, "GroupMaxSize": g.MaxSize, "GroupDesiredCapacity": g.DesiredCapacity,
		"GroupInServiceInstances": 0, "GroupPendingInstances": 0, "GroupTerminatingInstances": 0,
		"GroupTotalInstances": len(g.Instances),
	}
	for _, i := range g.Instances {
		switch i.LifecycleState {
		case autoscale.LifecycleInService:
			sizes["GroupInServiceInstances"]++
		case autoscale.LifecyclePending:
			sizes["GroupPendingInstances"]++
		case autoscale.LifecycleTerminating:
			sizes["GroupTerminatingInstances"]++
		}
	}
	return sizes
}

func healthCounts(targets []balancer.TargetHealth) (healthy, unhealthy float64) {
	for _, t := range targets {
		switch t.State {
		case balancer.StateHealthy:
			healthy++
		case balancer.StateUnhealthy:
			unhealthy++
		case balancer.StateInitial, balancer.StateUnused, balancer.StateDraining, balancer.StateGone: // it is not in use
		}
	}
	return healthy, unhealthy
}

// difference is what was counted in between. A count that went down belongs to a
// target group made anew: all of it is new.
func difference(now, before balancer.Counts) balancer.Counts {
	if now.RequestCount < before.RequestCount {
		return now
	}
	d := balancer.Counts{
		RequestCount:       now.RequestCount - before.RequestCount,
		HTTPCodeELB5XX:     now.HTTPCodeELB5XX - before.HTTPCodeELB5XX,
		TargetResponseTime: now.TargetResponseTime - before.TargetResponseTime,
		HTTPCodeTarget:     map[int]int64{},
		Answered:           map[string]int64{},
	}
	for id, n := range now.Answered {
		d.Answered[id] = n - before.Answered[id]
	}
	for class, n := range now.HTTPCodeTarget {
		d.HTTPCodeTarget[class] = n - before.HTTPCodeTarget[class]
	}
	return d
}

// sum is n requests, counted one each.
func sum(n float64) autoscale.Statistics {
	return autoscale.Statistics{SampleCount: n, Sum: n, Minimum: 1, Maximum: 1}
}

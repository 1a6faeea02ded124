package main_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"secondwind/verify/doctor"
)

// targets changes the target group as it is answered.
func targets(change func(*elbtypes.TargetGroup)) func(*bench, *doctor.Config) {
	return func(_ *bench, c *doctor.Config) {
		edit(c, func(out *elb.DescribeTargetGroupsOutput) { change(&out.TargetGroups[0]) })
	}
}

// attribute sets an attribute of the target group that the local cloud does not follow.
func attribute(key, value string) func(*bench, *doctor.Config) {
	return func(_ *bench, c *doctor.Config) {
		edit(c, func(out *elb.DescribeTargetGroupAttributesOutput) {
			for i, a := range out.Attributes {
				if *a.Key == key {
					out.Attributes[i].Value = &value
					return
				}
			}
			out.Attributes = append(out.Attributes, elbtypes.TargetGroupAttribute{Key: &key, Value: &value})
		})
	}
}

// check changes the health check itself.
func check(breaks, mends elb.ModifyTargetGroupInput) func(*testing.T, *bench) func() {
	return func(t *testing.T, b *bench) func() {
		modify := func(in elb.ModifyTargetGroupInput) {
			in.TargetGroupArn = &b.stack.TargetGroupARN
			if _, err := b.elb.ModifyTargetGroup(t.Context(), &in); err != nil {
				t.Fatal(err)
			}
		}
		modify(breaks)
		return func() { modify(mends) }
	}
}

func targetBreakages() []breakage {
	code := func(code string) elb.ModifyTargetGroupInput {
		return elb.ModifyTargetGroupInput{Matcher: &elbtypes.Matcher{HttpCode: &code}}
	}
	every := func(seconds int32) elb.ModifyTargetGroupInput {
		return elb.ModifyTargetGroupInput{HealthCheckIntervalSeconds: &seconds}
	}
	return []breakage{
		{finding: "targets.none", how: "detached", cloud: detach},
		{finding: "targets.gone", how: "deleted", answers: group(func(g *astypes.AutoScalingGroup) { g.TargetGroupARNs[0] += "0" })},
		{finding: "targets.no-load-balancer", how: "or listener", answers: targets(func(g *elbtypes.TargetGroup) { g.LoadBalancerArns = nil })},
		{finding: "targets.unhealthy", how: "the only one", answers: func(_ *bench, c *doctor.Config) {
			edit(c, func(out *elb.DescribeTargetHealthOutput) {
				out.TargetHealthDescriptions[0].TargetHealth = &elbtypes.TargetHealth{State: elbtypes.TargetHealthStateEnumUnhealthy, Description: aws.String("Health checks failed")}
			})
		}},
		{finding: "targets.unhealthy", how: "because there is none", answers: func(_ *bench, c *doctor.Config) {
			edit(c, func(out *elb.DescribeTargetHealthOutput) { out.TargetHealthDescriptions = nil })
		}},
		{finding: "targets.stickiness", how: "by cookie", answers: attribute("stickiness.enabled", "true")},
		{finding: "targets.slow-start", how: "of half a minute", answers: attribute("slow_start.duration_seconds", "30")},
		{finding: "health.off", how: "by hand", answers: targets(func(g *elbtypes.TargetGroup) { g.HealthCheckEnabled = aws.Bool(false) })},
		{finding: "health.matcher", how: "of anything", cloud: check(code("200-499"), code("200"))},
		{finding: "health.interval", how: "of a minute", cloud: check(every(60), every(5))},
	}
}

func detach(t *testing.T, b *bench) func() {
	arns := []string{b.stack.TargetGroupARN}
	if _, err := b.groups.DetachLoadBalancerTargetGroups(t.Context(), &autoscaling.DetachLoadBalancerTargetGroupsInput{AutoScalingGroupName: &b.stack.AutoScalingGroupName, TargetGroupARNs: arns}); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := b.groups.AttachLoadBalancerTargetGroups(t.Context(), &autoscaling.AttachLoadBalancerTargetGroupsInput{AutoScalingGroupName: &b.stack.AutoScalingGroupName, TargetGroupARNs: arns}); err != nil {
			t.Fatal(err)
		}
	}
}

// balancer changes the load balancer as it is answered.
func balancer(change func(*elbtypes.LoadBalancer)) func(*bench, *doctor.Config) {
	return func(_ *bench, c *doctor.Config) {
		edit(c, func(out *elb.DescribeLoadBalancersOutput) { change(&out.LoadBalancers[0]) })
	}
}

// answering has the load balancer's URL lead to a server that answers so.
func answering(status int, instance string) func(*testing.T, *bench, *doctor.Config) {
	return func(t *testing.T, _ *bench, c *doctor.Config) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if instance != "" {
				w.Header().Set("X-Instance-Id", instance)
			}
			w.WriteHeader(status)
		}))
		t.Cleanup(server.Close)
		c.LoadBalancerURL = server.URL
	}
}

func balancerBreakages() []breakage {
	return []breakage{
		{finding: "balancer.not-active", how: "yet", answers: balancer(func(l *elbtypes.LoadBalancer) {
			l.State = &elbtypes.LoadBalancerState{Code: elbtypes.LoadBalancerStateEnumProvisioning}
		})},
		{finding: "balancer.zones", how: "one short", answers: balancer(func(l *elbtypes.LoadBalancer) { l.AvailabilityZones = l.AvailabilityZones[1:] })},
		{finding: "balancer.internal", how: "by its scheme", answers: balancer(func(l *elbtypes.LoadBalancer) { l.Scheme = elbtypes.LoadBalancerSchemeEnumInternal })},
		{finding: "balancer.no-listener", how: "left", answers: func(_ *bench, c *doctor.Config) {
			edit(c, func(out *elb.DescribeListenersOutput) { out.Listeners = nil })
		}},
		{finding: "balancer.unreachable", how: "from here", answers: func(_ *bench, c *doctor.Config) { c.LoadBalancerURL = "http://127.0.0.1:1" }},
		{finding: "balancer.answer", how: "of 503", url: answering(http.StatusServiceUnavailable, "")},
		{finding: "balancer.no-instance-id", how: "in the answer", url: answering(http.StatusOK, "")},
		{finding: "balancer.other-instance", how: "than the group's", url: answering(http.StatusOK, "i-0123456789abcdef0")},
	}
}

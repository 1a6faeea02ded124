package doctor_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"secondwind/account/stack"
	"secondwind/verify/doctor"
)

// targets changes the target group as it is answered.
func targets(change func(*elbtypes.TargetGroup)) func(*world) {
	return edited(func(out *elb.DescribeTargetGroupsOutput) { change(&out.TargetGroups[0]) })
}

// attribute sets an attribute of the target group that the local cloud does not follow.
func attribute(key, value string) func(*world) {
	return edited(func(out *elb.DescribeTargetGroupAttributesOutput) {
		for i, a := range out.Attributes {
			if *a.Key == key {
				out.Attributes[i].Value = &value
				return
			}
		}
		out.Attributes = append(out.Attributes, elbtypes.TargetGroupAttribute{Key: &key, Value: &value})
	})
}

// check changes the health check itself.
func check(in elb.ModifyTargetGroupInput) func(*world) {
	return func(w *world) {
		in.TargetGroupArn = &w.Stack.TargetGroupARN
		_, err := w.elb.ModifyTargetGroup(w.Context(), &in)
		w.must(err)
	}
}

func targetBreakages() []breakage {
	health := func(change func(*elb.DescribeTargetHealthOutput)) func(*world) { return edited(change) }
	return []breakage{
		{"targets.none", "detached", func(w *world) {
			_, err := w.groups.DetachLoadBalancerTargetGroups(w.Context(), &autoscaling.DetachLoadBalancerTargetGroupsInput{
				AutoScalingGroupName: &w.Stack.AutoScalingGroupName, TargetGroupARNs: []string{w.Stack.TargetGroupARN},
			})
			w.must(err)
		}},
		{"targets.other", "than was named", func(w *world) { w.cfg.TargetGroupARN = w.Stack.TargetGroupARN + "0" }},
		{"targets.several", "of which one is meant", func(w *world) {
			made, err := w.elb.CreateTargetGroup(w.Context(), &elb.CreateTargetGroupInput{
				Name: aws.String("another"), Protocol: elbtypes.ProtocolEnumHttp, Port: aws.Int32(3000), VpcId: aws.String("vpc-1"),
			})
			w.must(err)
			_, err = w.groups.AttachLoadBalancerTargetGroups(w.Context(), &autoscaling.AttachLoadBalancerTargetGroupsInput{
				AutoScalingGroupName: &w.Stack.AutoScalingGroupName, TargetGroupARNs: []string{*made.TargetGroups[0].TargetGroupArn},
			})
			w.must(err)
			group(func(g *astypes.AutoScalingGroup) { slices.Reverse(g.TargetGroupARNs) })(w)
			w.cfg.TargetGroupARN = w.Stack.TargetGroupARN
		}},
		{"targets.gone", "deleted", group(func(g *astypes.AutoScalingGroup) { g.TargetGroupARNs[0] += "0" })},
		{"targets.no-load-balancer", "or listener", targets(func(g *elbtypes.TargetGroup) { g.LoadBalancerArns = nil })},
		{"targets.unhealthy", "the only one", health(func(out *elb.DescribeTargetHealthOutput) {
			out.TargetHealthDescriptions[0].TargetHealth = &elbtypes.TargetHealth{
				State: elbtypes.TargetHealthStateEnumUnhealthy, Description: aws.String("Health checks failed"),
			}
		})},
		{"targets.unhealthy", "because there is none", health(func(out *elb.DescribeTargetHealthOutput) { out.TargetHealthDescriptions = nil })},
		{"targets.stickiness", "by cookie", attribute("stickiness.enabled", "true")},
		{"targets.slow-start", "of half a minute", attribute("slow_start.duration_seconds", "30")},
		{"health.off", "by hand", targets(func(g *elbtypes.TargetGroup) { g.HealthCheckEnabled = aws.Bool(false) })},
		{"health.matcher", "of anything", check(elb.ModifyTargetGroupInput{Matcher: &elbtypes.Matcher{HttpCode: aws.String("200-499")}})},
		{"health.interval", "of a minute", check(elb.ModifyTargetGroupInput{HealthCheckIntervalSeconds: aws.Int32(60)})},
	}
}

// balancer changes the load balancer as it is answered.
func balancer(change func(*elbtypes.LoadBalancer)) func(*world) {
	return edited(func(out *elb.DescribeLoadBalancersOutput) { change(&out.LoadBalancers[0]) })
}

// answering has requests to the load balancer answered so.
func answering(status int, instance string) func(*world) {
	return func(w *world) {
		w.cfg.Transport = roundTrip(func() *http.Response {
			header := http.Header{}
			if instance != "" {
				header.Set("X-Instance-Id", instance)
			}
			return &http.Response{StatusCode: status, Status: http.StatusText(status), Header: header, Body: http.NoBody}
		})
	}
}

type roundTrip func() *http.Response

func (f roundTrip) RoundTrip(*http.Request) (*http.Response, error) { return f(), nil }

func balancerBreakages() []breakage {
	return []breakage{
		{"balancer.not-active", "yet", balancer(func(l *elbtypes.LoadBalancer) {
			l.State = &elbtypes.LoadBalancerState{Code: elbtypes.LoadBalancerStateEnumProvisioning}
		})},
		{"balancer.zones", "one short", balancer(func(l *elbtypes.LoadBalancer) { l.AvailabilityZones = l.AvailabilityZones[1:] })},
		{"balancer.internal", "by its scheme", balancer(func(l *elbtypes.LoadBalancer) { l.Scheme = elbtypes.LoadBalancerSchemeEnumInternal })},
		{"balancer.network", "by its type", balancer(func(l *elbtypes.LoadBalancer) { l.Type = elbtypes.LoadBalancerTypeEnumNetwork })},
		{"balancer.shared", "by a rule", known("balancer.shared", doctor.Error)},
		{"balancer.rules", "before the default one", known("balancer.rules", doctor.Note)},
		{"balancer.certificate", "of another name", known("balancer.certificate", doctor.Note)},
		{"balancer.no-listener", "left", func(w *world) { w.cfg.LoadBalancerURL = "" }},
		{"balancer.unreachable", "from here", func(w *world) { w.cfg.Transport = refusing{} }},
		{"balancer.answer", "of 503", answering(http.StatusServiceUnavailable, "")},
		{"balancer.no-instance-id", "in the answer", answering(http.StatusOK, "")},
		{"balancer.other-instance", "than the group's", answering(http.StatusOK, "i-0123456789abcdef0")},
	}
}

// known is a finding of the caller's, as of who found the URL.
func known(id string, severity doctor.Severity) func(*world) {
	return func(w *world) {
		w.cfg.Known = []doctor.Finding{{ID: id, Severity: severity, Where: "listener", What: "It is so.", Change: "Change it."}}
	}
}

func TestAServiceNeedNotNameItsInstanceInAHeader(t *testing.T) {
	inWorld(t, stack.PolicyStep, func(w *world) {
		w.cfg.InstanceHeader = ""
		answering(http.StatusOK, "")(w)
		if got := idsOf(w.examine()); len(got) > 0 {
			w.Errorf("found %v, want nothing", got)
		}
	})
}

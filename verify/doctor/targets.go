package doctor

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"secondwind/runlog"
)

// instanceHeader is where an answer says which instance gave it.
const instanceHeader = "X-Instance-Id"

// slowInterval is from when on the health check's interval is much of the wait.
const slowInterval = 30 * time.Second

// checkTargets examines the target group and its health check.
func (x *examination) checkTargets() {
	if len(x.facts.group.TargetGroupARNs) == 0 {
		x.find("targets.none", x.cfg.AutoScalingGroupName,
			"No target group is attached: no request can reach a second instance.",
			"aws autoscaling attach-load-balancer-target-groups --auto-scaling-group-name "+x.cfg.AutoScalingGroupName+" --target-group-arns ….")
		return
	}
	if len(x.facts.targetGroups) == 0 {
		return // gone, or not answered: a finding already
	}
	tg := x.facts.targetGroups[0]
	where := "target group " + aws.ToString(tg.TargetGroupName)
	if len(tg.LoadBalancerArns) == 0 {
		x.find("targets.no-load-balancer", where,
			"No listener of a load balancer forwards to it.",
			"Add a listener or a rule that forwards to it.")
	}
	x.checkHealthCheck(where, tg)
	x.checkTargetHealth(where)
	if x.facts.attributes["stickiness.enabled"] == "true" {
		x.find("targets.stickiness", where, "Stickiness is on: who has a cookie stays with the old instance.", "Switch stickiness.enabled off.")
	}
	if s := x.facts.attributes["slow_start.duration_seconds"]; s != "" && s != "0" {
		x.find("targets.slow-start", where,
			fmt.Sprintf("Slow start gives a new target its share only after %s s.", s),
			"Set slow_start.duration_seconds to 0.")
	}
}

func (x *examination) checkHealthCheck(where string, tg elbtypes.TargetGroup) {
	if tg.HealthCheckEnabled != nil && !*tg.HealthCheckEnabled {
		x.find("health.off", where,
			"Its health checks are switched off: it is never seen that the new instance is healthy.",
			"Switch HealthCheckEnabled on.")
	}
	if tg.Matcher != nil {
		if code := aws.ToString(tg.Matcher.HttpCode); strings.ContainsAny(code, "45") && code != "" {
			x.find("health.matcher", where,
				fmt.Sprintf("Its health check passes on %s: an instance that only errs counts as healthy.", code),
				"Set the matcher to 200.")
		}
	}
	if interval := time.Duration(aws.ToInt32(tg.HealthCheckIntervalSeconds)) * time.Second; interval > slowInterval {
		x.find("health.interval", where,
			fmt.Sprintf("Its health check comes every %s, which the new instance may have to wait.", interval),
			"Set HealthCheckIntervalSeconds to 5 to 30.")
	}
}

func (x *examination) checkTargetHealth(where string) {
	if !x.facts.answered[runlog.OpDescribeTargetHealth] {
		return
	}
	states := []string{}
	for _, t := range x.facts.targets {
		if t.TargetHealth == nil || t.Target == nil {
			continue
		}
		if t.TargetHealth.State == elbtypes.TargetHealthStateEnumHealthy {
			return
		}
		states = append(states, strings.TrimSpace(fmt.Sprintf("%s is %s %s", aws.ToString(t.Target.Id), t.TargetHealth.State,
			aws.ToString(t.TargetHealth.Description))))
	}
	what := "No target is registered in it."
	if len(states) > 0 {
		what = strings.Join(states, ", ") + "."
	}
	x.find("targets.unhealthy", where,
		what,
		"Wait until the first instance is healthy; if it never is, see its log, its security group, and the health check's path and port.")
}

// checkBalancer examines the load balancer, and asks it.
func (x *examination) checkBalancer(ctx context.Context) {
	target := x.cfg.LoadBalancerURL
	if len(x.facts.balancers) > 0 {
		lb := x.facts.balancers[0]
		if !x.checkBalancerState(lb) {
			return
		}
		if target == "" {
			if target = x.listenerURL(lb); target == "" {
				return
			}
		}
	}
	if target == "" {
		return // nothing is known of it: a finding already
	}
	x.report.LoadBalancerURL = target
	path := "/"
	if len(x.facts.targetGroups) > 0 && aws.ToString(x.facts.targetGroups[0].HealthCheckPath) != "" {
		path = *x.facts.targetGroups[0].HealthCheckPath
	}
	x.checkAnswer(ctx, strings.TrimSuffix(target, "/")+path)
}

// checkBalancerState reports whether it is worth asking it.
func (x *examination) checkBalancerState(lb elbtypes.LoadBalancer) bool {
	where := "load balancer " + aws.ToString(lb.LoadBalancerName)
	if lb.State != nil && lb.State.Code != elbtypes.LoadBalancerStateEnumActive {
		x.find("balancer.not-active", where,
			fmt.Sprintf("It is %s %s.", lb.State.Code, aws.ToString(lb.State.Reason)),
			"Wait until it is active: that takes minutes after a deploy.")
		return false
	}
	if lb.Scheme == elbtypes.LoadBalancerSchemeEnumInternal {
		x.find("balancer.internal", where, "It is internal: only machines in its VPC can reach it.", "Run the load from inside the VPC.")
	}
	for _, zone := range x.facts.group.AvailabilityZones {
		if !slices.ContainsFunc(lb.AvailabilityZones, func(z elbtypes.AvailabilityZone) bool { return aws.ToString(z.ZoneName) == zone }) {
			x.find("balancer.zones", where,
				fmt.Sprintf("It is not in %s, where the group may launch: such an instance gets no requests.", zone),
				"Give it a subnet in each zone of the group (aws elbv2 set-subnets).")
		}
	}
	return true
}

// listenerURL is where the load balancer listens, "" if for no HTTP. A listener
// that only sends elsewhere, from HTTP to HTTPS, comes last.
func (x *examination) listenerURL(lb elbtypes.LoadBalancer) (url string) {
	for _, l := range x.facts.listeners {
		if l.Protocol != elbtypes.ProtocolEnumHttp && l.Protocol != elbtypes.ProtocolEnumHttps {
			continue
		}
		forwards := slices.ContainsFunc(l.DefaultActions, func(a elbtypes.Action) bool { return a.Type == elbtypes.ActionTypeEnumForward })
		if url == "" || forwards {
			url = fmt.Sprintf("%s://%s:%d", strings.ToLower(string(l.Protocol)), aws.ToString(lb.DNSName), aws.ToInt32(l.Port))
		}
		if forwards {
			break
		}
	}
	if url != "" {
		return url
	}
	if x.facts.answered[opDescribeListeners] {
		x.find("balancer.no-listener", "load balancer "+aws.ToString(lb.LoadBalancerName),
			"It has no listener for HTTP or HTTPS.",
			"Add one that forwards to the target group.")
	}
	return ""
}

// checkAnswer asks the health check's path through the load balancer.
func (x *examination) checkAnswer(ctx context.Context, url string) {
	response, err := x.get(ctx, url)
	if err != nil {
		x.find("balancer.unreachable", url,
			fmt.Sprintf("It cannot be reached from here: %s.", lastOf(err)),
			"Allow this machine's address (allowed_cidrs in terraform/), and check the URL and the security group.")
		return
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16)) // only the head counts
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		x.find("balancer.answer", url,
			fmt.Sprintf("It answers %s.", response.Status),
			"Correct the listener, the path or the calculator; 503 is a target group without targets, 502 an instance that does not answer.")
		return
	}
	id := response.Header.Get(instanceHeader)
	switch members := x.facts.group.Instances; {
	case id == "":
		x.find("balancer.no-instance-id", url,
			"Its answer has no "+instanceHeader+" header: that the new instance answers could not be seen.",
			"Let the instances run the calculator, and proxies before it keep the header.")
	case len(members) > 0 && !slices.ContainsFunc(members, func(i astypes.Instance) bool { return aws.ToString(i.InstanceId) == id }):
		x.find("balancer.other-instance", url,
			fmt.Sprintf("%s answered, which is not in the group.", id),
			"Correct the URL, or what else is registered in the target group.")
	}
}

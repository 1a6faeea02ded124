package doctor

import (
	"context"
	"fmt"
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
		x.find(Error, "targets.none", x.cfg.AutoScalingGroupName,
			"No target group is attached, so no request can reach a second instance.",
			"Run "+x.command("attach-load-balancer-target-groups", "--target-group-arns …")+".")
		return
	}
	if len(x.facts.targetGroups) == 0 {
		return // gone, or not answered: a finding already
	}
	tg := x.facts.targetGroups[0]
	where := "target group " + aws.ToString(tg.TargetGroupName)
	x.findIf(len(tg.LoadBalancerArns) == 0, Error, "targets.no-load-balancer", where,
		"No load balancer forwards requests to it.",
		"Add a listener or a rule that forwards to it.")
	x.checkHealthCheck(where, tg)
	x.checkTargetHealth(where)
	x.findIf(x.facts.attributes["stickiness.enabled"] == "true", Warning, "targets.stickiness", where,
		"Stickiness is on: a client with a cookie stays on the old instance.",
		"Set stickiness.enabled to false.")
	slow := x.facts.attributes["slow_start.duration_seconds"]
	x.findIf(slow != "" && slow != "0", Warning, "targets.slow-start", where,
		fmt.Sprintf("Slow start: a new target gets its full share of requests only after %s s.", slow),
		"Set slow_start.duration_seconds to 0.")
}

func (x *examination) checkHealthCheck(where string, tg elbtypes.TargetGroup) {
	x.findIf(tg.HealthCheckEnabled != nil && !*tg.HealthCheckEnabled, Error, "health.off", where,
		"Its health checks are disabled, so the new instance is never reported as healthy.",
		"Set HealthCheckEnabled to true.")
	if tg.Matcher != nil {
		accepted := aws.ToString(tg.Matcher.HttpCode) // "200", "200,202", "200-399"
		codes := strings.FieldsFunc(accepted, func(r rune) bool { return r == ',' || r == '-' })
		x.findIf(slices.Max(append(codes, "")) >= "400", Warning, "health.matcher", where,
			fmt.Sprintf("Its health check accepts %s: an instance that returns only errors counts as healthy.", accepted),
			"Set the matcher to 200.")
	}
	interval := time.Duration(aws.ToInt32(tg.HealthCheckIntervalSeconds)) * time.Second
	x.findIf(interval > slowInterval, Warning, "health.interval", where,
		fmt.Sprintf("Its health check runs every %s, and the new instance may have to wait that long.", runlog.Words(interval)),
		"Set HealthCheckIntervalSeconds to a value from 5 to 30.")
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
		states = append(states, aws.ToString(t.Target.Id)+" is "+because(t.TargetHealth.State, aws.ToString(t.TargetHealth.Description)))
	}
	what := "No target is registered."
	if len(states) > 0 {
		what = "No target is healthy: " + strings.Join(states, ", ") + "."
	}
	x.find(Error, "targets.unhealthy", where, what, "Wait until the first instance is healthy; if it never becomes healthy, "+
		"check its log, its security group, and the path and port of the health check.")
}

// checkBalancer examines the load balancer, and asks it.
func (x *examination) checkBalancer(ctx context.Context) {
	target := x.cfg.LoadBalancerURL
	if len(x.facts.balancers) > 0 {
		if !x.checkBalancerState(x.facts.balancers[0]) {
			return
		}
		if target == "" {
			target = x.listenerURL(x.facts.balancers[0])
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
		x.find(Error, "balancer.not-active", where,
			fmt.Sprintf("It is %s.", because(lb.State.Code, aws.ToString(lb.State.Reason))),
			"Wait until it is active: after a deploy that takes a few minutes.")
		return false
	}
	x.findIf(lb.Scheme == elbtypes.LoadBalancerSchemeEnumInternal, Note, "balancer.internal", where,
		"It is internal: only machines in its VPC can reach it.",
		"Run the load from inside the VPC.")
	missing := slices.DeleteFunc(slices.Clone(x.facts.group.AvailabilityZones), func(zone string) bool {
		return slices.ContainsFunc(lb.AvailabilityZones, func(z elbtypes.AvailabilityZone) bool { return aws.ToString(z.ZoneName) == zone })
	})
	x.findIf(len(missing) > 0, Error, "balancer.zones", where,
		fmt.Sprintf("It has no subnet in %s, where the group may launch instances: they would get no requests.", strings.Join(missing, ", ")),
		"Give it a subnet in each zone of the group (`aws elbv2 set-subnets`).")
	return true
}

// listenerURL is where the load balancer listens, "" if for no HTTP. A listener
// that only sends elsewhere, from HTTP to HTTPS, comes last.
func (x *examination) listenerURL(lb elbtypes.LoadBalancer) (url string) {
	for _, l := range x.facts.listeners {
		forwards := slices.ContainsFunc(l.DefaultActions, func(a elbtypes.Action) bool { return a.Type == elbtypes.ActionTypeEnumForward })
		if scheme := strings.ToLower(string(l.Protocol)); (scheme == "http" || scheme == "https") && (url == "" || forwards) {
			url = fmt.Sprintf("%s://%s:%d", scheme, aws.ToString(lb.DNSName), aws.ToInt32(l.Port))
			if forwards {
				return url
			}
		}
	}
	x.findIf(url == "" && x.facts.answered[runlog.OpDescribeListeners], Error, "balancer.no-listener",
		"load balancer "+aws.ToString(lb.LoadBalancerName),
		"It has no HTTP or HTTPS listener.",
		"Add one that forwards to the target group.")
	return url
}

// checkAnswer asks the health check's path through the load balancer.
func (x *examination) checkAnswer(ctx context.Context, url string) {
	response, err := x.get(ctx, url)
	if err != nil {
		x.find(Error, "balancer.unreachable", url,
			fmt.Sprintf("It cannot be reached from here: %s.", lastOf(err)),
			"Allow this machine's address (allowed_cidrs in terraform/), and check the URL and the security group.")
		return
	}
	_ = response.Body.Close() // only the head counts
	if response.StatusCode != http.StatusOK {
		x.find(Error, "balancer.answer", url,
			strings.TrimSpace(fmt.Sprintf("It answers with %d %s", response.StatusCode, http.StatusText(response.StatusCode)))+".",
			"Correct the listener, the path or the calculator: 503 means that there is no target, 502 that an instance does not answer.")
		return
	}
	id := response.Header.Get(instanceHeader)
	switch members := x.facts.group.Instances; {
	case id == "" && x.cfg.AnotherProgram:
	case id == "":
		x.find(Error, "balancer.no-instance-id", url,
			"Its answer has no "+instanceHeader+" header, so it would not be seen that the new instance answers.",
			"Run the calculator on the instances, and let every proxy in front of it pass the header on.")
	case len(members) > 0 && !slices.ContainsFunc(members, func(i astypes.Instance) bool { return aws.ToString(i.InstanceId) == id }):
		x.find(Error, "balancer.other-instance", url,
			fmt.Sprintf("Instance %s answered, which is not in the group.", id),
			"Correct the URL, or deregister the other targets of the target group.")
	}
}

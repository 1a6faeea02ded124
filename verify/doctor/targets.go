package doctor

import (
	"cmp"
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

// slowInterval is from when on the health check's interval is much of the wait.
const slowInterval = 30 * time.Second

// checkTargets examines the target group and its health check.
func (x *examination) checkTargets() {
	if len(x.facts.group.TargetGroupARNs) == 0 {
		x.findNoTargets()
		return
	}
	arn, attached := x.cfg.TargetGroupARN, x.facts.group.TargetGroupARNs
	x.findIf(arn != "" && !slices.Contains(attached, arn), Error, "targets.other", x.cfg.AutoScalingGroupName,
		fmt.Sprintf("Target group %s, which was named, is not attached to the group.", arn),
		fmt.Sprintf("Name one that is (%s) with --target-group%s.", strings.Join(attached, ", "),
			x.ours(", or read the outputs of the group's own stack")))
	if len(x.facts.targetGroups) == 0 {
		return // gone, or not answered: a finding already
	}
	tg := x.facts.targetGroups[0]
	where := "target group " + aws.ToString(tg.TargetGroupName)
	x.findIf(len(tg.LoadBalancerArns) == 0, Error, "targets.no-load-balancer", where,
		"No load balancer forwards requests to it, so that none of its targets is ever checked, or healthy. A run could show the links "+
			"e1 to e4, and would end at e5.",
		"Add a listener or a rule that forwards to it (`aws elbv2 create-listener`, `aws elbv2 create-rule`).")
	x.findIf(len(attached) > 1, Note, "targets.several", x.cfg.AutoScalingGroupName,
		fmt.Sprintf("It has %d target groups; the proof is about %s. Requests that reach the instances by another one use CPU that the run's "+
			"load does not explain.", len(attached), aws.ToString(tg.TargetGroupName)),
		"Let nobody send requests by the others during the run, or name another one with --target-group.")
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

// findNoTargets reports what a group without a target group can still show.
func (x *examination) findNoTargets() {
	what := "No target group is attached"
	if names := x.facts.group.LoadBalancerNames; len(names) > 0 {
		what += ", but a Classic Load Balancer (" + strings.Join(names, ", ") + "), which the proof does not ask"
	}
	x.find(Error, "targets.none", x.cfg.AutoScalingGroupName,
		what+": nothing shows whether a load balancer finds the new instances healthy. A run can show the links e1 to e4, from the metric "+
			"to instances in service, and be REFUTED by them. It is never PROVED: e5 is not seen, and e6 and e7 are not judged.",
		"Attach one that a load balancer forwards to: run "+x.command("attach-load-balancer-target-groups", "--target-group-arns …")+
			". To see e1 to e4 all the same, give --url and --skip-doctor.")
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
	if len(x.facts.balancers) > 0 {
		if !x.checkBalancerState(x.facts.balancers[0]) {
			return
		}
	}
	if x.cfg.LoadBalancerURL == "" {
		x.findIf(len(x.facts.balancers) > 0 || x.report.Fit(), Error, "balancer.no-listener", x.cfg.AutoScalingGroupName,
			"No listener is known that sends HTTP or HTTPS requests to its target group.",
			"Add one that forwards to it (`aws elbv2 create-listener`), or give --url if requests reach the group by another way.")
		return
	}
	x.report.LoadBalancerURL = x.cfg.LoadBalancerURL
	path := x.cfg.Path
	if len(x.facts.targetGroups) > 0 {
		path = cmp.Or(path, aws.ToString(x.facts.targetGroups[0].HealthCheckPath))
	}
	if path == "" {
		return // there is nothing to ask for of which it is known that it is there
	}
	x.checkAnswer(ctx, strings.TrimSuffix(x.cfg.LoadBalancerURL, "/")+"/"+strings.TrimPrefix(path, "/"))
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
	x.findIf(lb.Type == elbtypes.LoadBalancerTypeEnumNetwork, Note, "balancer.network", where,
		"It is a Network Load Balancer, which counts no requests: every link can be proved, but not that no other client sent requests. "+
			"It balances connections: new instances get no requests of old ones.",
		"Let nobody else send requests during the run, and keep connection_age in the scenario short.")
	missing := slices.DeleteFunc(slices.Clone(x.facts.group.AvailabilityZones), func(zone string) bool {
		return slices.ContainsFunc(lb.AvailabilityZones, func(z elbtypes.AvailabilityZone) bool { return aws.ToString(z.ZoneName) == zone })
	})
	x.findIf(len(missing) > 0, Error, "balancer.zones", where,
		fmt.Sprintf("It has no subnet in %s, where the group may launch instances: they would get no requests.", strings.Join(missing, ", ")),
		"Give it a subnet in each zone of the group (`aws elbv2 set-subnets`).")
	return true
}

// checkAnswer asks a path through the load balancer.
func (x *examination) checkAnswer(ctx context.Context, url string) {
	response, err := x.get(ctx, url)
	if err != nil {
		x.find(Error, "balancer.unreachable", url,
			fmt.Sprintf("It cannot be reached from here: %s.", lastOf(err)),
			"Check the URL (--url) and, for https, whom the scenario trusts (tls.root_certs, tls.insecure); let the security group of the load "+
				"balancer allow this machine's address"+x.ours(" (allowed_cidrs in terraform/)")+".")
		return
	}
	_ = response.Body.Close() // only the head counts
	if response.StatusCode < http.StatusOK || response.StatusCode >= http.StatusMultipleChoices {
		x.find(Error, "balancer.answer", url,
			strings.TrimSpace(fmt.Sprintf("It answers with %d %s", response.StatusCode, http.StatusText(response.StatusCode)))+".",
			"Correct the listener, the path or the service: 503 means that there is no target, 502 that an instance does not answer.")
		return
	}
	x.checkIdentity(url, response.Header.Get(x.cfg.InstanceHeader))
}

// checkIdentity examines what an answer says of who gave it, where a header is to say it.
func (x *examination) checkIdentity(url, id string) {
	members := x.facts.group.Instances
	switch header := x.cfg.InstanceHeader; {
	case header == "":
	case id == "":
		x.find(Error, "balancer.no-instance-id", url,
			"Its answer has no "+header+" header, so it would not be seen that a new instance answers.",
			"Let the service send its instance's id in that header, and every proxy in front of it pass it on; or name in the scenario's "+
				"identity what does (header, cookie or json), or let the load balancer's counts of each target tell (target: true).")
	case len(members) > 0 && !slices.ContainsFunc(members, func(i astypes.Instance) bool { return aws.ToString(i.InstanceId) == id }):
		x.find(Error, "balancer.other-instance", url,
			fmt.Sprintf("The instance that answered is %s, as its %s header says, and the group has none of that id.", id, header),
			"Correct the URL, or deregister the other targets of the target group; if it is a name of the instance, let the service send the "+
				"id instead (i-…).")
	}
}

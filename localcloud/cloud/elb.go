package cloud

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"secondwind/localcloud/awsapi"
	"secondwind/localcloud/balancer"
)

// elbAPI are the handlers of Elastic Load Balancing v2.
type elbAPI struct{ c *Cloud }

func (a elbAPI) register(m *awsapi.Mux) {
	const s = awsapi.ELBv2
	handle(m, s, a.createLoadBalancer)
	handle(m, s, a.deleteLoadBalancer)
	handle(m, s, a.describeLoadBalancers)
	handle(m, s, a.modifyLoadBalancerAttributes)
	handle(m, s, a.describeLoadBalancerAttributes)
	handle(m, s, a.createTargetGroup)
	handle(m, s, a.deleteTargetGroup)
	handle(m, s, a.modifyTargetGroup)
	handle(m, s, a.describeTargetGroups)
	handle(m, s, a.modifyTargetGroupAttributes)
	handle(m, s, a.describeTargetGroupAttributes)
	handle(m, s, a.createListener)
	handle(m, s, a.deleteListener)
	handle(m, s, a.describeListeners)
	handle(m, s, a.registerTargets)
	handle(m, s, a.deregisterTargets)
	handle(m, s, a.describeTargetHealth)
	handle(m, s, a.describeTags)
	handle(m, s, a.addTags)
}

// loadBalancer is an Application Load Balancer.
type loadBalancer struct {
	described  types.LoadBalancer // without its state
	attributes map[string]string
	host       string // the loopback address its listeners open on
}

func (l *loadBalancer) arn() string { return *l.described.LoadBalancerArn }

// listener is a listener with its one action, to forward.
type listener struct {
	described      types.Listener
	targetGroupARN string
}

func (l *listener) arn() string { return *l.described.ListenerArn }

// targetGroup is a target group; LoadBalancerArns is filled in when described.
type targetGroup struct {
	described  types.TargetGroup
	attributes map[string]string
}

func (t *targetGroup) arn() string { return *t.described.TargetGroupArn }

// routing is the part of the target group that the balancer needs.
func (t *targetGroup) routing() balancer.TargetGroup {
	d := t.described
	delay, _ := strconv.Atoi(t.attributes["deregistration_delay.timeout_seconds"]) // checked when it was set
	return balancer.TargetGroup{
		ARN: t.arn(), HealthCheckPath: *d.HealthCheckPath, HealthCheckInterval: seconds(d.HealthCheckIntervalSeconds),
		HealthCheckTimeout: seconds(d.HealthCheckTimeoutSeconds), HealthyThreshold: int(*d.HealthyThresholdCount),
		UnhealthyThreshold: int(*d.UnhealthyThresholdCount), Matcher: *d.Matcher.HttpCode,
		DeregistrationDelay: time.Duration(delay) * time.Second, Algorithm: t.attributes["load_balancing.algorithm.type"],
	}
}

// The find functions return nil for an unknown ARN; callers hold mu.

func (c *Cloud) findTargetGroup(arn string) *targetGroup {
	return find(c.targetGroups, func(t *targetGroup) bool { return t.arn() == arn })
}

func (c *Cloud) findLoadBalancer(arn string) *loadBalancer {
	return find(c.loadBalancers, func(l *loadBalancer) bool { return l.arn() == arn })
}

func find[T any](list []*T, match func(*T) bool) *T {
	if i := slices.IndexFunc(list, match); i >= 0 {
		return list[i]
	}
	return nil
}

// loadBalancersOf are the load balancers with a listener that forwards to the
// target group; callers hold mu.
func (c *Cloud) loadBalancersOf(targetGroupARN string) []string {
	arns := []string{}
	for _, l := range c.listeners {
		if l.targetGroupARN == targetGroupARN && !slices.Contains(arns, *l.described.LoadBalancerArn) {
			arns = append(arns, *l.described.LoadBalancerArn)
		}
	}
	return arns
}

func (c *Cloud) elbARN(kind, rest string) string {
	return "arn:aws:elasticloadbalancing:" + c.cfg.Region + ":" + c.cfg.AccountID + ":" + kind + "/" + rest
}

func targetGroupNotFound(arn string) error {
	return apiErrorf("TargetGroupNotFound", "Target groups '%s' not found", arn)
}

func loadBalancerNotFound(arn string) error {
	return apiErrorf("LoadBalancerNotFound", "Load balancers '[%s]' not found", arn)
}

// elbName is how load balancers and target groups may be called.
var elbName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$`)

func checkName(kind string, name string) error {
	switch {
	case len(name) > 32:
		return validationError("%s name '%s' cannot be longer than '32' characters", kind, name)
	case !elbName.MatchString(name):
		return validationError("%s name '%s' can only contain characters that are alphanumeric characters and hyphens(-), and cannot begin or end with a hyphen", kind, name)
	case kind == "Load balancer" && strings.HasPrefix(name, "internal-"):
		return validationError("Load balancer name '%s' cannot begin with 'internal-'", name)
	}
	return nil
}

// elbPages is how ELBv2 cuts its lists.
var elbPages = paging{defaultSize: 400, maxSize: 400, sizeName: "pageSize", badToken: "ValidationError"}

func available() *types.LoadBalancerState {
	return &types.LoadBalancerState{Code: types.LoadBalancerStateEnumActive}
}

// tag notes the tags of a new resource; callers hold mu.
func (a elbAPI) tag(arn string, tags []types.Tag) {
	for _, t := range tags {
		a.c.setTag(arn, deref(t.Key), deref(t.Value))
	}
}

func forwardAction(targetGroupARN string) []types.Action {
	return []types.Action{{
		Type: types.ActionTypeEnumForward, TargetGroupArn: &targetGroupARN,
		ForwardConfig: &types.ForwardActionConfig{TargetGroups: []types.TargetGroupTuple{{TargetGroupArn: &targetGroupARN, Weight: aws.Int32(1)}}},
	}}
}

package cloud

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// createTargetGroup makes a target group with AWS's defaults.
func (a elbAPI) createTargetGroup(_ context.Context, in *elb.CreateTargetGroupInput) (*elb.CreateTargetGroupOutput, error) {
	if err := checkTargetGroupInput(in); err != nil {
		return nil, err
	}
	var made *targetGroup
	out := &elb.CreateTargetGroupOutput{}
	err := a.c.change(func(time.Time) error {
		tg := a.newTargetGroup(in)
		old := find(a.c.targetGroups, func(t *targetGroup) bool { return *t.described.TargetGroupName == *in.Name })
		switch {
		case old == nil:
			if err := checkHealthCheck(tg.described); err != nil {
				return err
			}
			a.c.targetGroups = append(a.c.targetGroups, tg)
			a.tag(tg.arn(), in.Tags)
			made = tg
		case old.described.TargetType != tg.described.TargetType || *old.described.Port != *tg.described.Port || *old.described.HealthCheckPath != *tg.described.HealthCheckPath:
			return apiErrorf("DuplicateTargetGroupName", "A target group with the same name '%s' exists, but with different settings", *in.Name)
		default: // creating it again is not an error
			tg = old
		}
		out.TargetGroups = []types.TargetGroup{a.describedTargetGroup(tg)}
		return nil
	})
	if err == nil && made != nil {
		a.putTargetGroup(made.arn())
	}
	return out, err
}

func checkTargetGroupInput(in *elb.CreateTargetGroupInput) error {
	if err := required(member{"name", in.Name != nil}); err != nil {
		return err
	}
	if err := checkName("Target group", *in.Name); err != nil {
		return err
	}
	switch {
	case in.TargetType == types.TargetTypeEnumLambda || in.TargetType == types.TargetTypeEnumAlb:
		return notServed("target type " + string(in.TargetType))
	case in.Protocol == "" || in.Port == nil:
		return validationError("A protocol and a port must be specified")
	case in.Protocol != types.ProtocolEnumHttp:
		return apiErrorf("UnsupportedProtocol", "Targets of the local cloud speak HTTP, not '%s'", in.Protocol)
	case in.ProtocolVersion != nil && *in.ProtocolVersion != "HTTP1":
		return notServed("protocol version " + *in.ProtocolVersion)
	case in.HealthCheckProtocol != "" && in.HealthCheckProtocol != types.ProtocolEnumHttp:
		return notServed("health checks by " + string(in.HealthCheckProtocol))
	case in.HealthCheckPort != nil && *in.HealthCheckPort != "traffic-port":
		return notServed("health checks on another port than traffic-port")
	case in.HealthCheckEnabled != nil && !*in.HealthCheckEnabled:
		return validationError("Health check enabled must be true for target groups with target type '%s'", in.TargetType)
	}
	return nil
}

// newTargetGroup makes it up; callers hold mu. Source of the defaults: Elastic
// Load Balancing user guide, "Health checks for Application Load Balancer target
// groups". The port is what the caller says, but an instance is reached at the
// port it listens on: processes that share a machine cannot all have the same.
func (a elbAPI) newTargetGroup(in *elb.CreateTargetGroupInput) *targetGroup {
	arn := a.c.elbARN("targetgroup", *in.Name+"/"+a.c.hexID("", 16))
	targetType := in.TargetType
	if targetType == "" {
		targetType = types.TargetTypeEnumInstance
	}
	matcher := "200"
	if in.Matcher != nil && in.Matcher.HttpCode != nil {
		matcher = *in.Matcher.HttpCode
	}
	return &targetGroup{
		described: types.TargetGroup{
			TargetGroupArn: &arn, TargetGroupName: in.Name, Protocol: in.Protocol, ProtocolVersion: aws.String("HTTP1"),
			Port: in.Port, VpcId: aws.String(orElse(in.VpcId, a.c.network.vpc)), TargetType: targetType, IpAddressType: types.TargetGroupIpAddressTypeEnumIpv4,
			HealthCheckEnabled: aws.Bool(true), HealthCheckProtocol: types.ProtocolEnumHttp, HealthCheckPort: aws.String("traffic-port"),
			HealthCheckPath: aws.String(orElse(in.HealthCheckPath, "/")), HealthCheckIntervalSeconds: aws.Int32(orElse(in.HealthCheckIntervalSeconds, 30)),
			HealthCheckTimeoutSeconds: aws.Int32(orElse(in.HealthCheckTimeoutSeconds, 5)), HealthyThresholdCount: aws.Int32(orElse(in.HealthyThresholdCount, 5)),
			UnhealthyThresholdCount: aws.Int32(orElse(in.UnhealthyThresholdCount, 2)), Matcher: &types.Matcher{HttpCode: &matcher},
		},
		attributes: map[string]string{
			"deregistration_delay.timeout_seconds": "300",
			"load_balancing.algorithm.type":        "round_robin",
			"slow_start.duration_seconds":          "0",
			"stickiness.enabled":                   "false",
			"stickiness.type":                      "lb_cookie",
		},
	}
}

// checkHealthCheck holds a health check against ELBv2's limits.
func checkHealthCheck(t types.TargetGroup) error {
	for _, limit := range []struct {
		name     string
		v        int32
		min, max int32
	}{
		{"Health check interval", *t.HealthCheckIntervalSeconds, 5, 300},
		{"Health check timeout", *t.HealthCheckTimeoutSeconds, 2, 120},
		{"Healthy threshold count", *t.HealthyThresholdCount, 2, 10},
		{"Unhealthy threshold count", *t.UnhealthyThresholdCount, 2, 10},
	} {
		if limit.v < limit.min || limit.v > limit.max {
			return validationError("%s '%d' must be between %d and %d", limit.name, limit.v, limit.min, limit.max)
		}
	}
	switch {
	case *t.HealthCheckTimeoutSeconds >= *t.HealthCheckIntervalSeconds:
		return validationError("Health check timeout must be smaller than the interval")
	case *t.Port < 1 || *t.Port > 65535:
		return validationError("Port '%d' must be between 1 and 65535", *t.Port)
	case !strings.HasPrefix(*t.HealthCheckPath, "/") || len(*t.HealthCheckPath) > 1024:
		return validationError("Health check path '%s' must begin with a '/' character, and can be at most 1024 characters", *t.HealthCheckPath)
	case !matcherPattern.MatchString(*t.Matcher.HttpCode):
		return validationError("Health check matcher HTTP code '%s' must be codes or ranges from 200 to 499, such as '200', '200,202' or '200-299'", *t.Matcher.HttpCode)
	}
	return nil
}

// putTargetGroup tells the balancer of a new or changed target group, off the lock.
func (a elbAPI) putTargetGroup(arn string) {
	a.c.mu.Lock()
	tg := a.c.findTargetGroup(arn)
	if tg == nil { // deleted in the meantime
		a.c.mu.Unlock()
		return
	}
	routing := tg.routing()
	a.c.mu.Unlock()
	a.c.balancer.PutTargetGroup(routing)
}

// describedTargetGroup adds the load balancers that use it; callers hold mu.
func (a elbAPI) describedTargetGroup(t *targetGroup) types.TargetGroup {
	d := t.described
	d.LoadBalancerArns = a.c.loadBalancersOf(t.arn())
	return d
}

func (a elbAPI) modifyTargetGroup(_ context.Context, in *elb.ModifyTargetGroupInput) (*elb.ModifyTargetGroupOutput, error) {
	out := &elb.ModifyTargetGroupOutput{}
	err := a.onTargetGroup(in.TargetGroupArn, func(t *targetGroup) error {
		if in.HealthCheckProtocol != "" && in.HealthCheckProtocol != types.ProtocolEnumHttp || in.HealthCheckPort != nil && *in.HealthCheckPort != "traffic-port" {
			return notServed("health checks by another protocol than HTTP or on another port than traffic-port")
		}
		changed := t.described
		changed.HealthCheckPath = firstSet(in.HealthCheckPath, changed.HealthCheckPath)
		changed.HealthCheckIntervalSeconds = firstSet(in.HealthCheckIntervalSeconds, changed.HealthCheckIntervalSeconds)
		changed.HealthCheckTimeoutSeconds = firstSet(in.HealthCheckTimeoutSeconds, changed.HealthCheckTimeoutSeconds)
		changed.HealthyThresholdCount = firstSet(in.HealthyThresholdCount, changed.HealthyThresholdCount)
		changed.UnhealthyThresholdCount = firstSet(in.UnhealthyThresholdCount, changed.UnhealthyThresholdCount)
		if in.Matcher != nil && in.Matcher.HttpCode != nil {
			changed.Matcher = &types.Matcher{HttpCode: in.Matcher.HttpCode}
		}
		if err := checkHealthCheck(changed); err != nil {
			return err
		}
		t.described = changed
		out.TargetGroups = []types.TargetGroup{a.describedTargetGroup(t)}
		return nil
	})
	if err == nil {
		a.putTargetGroup(*in.TargetGroupArn)
	}
	return out, err
}

func firstSet[T any](a, b *T) *T {
	if a != nil {
		return a
	}
	return b
}

// deleteTargetGroup refuses one that a listener uses; one that does not exist
// counts as deleted, as in AWS.
func (a elbAPI) deleteTargetGroup(_ context.Context, in *elb.DeleteTargetGroupInput) (*elb.DeleteTargetGroupOutput, error) {
	if err := required(member{"targetGroupArn", in.TargetGroupArn != nil}); err != nil {
		return nil, err
	}
	arn := *in.TargetGroupArn
	err := a.c.change(func(time.Time) error {
		if len(a.c.loadBalancersOf(arn)) > 0 {
			return apiErrorf("ResourceInUse", "Target group '%s' is currently in use by a listener or a rule", arn)
		}
		a.c.targetGroups = slices.DeleteFunc(a.c.targetGroups, func(t *targetGroup) bool { return t.arn() == arn })
		delete(a.c.resourceTags, arn)
		return nil
	})
	if err == nil {
		a.c.balancer.DeleteTargetGroup(arn)
	}
	return &elb.DeleteTargetGroupOutput{}, err
}

func (a elbAPI) describeTargetGroups(_ context.Context, in *elb.DescribeTargetGroupsInput) (*elb.DescribeTargetGroupsOutput, error) {
	found := []types.TargetGroup{}
	err := a.c.read(func(time.Time) error {
		if in.LoadBalancerArn != nil && a.c.findLoadBalancer(*in.LoadBalancerArn) == nil {
			return loadBalancerNotFound(*in.LoadBalancerArn)
		}
		all := in.LoadBalancerArn == nil && len(in.TargetGroupArns)+len(in.Names) == 0
		seen := map[string]bool{}
		for _, t := range a.c.targetGroups {
			d := a.describedTargetGroup(t)
			if all || in.LoadBalancerArn != nil && slices.Contains(d.LoadBalancerArns, *in.LoadBalancerArn) ||
				slices.Contains(in.TargetGroupArns, t.arn()) || slices.Contains(in.Names, *d.TargetGroupName) {
				found = append(found, d)
				seen[t.arn()], seen[*d.TargetGroupName] = true, true
			}
		}
		for _, wanted := range slices.Concat(in.TargetGroupArns, in.Names) {
			if !seen[wanted] {
				return apiErrorf("TargetGroupNotFound", "One or more target groups not found: '%s'", wanted)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	page, next, err := pageOf(found, in.PageSize, in.Marker, elbPages)
	return &elb.DescribeTargetGroupsOutput{TargetGroups: page, NextMarker: next}, err
}

// onTargetGroup reads or changes the target group that the caller named.
func (a elbAPI) onTargetGroup(arn *string, f func(*targetGroup) error) error {
	if err := required(member{"targetGroupArn", arn != nil}); err != nil {
		return err
	}
	return a.c.change(func(time.Time) error {
		t := a.c.findTargetGroup(*arn)
		if t == nil {
			return targetGroupNotFound(*arn)
		}
		return f(t)
	})
}

func describedTargetGroupAttributes(t *targetGroup) []types.TargetGroupAttribute {
	attributes := []types.TargetGroupAttribute{}
	for _, key := range slices.Sorted(maps.Keys(t.attributes)) {
		value := t.attributes[key]
		attributes = append(attributes, types.TargetGroupAttribute{Key: &key, Value: &value})
	}
	return attributes
}

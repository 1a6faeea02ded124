package elbapi

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"secondwind/localcloud/balancer"
	"secondwind/localcloud/cloud"
	"secondwind/localcloud/operation"
	"secondwind/localcloud/optional"
)

// CreateTargetGroup makes a target group with AWS's defaults.
func (a api) CreateTargetGroup(in *elb.CreateTargetGroupInput, out *elb.CreateTargetGroupOutput) error {
	if err := checkTargetGroupInput(in); err != nil {
		return err
	}
	var made *cloud.TargetGroup
	err := a.Change(func(s *cloud.State) error {
		tg := a.newTargetGroup(s, in)
		old := cloud.Find(s.TargetGroups, func(t *cloud.TargetGroup) bool { return *t.Described.TargetGroupName == *in.Name })
		switch {
		case old == nil:
			if err := checkHealthCheck(tg.Described); err != nil {
				return err
			}
			s.TargetGroups = append(s.TargetGroups, tg)
			tag(s, tg.ARN(), in.Tags)
			made = tg
		case old.Described.TargetType != tg.Described.TargetType, *old.Described.Port != *tg.Described.Port,
			*old.Described.HealthCheckPath != *tg.Described.HealthCheckPath:
			return operation.Errorf("DuplicateTargetGroupName", "A target group with the same name '%s' exists, but with different settings",
				*in.Name)
		default: // creating it again is not an error
			tg = old
		}
		out.TargetGroups = []types.TargetGroup{describedTargetGroup(s, tg)}
		return nil
	})
	if err == nil && made != nil {
		a.putTargetGroup(made.ARN())
	}
	return err
}

func checkTargetGroupInput(in *elb.CreateTargetGroupInput) error {
	if err := cmp.Or(operation.Require(in, "Name"), operation.Without(in, "", "TargetControlPort")); err != nil {
		return err
	}
	if err := checkName("Target group", *in.Name); err != nil {
		return err
	}
	switch {
	case in.TargetType == types.TargetTypeEnumLambda || in.TargetType == types.TargetTypeEnumAlb:
		return operation.NotServed("target type " + string(in.TargetType))
	case in.Protocol == "" || in.Port == nil:
		return operation.Invalidf("A protocol and a port must be specified")
	case in.Protocol != types.ProtocolEnumHttp:
		return operation.Errorf("UnsupportedProtocol", "Targets of the local cloud speak HTTP, not '%s'", in.Protocol)
	case cmp.Or(in.IpAddressType, types.TargetGroupIpAddressTypeEnumIpv4) != types.TargetGroupIpAddressTypeEnumIpv4:
		return operation.NotServed("IP address type " + string(in.IpAddressType))
	case optional.Or(in.ProtocolVersion, "HTTP1") != "HTTP1":
		return operation.NotServed("protocol version " + *in.ProtocolVersion)
	case cmp.Or(in.HealthCheckProtocol, types.ProtocolEnumHttp) != types.ProtocolEnumHttp:
		return operation.NotServed("health checks by " + string(in.HealthCheckProtocol))
	case optional.Or(in.HealthCheckPort, "traffic-port") != "traffic-port":
		return operation.NotServed("health checks on another port than traffic-port")
	case !optional.Or(in.HealthCheckEnabled, true):
		return operation.Invalidf("Health check enabled must be true for target groups with target type '%s'", in.TargetType)
	}
	return nil
}

// newTargetGroup makes it up. Source of the defaults: Elastic
// Load Balancing user guide, "Health checks for Application Load Balancer target
// groups". The port is what the caller says, but an instance is reached at the
// port it listens on: processes that share a machine cannot all have the same.
func (a api) newTargetGroup(s *cloud.State, in *elb.CreateTargetGroupInput) *cloud.TargetGroup {
	arn := a.ARN("elasticloadbalancing", "targetgroup/"+*in.Name+"/"+s.HexID("", 16))
	matcher := "200"
	if in.Matcher != nil && in.Matcher.HttpCode != nil {
		matcher = *in.Matcher.HttpCode
	}
	return &cloud.TargetGroup{
		Described: types.TargetGroup{
			TargetGroupArn: &arn, TargetGroupName: in.Name, Protocol: in.Protocol, ProtocolVersion: aws.String("HTTP1"),
			Port: in.Port, VpcId: aws.String(optional.Or(in.VpcId, a.Network().VPC)),
			TargetType: cmp.Or(in.TargetType, types.TargetTypeEnumInstance), IpAddressType: types.TargetGroupIpAddressTypeEnumIpv4,
			HealthCheckEnabled: aws.Bool(true), HealthCheckProtocol: types.ProtocolEnumHttp, HealthCheckPort: aws.String("traffic-port"),
			HealthCheckPath:            aws.String(optional.Or(in.HealthCheckPath, "/")),
			HealthCheckIntervalSeconds: aws.Int32(optional.Or(in.HealthCheckIntervalSeconds, 30)),
			HealthCheckTimeoutSeconds:  aws.Int32(optional.Or(in.HealthCheckTimeoutSeconds, 5)),
			HealthyThresholdCount:      aws.Int32(optional.Or(in.HealthyThresholdCount, 5)),
			UnhealthyThresholdCount:    aws.Int32(optional.Or(in.UnhealthyThresholdCount, 2)),
			Matcher:                    &types.Matcher{HttpCode: &matcher},
		},
		Attributes: map[string]string{
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
			return operation.Invalidf("%s '%d' must be between %d and %d", limit.name, limit.v, limit.min, limit.max)
		}
	}
	switch {
	case *t.HealthCheckTimeoutSeconds >= *t.HealthCheckIntervalSeconds:
		return operation.Invalidf("Health check timeout must be smaller than the interval")
	case *t.Port < 1 || *t.Port > 65535:
		return operation.Invalidf("Port '%d' must be between 1 and 65535", *t.Port)
	case !strings.HasPrefix(*t.HealthCheckPath, "/") || len(*t.HealthCheckPath) > 1024:
		return operation.Invalidf("Health check path '%s' must begin with a '/' character, and can be at most 1024 characters",
			*t.HealthCheckPath)
	case !matcherPattern.MatchString(*t.Matcher.HttpCode):
		return operation.Invalidf("Health check matcher HTTP code '%s' must be codes or ranges from 200 to 499, "+
			"such as '200', '200,202' or '200-299'", *t.Matcher.HttpCode)
	}
	return nil
}

// routing is the part of the target group that the balancer needs; nil of none.
func routing(t *cloud.TargetGroup) *balancer.TargetGroup {
	if t == nil {
		return nil
	}
	d := t.Described
	delay, _ := strconv.Atoi(t.Attributes["deregistration_delay.timeout_seconds"]) // checked when it was set
	return &balancer.TargetGroup{
		ARN: t.ARN(), HealthCheckPath: *d.HealthCheckPath, HealthCheckInterval: optional.Seconds(d.HealthCheckIntervalSeconds),
		HealthCheckTimeout: optional.Seconds(d.HealthCheckTimeoutSeconds), HealthyThreshold: int(*d.HealthyThresholdCount),
		UnhealthyThreshold: int(*d.UnhealthyThresholdCount), Matcher: *d.Matcher.HttpCode,
		DeregistrationDelay: time.Duration(delay) * time.Second, Algorithm: t.Attributes["load_balancing.algorithm.type"],
	}
}

// putTargetGroup tells the balancer of a new or changed target group, off the lock.
func (a api) putTargetGroup(arn string) {
	tg := cloud.View(a.Cloud, func(s *cloud.State) *balancer.TargetGroup { return routing(s.TargetGroup(arn)) })
	if tg != nil { // not deleted in the meantime
		a.Balancer().PutTargetGroup(*tg)
	}
}

// describedTargetGroup adds the load balancers that use it.
func describedTargetGroup(s *cloud.State, t *cloud.TargetGroup) types.TargetGroup {
	d := t.Described
	d.LoadBalancerArns = s.LoadBalancersOf(t.ARN())
	return d
}

func (a api) ModifyTargetGroup(in *elb.ModifyTargetGroupInput, out *elb.ModifyTargetGroupOutput) error {
	err := a.onTargetGroup(in.TargetGroupArn, func(s *cloud.State, t *cloud.TargetGroup) error {
		if cmp.Or(in.HealthCheckProtocol, types.ProtocolEnumHttp) != types.ProtocolEnumHttp ||
			optional.Or(in.HealthCheckPort, "traffic-port") != "traffic-port" {
			return operation.NotServed("health checks by another protocol than HTTP or on another port than traffic-port")
		}
		if !optional.Or(in.HealthCheckEnabled, true) {
			return operation.NotServed("a target group without health checks")
		}
		changed := t.Described
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
		t.Described = changed
		out.TargetGroups = []types.TargetGroup{describedTargetGroup(s, t)}
		return nil
	})
	if err == nil {
		a.putTargetGroup(*in.TargetGroupArn)
	}
	return err
}

func firstSet[T any](a, b *T) *T {
	if a != nil {
		return a
	}
	return b
}

// DeleteTargetGroup refuses one that a listener uses; one that does not exist
// counts as deleted, as in AWS.
func (a api) DeleteTargetGroup(in *elb.DeleteTargetGroupInput, _ *elb.DeleteTargetGroupOutput) error {
	if err := operation.Require(in, "TargetGroupArn"); err != nil {
		return err
	}
	arn := *in.TargetGroupArn
	err := a.Change(func(s *cloud.State) error {
		if len(s.LoadBalancersOf(arn)) > 0 {
			return operation.Errorf("ResourceInUse", "Target group '%s' is currently in use by a listener or a rule", arn)
		}
		s.TargetGroups = slices.DeleteFunc(s.TargetGroups, func(t *cloud.TargetGroup) bool { return t.ARN() == arn })
		delete(s.Tags, arn)
		return nil
	})
	if err == nil {
		a.Balancer().DeleteTargetGroup(arn)
	}
	return err
}

func (a api) DescribeTargetGroups(in *elb.DescribeTargetGroupsInput, out *elb.DescribeTargetGroupsOutput) error {
	var found []types.TargetGroup
	return a.Read(func(s *cloud.State) (err error) {
		if in.LoadBalancerArn != nil && findLoadBalancer(s, *in.LoadBalancerArn) == nil {
			return loadBalancerNotFound(*in.LoadBalancerArn)
		}
		all := in.LoadBalancerArn == nil && len(in.TargetGroupArns)+len(in.Names) == 0
		seen := map[string]bool{}
		for _, t := range s.TargetGroups {
			d := describedTargetGroup(s, t)
			if all || in.LoadBalancerArn != nil && slices.Contains(d.LoadBalancerArns, *in.LoadBalancerArn) ||
				slices.Contains(in.TargetGroupArns, t.ARN()) || slices.Contains(in.Names, *d.TargetGroupName) {
				found = append(found, d)
				seen[t.ARN()], seen[*d.TargetGroupName] = true, true
			}
		}
		for _, wanted := range slices.Concat(in.TargetGroupArns, in.Names) {
			if !seen[wanted] {
				return operation.Errorf("TargetGroupNotFound", "One or more target groups not found: '%s'", wanted)
			}
		}
		out.TargetGroups, out.NextMarker, err = operation.Page(found, in.PageSize, in.Marker, pages)
		return err
	})
}

// onTargetGroup reads or changes the target group that the caller named.
func (a api) onTargetGroup(arn *string, f func(*cloud.State, *cloud.TargetGroup) error) error {
	if err := operation.Given("targetGroupArn", arn); err != nil {
		return err
	}
	return a.Change(func(s *cloud.State) error {
		t := s.TargetGroup(*arn)
		if t == nil {
			return targetGroupNotFound(*arn)
		}
		return f(s, t)
	})
}

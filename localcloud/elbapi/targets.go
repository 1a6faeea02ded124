package elbapi

import (
	"net"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"secondwind/localcloud/balancer"
	"secondwind/localcloud/cloud"
	"secondwind/localcloud/operation"
	"secondwind/localcloud/optional"
)

// target is a target as the balancer knows it.
type target struct{ id, address string }

func (a api) RegisterTargets(in *elb.RegisterTargetsInput, _ *elb.RegisterTargetsOutput) error {
	targets, err := a.targets(in.TargetGroupArn, in.Targets, true)
	if err != nil {
		return err
	}
	for _, t := range targets {
		if err := a.Balancer().Register(*in.TargetGroupArn, t.id, t.address); err != nil {
			return operation.Errorf("InvalidTarget", "Target '%s' cannot be registered: %s", t.id, err)
		}
	}
	return nil
}

// DeregisterTargets ignores targets that are not registered, as AWS does.
func (a api) DeregisterTargets(in *elb.DeregisterTargetsInput, _ *elb.DeregisterTargetsOutput) error {
	targets, err := a.targets(in.TargetGroupArn, in.Targets, false)
	if err != nil {
		return err
	}
	for _, t := range targets {
		if err := a.Balancer().Deregister(*in.TargetGroupArn, t.id); err != nil {
			a.Log().Debug("target was not registered", "target", t.id, "err", err)
		}
	}
	return nil
}

// targets resolves what a caller names: instances by id, or loopback addresses
// with a port for a target group of type ip. Instances that are to be registered
// must run.
func (a api) targets(arn *string, named []types.TargetDescription, mustRun bool) ([]target, error) {
	var targets []target
	err := a.onTargetGroup(arn, func(s *cloud.State, tg *cloud.TargetGroup) error {
		if len(named) == 0 {
			return operation.Invalidf("At least one target must be specified")
		}
		for _, n := range named {
			t, err := a.target(s, tg, n, mustRun)
			if err != nil {
				return err
			}
			targets = append(targets, t)
		}
		return nil
	})
	return targets, err
}

// target resolves one.
func (a api) target(s *cloud.State, tg *cloud.TargetGroup, n types.TargetDescription, mustRun bool) (target, error) {
	id := optional.Value(n.Id)
	if tg.Described.TargetType == types.TargetTypeEnumIp {
		ip := net.ParseIP(id)
		if ip == nil || !ip.IsLoopback() {
			return target{}, operation.Errorf("InvalidTarget", "The IP address '%s' is not a valid target: "+
				"the local cloud reaches loopback addresses only", id)
		}
		address := net.JoinHostPort(id, strconv.Itoa(int(optional.Or(n.Port, *tg.Described.Port))))
		return target{address, address}, nil
	}
	i := s.Instances[id]
	if mustRun && (i == nil || i.State != cloud.Running) {
		return target{}, operation.Errorf("InvalidTarget", "The following targets are not in a running state and cannot be registered: '%s'",
			id)
	}
	if i == nil {
		return target{id: id}, nil
	}
	return target{id, i.Address}, nil
}

func (a api) DescribeTargetHealth(in *elb.DescribeTargetHealthInput, out *elb.DescribeTargetHealthOutput) error {
	if err := operation.Without(in, "", "Include"); err != nil {
		return err
	}
	used, byIP := false, false
	err := a.onTargetGroup(in.TargetGroupArn, func(s *cloud.State, tg *cloud.TargetGroup) error {
		used = len(s.LoadBalancersOf(tg.ARN())) > 0
		byIP = tg.Described.TargetType == types.TargetTypeEnumIp
		return nil
	})
	if err != nil {
		return err
	}
	for _, h := range a.Balancer().Health(*in.TargetGroupArn) {
		d := describedTarget(h, used, byIP)
		if len(in.Targets) == 0 || slices.ContainsFunc(in.Targets, d.is) {
			out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, d.TargetHealthDescription)
		}
	}
	for _, n := range in.Targets {
		isIt := func(d types.TargetHealthDescription) bool { return describedOne{d}.is(n) }
		if !slices.ContainsFunc(out.TargetHealthDescriptions, isIt) {
			out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, types.TargetHealthDescription{
				Target: &n, TargetHealth: &types.TargetHealth{State: types.TargetHealthStateEnumUnused,
					Reason: types.TargetHealthReasonEnumNotRegistered, Description: aws.String("Target is not registered to the target group")},
			})
		}
	}
	return nil
}

// describedOne is a described target that can be compared with a named one.
type describedOne struct{ types.TargetHealthDescription }

func (d describedOne) is(n types.TargetDescription) bool {
	return optional.Value(d.Target.Id) == optional.Value(n.Id) && (n.Port == nil || optional.Value(d.Target.Port) == *n.Port)
}

// describedTarget is a target's health. One of a target group that no listener
// uses is unused, whatever its health checks say.
func describedTarget(h balancer.TargetHealth, used, byIP bool) describedOne {
	host, portText, _ := net.SplitHostPort(h.Address)
	port, _ := strconv.Atoi(portText)
	id := h.TargetID
	if byIP {
		id = host
	}
	health := &types.TargetHealth{
		State: types.TargetHealthStateEnum(h.State), Reason: types.TargetHealthReasonEnum(h.Reason), Description: optional.NonZero(h.Description),
	}
	if !used {
		health = &types.TargetHealth{State: types.TargetHealthStateEnumUnused, Reason: types.TargetHealthReasonEnumNotInUse,
			Description: aws.String("Target group is not configured to receive traffic from the load balancer")}
	}
	return describedOne{types.TargetHealthDescription{
		Target: &types.TargetDescription{Id: &id, Port: aws.Int32(int32(port))}, HealthCheckPort: &portText, TargetHealth: health,
	}}
}

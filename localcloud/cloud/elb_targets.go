package cloud

import (
	"context"
	"net"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"secondwind/localcloud/balancer"
)

// target is a target as the balancer knows it.
type target struct{ id, address string }

func (a elbAPI) registerTargets(_ context.Context, in *elb.RegisterTargetsInput) (*elb.RegisterTargetsOutput, error) {
	targets, err := a.targets(in.TargetGroupArn, in.Targets, true)
	if err != nil {
		return nil, err
	}
	for _, t := range targets {
		if err := a.c.balancer.Register(*in.TargetGroupArn, t.id, t.address); err != nil {
			return nil, apiErrorf("InvalidTarget", "Target '%s' cannot be registered: %s", t.id, err)
		}
	}
	return &elb.RegisterTargetsOutput{}, nil
}

// deregisterTargets ignores targets that are not registered, as AWS does.
func (a elbAPI) deregisterTargets(_ context.Context, in *elb.DeregisterTargetsInput) (*elb.DeregisterTargetsOutput, error) {
	targets, err := a.targets(in.TargetGroupArn, in.Targets, false)
	if err != nil {
		return nil, err
	}
	for _, t := range targets {
		if err := a.c.balancer.Deregister(*in.TargetGroupArn, t.id); err != nil {
			a.c.log.Debug("target was not registered", "target", t.id, "err", err)
		}
	}
	return &elb.DeregisterTargetsOutput{}, nil
}

// targets resolves what a caller names: instances by id, or loopback addresses
// with a port for a target group of type ip. Instances that are to be registered
// must run.
func (a elbAPI) targets(arn *string, named []types.TargetDescription, mustRun bool) ([]target, error) {
	var targets []target
	err := a.onTargetGroup(arn, func(tg *targetGroup) error {
		if len(named) == 0 {
			return validationError("At least one target must be specified")
		}
		for _, n := range named {
			t, err := a.target(tg, n, mustRun)
			if err != nil {
				return err
			}
			targets = append(targets, t)
		}
		return nil
	})
	return targets, err
}

// target resolves one; callers hold mu.
func (a elbAPI) target(tg *targetGroup, n types.TargetDescription, mustRun bool) (target, error) {
	id := deref(n.Id)
	if tg.described.TargetType == types.TargetTypeEnumIp {
		ip := net.ParseIP(id)
		if ip == nil || !ip.IsLoopback() {
			return target{}, apiErrorf("InvalidTarget", "The IP address '%s' is not a valid target: the local cloud reaches loopback addresses only", id)
		}
		address := net.JoinHostPort(id, strconv.Itoa(int(orElse(n.Port, *tg.described.Port))))
		return target{address, address}, nil
	}
	i := a.c.instances[id]
	if mustRun && (i == nil || i.state != stateRunning) {
		return target{}, apiErrorf("InvalidTarget", "The following targets are not in a running state and cannot be registered: '%s'", id)
	}
	if i == nil {
		return target{id: id}, nil
	}
	return target{id, i.address}, nil
}

func (a elbAPI) describeTargetHealth(_ context.Context, in *elb.DescribeTargetHealthInput) (*elb.DescribeTargetHealthOutput, error) {
	used, byIP := false, false
	err := a.onTargetGroup(in.TargetGroupArn, func(tg *targetGroup) error {
		used = len(a.c.loadBalancersOf(tg.arn())) > 0
		byIP = tg.described.TargetType == types.TargetTypeEnumIp
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &elb.DescribeTargetHealthOutput{TargetHealthDescriptions: []types.TargetHealthDescription{}}
	for _, h := range a.c.balancer.Health(*in.TargetGroupArn) {
		d := describedTarget(h, used, byIP)
		if len(in.Targets) == 0 || slices.ContainsFunc(in.Targets, d.is) {
			out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, d.TargetHealthDescription)
		}
	}
	for _, n := range in.Targets {
		registered := slices.ContainsFunc(out.TargetHealthDescriptions, func(d types.TargetHealthDescription) bool { return describedOne{d}.is(n) })
		if !registered {
			out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, types.TargetHealthDescription{
				Target: &n, TargetHealth: &types.TargetHealth{State: types.TargetHealthStateEnumUnused,
					Reason: types.TargetHealthReasonEnumNotRegistered, Description: aws.String("Target is not registered to the target group")},
			})
		}
	}
	return out, nil
}

// describedOne is a described target that can be compared with a named one.
type describedOne struct{ types.TargetHealthDescription }

func (d describedOne) is(n types.TargetDescription) bool {
	return deref(d.Target.Id) == deref(n.Id) && (n.Port == nil || deref(d.Target.Port) == *n.Port)
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
	health := &types.TargetHealth{State: types.TargetHealthStateEnum(h.State), Reason: types.TargetHealthReasonEnum(h.Reason), Description: unlessZero(h.Description)}
	if !used {
		health = &types.TargetHealth{State: types.TargetHealthStateEnumUnused, Reason: types.TargetHealthReasonEnumNotInUse,
			Description: aws.String("Target group is not configured to receive traffic from the load balancer")}
	}
	return describedOne{types.TargetHealthDescription{
		Target: &types.TargetDescription{Id: &id, Port: aws.Int32(int32(port))}, HealthCheckPort: &portText, TargetHealth: health,
	}}
}

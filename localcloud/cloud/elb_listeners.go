package cloud

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// createListener opens an HTTP listener on the load balancer's address at the
// port that is asked for. Where the system does not allow that (a port below
// 1024 for an ordinary user, or one that is taken), it opens at a free port, and
// the listener's Port says which: http://DNSName:Port always works.
func (a elbAPI) createListener(_ context.Context, in *elb.CreateListenerInput) (*elb.CreateListenerOutput, error) {
	targetGroupARN, err := checkListenerInput(in)
	if err != nil {
		return nil, err
	}
	l, host, err := a.reserveListener(in, targetGroupARN)
	if err != nil {
		return nil, err
	}
	// The listener is in the state by now, so nobody else can take its port or
	// delete its target group while the socket is opened off the lock.
	port, err := a.listen(l.arn(), host, int(*in.Port), targetGroupARN)
	if err != nil {
		a.dropListener(l.arn())
		return nil, fmt.Errorf("open listener on %s: %w", host, err)
	}
	out := &elb.CreateListenerOutput{}
	err = a.c.change(func(time.Time) error {
		l.described.Port = aws.Int32(int32(port))
		out.Listeners = []types.Listener{l.described}
		return nil
	})
	return out, err
}

// checkListenerInput returns the target group that the listener forwards to.
func checkListenerInput(in *elb.CreateListenerInput) (string, error) {
	err := required(member{"loadBalancerArn", in.LoadBalancerArn != nil}, member{"port", in.Port != nil}, member{"defaultActions", len(in.DefaultActions) > 0})
	switch {
	case err != nil:
		return "", err
	case in.Protocol != types.ProtocolEnumHttp:
		return "", apiErrorf("UnsupportedProtocol", "Listeners of the local cloud speak HTTP, not '%s'", in.Protocol)
	case *in.Port < 1 || *in.Port > 65535:
		return "", validationError("1 validation error detected: Value '%d' at 'port' failed to satisfy constraint: Member must have value between 1 and 65535", *in.Port)
	case len(in.DefaultActions) != 1 || in.DefaultActions[0].Type != types.ActionTypeEnumForward:
		return "", notServed("listeners with another default action than one 'forward'")
	}
	action := in.DefaultActions[0]
	if action.TargetGroupArn != nil {
		return *action.TargetGroupArn, nil
	}
	if action.ForwardConfig == nil || len(action.ForwardConfig.TargetGroups) != 1 || action.ForwardConfig.TargetGroups[0].TargetGroupArn == nil {
		return "", notServed("forwarding to another number of target groups than one")
	}
	return *action.ForwardConfig.TargetGroups[0].TargetGroupArn, nil
}

// reserveListener puts the listener into the state and returns it with the
// address to open it on.
func (a elbAPI) reserveListener(in *elb.CreateListenerInput, targetGroupARN string) (*listener, string, error) {
	var l *listener
	var host string
	err := a.c.change(func(time.Time) error {
		lb := a.c.findLoadBalancer(*in.LoadBalancerArn)
		if lb == nil {
			return apiErrorf("LoadBalancerNotFound", "One or more load balancers not found: '%s'", *in.LoadBalancerArn)
		}
		if a.c.findTargetGroup(targetGroupARN) == nil {
			return apiErrorf("TargetGroupNotFound", "One or more target groups not found: '%s'", targetGroupARN)
		}
		for _, other := range a.c.listeners {
			if *other.described.LoadBalancerArn == lb.arn() && *other.described.Port == *in.Port {
				return apiErrorf("DuplicateListener", "A listener already exists on this port for this load balancer '%s'", lb.arn())
			}
		}
		if used := a.c.loadBalancersOf(targetGroupARN); len(used) > 0 && used[0] != lb.arn() {
			return apiErrorf("TargetGroupAssociationLimit", "The following target groups cannot be associated with more than one load balancer: %s", targetGroupARN)
		}
		arn := strings.Replace(lb.arn(), ":loadbalancer/", ":listener/", 1) + "/" + a.c.hexID("", 16)
		l = &listener{targetGroupARN: targetGroupARN, described: types.Listener{
			ListenerArn: &arn, LoadBalancerArn: in.LoadBalancerArn, Port: in.Port, Protocol: in.Protocol, DefaultActions: forwardAction(targetGroupARN),
		}}
		a.c.listeners = append(a.c.listeners, l)
		a.tag(arn, in.Tags)
		host = lb.host
		return nil
	})
	return l, host, err
}

// listen opens the listener and returns the port in use.
func (a elbAPI) listen(arn, host string, port int, targetGroupARN string) (int, error) {
	address, err := a.c.balancer.Listen(arn, net.JoinHostPort(host, strconv.Itoa(port)), targetGroupARN)
	if err != nil {
		a.c.log.Warn("listener opens on a free port instead", "host", host, "port", port, "err", err)
		if address, err = a.c.balancer.Listen(arn, net.JoinHostPort(host, "0"), targetGroupARN); err != nil {
			return 0, err
		}
	}
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(text)
}

func (a elbAPI) deleteListener(_ context.Context, in *elb.DeleteListenerInput) (*elb.DeleteListenerOutput, error) {
	if err := required(member{"listenerArn", in.ListenerArn != nil}); err != nil {
		return nil, err
	}
	if !a.dropListener(*in.ListenerArn) {
		return nil, listenerNotFound(*in.ListenerArn)
	}
	a.closeListener(*in.ListenerArn)
	return &elb.DeleteListenerOutput{}, nil
}

// dropListener takes a listener out of the state; false if there is none.
func (a elbAPI) dropListener(arn string) bool {
	dropped := false
	_ = a.c.change(func(time.Time) error {
		before := len(a.c.listeners)
		a.c.listeners = slices.DeleteFunc(a.c.listeners, func(l *listener) bool { return l.arn() == arn })
		dropped = len(a.c.listeners) < before
		delete(a.c.resourceTags, arn)
		return nil
	})
	return dropped
}

// closeListener closes the socket, off the lock: requests in flight may take a moment.
func (a elbAPI) closeListener(arn string) {
	if err := a.c.balancer.CloseListener(arn); err != nil {
		a.c.log.Warn("listener not closed cleanly", "listener", arn, "err", err)
	}
}

func (a elbAPI) describeListeners(_ context.Context, in *elb.DescribeListenersInput) (*elb.DescribeListenersOutput, error) {
	if in.LoadBalancerArn == nil && len(in.ListenerArns) == 0 {
		return nil, validationError("You must specify either listener ARNs or a load balancer ARN")
	}
	found := []types.Listener{}
	err := a.c.read(func(time.Time) error {
		if in.LoadBalancerArn != nil && a.c.findLoadBalancer(*in.LoadBalancerArn) == nil {
			return loadBalancerNotFound(*in.LoadBalancerArn)
		}
		for _, l := range a.c.listeners {
			if in.LoadBalancerArn != nil && *in.LoadBalancerArn == *l.described.LoadBalancerArn || slices.Contains(in.ListenerArns, l.arn()) {
				found = append(found, l.described)
			}
		}
		for _, arn := range in.ListenerArns {
			if !slices.ContainsFunc(a.c.listeners, func(l *listener) bool { return l.arn() == arn }) {
				return listenerNotFound(arn)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	page, next, err := pageOf(found, in.PageSize, in.Marker, elbPages)
	return &elb.DescribeListenersOutput{Listeners: page, NextMarker: next}, err
}

func listenerNotFound(arn string) error {
	return apiErrorf("ListenerNotFound", "One or more listeners not found: '%s'", arn)
}

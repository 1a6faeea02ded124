package elbapi

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"secondwind/localcloud/cloud"
	"secondwind/localcloud/operation"
	"secondwind/localcloud/optional"
)

// CreateListener opens an HTTP listener on the load balancer's address at the
// port that is asked for. Where the system does not allow that (a port below
// 1024 for an ordinary user, or one that is taken), it opens at a free port, and
// the listener's Port says which: http://DNSName:Port always works.
func (a api) CreateListener(in *elb.CreateListenerInput, out *elb.CreateListenerOutput) error {
	targetGroupARN, err := checkListenerInput(in)
	if err != nil {
		return err
	}
	l, host, err := a.reserveListener(in, targetGroupARN)
	if err != nil {
		return err
	}
	// The listener is in the state by now, so nobody else can take its port or
	// delete its target group while the socket is opened off the lock.
	port, err := a.listen(l.ARN(), host, int(*in.Port), targetGroupARN)
	if err != nil {
		a.dropListener(l.ARN())
		return fmt.Errorf("open listener on %s: %w", host, err)
	}
	return a.Change(func(s *cloud.State) error {
		l.Described.Port = aws.Int32(int32(port))
		out.Listeners = []types.Listener{l.Described}
		return nil
	})
}

// checkListenerInput returns the target group that the listener forwards to.
func checkListenerInput(in *elb.CreateListenerInput) (string, error) {
	err := cmp.Or(operation.Require(in, "LoadBalancerArn", "Port", "DefaultActions"),
		operation.Without(in, "", "AlpnPolicy", "Certificates", "MutualAuthentication", "SslPolicy"))
	switch {
	case err != nil:
		return "", err
	case in.Protocol != types.ProtocolEnumHttp:
		return "", operation.Errorf("UnsupportedProtocol", "Listeners of the local cloud speak HTTP, not '%s'", in.Protocol)
	case *in.Port < 1 || *in.Port > 65535:
		return "", operation.Invalidf("1 validation error detected: Value '%d' at 'port' failed to satisfy constraint: "+
			"Member must have value between 1 and 65535", *in.Port)
	case len(in.DefaultActions) != 1 || in.DefaultActions[0].Type != types.ActionTypeEnumForward:
		return "", operation.NotServed("listeners with another default action than one 'forward'")
	}
	action := in.DefaultActions[0]
	if action.TargetGroupArn != nil {
		return *action.TargetGroupArn, nil
	}
	if f := action.ForwardConfig; f != nil && len(f.TargetGroups) == 1 && f.TargetGroups[0].TargetGroupArn != nil {
		return *f.TargetGroups[0].TargetGroupArn, nil
	}
	return "", operation.NotServed("forwarding to another number of target groups than one")
}

// reserveListener puts the listener into the state and returns it with the
// address to open it on.
func (a api) reserveListener(in *elb.CreateListenerInput, targetGroupARN string) (*cloud.Listener, string, error) {
	var l *cloud.Listener
	var host string
	err := a.Change(func(s *cloud.State) error {
		lb := findLoadBalancer(s, *in.LoadBalancerArn)
		if lb == nil {
			return operation.Errorf("LoadBalancerNotFound", "One or more load balancers not found: '%s'", *in.LoadBalancerArn)
		}
		if s.TargetGroup(targetGroupARN) == nil {
			return operation.Errorf("TargetGroupNotFound", "One or more target groups not found: '%s'", targetGroupARN)
		}
		for _, other := range s.Listeners {
			if *other.Described.LoadBalancerArn == lb.ARN() && *other.Described.Port == *in.Port {
				return operation.Errorf("DuplicateListener", "A listener already exists on this port for this load balancer '%s'", lb.ARN())
			}
		}
		if used := s.LoadBalancersOf(targetGroupARN); len(used) > 0 && used[0] != lb.ARN() {
			return operation.Errorf("TargetGroupAssociationLimit", "The following target groups cannot be associated with more than one "+
				"load balancer: %s", targetGroupARN)
		}
		arn := strings.Replace(lb.ARN(), ":loadbalancer/", ":listener/", 1) + "/" + s.HexID("", 16)
		l = &cloud.Listener{TargetGroupARN: targetGroupARN, Described: types.Listener{
			ListenerArn: &arn, LoadBalancerArn: in.LoadBalancerArn, Port: in.Port, Protocol: in.Protocol,
			DefaultActions: forwardAction(targetGroupARN),
		}}
		s.Listeners = append(s.Listeners, l)
		tag(s, arn, in.Tags)
		host = lb.Host
		return nil
	})
	return l, host, err
}

// listen opens the listener and returns the port in use.
func (a api) listen(arn, host string, port int, targetGroupARN string) (int, error) {
	address, err := a.Balancer().Listen(arn, net.JoinHostPort(host, strconv.Itoa(port)), targetGroupARN)
	if err != nil {
		a.Log().Warn("listener opens on a free port instead", "host", host, "port", port, "err", err)
		if address, err = a.Balancer().Listen(arn, net.JoinHostPort(host, "0"), targetGroupARN); err != nil {
			return 0, err
		}
	}
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(text)
}

func (a api) DeleteListener(in *elb.DeleteListenerInput, _ *elb.DeleteListenerOutput) error {
	if err := operation.Require(in, "ListenerArn"); err != nil {
		return err
	}
	if !a.dropListener(*in.ListenerArn) {
		return listenerNotFound(*in.ListenerArn)
	}
	a.closeListener(*in.ListenerArn)
	return nil
}

// dropListener takes a listener out of the state; false if there is none.
func (a api) dropListener(arn string) bool {
	dropped := false
	_ = a.Change(func(s *cloud.State) error {
		before := len(s.Listeners)
		s.Listeners = slices.DeleteFunc(s.Listeners, func(l *cloud.Listener) bool { return l.ARN() == arn })
		dropped = len(s.Listeners) < before
		delete(s.Tags, arn)
		return nil
	})
	return dropped
}

// closeListener closes the socket, off the lock: requests in flight may take a moment.
func (a api) closeListener(arn string) {
	if err := a.Balancer().CloseListener(arn); err != nil {
		a.Log().Warn("listener not closed cleanly", "listener", arn, "err", err)
	}
}

func (a api) DescribeListeners(in *elb.DescribeListenersInput, out *elb.DescribeListenersOutput) error {
	if in.LoadBalancerArn == nil && len(in.ListenerArns) == 0 {
		return operation.Invalidf("You must specify either listener ARNs or a load balancer ARN")
	}
	var found []types.Listener
	return a.Read(func(s *cloud.State) (err error) {
		if in.LoadBalancerArn != nil && findLoadBalancer(s, *in.LoadBalancerArn) == nil {
			return loadBalancerNotFound(*in.LoadBalancerArn)
		}
		for _, l := range s.Listeners {
			if optional.Value(in.LoadBalancerArn) == *l.Described.LoadBalancerArn || slices.Contains(in.ListenerArns, l.ARN()) {
				found = append(found, l.Described)
			}
		}
		for _, arn := range in.ListenerArns {
			if findListener(s, arn) == nil {
				return listenerNotFound(arn)
			}
		}
		out.Listeners, out.NextMarker, err = operation.Page(found, in.PageSize, in.Marker, pages)
		return err
	})
}

// DescribeRules answers a listener's default rule: others are not served.
func (a api) DescribeRules(in *elb.DescribeRulesInput, out *elb.DescribeRulesOutput) error {
	if err := cmp.Or(operation.Require(in, "ListenerArn"), operation.Without(in, "", "RuleArns", "Marker")); err != nil {
		return err
	}
	return a.Read(func(s *cloud.State) error {
		l := findListener(s, *in.ListenerArn)
		if l == nil {
			return listenerNotFound(*in.ListenerArn)
		}
		out.Rules = []types.Rule{{
			RuleArn: aws.String(strings.Replace(l.ARN(), ":listener/", ":listener-rule/", 1) + "/default"), Priority: aws.String("default"),
			IsDefault: aws.Bool(true), Actions: l.Described.DefaultActions, Conditions: []types.RuleCondition{},
		}}
		return nil
	})
}

func listenerNotFound(arn string) error {
	return operation.Errorf("ListenerNotFound", "One or more listeners not found: '%s'", arn)
}

func forwardAction(targetGroupARN string) []types.Action {
	return []types.Action{{
		Type: types.ActionTypeEnumForward, TargetGroupArn: &targetGroupARN, ForwardConfig: &types.ForwardActionConfig{
			TargetGroups: []types.TargetGroupTuple{{TargetGroupArn: &targetGroupARN, Weight: aws.Int32(1)}},
		},
	}}
}

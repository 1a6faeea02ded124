package elbapi_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"secondwind/localcloud/apitest"
	"secondwind/localcloud/awsapi"
)

func TestAListenerForwards(t *testing.T) {
	withLB(t, func(t *testing.T, w *apitest.World) {
		arn := w.Call(t, awsapi.ELBv2, "DescribeListeners&LoadBalancerArn={lb}").Get(t, "Listeners.1.ListenerArn")
		if !strings.HasPrefix(arn, "arn:aws:elasticloadbalancing:local-1:123456789012:listener/app/web-alb/") {
			t.Errorf("ARN = %s, want one below its load balancer's", arn)
		}
		w.Do(t, awsapi.ELBv2, apitest.Steps{
			{
				"by its load balancer", "DescribeListeners&LoadBalancerArn={lb}",
				"Listeners#=1&Listeners.1.ListenerArn={l}&Listeners.1.Port=80&Listeners.1.Protocol=HTTP&Listeners.1.LoadBalancerArn={lb}&" +
					"Listeners.1.DefaultActions#=1&Listeners.1.DefaultActions.1.Type=forward&Listeners.1.DefaultActions.1.TargetGroupArn={tg}",
			},
			{
				"in both forms", "DescribeListeners&ListenerArns.member.1={l}",
				"Listeners#=1&Listeners.1.DefaultActions.1.ForwardConfig.TargetGroups.1.TargetGroupArn={tg}&" +
					"Listeners.1.DefaultActions.1.ForwardConfig.TargetGroups.1.Weight=1",
			},
			{"its target group says so", "DescribeTargetGroups", "TargetGroups.1.LoadBalancerArns#=1&TargetGroups.1.LoadBalancerArns.1={lb}"},
			{
				"another, in the other form", "CreateListener&LoadBalancerArn={lb}&Protocol=HTTP&Port=81&DefaultActions.member.1.Type=forward" +
					"&DefaultActions.member.1.ForwardConfig.TargetGroups.member.1.TargetGroupArn={tg}" +
					"&Tags.member.1.Key=k&Tags.member.1.Value=v",
				"Listeners#=1&Listeners.1.Port=81&Listeners.1.DefaultActions.1.TargetGroupArn={tg}",
			},
			{"both", "DescribeListeners&LoadBalancerArn={lb}", "Listeners#=2&Listeners.2.Port=81"},
			{"one load balancer is named once", "DescribeTargetGroups", "TargetGroups.1.LoadBalancerArns#=1"},
			{"the first page", "DescribeListeners&LoadBalancerArn={lb}&PageSize=1", "Listeners#=1"},
			{"a page that is too long", "DescribeListeners&LoadBalancerArn={lb}&PageSize=401", "ValidationError: 1 validation error detected: …"},
		})
		if n := w.Balancer.Open(); n != 2 {
			t.Errorf("%d listeners are open, want 2", n)
		}
	})
}

// A port that the system does not give is replaced by a free one, and its answer
// says so.
func TestAListenerOpensOnAFreePortInstead(t *testing.T) {
	withLB(t, func(t *testing.T, w *apitest.World) {
		w.Balancer.Take("443")
		w.Do(t, awsapi.ELBv2, apitest.Steps{
			{"instead of 443", listener("{lb}", "443", "{tg}"), "Listeners.1.Port=40000"},
			{"it is there", "DescribeListeners&LoadBalancerArn={lb}", "Listeners#=2&Listeners.2.Port=40000"},
		})
		w.Balancer.Take("0")
		w.Do(t, awsapi.ELBv2, apitest.Steps{
			{"no free port either, so the port that was asked for", listener("{lb}", "82", "{tg}"), "Listeners.1.Port=82"},
		})
	})
}

func TestAListenerThatCannotOpenIsNotThere(t *testing.T) {
	withLB(t, func(t *testing.T, w *apitest.World) {
		w.Balancer.Take("*")
		w.Do(t, awsapi.ELBv2, apitest.Steps{
			{"no port at all", listener("{lb}", "90", "{tg}"), "InternalFailure: open listener on …"},
			{"none was added", "DescribeListeners&LoadBalancerArn={lb}", "Listeners#=1"},
		})
	})
}

func TestBadListenersAreRefused(t *testing.T) {
	forward := listener("{lb}", "90", "{tg}")
	port := func(port string) string {
		return "ValidationError: 1 validation error detected: Value '" + port + "' at 'port' failed to satisfy constraint: " +
			"Member must have value between 1 and 65535"
	}
	withLB(t, func(t *testing.T, w *apitest.World) {
		w.Name(t, "other", "LoadBalancers.1.LoadBalancerArn", awsapi.ELBv2, "CreateLoadBalancer&Name=other"+subnets)
		w.Do(t, awsapi.ELBv2, apitest.Steps{
			{
				"nothing", "CreateListener",
				"ValidationError: 3 validation errors detected: " +
					"Value null at 'loadBalancerArn' failed to satisfy constraint: Member must not be null; " +
					"Value null at 'port' failed to satisfy constraint: Member must not be null; " +
					"Value null at 'defaultActions' failed to satisfy constraint: Member must not be null",
			},
			{
				"TLS", strings.Replace(forward, "=HTTP&", "=HTTPS&", 1),
				"UnsupportedProtocol: Listeners of the local cloud speak HTTP, not 'HTTPS'",
			},
			{"no protocol", strings.Replace(forward, "=HTTP&", "=&", 1), "UnsupportedProtocol: Listeners of the local cloud speak HTTP, not ''"},
			{"port 0", listener("{lb}", "0", "{tg}"), port("0")},
			{"port 65536", listener("{lb}", "65536", "{tg}"), port("65536")},
			{
				"a redirection", strings.Replace(forward, "=forward", "=redirect", 1),
				notServed("listeners with another default action than one 'forward'"),
			},
			{
				"two actions", forward + "&DefaultActions.member.2.Type=forward",
				notServed("listeners with another default action than one 'forward'"),
			},
			{
				"to nowhere", "CreateListener&LoadBalancerArn={lb}&Protocol=HTTP&Port=90&DefaultActions.member.1.Type=forward",
				notServed("forwarding to another number of target groups than one"),
			},
			{
				"to two target groups", "CreateListener&LoadBalancerArn={lb}&Protocol=HTTP&Port=90&DefaultActions.member.1.Type=forward" +
					"&DefaultActions.member.1.ForwardConfig.TargetGroups.member.1.TargetGroupArn={tg}" +
					"&DefaultActions.member.1.ForwardConfig.TargetGroups.member.2.TargetGroupArn={tg}",
				notServed("forwarding to another number of target groups than one"),
			},
			{"of no load balancer", listener("x", "90", "{tg}"), "LoadBalancerNotFound: One or more load balancers not found: 'x'"},
			{"to no target group", listener("{lb}", "90", "x"), "TargetGroupNotFound: One or more target groups not found: 'x'"},
			{
				"on a port twice", listener("{lb}", "80", "{tg}"),
				"DuplicateListener: A listener already exists on this port for this load balancer '{lb}'",
			},
			{
				"to a target group of another load balancer", listener("{other}", "80", "{tg}"),
				"TargetGroupAssociationLimit: The following target groups cannot be associated with more than one load balancer: {tg}",
			},
			{"nothing was made", "DescribeListeners&LoadBalancerArn={other}", "Listeners#=0"},
		})
	})
}

func TestListenersAreFoundAndDeleted(t *testing.T) {
	withLB(t, func(t *testing.T, w *apitest.World) {
		w.Do(t, awsapi.ELBv2, apitest.Steps{
			{"by nothing", "DescribeListeners", "ValidationError: You must specify either listener ARNs or a load balancer ARN"},
			{"by no load balancer", "DescribeListeners&LoadBalancerArn=x", "LoadBalancerNotFound: Load balancers '[x]' not found"},
			{"by no ARN", "DescribeListeners&ListenerArns.member.1=x", "ListenerNotFound: One or more listeners not found: 'x'"},
			{"a token that is not ours", "DescribeListeners&LoadBalancerArn={lb}&Marker=x", "ValidationError: The token 'x' is invalid."},
			{"delete", "DeleteListener&ListenerArn={l}", ""},
			{"it is gone", "DescribeListeners&LoadBalancerArn={lb}", "Listeners#=0"},
			{"again", "DeleteListener&ListenerArn={l}", "ListenerNotFound: One or more listeners not found: '{l}'"},
			{"no ARN", "DeleteListener", lacks("listenerArn")},
			{"the port is free", listener("{lb}", "80", "{tg}"), "Listeners.1.Port=80"},
		})
		if n := w.Balancer.Open(); n != 1 {
			t.Errorf("%d listeners are open, want 1", n)
		}
	})
}

// A listener has its port from the moment it is asked for, not only once it is open.
func TestOnePortIsGivenOnce(t *testing.T) {
	withLB(t, func(t *testing.T, w *apitest.World) {
		var made, refused atomic.Int32
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				switch failure := w.Try(t, awsapi.ELBv2, listener("{lb}", "81", "{tg}")); {
				case failure == "":
					made.Add(1)
				case strings.HasPrefix(failure, "DuplicateListener: "):
					refused.Add(1)
				default:
					t.Errorf("CreateListener = %s, want success or DuplicateListener", failure)
				}
			})
		}
		all.Wait()
		if made.Load() != 1 || refused.Load() != 9 {
			t.Errorf("%d listeners were made and %d refused, want 1 and 9", made.Load(), refused.Load())
		}
	})
}

// A target group that is deleted while it is changed must not come back.
func TestTargetGroupsComeAndGoAtOnce(t *testing.T) {
	withLB(t, func(t *testing.T, w *apitest.World) {
		for range 10 {
			arn := w.Name(t, "g", "TargetGroups.1.TargetGroupArn", awsapi.ELBv2, newTG)
			var all sync.WaitGroup
			for _, request := range []string{
				"ModifyTargetGroup&TargetGroupArn=" + arn + "&HealthCheckPath=/up", "DescribeTargetHealth&TargetGroupArn=" + arn,
				"DescribeTargetGroups", "DeleteTargetGroup&TargetGroupArn=" + arn,
			} {
				all.Go(func() { w.Try(t, awsapi.ELBv2, request) })
			}
			all.Wait()
			w.Do(t, awsapi.ELBv2, apitest.Steps{{"it is gone", "DescribeTargetGroups", "TargetGroups#=1&TargetGroups.1.TargetGroupArn={tg}"}})
		}
	})
}

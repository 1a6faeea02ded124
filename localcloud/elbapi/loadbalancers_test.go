package elbapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"secondwind/localcloud/apitest"
	"secondwind/localcloud/awsapi"
)

const (
	subnets = "&Subnets.member.1={subnet1}&Subnets.member.2={subnet2}"
	newLB   = "CreateLoadBalancer&Name=web-alb" + subnets
)

// withLB calls f in a world with a load balancer, {lb}, whose listener {l} forwards
// to the target group {tg}.
func withLB(t *testing.T, f func(t *testing.T, w *apitest.World)) {
	t.Helper()
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		w.Wait(10 * time.Second)
		w.Name(t, "lb", "LoadBalancers.1.LoadBalancerArn", awsapi.ELBv2, newLB+"&Tags.member.1.Key=run&Tags.member.1.Value=a")
		w.Name(t, "l", "Listeners.1.ListenerArn", awsapi.ELBv2, listener("{lb}", "80", "{tg}"))
		f(t, w)
	})
}

// do makes requests to ELBv2 in a world of their own.
func do(t *testing.T, steps apitest.Steps) {
	t.Helper()
	withLB(t, func(t *testing.T, w *apitest.World) { w.Do(t, awsapi.ELBv2, steps) })
}

func listener(lb, port, tg string) string {
	return "CreateListener&LoadBalancerArn=" + lb + "&Protocol=HTTP&Port=" + port +
		"&DefaultActions.member.1.Type=forward&DefaultActions.member.1.TargetGroupArn=" + tg
}

// notServed is what the local cloud does not serve is refused with.
func notServed(what string) string {
	return "ValidationError: " + what + ": the local cloud does not serve this; leave it out or use AWS"
}

func lacks(member string) string {
	return "ValidationError: 1 validation error detected: Value null at '" + member +
		"' failed to satisfy constraint: Member must not be null"
}

func TestALoadBalancerIsActiveAtOnce(t *testing.T) {
	do(t, apitest.Steps{
		{
			"its kind", "DescribeLoadBalancers",
			"LoadBalancers#=1&LoadBalancers.1.LoadBalancerName=web-alb&LoadBalancers.1.Type=application&LoadBalancers.1.State.Code=active&" +
				"LoadBalancers.1.Scheme=internet-facing&LoadBalancers.1.IpAddressType=ipv4",
		},
		{
			"its zones", "DescribeLoadBalancers",
			"LoadBalancers.1.AvailabilityZones#=2&LoadBalancers.1.AvailabilityZones.1.ZoneName=local-1a&" +
				"LoadBalancers.1.AvailabilityZones.1.SubnetId={subnet1}&LoadBalancers.1.AvailabilityZones.2.ZoneName=local-1b",
		},
		{"when", "DescribeLoadBalancers", "LoadBalancers.1.CreatedTime=2000-01-01T00:00:10.000Z"},
		{
			"another, by mappings, with groups", "CreateLoadBalancer&Name=b&Scheme=internal&SubnetMappings.member.1.SubnetId={subnet3}" +
				"&SubnetMappings.member.2.SubnetId={subnet1}&SecurityGroups.member.1=sg-1",
			"LoadBalancers.1.Scheme=internal&LoadBalancers.1.AvailabilityZones.1.ZoneName=local-1c&LoadBalancers.1.SecurityGroups.1=sg-1",
		},
	})
}

// Its name is an address on which listeners can open.
func TestALoadBalancersNameIsALoopbackAddress(t *testing.T) {
	withLB(t, func(t *testing.T, w *apitest.World) {
		a := w.Call(t, awsapi.ELBv2, "DescribeLoadBalancers")
		if name := a.Get(t, "LoadBalancers.1.DNSName"); !strings.HasPrefix(name, "127.") {
			t.Errorf("DNSName = %s, want a loopback address", name)
		}
		if arn := a.Get(t, "LoadBalancers.1.LoadBalancerArn"); !strings.HasPrefix(arn,
			"arn:aws:elasticloadbalancing:local-1:123456789012:loadbalancer/app/web-alb/") {
			t.Errorf("ARN = %s, want one of its name in account and Region", arn)
		}
	})
}

func TestCreatingALoadBalancerAgain(t *testing.T) {
	do(t, apitest.Steps{
		{"the same", newLB, "LoadBalancers.1.LoadBalancerArn={lb}"},
		{
			"of another scheme", newLB + "&Scheme=internal",
			"DuplicateLoadBalancerName: A load balancer with the same name 'web-alb' exists, but with different settings",
		},
		{
			"in more zones", newLB + "&Subnets.member.3={subnet3}",
			"DuplicateLoadBalancerName: A load balancer with the same name 'web-alb' exists, but with different settings",
		},
		{"there is one", "DescribeLoadBalancers", "LoadBalancers#=1"},
	})
}

func TestBadLoadBalancersAreRefused(t *testing.T) {
	const characters = "can only contain characters that are alphanumeric characters and hyphens(-), and cannot begin or end with a hyphen"
	long := strings.Repeat("x", 33)
	do(t, apitest.Steps{
		{"no name", "CreateLoadBalancer" + subnets, lacks("name")},
		{
			"a long name", "CreateLoadBalancer&Name=" + long,
			"ValidationError: Load balancer name '" + long + "' cannot be longer than '32' characters",
		},
		{"a dot", "CreateLoadBalancer&Name=a.b", "ValidationError: Load balancer name 'a.b' " + characters},
		{"a hyphen first", "CreateLoadBalancer&Name=-a", "ValidationError: Load balancer name '-a' " + characters},
		{"a hyphen last", "CreateLoadBalancer&Name=a-", "ValidationError: Load balancer name 'a-' " + characters},
		{"an empty name", "CreateLoadBalancer&Name=", "ValidationError: Load balancer name '' " + characters},
		{
			"a name of AWS's", "CreateLoadBalancer&Name=internal-a",
			"ValidationError: Load balancer name 'internal-a' cannot begin with 'internal-'",
		},
		{"of another type", newLB + "&Type=network", notServed("load balancers of type network")},
		{"of two stacks", newLB + "&IpAddressType=dualstack", notServed("IP address type dualstack")},
		{
			"in one subnet", "CreateLoadBalancer&Name=b&Subnets.member.1={subnet1}",
			"ValidationError: At least two subnets in two different Availability Zones must be specified",
		},
		{
			"in no subnet", "CreateLoadBalancer&Name=b",
			"ValidationError: At least two subnets in two different Availability Zones must be specified",
		},
		{
			"in no subnet of ours", "CreateLoadBalancer&Name=b&Subnets.member.1=subnet-1&Subnets.member.2={subnet2}",
			"SubnetNotFound: The subnet ID 'subnet-1' does not exist",
		},
		{"a member that there is not", newLB + "&Colour=red", "ValidationError: The parameter Colour is not recognized"},
	})
}

func TestLoadBalancersAreFound(t *testing.T) {
	do(t, apitest.Steps{
		{"another", "CreateLoadBalancer&Name=b" + subnets, ""},
		{"both", "DescribeLoadBalancers", "LoadBalancers#=2"},
		{"by name", "DescribeLoadBalancers&Names.member.1=b", "LoadBalancers#=1&LoadBalancers.1.LoadBalancerName=b"},
		{"by ARN", "DescribeLoadBalancers&LoadBalancerArns.member.1={lb}", "LoadBalancers#=1&LoadBalancers.1.LoadBalancerName=web-alb"},
		{"by both", "DescribeLoadBalancers&LoadBalancerArns.member.1={lb}&Names.member.1=b", "LoadBalancers#=2"},
		{"by no name", "DescribeLoadBalancers&Names.member.1=x", "LoadBalancerNotFound: Load balancers '[x]' not found"},
		{"by no ARN", "DescribeLoadBalancers&LoadBalancerArns.member.1=arn:x", "LoadBalancerNotFound: Load balancers '[arn:x]' not found"},
		{"the first page", "DescribeLoadBalancers&PageSize=1", "LoadBalancers#=1&LoadBalancers.1.LoadBalancerName=web-alb"},
		{
			"a page that is too long", "DescribeLoadBalancers&PageSize=401",
			"ValidationError: 1 validation error detected: Value '401' at 'pageSize' failed to satisfy constraint: " +
				"Member must have value between 1 and 400",
		},
		{"a token that is not ours", "DescribeLoadBalancers&Marker=x", "ValidationError: The token 'x' is invalid."},
	})
}

func TestLoadBalancersComeInPages(t *testing.T) {
	withLB(t, func(t *testing.T, w *apitest.World) {
		for i := range 3 {
			w.Call(t, awsapi.ELBv2, fmt.Sprintf("CreateLoadBalancer&Name=b%d", i)+subnets)
		}
		w.Name(t, "next", "NextMarker", awsapi.ELBv2, "DescribeLoadBalancers&PageSize=3")
		w.Do(t, awsapi.ELBv2, apitest.Steps{
			{"the last", "DescribeLoadBalancers&PageSize=3&Marker={next}", "LoadBalancers#=1&LoadBalancers.1.LoadBalancerName=b2&!NextMarker"},
		})
	})
}

// Its listeners go with it: from the list, from their sockets, from the tags.
func TestDeletingALoadBalancer(t *testing.T) {
	withLB(t, func(t *testing.T, w *apitest.World) {
		w.Do(t, awsapi.ELBv2, apitest.Steps{
			{"tag the listener", "AddTags&ResourceArns.member.1={l}&Tags.member.1.Key=run&Tags.member.1.Value=a", ""},
			{
				"protect it", "ModifyLoadBalancerAttributes&LoadBalancerArn={lb}" +
					"&Attributes.member.1.Key=deletion_protection.enabled&Attributes.member.1.Value=true", "",
			},
			{
				"it is", "DeleteLoadBalancer&LoadBalancerArn={lb}",
				"OperationNotPermitted: Load balancer '{lb}' cannot be deleted because deletion protection is enabled",
			},
			{
				"no longer", "ModifyLoadBalancerAttributes&LoadBalancerArn={lb}" +
					"&Attributes.member.1.Key=deletion_protection.enabled&Attributes.member.1.Value=false", "",
			},
			{"delete", "DeleteLoadBalancer&LoadBalancerArn={lb}", ""},
			{"it is gone", "DescribeLoadBalancers", "LoadBalancers#=0"},
			{"its listener too", "DescribeListeners&ListenerArns.member.1={l}", "ListenerNotFound: One or more listeners not found: '{l}'"},
			{"the target group is free", "DescribeTargetGroups", "TargetGroups#=1&TargetGroups.1.LoadBalancerArns#=0"},
			{"again, which is no error", "DeleteLoadBalancer&LoadBalancerArn={lb}", ""},
			{"no ARN", "DeleteLoadBalancer", lacks("loadBalancerArn")},
		})
		if n := w.Balancer.Open(); n != 0 {
			t.Errorf("%d listeners are open, want none", n)
		}
		w.Do(t, awsapi.Tagging, apitest.Steps{{
			"no tag is left of either", `GetResources {"TagFilters":[{"Key":"run","Values":["a"]}]}`,
			"ResourceTagMappingList#=0",
		}})
	})
}

func TestLoadBalancerAttributes(t *testing.T) {
	const modify = "ModifyLoadBalancerAttributes&LoadBalancerArn={lb}&Attributes.member.1.Key="
	do(t, apitest.Steps{
		{
			"AWS's defaults, by key", "DescribeLoadBalancerAttributes&LoadBalancerArn={lb}",
			"Attributes#=7&Attributes.1.Key=access_logs.s3.enabled&Attributes.1.Value=false&Attributes.4.Key=idle_timeout.timeout_seconds&" +
				"Attributes.4.Value=60",
		},
		{"change one", modify + "idle_timeout.timeout_seconds&Attributes.member.1.Value=9", "Attributes.4.Value=9"},
		{"it has changed", "DescribeLoadBalancerAttributes&LoadBalancerArn={lb}", "Attributes.4.Value=9&Attributes.1.Value=false"},
		{"one that there is not", modify + "waf.fail_open.enabled", notServed("load balancer attribute 'waf.fail_open.enabled'")},
		{"a good and a bad one", modify + "idle_timeout.timeout_seconds&Attributes.member.2.Key=x", notServed("load balancer attribute 'x'")},
		{"neither has changed", "DescribeLoadBalancerAttributes&LoadBalancerArn={lb}", "Attributes.4.Value=9"},
		{"of no load balancer", "DescribeLoadBalancerAttributes&LoadBalancerArn=x", "LoadBalancerNotFound: Load balancers '[x]' not found"},
		{"changed of none", "ModifyLoadBalancerAttributes&LoadBalancerArn=x", "LoadBalancerNotFound: Load balancers '[x]' not found"},
		{"no ARN", "DescribeLoadBalancerAttributes", lacks("loadBalancerArn")},
		{"no ARN to change", "ModifyLoadBalancerAttributes", lacks("loadBalancerArn")},
	})
}

func TestResourcesAreTagged(t *testing.T) {
	do(t, apitest.Steps{
		{
			"each", "AddTags&ResourceArns.member.1={tg}&ResourceArns.member.2={l}&Tags.member.1.Key=k&Tags.member.1.Value=v" +
				"&Tags.member.2.Key=a&Tags.member.2.Value=b", "",
		},
		{
			"in the order of keys", "DescribeTags&ResourceArns.member.1={tg}",
			"TagDescriptions#=1&TagDescriptions.1.ResourceArn={tg}&TagDescriptions.1.Tags#=2&TagDescriptions.1.Tags.1.Key=a&" +
				"TagDescriptions.1.Tags.1.Value=b&TagDescriptions.1.Tags.2.Key=k",
		},
		{
			"of several", "DescribeTags&ResourceArns.member.1={lb}&ResourceArns.member.2={l}",
			"TagDescriptions#=2&TagDescriptions.1.Tags.1.Key=run&TagDescriptions.2.Tags#=2",
		},
		{"another value", "AddTags&ResourceArns.member.1={lb}&Tags.member.1.Key=run&Tags.member.1.Value=c", ""},
		{"it is", "DescribeTags&ResourceArns.member.1={lb}", "TagDescriptions.1.Tags#=1&TagDescriptions.1.Tags.1.Value=c"},
		{"of nothing", "DescribeTags&ResourceArns.member.1=arn:x", "ResourceNotFound: The resource 'arn:x' was not found"},
		{
			"something and nothing", "AddTags&ResourceArns.member.1={lb}&ResourceArns.member.2=arn:x&Tags.member.1.Key=n",
			"ResourceNotFound: The resource 'arn:x' was not found",
		},
		{"neither was tagged", "DescribeTags&ResourceArns.member.1={lb}", "TagDescriptions.1.Tags#=1"},
		{"none asked for", "DescribeTags", "TagDescriptions#=0"},
	})
}

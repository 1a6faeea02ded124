package elbapi

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"secondwind/localcloud/cloud"
	"secondwind/localcloud/operation"
	"secondwind/localcloud/optional"
)

// loadBalancerDefaults are attributes of a new load balancer. Source: Elastic
// Load Balancing user guide, "Load balancer attributes".
var loadBalancerDefaults = map[string]string{
	"deletion_protection.enabled":                     "false",
	"idle_timeout.timeout_seconds":                    "60",
	"client_keep_alive.seconds":                       "3600",
	"routing.http2.enabled":                           "true",
	"routing.http.drop_invalid_header_fields.enabled": "false",
	"load_balancing.cross_zone.enabled":               "true",
	"access_logs.s3.enabled":                          "false",
}

// CreateLoadBalancer makes a load balancer that is active at once. Its DNSName is
// a loopback address of its own where the system has more than one (Linux), and
// 127.0.0.1 elsewhere: a name would need a resolver that knows it.
func (a api) CreateLoadBalancer(in *elb.CreateLoadBalancerInput, out *elb.CreateLoadBalancerOutput) error {
	err := cmp.Or(
		operation.Require(in, "Name"), operation.Without(in, "", "CustomerOwnedIpv4Pool", "EnablePrefixForIpv6SourceNat", "IpamPools"),
	)
	if err != nil {
		return err
	}
	if err := checkName("Load balancer", *in.Name); err != nil {
		return err
	}
	if cmp.Or(in.Type, types.LoadBalancerTypeEnumApplication) != types.LoadBalancerTypeEnumApplication {
		return operation.NotServed("load balancers of type " + string(in.Type))
	}
	if cmp.Or(in.IpAddressType, types.IpAddressTypeIpv4) != types.IpAddressTypeIpv4 {
		return operation.NotServed("IP address type " + string(in.IpAddressType))
	}
	host := a.loopbackAddress()
	return a.Change(func(s *cloud.State) error {
		lb, err := a.newLoadBalancer(s, in, host)
		if err != nil {
			return err
		}
		old := cloud.Find(s.LoadBalancers, func(l *cloud.LoadBalancer) bool { return *l.Described.LoadBalancerName == *in.Name })
		switch {
		case old == nil:
			s.LoadBalancers = append(s.LoadBalancers, lb)
			tag(s, lb.ARN(), in.Tags)
		case old.Described.Scheme != lb.Described.Scheme, len(old.Described.AvailabilityZones) != len(lb.Described.AvailabilityZones):
			return operation.Errorf("DuplicateLoadBalancerName", "A load balancer with the same name '%s' exists, but with different settings",
				*in.Name)
		default: // creating it again is not an error
			lb = old
		}
		out.LoadBalancers = []types.LoadBalancer{describedLoadBalancer(lb)}
		return nil
	})
}

// newLoadBalancer makes it up.
func (a api) newLoadBalancer(s *cloud.State, in *elb.CreateLoadBalancerInput, host string) (*cloud.LoadBalancer, error) {
	subnets := slices.Clone(in.Subnets)
	for _, m := range in.SubnetMappings {
		subnets = append(subnets, optional.Value(m.SubnetId))
	}
	var zones []types.AvailabilityZone
	for _, id := range subnets {
		subnet, ok := a.Network().Find(id)
		if !ok {
			return nil, operation.Errorf("SubnetNotFound", "The subnet ID '%s' does not exist", id)
		}
		zones = append(zones, types.AvailabilityZone{SubnetId: &subnet.ID, ZoneName: &subnet.Zone})
	}
	if len(zones) < 2 {
		return nil, operation.Invalidf("At least two subnets in two different Availability Zones must be specified")
	}
	arn := a.ARN("elasticloadbalancing", "loadbalancer/app/"+*in.Name+"/"+s.HexID("", 16))
	return &cloud.LoadBalancer{Host: host, Attributes: maps.Clone(loadBalancerDefaults), Described: types.LoadBalancer{
		LoadBalancerArn: &arn, LoadBalancerName: in.Name, DNSName: &host, CreatedTime: aws.Time(s.Now),
		Scheme: cmp.Or(in.Scheme, types.LoadBalancerSchemeEnumInternetFacing), Type: types.LoadBalancerTypeEnumApplication,
		IpAddressType: types.IpAddressTypeIpv4, VpcId: aws.String(a.Network().VPC),
		AvailabilityZones: zones, SecurityGroups: in.SecurityGroups,
	}}, nil
}

// loopbackAddress is one that a listener can open on: some 127.x.y.z of which
// the system lets us bind any port.
func (a api) loopbackAddress() string {
	for range 8 {
		host := cloud.View(a.Cloud, func(s *cloud.State) string {
			return fmt.Sprintf("127.%d.%d.%d", 1+s.Random.IntN(254), s.Random.IntN(256), 1+s.Random.IntN(254))
		})
		if probe, err := net.Listen("tcp", net.JoinHostPort(host, "0")); err == nil {
			_ = probe.Close()
			return host
		}
	}
	return "127.0.0.1"
}

func describedLoadBalancer(l *cloud.LoadBalancer) types.LoadBalancer {
	d := l.Described
	d.State = &types.LoadBalancerState{Code: types.LoadBalancerStateEnumActive}
	return d
}

func (a api) DescribeLoadBalancers(in *elb.DescribeLoadBalancersInput, out *elb.DescribeLoadBalancersOutput) error {
	var found []types.LoadBalancer
	return a.Read(func(s *cloud.State) (err error) {
		seen := map[string]bool{}
		for _, l := range s.LoadBalancers {
			name := *l.Described.LoadBalancerName
			all := len(in.LoadBalancerArns)+len(in.Names) == 0
			if all || slices.Contains(in.LoadBalancerArns, l.ARN()) || slices.Contains(in.Names, name) {
				found = append(found, describedLoadBalancer(l))
				seen[l.ARN()], seen[name] = true, true
			}
		}
		for _, wanted := range slices.Concat(in.LoadBalancerArns, in.Names) {
			if !seen[wanted] {
				return loadBalancerNotFound(wanted)
			}
		}
		out.LoadBalancers, out.NextMarker, err = operation.Page(found, in.PageSize, in.Marker, pages)
		return err
	})
}

// DeleteLoadBalancer deletes its listeners too. One that does not exist counts as
// deleted, as in AWS.
func (a api) DeleteLoadBalancer(in *elb.DeleteLoadBalancerInput, _ *elb.DeleteLoadBalancerOutput) error {
	if err := operation.Require(in, "LoadBalancerArn"); err != nil {
		return err
	}
	var closing []string
	err := a.Change(func(s *cloud.State) error {
		lb := findLoadBalancer(s, *in.LoadBalancerArn)
		if lb == nil {
			return nil
		}
		if lb.Attributes["deletion_protection.enabled"] == "true" {
			return operation.Errorf("OperationNotPermitted", "Load balancer '%s' cannot be deleted because deletion protection is enabled", lb.ARN())
		}
		s.LoadBalancers = slices.DeleteFunc(s.LoadBalancers, func(l *cloud.LoadBalancer) bool { return l == lb })
		s.Listeners = slices.DeleteFunc(s.Listeners, func(l *cloud.Listener) bool {
			mine := *l.Described.LoadBalancerArn == lb.ARN()
			if mine {
				closing = append(closing, l.ARN())
				delete(s.Tags, l.ARN())
			}
			return mine
		})
		delete(s.Tags, lb.ARN())
		return nil
	})
	for _, arn := range closing {
		a.closeListener(arn)
	}
	return err
}

// onLoadBalancer reads or changes the load balancer that the caller named.
func (a api) onLoadBalancer(arn *string, f func(*cloud.LoadBalancer) error) error {
	if err := operation.Given("loadBalancerArn", arn); err != nil {
		return err
	}
	return a.Change(func(s *cloud.State) error {
		lb := findLoadBalancer(s, *arn)
		if lb == nil {
			return loadBalancerNotFound(*arn)
		}
		return f(lb)
	})
}

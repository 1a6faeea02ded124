package cloud

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"time"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
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

// createLoadBalancer makes a load balancer that is active at once. Its DNSName is
// a loopback address of its own where the system has more than one (Linux), and
// 127.0.0.1 elsewhere: a name would need a resolver that knows it.
func (a elbAPI) createLoadBalancer(_ context.Context, in *elb.CreateLoadBalancerInput) (*elb.CreateLoadBalancerOutput, error) {
	if err := required(member{"name", in.Name != nil}); err != nil {
		return nil, err
	}
	if err := checkName("Load balancer", *in.Name); err != nil {
		return nil, err
	}
	if in.Type != "" && in.Type != types.LoadBalancerTypeEnumApplication {
		return nil, notServed("load balancers of type " + string(in.Type))
	}
	if in.IpAddressType != "" && in.IpAddressType != types.IpAddressTypeIpv4 {
		return nil, notServed("IP address type " + string(in.IpAddressType))
	}
	out := &elb.CreateLoadBalancerOutput{}
	err := a.c.change(func(now time.Time) error {
		lb, err := a.newLoadBalancer(in, now)
		if err != nil {
			return err
		}
		old := find(a.c.loadBalancers, func(l *loadBalancer) bool { return *l.described.LoadBalancerName == *in.Name })
		switch {
		case old == nil:
			a.c.loadBalancers = append(a.c.loadBalancers, lb)
			a.tag(lb.arn(), in.Tags)
		case old.described.Scheme != lb.described.Scheme || len(old.described.AvailabilityZones) != len(lb.described.AvailabilityZones):
			return apiErrorf("DuplicateLoadBalancerName", "A load balancer with the same name '%s' exists, but with different settings", *in.Name)
		default: // creating it again is not an error
			lb = old
		}
		out.LoadBalancers = []types.LoadBalancer{describedLoadBalancer(lb)}
		return nil
	})
	return out, err
}

// newLoadBalancer makes it up; callers hold mu.
func (a elbAPI) newLoadBalancer(in *elb.CreateLoadBalancerInput, now time.Time) (*loadBalancer, error) {
	subnets := slices.Clone(in.Subnets)
	for _, m := range in.SubnetMappings {
		subnets = append(subnets, deref(m.SubnetId))
	}
	zones := []types.AvailabilityZone{}
	for _, id := range subnets {
		s, ok := a.c.network.find(id)
		if !ok {
			return nil, apiErrorf("SubnetNotFound", "The subnet ID '%s' does not exist", id)
		}
		zones = append(zones, types.AvailabilityZone{SubnetId: &s.id, ZoneName: &s.zone})
	}
	if len(zones) < 2 {
		return nil, validationError("At least two subnets in two different Availability Zones must be specified")
	}
	scheme := in.Scheme
	if scheme == "" {
		scheme = types.LoadBalancerSchemeEnumInternetFacing
	}
	host := a.loopbackAddress()
	arn := a.c.elbARN("loadbalancer", "app/"+*in.Name+"/"+a.c.hexID("", 16))
	return &loadBalancer{host: host, attributes: maps.Clone(loadBalancerDefaults), described: types.LoadBalancer{
		LoadBalancerArn: &arn, LoadBalancerName: in.Name, DNSName: &host, CreatedTime: &now, Scheme: scheme,
		Type: types.LoadBalancerTypeEnumApplication, IpAddressType: types.IpAddressTypeIpv4, VpcId: &a.c.network.vpc,
		AvailabilityZones: zones, SecurityGroups: in.SecurityGroups,
	}}, nil
}

// loopbackAddress is one that a listener can open on: some 127.x.y.z of which
// the system lets us bind any port; callers hold mu, and nothing here waits.
func (a elbAPI) loopbackAddress() string {
	for range 8 {
		host := fmt.Sprintf("127.%d.%d.%d", 1+a.c.random.IntN(254), a.c.random.IntN(256), 1+a.c.random.IntN(254))
		if probe, err := net.Listen("tcp", net.JoinHostPort(host, "0")); err == nil {
			_ = probe.Close()
			return host
		}
	}
	return "127.0.0.1"
}

func describedLoadBalancer(l *loadBalancer) types.LoadBalancer {
	d := l.described
	d.State = available()
	return d
}

func (a elbAPI) describeLoadBalancers(_ context.Context, in *elb.DescribeLoadBalancersInput) (*elb.DescribeLoadBalancersOutput, error) {
	found := []types.LoadBalancer{}
	err := a.c.read(func(time.Time) error {
		seen := map[string]bool{}
		for _, l := range a.c.loadBalancers {
			name := *l.described.LoadBalancerName
			if len(in.LoadBalancerArns)+len(in.Names) == 0 || slices.Contains(in.LoadBalancerArns, l.arn()) || slices.Contains(in.Names, name) {
				found = append(found, describedLoadBalancer(l))
				seen[l.arn()], seen[name] = true, true
			}
		}
		for _, wanted := range slices.Concat(in.LoadBalancerArns, in.Names) {
			if !seen[wanted] {
				return loadBalancerNotFound(wanted)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	page, next, err := pageOf(found, in.PageSize, in.Marker, elbPages)
	return &elb.DescribeLoadBalancersOutput{LoadBalancers: page, NextMarker: next}, err
}

// deleteLoadBalancer deletes its listeners too. One that does not exist counts as
// deleted, as in AWS.
func (a elbAPI) deleteLoadBalancer(_ context.Context, in *elb.DeleteLoadBalancerInput) (*elb.DeleteLoadBalancerOutput, error) {
	if err := required(member{"loadBalancerArn", in.LoadBalancerArn != nil}); err != nil {
		return nil, err
	}
	var closing []string
	err := a.c.change(func(time.Time) error {
		lb := a.c.findLoadBalancer(*in.LoadBalancerArn)
		if lb == nil {
			return nil
		}
		if lb.attributes["deletion_protection.enabled"] == "true" {
			return apiErrorf("OperationNotPermitted", "Load balancer '%s' cannot be deleted because deletion protection is enabled", lb.arn())
		}
		a.c.loadBalancers = slices.DeleteFunc(a.c.loadBalancers, func(l *loadBalancer) bool { return l == lb })
		a.c.listeners = slices.DeleteFunc(a.c.listeners, func(l *listener) bool {
			mine := *l.described.LoadBalancerArn == lb.arn()
			if mine {
				closing = append(closing, l.arn())
			}
			return mine
		})
		delete(a.c.resourceTags, lb.arn())
		return nil
	})
	for _, arn := range closing {
		a.closeListener(arn)
	}
	return &elb.DeleteLoadBalancerOutput{}, err
}

func (a elbAPI) modifyLoadBalancerAttributes(_ context.Context, in *elb.ModifyLoadBalancerAttributesInput) (*elb.ModifyLoadBalancerAttributesOutput, error) {
	out := &elb.ModifyLoadBalancerAttributesOutput{}
	err := a.onLoadBalancer(in.LoadBalancerArn, func(lb *loadBalancer) error {
		for _, attribute := range in.Attributes {
			if _, known := lb.attributes[deref(attribute.Key)]; !known {
				return notServed("load balancer attribute '" + deref(attribute.Key) + "'")
			}
		}
		for _, attribute := range in.Attributes {
			lb.attributes[*attribute.Key] = deref(attribute.Value)
		}
		out.Attributes = describedAttributes(lb)
		return nil
	})
	return out, err
}

func (a elbAPI) describeLoadBalancerAttributes(_ context.Context, in *elb.DescribeLoadBalancerAttributesInput) (*elb.DescribeLoadBalancerAttributesOutput, error) {
	out := &elb.DescribeLoadBalancerAttributesOutput{}
	err := a.onLoadBalancer(in.LoadBalancerArn, func(lb *loadBalancer) error {
		out.Attributes = describedAttributes(lb)
		return nil
	})
	return out, err
}

func describedAttributes(lb *loadBalancer) []types.LoadBalancerAttribute {
	attributes := []types.LoadBalancerAttribute{}
	for _, key := range slices.Sorted(maps.Keys(lb.attributes)) {
		value := lb.attributes[key]
		attributes = append(attributes, types.LoadBalancerAttribute{Key: &key, Value: &value})
	}
	return attributes
}

// onLoadBalancer reads or changes the load balancer that the caller named.
func (a elbAPI) onLoadBalancer(arn *string, f func(*loadBalancer) error) error {
	if err := required(member{"loadBalancerArn", arn != nil}); err != nil {
		return err
	}
	return a.c.change(func(time.Time) error {
		lb := a.c.findLoadBalancer(*arn)
		if lb == nil {
			return loadBalancerNotFound(*arn)
		}
		return f(lb)
	})
}

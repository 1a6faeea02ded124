package elbapi_test

import (
	"testing"

	"secondwind/localcloud/apitest"
)

// A setting that would be accepted and not followed is refused by its name.
func TestMembersThatAreNotServedAreRefused(t *testing.T) {
	var steps apitest.Steps
	for request, members := range map[string]map[string]string{
		newLB: {
			"CustomerOwnedIpv4Pool": "=p", "EnablePrefixForIpv6SourceNat": "=on", "IpamPools": ".Ipv4IpamPoolId=p",
		},
		listener("{lb}", "90", "{tg}"): {
			"AlpnPolicy": ".member.1=HTTP2Only", "Certificates": ".member.1.CertificateArn=arn:x", "MutualAuthentication": ".Mode=off",
			"SslPolicy": "=ELBSecurityPolicy-2016-08",
		},
		newTG:           {"TargetControlPort": "=1"},
		health + "{tg}": {"Include": ".member.1=All"},
	} {
		for member, value := range members {
			steps = append(steps, [3]string{request, request + "&" + member + value, notServed(member)})
		}
	}
	do(t, append(steps, apitest.Steps{
		{"targets with another kind of address", newTG + "&IpAddressType=ipv6", notServed("IP address type ipv6")},
		{"this kind", newTG + "&IpAddressType=ipv4", "TargetGroups.1.IpAddressType=ipv4"},
		{
			"no checks any more", "ModifyTargetGroup&TargetGroupArn={tg}&HealthCheckEnabled=false",
			notServed("a target group without health checks"),
		},
		{"checks as before", "ModifyTargetGroup&TargetGroupArn={tg}&HealthCheckEnabled=true", "TargetGroups.1.HealthCheckEnabled=true"},
		{"an operation that there is not", "CreateRule", "InvalidAction: The operation CreateRule is not served here."},
		{"another", "SetSecurityGroups", "InvalidAction: The operation SetSecurityGroups is not served here."},
		{"nothing was made of all that", "DescribeListeners&LoadBalancerArn={lb}", "Listeners#=1"},
	}...))
}

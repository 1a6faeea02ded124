package elbapi_test

import (
	"strings"
	"testing"
	"time"

	"secondwind/localcloud/apitest"
	"secondwind/localcloud/awsapi"
	"secondwind/localcloud/balancer"
)

const newTG = "CreateTargetGroup&Name=g&Protocol=HTTP&Port=8080"

func TestANewTargetGroupHasAWSsDefaults(t *testing.T) {
	withLB(t, func(t *testing.T, w *apitest.World) {
		arn := w.Name(t, "g", "TargetGroups.1.TargetGroupArn", awsapi.ELBv2, newTG)
		if !strings.HasPrefix(arn, "arn:aws:elasticloadbalancing:local-1:123456789012:targetgroup/g/") {
			t.Errorf("ARN = %s, want one of its name in account and Region", arn)
		}
		w.Do(t, awsapi.ELBv2, apitest.Steps{
			{
				"its kind", "DescribeTargetGroups&Names.member.1=g",
				"TargetGroups#=1&TargetGroups.1.TargetType=instance&TargetGroups.1.Protocol=HTTP&TargetGroups.1.ProtocolVersion=HTTP1&" +
					"TargetGroups.1.Port=8080&TargetGroups.1.IpAddressType=ipv4&TargetGroups.1.LoadBalancerArns#=0",
			},
			{
				"its health check", "DescribeTargetGroups&Names.member.1=g",
				"TargetGroups.1.HealthCheckPath=/&TargetGroups.1.HealthCheckIntervalSeconds=30&TargetGroups.1.HealthCheckTimeoutSeconds=5&" +
					"TargetGroups.1.HealthyThresholdCount=5&TargetGroups.1.UnhealthyThresholdCount=2&TargetGroups.1.Matcher.HttpCode=200&" +
					"TargetGroups.1.HealthCheckPort=traffic-port&TargetGroups.1.HealthCheckProtocol=HTTP&TargetGroups.1.HealthCheckEnabled=true",
			},
			{
				"its attributes", "DescribeTargetGroupAttributes&TargetGroupArn={g}",
				"Attributes#=5&Attributes.1.Key=deregistration_delay.timeout_seconds&Attributes.1.Value=300&" +
					"Attributes.2.Key=load_balancing.algorithm.type&Attributes.2.Value=round_robin",
			},
		})
		want := balancer.TargetGroup{
			ARN: arn, HealthCheckPath: "/", HealthCheckInterval: 30 * time.Second, HealthCheckTimeout: 5 * time.Second, HealthyThreshold: 5,
			UnhealthyThreshold: 2, Matcher: "200", DeregistrationDelay: 5 * time.Minute, Algorithm: "round_robin",
		}
		if got := w.Balancer.TargetGroup(arn); got != want {
			t.Errorf("the balancer has %+v, want %+v", got, want)
		}
	})
}

// What is changed reaches the balancer at once.
func TestChangingATargetGroup(t *testing.T) {
	const modify = "ModifyTargetGroup&TargetGroupArn={tg}"
	withLB(t, func(t *testing.T, w *apitest.World) {
		w.Do(t, awsapi.ELBv2, apitest.Steps{
			{
				"the health check", modify + "&HealthCheckPath=/up&HealthCheckIntervalSeconds=10&HealthCheckTimeoutSeconds=3" +
					"&HealthyThresholdCount=2&UnhealthyThresholdCount=3&Matcher.HttpCode=200-299",
				"TargetGroups.1.HealthCheckPath=/up&TargetGroups.1.HealthCheckIntervalSeconds=10&TargetGroups.1.Matcher.HttpCode=200-299",
			},
			{
				"one member alone", modify + "&HealthCheckPath=/there",
				"TargetGroups.1.HealthCheckPath=/there&TargetGroups.1.HealthCheckIntervalSeconds=10",
			},
			{
				"attributes", "ModifyTargetGroupAttributes&TargetGroupArn={tg}&Attributes.member.1.Key=deregistration_delay.timeout_seconds" +
					"&Attributes.member.1.Value=7&Attributes.member.2.Key=load_balancing.algorithm.type" +
					"&Attributes.member.2.Value=least_outstanding_requests",
				"Attributes#=5&Attributes.1.Value=7&Attributes.2.Value=least_outstanding_requests",
			},
			{"they are", "DescribeTargetGroupAttributes&TargetGroupArn={tg}", "Attributes.1.Value=7"},
			{"what is so anyway", attribute("stickiness.enabled", "false"), ""},
			{"by another protocol", modify + "&HealthCheckProtocol=TCP", notServed(otherCheck)},
			{"on another port", modify + "&HealthCheckPort=9", notServed(otherCheck)},
			{"HTTP on the port of the traffic is no change", modify + "&HealthCheckProtocol=HTTP&HealthCheckPort=traffic-port", ""},
			{
				"an interval that is too short", modify + "&HealthCheckIntervalSeconds=3",
				"ValidationError: Health check interval '3' must be between 5 and 300",
			},
			{"of no target group", "ModifyTargetGroup&TargetGroupArn=x", "TargetGroupNotFound: Target groups 'x' not found"},
			{"no ARN", "ModifyTargetGroup", lacks("targetGroupArn")},
		})
		arn := w.Call(t, awsapi.ELBv2, "DescribeTargetGroups").Get(t, "TargetGroups.1.TargetGroupArn")
		want := balancer.TargetGroup{
			ARN: arn, HealthCheckPath: "/there", HealthCheckInterval: 10 * time.Second, HealthCheckTimeout: 3 * time.Second, HealthyThreshold: 2,
			UnhealthyThreshold: 3, Matcher: "200-299", DeregistrationDelay: 7 * time.Second, Algorithm: "least_outstanding_requests",
		}
		if got := w.Balancer.TargetGroup(arn); got != want {
			t.Errorf("the balancer has %+v, want %+v", got, want)
		}
	})
}

const otherCheck = "health checks by another protocol than HTTP or on another port than traffic-port"

// attribute is a request to change an attribute of {tg}.
func attribute(key, value string) string {
	return "ModifyTargetGroupAttributes&TargetGroupArn={tg}&Attributes.member.1.Key=" + key + "&Attributes.member.1.Value=" + value
}

func TestAttributesThatAreNotFollowedAreRefused(t *testing.T) {
	const delay = "ValidationError: Target group attribute 'deregistration_delay.timeout_seconds' must be between '0' and '3600'; it is "
	do(t, apitest.Steps{
		{"stickiness", attribute("stickiness.enabled", "true"), notServed("target group attribute 'stickiness.enabled' = 'true'")},
		{
			"a slow start", attribute("slow_start.duration_seconds", "30"),
			notServed("target group attribute 'slow_start.duration_seconds' = '30'"),
		},
		{"one that there is not", attribute("x", ""), notServed("target group attribute 'x' = ''")},
		{"a delay of two hours", attribute("deregistration_delay.timeout_seconds", "7200"), delay + "'7200'"},
		{"a delay below 0", attribute("deregistration_delay.timeout_seconds", "-1"), delay + "'-1'"},
		{"a delay that is no number", attribute("deregistration_delay.timeout_seconds", "soon"), delay + "'soon'"},
		{
			"an algorithm", attribute("load_balancing.algorithm.type", "weighted_random"),
			"ValidationError: Target group attribute 'load_balancing.algorithm.type' must be round_robin or least_outstanding_requests here; " +
				"it is 'weighted_random'",
		},
		{
			"a good and a bad one", attribute("deregistration_delay.timeout_seconds", "1") + "&Attributes.member.2.Key=x",
			notServed("target group attribute 'x' = ''"),
		},
		{"neither was changed", "DescribeTargetGroupAttributes&TargetGroupArn={tg}", "Attributes.1.Value=300"},
		{"of no target group", "ModifyTargetGroupAttributes&TargetGroupArn=x", "TargetGroupNotFound: Target groups 'x' not found"},
		{"described of none", "DescribeTargetGroupAttributes&TargetGroupArn=x", "TargetGroupNotFound: Target groups 'x' not found"},
		{"no ARN", "ModifyTargetGroupAttributes", lacks("targetGroupArn")},
		{"no ARN to describe", "DescribeTargetGroupAttributes", lacks("targetGroupArn")},
	})
}

func TestBadTargetGroupsAreRefused(t *testing.T) {
	steps := apitest.Steps{
		{"no name", "CreateTargetGroup", lacks("name")},
		{"a name with a dot", "CreateTargetGroup&Name=a.b", "ValidationError: Target group name 'a.b' can only contain characters …"},
		{"no protocol", "CreateTargetGroup&Name=g&Port=1", "ValidationError: A protocol and a port must be specified"},
		{"no port", "CreateTargetGroup&Name=g&Protocol=HTTP", "ValidationError: A protocol and a port must be specified"},
		{"TLS", "CreateTargetGroup&Name=g&Port=1&Protocol=HTTPS", "UnsupportedProtocol: Targets of the local cloud speak HTTP, not 'HTTPS'"},
		{"functions", newTG + "&TargetType=lambda", notServed("target type lambda")},
		{"load balancers", newTG + "&TargetType=alb", notServed("target type alb")},
		{"HTTP/2", newTG + "&ProtocolVersion=HTTP2", notServed("protocol version HTTP2")},
		{"checks by TCP", newTG + "&HealthCheckProtocol=TCP", notServed("health checks by TCP")},
		{"checks elsewhere", newTG + "&HealthCheckPort=9", notServed("health checks on another port than traffic-port")},
		{
			"no checks", newTG + "&HealthCheckEnabled=false&TargetType=instance",
			"ValidationError: Health check enabled must be true for target groups with target type 'instance'",
		},
		{
			"a timeout as long as the interval", newTG + "&HealthCheckTimeoutSeconds=30",
			"ValidationError: Health check timeout must be smaller than the interval",
		},
		{"port 0", "CreateTargetGroup&Name=g&Protocol=HTTP&Port=0", "ValidationError: Port '0' must be between 1 and 65535"},
		{"port 65536", "CreateTargetGroup&Name=g&Protocol=HTTP&Port=65536", "ValidationError: Port '65536' must be between 1 and 65535"},
		{
			"a path without a slash", newTG + "&HealthCheckPath=up",
			"ValidationError: Health check path 'up' must begin with a '/' character, and can be at most 1024 characters",
		},
		{"a path that is too long", newTG + "&HealthCheckPath=/" + strings.Repeat("x", 1024), "ValidationError: Health check path '/xx…"},
	}
	for member, limit := range map[string][4]string{
		"HealthCheckIntervalSeconds": {"Health check interval", "4", "5", "300"},
		"HealthCheckTimeoutSeconds":  {"Health check timeout", "1", "2", "120"},
		"HealthyThresholdCount":      {"Healthy threshold count", "11", "2", "10"},
		"UnhealthyThresholdCount":    {"Unhealthy threshold count", "1", "2", "10"},
	} {
		steps = append(steps, [3]string{
			member, newTG + "&" + member + "=" + limit[1],
			"ValidationError: " + limit[0] + " '" + limit[1] + "' must be between " + limit[2] + " and " + limit[3],
		})
	}
	for _, code := range []string{"2xx", "", "100", "500", "200-", "200,", "20", "2000"} {
		steps = append(steps, [3]string{
			"codes " + code, newTG + "&Matcher.HttpCode=" + code,
			"ValidationError: Health check matcher HTTP code '" + code + "' must be codes or ranges from 200 to 499, " +
				"such as '200', '200,202' or '200-299'",
		})
	}
	do(t, append(steps, [3]string{"nothing was made", "DescribeTargetGroups", "TargetGroups#=1"}))
}

func TestCreatingATargetGroupAgain(t *testing.T) {
	const different = "DuplicateTargetGroupName: A target group with the same name 'web-tg' exists, but with different settings"
	const again = "CreateTargetGroup&Name=web-tg&Protocol=HTTP&Port="
	do(t, apitest.Steps{
		{"the same", again + "8080", "TargetGroups.1.TargetGroupArn={tg}&TargetGroups.1.LoadBalancerArns.1={lb}"},
		{"another port", again + "80", different},
		{"another path", again + "8080&HealthCheckPath=/up", different},
		{"another kind", again + "8080&TargetType=ip", different},
		{"another interval, which AWS does not mind", again + "8080&HealthCheckIntervalSeconds=10", "TargetGroups.1.TargetGroupArn={tg}"},
		{"it is as it was", "DescribeTargetGroups", "TargetGroups#=1&TargetGroups.1.HealthCheckIntervalSeconds=30"},
	})
}

func TestTargetGroupsAreFound(t *testing.T) {
	do(t, apitest.Steps{
		{"another, tagged", newTG + "&Tags.member.1.Key=k&Tags.member.1.Value=v&VpcId=vpc-1", "TargetGroups.1.VpcId=vpc-1"},
		{"both", "DescribeTargetGroups", "TargetGroups#=2&TargetGroups.1.TargetGroupName=web-tg&TargetGroups.2.TargetGroupName=g"},
		{"by name", "DescribeTargetGroups&Names.member.1=g", "TargetGroups#=1"},
		{"by ARN", "DescribeTargetGroups&TargetGroupArns.member.1={tg}", "TargetGroups#=1&TargetGroups.1.TargetGroupName=web-tg"},
		{"by load balancer", "DescribeTargetGroups&LoadBalancerArn={lb}", "TargetGroups#=1&TargetGroups.1.LoadBalancerArns.1={lb}"},
		{"by no load balancer", "DescribeTargetGroups&LoadBalancerArn=x", "LoadBalancerNotFound: Load balancers '[x]' not found"},
		{"by no name", "DescribeTargetGroups&Names.member.1=x", "TargetGroupNotFound: One or more target groups not found: 'x'"},
		{"by no ARN", "DescribeTargetGroups&TargetGroupArns.member.1=x", "TargetGroupNotFound: One or more target groups not found: 'x'"},
		{"the first page", "DescribeTargetGroups&PageSize=1", "TargetGroups#=1"},
		{
			"a page that is too long", "DescribeTargetGroups&PageSize=401",
			"ValidationError: 1 validation error detected: Value '401' at 'pageSize' …",
		},
		{"a token that is not ours", "DescribeTargetGroups&Marker=x", "ValidationError: The token 'x' is invalid."},
	})
}

func TestDeletingATargetGroup(t *testing.T) {
	withLB(t, func(t *testing.T, w *apitest.World) {
		arn := w.Name(t, "g", "TargetGroups.1.TargetGroupArn", awsapi.ELBv2, newTG+"&Tags.member.1.Key=run&Tags.member.1.Value=g")
		w.Do(t, awsapi.ELBv2, apitest.Steps{
			{
				"one that a listener uses", "DeleteTargetGroup&TargetGroupArn={tg}",
				"ResourceInUse: Target group '{tg}' is currently in use by a listener or a rule",
			},
			{"one that none uses", "DeleteTargetGroup&TargetGroupArn={g}", ""},
			{"it is gone", "DescribeTargetGroups&Names.member.1=g", "TargetGroupNotFound: One or more target groups not found: 'g'"},
			{"again, which is no error", "DeleteTargetGroup&TargetGroupArn={g}", ""},
			{"no ARN", "DeleteTargetGroup", lacks("targetGroupArn")},
		})
		if got := w.Balancer.TargetGroup(arn); got.ARN != "" {
			t.Errorf("the balancer still has %+v", got)
		}
		w.Do(t, awsapi.Tagging, apitest.Steps{{
			"so are its tags", `GetResources {"TagFilters":[{"Key":"run","Values":["g"]}]}`,
			"ResourceTagMappingList#=0",
		}})
	})
}

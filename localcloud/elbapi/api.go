package elbapi

import (
	"regexp"
	"strings"

	"secondwind/localcloud/awsapi"
	"secondwind/localcloud/cloud"
	"secondwind/localcloud/operation"
)

// api has a method for each operation, by its name.
type api struct{ *cloud.Cloud }

// Register serves Elastic Load Balancing v2 on m.
func Register(m *awsapi.Mux, c *cloud.Cloud) { operation.Serve(m, awsapi.ELBv2, api{c}) }

// findLoadBalancer returns nil for an unknown ARN.
func findLoadBalancer(s *cloud.State, arn string) *cloud.LoadBalancer {
	return cloud.Find(s.LoadBalancers, func(l *cloud.LoadBalancer) bool { return l.ARN() == arn })
}

// findListener returns nil for an unknown ARN.
func findListener(s *cloud.State, arn string) *cloud.Listener {
	return cloud.Find(s.Listeners, func(l *cloud.Listener) bool { return l.ARN() == arn })
}

func targetGroupNotFound(arn string) error {
	return operation.Errorf("TargetGroupNotFound", "Target groups '%s' not found", arn)
}

func loadBalancerNotFound(arn string) error {
	return operation.Errorf("LoadBalancerNotFound", "Load balancers '[%s]' not found", arn)
}

// resourceName is how load balancers and target groups may be called.
var resourceName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$`)

func checkName(kind string, name string) error {
	switch {
	case len(name) > 32:
		return operation.Invalidf("%s name '%s' cannot be longer than '32' characters", kind, name)
	case !resourceName.MatchString(name):
		return operation.Invalidf("%s name '%s' can only contain characters that are alphanumeric characters and hyphens(-), "+
			"and cannot begin or end with a hyphen", kind, name)
	case kind == "Load balancer" && strings.HasPrefix(name, "internal-"):
		return operation.Invalidf("Load balancer name '%s' cannot begin with 'internal-'", name)
	}
	return nil
}

// pages is how ELBv2 cuts its lists.
var pages = operation.Paging{DefaultSize: 400, MaxSize: 400, SizeName: "pageSize", BadToken: "ValidationError"}

package awsapi

import "slices"

// Service is an AWS service as it is named in a signature's credential scope.
type Service string

// The services that are served.
const (
	CloudWatch  Service = "monitoring"
	AutoScaling Service = "autoscaling"
	ELBv2       Service = "elasticloadbalancing"
	EC2         Service = "ec2"
	STS         Service = "sts"
	KMS         Service = "kms"
	Tagging     Service = "tagging" // Resource Groups Tagging API
	CloudTrail  Service = "cloudtrail"
)

// serviceTraits are what the service's API model says about its wire form.
type serviceTraits struct {
	service   Service
	version   string // of the API, the parameter Version of a form
	namespace string // of XML answers
	target    string // name in X-Amz-Target and in the path of RPC v2; "" if it speaks neither
}

// services are the traits of those that are served. Source: the services' API models.
var services = []serviceTraits{
	{CloudWatch, "2010-08-01", "http://monitoring.amazonaws.com/doc/2010-08-01/", "GraniteServiceVersion20100801"},
	{AutoScaling, "2011-01-01", "http://autoscaling.amazonaws.com/doc/2011-01-01/", ""},
	{ELBv2, "2015-12-01", "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/", ""},
	{EC2, "2016-11-15", "http://ec2.amazonaws.com/doc/2016-11-15/", ""},
	{STS, "2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/", ""},
	{KMS, "2014-11-01", "", "TrentService"},
	{Tagging, "2017-01-26", "", "ResourceGroupsTaggingAPI_20170126"},
	{CloudTrail, "2013-11-01", "", "CloudTrail_20131101"},
}

// serviceWith returns the first service whose traits match; zero and false if none do.
func serviceWith(match func(serviceTraits) bool) (serviceTraits, bool) {
	if i := slices.IndexFunc(services, match); i >= 0 {
		return services[i], true
	}
	return serviceTraits{}, false
}

// traits returns the service's traits; ok is false if it is not served.
func (s Service) traits() (t serviceTraits, ok bool) {
	return serviceWith(func(t serviceTraits) bool { return t.service == s })
}

// serviceOfVersion finds the service by the Version of a form. The version comes
// before the credential scope, because classic ELB and ELBv2 share one scope.
func serviceOfVersion(version string) (Service, bool) {
	t, ok := serviceWith(func(t serviceTraits) bool { return t.version == version })
	return t.service, ok
}

// serviceOfTarget finds the service by its name in X-Amz-Target or in the path.
func serviceOfTarget(target string) (Service, bool) {
	t, ok := serviceWith(func(t serviceTraits) bool { return target != "" && t.target == target })
	return t.service, ok
}

package awsapi

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
)

// serviceTraits are what the service's API model says about its wire form.
type serviceTraits struct {
	version   string // of the API, the parameter Version of a form
	namespace string // of XML answers
	target    string // name in X-Amz-Target and in the path of RPC v2; "" if it speaks neither
	table     string // file of member names
}

// traits returns the service's traits; ok is false if it is not served.
// Source: the services' API models.
func (s Service) traits() (t serviceTraits, ok bool) {
	switch s {
	case CloudWatch:
		return serviceTraits{
			version:   "2010-08-01",
			namespace: "http://monitoring.amazonaws.com/doc/2010-08-01/",
			target:    "GraniteServiceVersion20100801",
			table:     "names/cloudwatch.json",
		}, true
	case AutoScaling:
		return serviceTraits{
			version:   "2011-01-01",
			namespace: "http://autoscaling.amazonaws.com/doc/2011-01-01/",
			table:     "names/autoscaling.json",
		}, true
	case ELBv2:
		return serviceTraits{
			version:   "2015-12-01",
			namespace: "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
			table:     "names/elasticloadbalancingv2.json",
		}, true
	case EC2:
		return serviceTraits{
			version:   "2016-11-15",
			namespace: "http://ec2.amazonaws.com/doc/2016-11-15/",
			table:     "names/ec2.json",
		}, true
	case STS:
		return serviceTraits{
			version:   "2011-06-15",
			namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
			table:     "names/sts.json",
		}, true
	case KMS:
		return serviceTraits{
			version: "2014-11-01",
			target:  "TrentService",
			table:   "names/kms.json",
		}, true
	case Tagging:
		return serviceTraits{
			version: "2017-01-26",
			target:  "ResourceGroupsTaggingAPI_20170126",
			table:   "names/resourcegroupstaggingapi.json",
		}, true
	}
	return serviceTraits{}, false
}

// services lists the services that are served.
func services() []Service {
	return []Service{CloudWatch, AutoScaling, ELBv2, EC2, STS, KMS, Tagging}
}

// serviceOfVersion finds the service by the Version of a form. The version comes
// before the credential scope, because classic ELB and ELBv2 share one scope.
func serviceOfVersion(version string) (Service, bool) {
	for _, s := range services() {
		if t, _ := s.traits(); t.version == version {
			return s, true
		}
	}
	return "", false
}

// serviceOfTarget finds the service by its name in X-Amz-Target or in the path.
func serviceOfTarget(target string) (Service, bool) {
	for _, s := range services() {
		if t, _ := s.traits(); target != "" && t.target == target {
			return s, true
		}
	}
	return "", false
}

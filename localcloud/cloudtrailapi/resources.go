package cloudtrailapi

import (
	"cmp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"secondwind/localcloud/awsapi"
)

// resourceTypes are the types of what the members of a request or an answer name; a
// list of them is named by the same member with an s.
var resourceTypes = map[string]string{
	"autoScalingGroupName": "AWS::AutoScaling::AutoScalingGroup",
	"policyName":           "AWS::AutoScaling::ScalingPolicy",
	"policyARN":            "AWS::AutoScaling::ScalingPolicy",
	"alarmName":            "AWS::CloudWatch::Alarm",
	"targetGroupArn":       "AWS::ElasticLoadBalancingV2::TargetGroup",
	"targetGroupARN":       "AWS::ElasticLoadBalancingV2::TargetGroup",
	"loadBalancerArn":      "AWS::ElasticLoadBalancingV2::LoadBalancer",
	"listenerArn":          "AWS::ElasticLoadBalancingV2::Listener",
	"instanceId":           "AWS::EC2::Instance",
	"launchTemplateId":     "AWS::EC2::LaunchTemplate",
	"launchTemplateName":   "AWS::EC2::LaunchTemplate",
	"keyId":                "AWS::KMS::Key",
}

// resourcesOf are the resources that a call names, or made; sorted, each once.
func resourcesOf(e awsapi.Event) []types.Resource {
	var all []types.Resource
	findResources(&all, "", e.Parameters)
	findResources(&all, "", e.Elements)
	slices.SortFunc(all, func(a, b types.Resource) int {
		return cmp.Or(strings.Compare(*a.ResourceType, *b.ResourceType), strings.Compare(*a.ResourceName, *b.ResourceName))
	})
	return slices.CompactFunc(all, func(a, b types.Resource) bool {
		return *a.ResourceType == *b.ResourceType && *a.ResourceName == *b.ResourceName
	})
}

// findResources adds those that a member's value names.
func findResources(all *[]types.Resource, member string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			findResources(all, name, inner)
		}
	case []any:
		for _, inner := range v {
			findResources(all, strings.TrimSuffix(member, "s"), inner)
		}
	case string:
		if of, ok := resourceTypes[member]; ok {
			*all = append(*all, types.Resource{ResourceType: aws.String(of), ResourceName: &v})
		}
	}
}

package taggingapi_test

import (
	"testing"

	"secondwind/localcloud/apitest"
	"secondwind/localcloud/awsapi"
)

const (
	group     = "autoscaling"
	instances = "ec2:instance"
)

// withTags calls f in a world in which the group and the template have the run a,
// the target group has the run b and a key, of another part, the run k.
func withTags(t *testing.T, f func(t *testing.T, w *apitest.World)) {
	t.Helper()
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		w.Call(t, awsapi.AutoScaling, "CreateOrUpdateTags&Tags.member.1.ResourceId=web-asg&Tags.member.1.ResourceType=auto-scaling-group"+
			"&Tags.member.1.Key=run&Tags.member.1.Value=a")
		w.Call(t, awsapi.EC2, "CreateTags&ResourceId.1={lt}&Tag.1.Key=run&Tag.1.Value=a&Tag.2.Key=colour&Tag.2.Value=red")
		w.Call(t, awsapi.ELBv2, "AddTags&ResourceArns.member.1={tg}&Tags.member.1.Key=run&Tags.member.1.Value=b")
		w.Name(t, "asg", "AutoScalingGroups.1.AutoScalingGroupARN", awsapi.AutoScaling, "DescribeAutoScalingGroups")
		f(t, w)
	})
}

const (
	first    = "ResourceTagMappingList.1.ResourceARN="
	second   = "ResourceTagMappingList.2.ResourceARN="
	template = "arn:aws:ec2:local-1:123456789012:launch-template/{lt}"
	aKey     = "arn:aws:kms:local-1:123456789012:key/1"
)

func TestTaggedResourcesAreFound(t *testing.T) {
	withTags(t, func(t *testing.T, w *apitest.World) {
		w.Do(t, awsapi.Tagging, apitest.Steps{
			{
				"by a key, in the order of ARNs", `GetResources {"TagFilters":[{"Key":"run"}]}`,
				"ResourceTagMappingList#=4&" + first + "{asg}&" + second + template,
			},
			{
				"the last of them, of another part", `GetResources {"TagFilters":[{"Key":"run","Values":["k"]}]}`,
				"ResourceTagMappingList#=1&" + first + aKey,
			},
			{"no page more", `GetResources {"TagFilters":[{"Key":"run"}]}`, "PaginationToken="},
			{
				"by a value", `GetResources {"TagFilters":[{"Key":"run","Values":["a"]}]}`,
				"ResourceTagMappingList#=2&" + first + "{asg}&" + second + template,
			},
			{"by either value", `GetResources {"TagFilters":[{"Key":"run","Values":["a","b"]}]}`, "ResourceTagMappingList#=3"},
			{
				"by both keys", `GetResources {"TagFilters":[{"Key":"run","Values":["a"]},{"Key":"colour"}]}`,
				"ResourceTagMappingList#=1&" + first + template,
			},
			{"by a value in another case", `GetResources {"TagFilters":[{"Key":"run","Values":["A"]}]}`, "ResourceTagMappingList#=0"},
			{
				"by type", `GetResources {"TagFilters":[{"Key":"run"}],"ResourceTypeFilters":["ec2:launch-template"]}`,
				"ResourceTagMappingList#=1&" + first + template,
			},
			{
				"by service", `GetResources {"TagFilters":[{"Key":"run"}],"ResourceTypeFilters":["elasticloadbalancing","` + group + `"]}`,
				"ResourceTagMappingList#=2&" + first + "{asg}&" + second + "{tg}",
			},
			{"by the beginning of a type", `GetResources {"ResourceTypeFilters":["ec2:launch"]}`, "ResourceTagMappingList#=0"},
			{
				"of no type of theirs", `GetResources {"TagFilters":[{"Key":"run"}],"ResourceTypeFilters":["` + instances + `"]}`,
				"ResourceTagMappingList#=0",
			},
			{"by ARN", `GetResources {"ResourceARNList":["{tg}","arn:aws:s3:::none"]}`, "ResourceTagMappingList#=1&" + first + "{tg}"},
			{
				"with all their tags, by key", `GetResources {"ResourceARNList":["` + template + `"]}`,
				"ResourceTagMappingList.1.Tags#=2&ResourceTagMappingList.1.Tags.1.Key=colour&ResourceTagMappingList.1.Tags.1.Value=red&" +
					"ResourceTagMappingList.1.Tags.2.Key=run",
			},
		})
	})
}

func TestTaggedResourcesComeInPages(t *testing.T) {
	withTags(t, func(t *testing.T, w *apitest.World) {
		w.Name(t, "next", "PaginationToken", awsapi.Tagging, `GetResources {"TagFilters":[{"Key":"run"}],"ResourcesPerPage":3}`)
		w.Do(t, awsapi.Tagging, apitest.Steps{
			{"the first", `GetResources {"TagFilters":[{"Key":"run"}],"ResourcesPerPage":3}`, "ResourceTagMappingList#=3"},
			{
				"the last", `GetResources {"TagFilters":[{"Key":"run"}],"ResourcesPerPage":3,"PaginationToken":"{next}"}`,
				"ResourceTagMappingList#=1&PaginationToken=",
			},
		})
	})
}

func TestWhatIsNotServedIsRefused(t *testing.T) {
	const neither = "InvalidParameterException: The local cloud serves neither tag policies (compliance) nor TagsPerPage"
	const together = "InvalidParameterException: ResourceARNList cannot be given together with TagFilters or ResourceTypeFilters"
	withTags(t, func(t *testing.T, w *apitest.World) {
		w.Do(t, awsapi.Tagging, apitest.Steps{
			{"a filter without a key", `GetResources {"TagFilters":[{}]}`, "InvalidParameterException: Every tag filter needs a Key"},
			{"ARNs and types", `GetResources {"ResourceARNList":["a"],"ResourceTypeFilters":["ec2"]}`, together},
			{"ARNs and tags", `GetResources {"ResourceARNList":["a"],"TagFilters":[{"Key":"run"}]}`, together},
			{"compliance", `GetResources {"IncludeComplianceDetails":true}`, neither},
			{"non-compliance", `GetResources {"ExcludeCompliantResources":true}`, neither},
			{"pages by tags", `GetResources {"TagsPerPage":100}`, neither},
			{
				"a page that is too long", `GetResources {"ResourcesPerPage":101}`,
				"ValidationError: 1 validation error detected: Value '101' at 'resourcesPerPage' failed to satisfy constraint: " +
					"Member must have value between 1 and 100",
			},
			{"a token that is not ours", `GetResources {"PaginationToken":"x"}`, "PaginationTokenExpiredException: The token 'x' is invalid."},
			{"a member that there is not", `GetResources {"Colour":"red"}`, "ValidationException: The parameter Colour is not recognized"},
			{"an operation that there is not", `TagResources {}`, "UnknownOperationException: The operation TagResources is not served here."},
		})
	})
}

package cloud

import (
	"path"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"secondwind/localcloud/awsapi"
)

// ec2API are the handlers of EC2.
type ec2API struct{ c *Cloud }

func (a ec2API) register(m *awsapi.Mux) {
	const s = awsapi.EC2
	handle(m, s, a.createLaunchTemplate)
	handle(m, s, a.createLaunchTemplateVersion)
	handle(m, s, a.deleteLaunchTemplate)
	handle(m, s, a.describeLaunchTemplates)
	handle(m, s, a.describeLaunchTemplateVersions)
	handle(m, s, a.describeInstances)
	handle(m, s, a.describeInstanceStatus)
	handle(m, s, a.terminateInstances)
	handle(m, s, a.createTags)
	handle(m, s, a.describeImages)
	handle(m, s, a.describeInstanceTypes)
	handle(m, s, a.describeInstanceCreditSpecifications)
	handle(m, s, a.describeAvailabilityZones)
	handle(m, s, a.describeSubnets)
	handle(m, s, a.describeVpcs)
	handle(m, s, a.describeSecurityGroups)
}

// ec2Pages is how EC2 cuts its lists.
var ec2Pages = paging{defaultSize: 1000, maxSize: 1000, sizeName: "maxResults", badToken: "InvalidParameterValue"}

// attributes are what filters of EC2 can ask for: values by the filter's name.
type attributes map[string][]string

// passes tells whether something with these attributes passes all filters; a
// filter's value may have the wildcards * and ?. A filter that is not known is an
// error, whatever the others say.
func (have attributes) passes(filters []types.Filter) (bool, error) {
	ok := true
	for _, f := range filters {
		name := deref(f.Name)
		values, known := have[name]
		if !known && !have.byTag(name) {
			return false, apiErrorf("InvalidParameterValue", "The filter '%s' is invalid", name)
		}
		ok = ok && slices.ContainsFunc(values, func(v string) bool { return anyMatches(f.Values, v) })
	}
	return ok, nil
}

// byTag tells whether a filter asks for a tag, tag:<key>, of something that can
// have tags at all.
func (have attributes) byTag(filter string) bool {
	_, tagged := have["tag-key"]
	return tagged && strings.HasPrefix(filter, "tag:") && filter != "tag:"
}

func anyMatches(patterns []string, v string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, v)
		return p == v || err == nil && ok
	})
}

// withTags adds a resource's tags to what can be filtered by; callers hold mu.
func (c *Cloud) withTags(have attributes, resource string) attributes {
	have["tag-key"] = []string{}
	for key, value := range c.resourceTags[resource] {
		have["tag-key"] = append(have["tag-key"], key)
		have["tag:"+key] = []string{value}
	}
	return have
}

// ec2Tags are a resource's tags; callers hold mu.
func (c *Cloud) ec2Tags(resource string) []types.Tag {
	return tagsOf(c, resource, func(k, v *string) types.Tag { return types.Tag{Key: k, Value: v} })
}

// dryRun answers a request that only asks whether it would be allowed.
func dryRun(asked *bool) error {
	if !deref(asked) {
		return nil
	}
	return &awsapi.Error{Code: "DryRunOperation", Message: "Request would have succeeded, but DryRun flag is set.", HTTPStatus: 412}
}

// stamp is a time as EC2 prints it into text members.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

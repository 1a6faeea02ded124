// Package taggingapi serves the Resource Groups Tagging API. Of the state it needs
// every tag, and changes none.
package taggingapi

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"

	"secondwind/localcloud/awsapi"
	"secondwind/localcloud/cloud"
	"secondwind/localcloud/operation"
	"secondwind/localcloud/optional"
)

// pages is how the tagging API cuts its lists.
var pages = operation.Paging{DefaultSize: 50, MaxSize: 100, SizeName: "resourcesPerPage", BadToken: "PaginationTokenExpiredException"}

// api has a method for each operation, by its name.
type api struct{ *cloud.Cloud }

// Register serves the Resource Groups Tagging API on m.
func Register(m *awsapi.Mux, c *cloud.Cloud) {
	operation.Serve(m, awsapi.Tagging, api{c})
}

// GetResources answers what has tags, in the order of ARNs. AWS's answer lags
// behind by minutes, and shows for a while what is gone; this one does not.
func (a api) GetResources(in *tagging.GetResourcesInput, out *tagging.GetResourcesOutput) error {
	if err := checkGetResources(in); err != nil {
		return err
	}
	found := cloud.View(a.Cloud, func(s *cloud.State) (found []types.ResourceTagMapping) {
		all := a.tagged(s)
		for _, arn := range slices.Sorted(maps.Keys(all)) {
			if wanted(in, arn, all[arn]) {
				found = append(found, mapping(arn, all[arn]))
			}
		}
		return found
	})
	page, next, err := operation.Page(found, in.ResourcesPerPage, in.PaginationToken, pages)
	out.ResourceTagMappingList = page
	out.PaginationToken = aws.String(optional.Value(next)) // "" where other services leave the token out
	return err
}

func checkGetResources(in *tagging.GetResourcesInput) error {
	switch {
	case len(in.ResourceARNList) > 0 && len(in.TagFilters)+len(in.ResourceTypeFilters) > 0:
		return operation.Errorf("InvalidParameterException", "ResourceARNList cannot be given together with TagFilters or ResourceTypeFilters")
	case optional.Value(in.ExcludeCompliantResources) || optional.Value(in.IncludeComplianceDetails) || in.TagsPerPage != nil:
		return operation.Errorf("InvalidParameterException", "The local cloud serves neither tag policies (compliance) nor TagsPerPage")
	}
	for _, f := range in.TagFilters {
		if optional.Value(f.Key) == "" {
			return operation.Errorf("InvalidParameterException", "Every tag filter needs a Key")
		}
	}
	return nil
}

// tagged are the tags of everything that has some, by ARN.
func (a api) tagged(s *cloud.State) map[string]map[string]string {
	all := a.TaggedElsewhere()
	for resource, tags := range s.Tags {
		if len(tags) > 0 {
			all[a.arnOf(resource)] = tags
		}
	}
	for _, g := range s.Engine.Groups() {
		for _, t := range s.GroupTags[g.Name] {
			if all[g.ARN] == nil {
				all[g.ARN] = map[string]string{}
			}
			all[g.ARN][t.Key] = t.Value
		}
	}
	return all
}

// arnOf is the ARN of a resource that has an ARN or an EC2 id.
func (a api) arnOf(resource string) string {
	switch {
	case strings.HasPrefix(resource, "arn:"):
		return resource
	case strings.HasPrefix(resource, "lt-"):
		return a.ARN("ec2", "launch-template/"+resource)
	}
	return a.ARN("ec2", "instance/"+resource)
}

// wanted tells whether a request asks for a resource: all filters must pass, each
// by its key and any of its values.
func wanted(in *tagging.GetResourcesInput, arn string, tags map[string]string) bool {
	if len(in.ResourceARNList) > 0 && !slices.Contains(in.ResourceARNList, arn) {
		return false
	}
	for _, f := range in.TagFilters {
		value, has := tags[optional.Value(f.Key)]
		if !has || len(f.Values) > 0 && !slices.Contains(f.Values, value) {
			return false
		}
	}
	ofIt := func(filter string) bool { return ofType(arn, filter) }
	return len(in.ResourceTypeFilters) == 0 || slices.ContainsFunc(in.ResourceTypeFilters, ofIt)
}

// ofType tells whether an ARN is of a type such as "ec2" or "ec2:instance".
func ofType(arn, filter string) bool {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return false
	}
	service, kind, narrow := strings.Cut(filter, ":")
	return parts[2] == service && (!narrow || strings.HasPrefix(parts[5], kind+"/") || strings.HasPrefix(parts[5], kind+":"))
}

func mapping(arn string, tags map[string]string) types.ResourceTagMapping {
	return types.ResourceTagMapping{
		ResourceARN: &arn, Tags: cloud.List(tags, func(k, v *string) types.Tag { return types.Tag{Key: k, Value: v} }),
	}
}

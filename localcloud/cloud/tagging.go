package cloud

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"

	"secondwind/localcloud/awsapi"
)

// tagPages is how the tagging API cuts its lists.
var tagPages = paging{defaultSize: 50, maxSize: 100, sizeName: "resourcesPerPage", badToken: "PaginationTokenExpiredException"}

// getResources answers what has tags, in the order of ARNs. AWS's answer lags
// behind by minutes, and shows for a while what is gone; this one does not.
func (c *Cloud) getResources(_ context.Context, in *tagging.GetResourcesInput) (*tagging.GetResourcesOutput, error) {
	if err := checkGetResources(in); err != nil {
		return nil, err
	}
	found := []types.ResourceTagMapping{}
	err := c.read(func(time.Time) error {
		all := c.tagged()
		for _, arn := range slices.Sorted(maps.Keys(all)) {
			if wanted(in, arn, all[arn]) {
				found = append(found, mapping(arn, all[arn]))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	page, next, err := pageOf(found, in.ResourcesPerPage, in.PaginationToken, tagPages)
	if next == nil {
		next = aws.String("") // where other services leave the token out
	}
	return &tagging.GetResourcesOutput{ResourceTagMappingList: page, PaginationToken: next}, err
}

func checkGetResources(in *tagging.GetResourcesInput) error {
	switch {
	case len(in.ResourceARNList) > 0 && len(in.TagFilters)+len(in.ResourceTypeFilters) > 0:
		return apiErrorf("InvalidParameterException", "ResourceARNList cannot be given together with TagFilters or ResourceTypeFilters")
	case deref(in.ExcludeCompliantResources) || deref(in.IncludeComplianceDetails) || in.TagsPerPage != nil:
		return apiErrorf("InvalidParameterException", "The local cloud serves neither tag policies (compliance) nor TagsPerPage")
	}
	for _, f := range in.TagFilters {
		if deref(f.Key) == "" {
			return apiErrorf("InvalidParameterException", "Every tag filter needs a Key")
		}
	}
	return nil
}

// tagged are the tags of everything that has some, by ARN; callers hold mu.
func (c *Cloud) tagged() map[string]map[string]string {
	all := map[string]map[string]string{}
	if c.cfg.Tagged != nil {
		all = c.cfg.Tagged()
	}
	for resource, tags := range c.resourceTags {
		if len(tags) > 0 {
			all[c.arnOf(resource)] = tags
		}
	}
	for _, g := range c.engine.Groups() {
		for _, t := range c.groupTags[g.Name] {
			if all[g.ARN] == nil {
				all[g.ARN] = map[string]string{}
			}
			all[g.ARN][t.key] = t.value
		}
	}
	return all
}

// arnOf is the ARN of a resource that has an ARN or an EC2 id.
func (c *Cloud) arnOf(resource string) string {
	kind := "instance"
	switch {
	case strings.HasPrefix(resource, "arn:"):
		return resource
	case strings.HasPrefix(resource, "lt-"):
		kind = "launch-template"
	}
	return "arn:aws:ec2:" + c.cfg.Region + ":" + c.cfg.AccountID + ":" + kind + "/" + resource
}

// wanted tells whether a request asks for a resource: all filters must pass, each
// by its key and any of its values.
func wanted(in *tagging.GetResourcesInput, arn string, tags map[string]string) bool {
	if len(in.ResourceARNList) > 0 && !slices.Contains(in.ResourceARNList, arn) {
		return false
	}
	for _, f := range in.TagFilters {
		value, has := tags[deref(f.Key)]
		if !has || len(f.Values) > 0 && !slices.Contains(f.Values, value) {
			return false
		}
	}
	return len(in.ResourceTypeFilters) == 0 || slices.ContainsFunc(in.ResourceTypeFilters, func(filter string) bool { return ofType(arn, filter) })
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
	m := types.ResourceTagMapping{ResourceARN: &arn, Tags: []types.Tag{}}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		m.Tags = append(m.Tags, types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return m
}

// registerTagging serves the operations of the Resource Groups Tagging API.
func (c *Cloud) registerTagging(m *awsapi.Mux) { handle(m, awsapi.Tagging, c.getResources) }

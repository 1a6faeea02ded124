package autoscalingapi

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"secondwind/autoscale"
	"secondwind/localcloud/cloud"
	"secondwind/localcloud/operation"
	"secondwind/localcloud/optional"
)

func describedTag(t cloud.GroupTag, group string) types.TagDescription {
	return types.TagDescription{
		Key: &t.Key, Value: &t.Value, PropagateAtLaunch: &t.Propagate,
		ResourceId: &group, ResourceType: aws.String("auto-scaling-group"),
	}
}

// tagGroup sets a tag.
func tagGroup(s *cloud.State, group string, t types.Tag) {
	tag := cloud.GroupTag{Key: optional.Value(t.Key), Value: optional.Value(t.Value), Propagate: optional.Value(t.PropagateAtLaunch)}
	s.GroupTags[group] = append(withoutTag(s.GroupTags[group], tag.Key), tag)
}

func withoutTag(tags []cloud.GroupTag, key string) []cloud.GroupTag {
	return slices.DeleteFunc(tags, func(t cloud.GroupTag) bool { return t.Key == key })
}

// tagsMatch tells whether a group with these tags passes the filters of
// DescribeAutoScalingGroups: tag-key, tag-value and tag:<key>.
func tagsMatch(tags []cloud.GroupTag, filters []types.Filter) (bool, error) {
	ok := true
	for _, f := range filters {
		name := optional.Value(f.Name)
		key, byKey := strings.CutPrefix(name, "tag:")
		if name != "tag-key" && name != "tag-value" && !byKey {
			return false, operation.Invalidf("Filter %s is not known; tag-key, tag-value and tag:<key> are", name)
		}
		found := slices.ContainsFunc(tags, func(t cloud.GroupTag) bool {
			switch name {
			case "tag-key":
				return slices.Contains(f.Values, t.Key)
			case "tag-value":
				return slices.Contains(f.Values, t.Value)
			}
			return t.Key == key && slices.Contains(f.Values, t.Value)
		})
		ok = ok && found
	}
	return ok, nil
}

func (a api) CreateOrUpdateTags(in *autoscaling.CreateOrUpdateTagsInput, _ *autoscaling.CreateOrUpdateTagsOutput) error {
	return a.eachTag(in.Tags, func(s *cloud.State, t types.Tag) { tagGroup(s, *t.ResourceId, t) })
}

func (a api) DeleteTags(in *autoscaling.DeleteTagsInput, _ *autoscaling.DeleteTagsOutput) error {
	return a.eachTag(in.Tags, func(s *cloud.State, t types.Tag) {
		s.GroupTags[*t.ResourceId] = withoutTag(s.GroupTags[*t.ResourceId], *t.Key)
	})
}

// eachTag calls f for every tag once all of them are known to be good.
func (a api) eachTag(tags []types.Tag, f func(*cloud.State, types.Tag)) error {
	return a.Change(func(s *cloud.State) error {
		for _, t := range tags {
			if t.Key == nil || *t.Key == "" {
				return operation.Invalidf("Every tag needs a Key")
			}
			if optional.Value(t.ResourceType) != "auto-scaling-group" {
				return operation.Invalidf("The resource type of a tag must be auto-scaling-group")
			}
			if _, err := s.Engine.Group(optional.Value(t.ResourceId)); err != nil {
				return err
			}
		}
		for _, t := range tags {
			f(s, t)
		}
		return nil
	})
}

// DescribeTags filters by auto-scaling-group, key, value and propagate-at-launch.
func (a api) DescribeTags(in *autoscaling.DescribeTagsInput, out *autoscaling.DescribeTagsOutput) error {
	if _, err := tagMatches(cloud.GroupTag{}, autoscale.GroupStatus{}, in.Filters); err != nil {
		return err
	}
	var tags []types.TagDescription
	return a.Read(func(s *cloud.State) (err error) {
		for _, g := range s.Engine.Groups() {
			for _, t := range s.GroupTags[g.Name] {
				if ok, _ := tagMatches(t, g, in.Filters); ok {
					tags = append(tags, describedTag(t, g.Name))
				}
			}
		}
		out.Tags, out.NextToken, err = operation.Page(tags, in.MaxRecords, in.NextToken, groupPages)
		return err
	})
}

func tagMatches(t cloud.GroupTag, g autoscale.GroupStatus, filters []types.Filter) (bool, error) {
	have := map[string]string{
		"auto-scaling-group": g.Name, "key": t.Key, "value": t.Value, "propagate-at-launch": strconv.FormatBool(t.Propagate),
	}
	ok := true
	for _, f := range filters {
		value, known := have[optional.Value(f.Name)]
		if !known {
			return false, operation.Invalidf("Filter %s is not known; auto-scaling-group, key, value and propagate-at-launch are",
				optional.Value(f.Name))
		}
		ok = ok && slices.Contains(f.Values, value)
	}
	return ok, nil
}

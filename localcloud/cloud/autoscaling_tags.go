package cloud

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"secondwind/autoscale"
)

// groupTag is a tag of an Auto Scaling group.
type groupTag struct {
	key, value string
	propagate  bool // to instances at launch
}

func (t groupTag) described(group string) types.TagDescription {
	return types.TagDescription{
		Key: &t.key, Value: &t.value, PropagateAtLaunch: &t.propagate,
		ResourceId: &group, ResourceType: aws.String("auto-scaling-group"),
	}
}

// tagGroup sets a tag; callers hold mu.
func (c *Cloud) tagGroup(group string, t types.Tag) {
	tag := groupTag{deref(t.Key), deref(t.Value), deref(t.PropagateAtLaunch)}
	tags := slices.DeleteFunc(c.groupTags[group], func(old groupTag) bool { return old.key == tag.key })
	c.groupTags[group] = append(tags, tag)
}

// tagsMatch tells whether a group with these tags passes the filters of
// DescribeAutoScalingGroups: tag-key, tag-value and tag:<key>.
func tagsMatch(tags []groupTag, filters []types.Filter) (bool, error) {
	ok := true
	for _, f := range filters {
		name := deref(f.Name)
		key, byKey := strings.CutPrefix(name, "tag:")
		if name != "tag-key" && name != "tag-value" && !byKey {
			return false, validationError("Filter %s is not known; tag-key, tag-value and tag:<key> are", name)
		}
		found := slices.ContainsFunc(tags, func(t groupTag) bool {
			switch name {
			case "tag-key":
				return slices.Contains(f.Values, t.key)
			case "tag-value":
				return slices.Contains(f.Values, t.value)
			}
			return t.key == key && slices.Contains(f.Values, t.value)
		})
		ok = ok && found
	}
	return ok, nil
}

func (a autoScalingAPI) createOrUpdateTags(_ context.Context, in *autoscaling.CreateOrUpdateTagsInput) (*autoscaling.CreateOrUpdateTagsOutput, error) {
	return &autoscaling.CreateOrUpdateTagsOutput{}, a.eachTag(in.Tags, func(t types.Tag) { a.c.tagGroup(*t.ResourceId, t) })
}

func (a autoScalingAPI) deleteTags(_ context.Context, in *autoscaling.DeleteTagsInput) (*autoscaling.DeleteTagsOutput, error) {
	return &autoscaling.DeleteTagsOutput{}, a.eachTag(in.Tags, func(t types.Tag) {
		group := *t.ResourceId
		a.c.groupTags[group] = slices.DeleteFunc(a.c.groupTags[group], func(old groupTag) bool { return old.key == *t.Key })
	})
}

// eachTag calls f for every tag once all of them are known to be good.
func (a autoScalingAPI) eachTag(tags []types.Tag, f func(types.Tag)) error {
	return a.c.change(func(time.Time) error {
		for _, t := range tags {
			if t.Key == nil || *t.Key == "" {
				return validationError("Every tag needs a Key")
			}
			if deref(t.ResourceType) != "auto-scaling-group" {
				return validationError("The resource type of a tag must be auto-scaling-group")
			}
			if _, err := a.c.engine.Group(deref(t.ResourceId)); err != nil {
				return err
			}
		}
		for _, t := range tags {
			f(t)
		}
		return nil
	})
}

// describeTags filters by auto-scaling-group, key, value and propagate-at-launch.
func (a autoScalingAPI) describeTags(_ context.Context, in *autoscaling.DescribeTagsInput) (*autoscaling.DescribeTagsOutput, error) {
	if _, err := (groupTag{}).matches(autoscale.GroupStatus{}, in.Filters); err != nil {
		return nil, err
	}
	tags := []types.TagDescription{}
	err := a.c.read(func(time.Time) error {
		for _, g := range a.c.engine.Groups() {
			for _, t := range a.c.groupTags[g.Name] {
				ok, err := t.matches(g, in.Filters)
				if err != nil {
					return err
				}
				if ok {
					tags = append(tags, t.described(g.Name))
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	page, next, err := pageOf(tags, in.MaxRecords, in.NextToken, groupPages)
	return &autoscaling.DescribeTagsOutput{Tags: page, NextToken: next}, err
}

func (t groupTag) matches(g autoscale.GroupStatus, filters []types.Filter) (bool, error) {
	propagate := "false"
	if t.propagate {
		propagate = "true"
	}
	have := map[string]string{"auto-scaling-group": g.Name, "key": t.key, "value": t.value, "propagate-at-launch": propagate}
	ok := true
	for _, f := range filters {
		value, known := have[deref(f.Name)]
		if !known {
			return false, validationError("Filter %s is not known; auto-scaling-group, key, value and propagate-at-launch are", deref(f.Name))
		}
		ok = ok && slices.Contains(f.Values, value)
	}
	return ok, nil
}

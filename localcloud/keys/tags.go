package keys

import (
	"cmp"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// checkTags refuses what no key may be tagged with.
func checkTags(tags []types.Tag) error {
	for _, t := range tags {
		switch {
		case t.TagKey == nil || t.TagValue == nil:
			return missing("tags.member.tagKey or tagValue")
		case *t.TagKey == "" || len(*t.TagKey) > maxTagKey:
			return constraint("", "tags.member.tagKey", "Member must have length between 1 and %d", maxTagKey)
		case len(*t.TagValue) > maxTagValue:
			return constraint("", "tags.member.tagValue", "Member must have length less than or equal to %d", maxTagValue)
		}
	}
	if len(tags) > maxTags {
		return fault("LimitExceededException", "A key may have at most %d tags.", maxTags)
	}
	return nil
}

// tag adds tags; one of the same key is replaced. It makes a new list, because an
// answer with the old one may still be written.
func (k *key) tag(tags []types.Tag) {
	k.tags = slices.Clone(k.tags)
	for _, t := range tags {
		i := slices.IndexFunc(k.tags, func(old types.Tag) bool { return *old.TagKey == *t.TagKey })
		if i < 0 {
			k.tags = append(k.tags, t)
			continue
		}
		k.tags[i] = t
	}
}

func (k *Keys) tagResource(in *kms.TagResourceInput, _ time.Time) (*kms.TagResourceOutput, error) {
	found, err := k.findAlive(in.KeyId)
	if err := cmp.Or(err, checkTags(in.Tags)); err != nil {
		return nil, err
	}
	changed := key{tags: found.tags}
	changed.tag(in.Tags)
	if err := checkTags(changed.tags); err != nil {
		return nil, err
	}
	found.tags = changed.tags
	return &kms.TagResourceOutput{}, nil
}

func (k *Keys) untagResource(in *kms.UntagResourceInput, _ time.Time) (*kms.UntagResourceOutput, error) {
	found, err := k.findAlive(in.KeyId)
	if err != nil {
		return nil, err
	}
	found.tags = slices.DeleteFunc(slices.Clone(found.tags), func(t types.Tag) bool { return slices.Contains(in.TagKeys, *t.TagKey) })
	return &kms.UntagResourceOutput{}, nil
}

func (k *Keys) listResourceTags(in *kms.ListResourceTagsInput, _ time.Time) (*kms.ListResourceTagsOutput, error) {
	found, err := k.findByID(in.KeyId)
	if err != nil {
		return nil, err
	}
	keys := make([]string, len(found.tags))
	for i, t := range found.tags {
		keys[i] = *t.TagKey
	}
	part, next, err := page(keys, in.Limit, in.Marker, maxTags)
	if err != nil {
		return nil, err
	}
	tags := slices.DeleteFunc(slices.Clone(found.tags), func(t types.Tag) bool { return !slices.Contains(part, *t.TagKey) })
	return &kms.ListResourceTagsOutput{Tags: tags, NextMarker: next, Truncated: next != nil}, nil
}

// Tagged are the tags of the keys that have some, by ARN: what the Resource Groups
// Tagging API knows of them.
func (k *Keys) Tagged() map[string]map[string]string {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := map[string]map[string]string{}
	for _, key := range k.keys {
		if len(key.tags) == 0 {
			continue
		}
		tags := map[string]string{}
		for _, t := range key.tags {
			tags[*t.TagKey] = *t.TagValue
		}
		all[*k.keyARN(key)] = tags
	}
	return all
}

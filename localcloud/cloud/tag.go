package cloud

import (
	"maps"
	"slices"
)

// setTag notes a tag of a resource, by ARN or EC2 id; callers hold mu.
func (c *Cloud) setTag(resource, key, value string) {
	if c.resourceTags[resource] == nil {
		c.resourceTags[resource] = map[string]string{}
	}
	c.resourceTags[resource][key] = value
}

// tagsOf lists a resource's tags in the order of their keys, each made by of;
// callers hold mu.
func tagsOf[T any](c *Cloud, resource string, of func(key, value *string) T) []T {
	tags := c.resourceTags[resource]
	list := make([]T, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		value := tags[key]
		list = append(list, of(&key, &value))
	}
	return list
}

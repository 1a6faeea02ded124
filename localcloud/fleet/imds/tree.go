package imds

import (
	"maps"
	"slices"
	"strings"
)

// tree is metadata by path, without leading or trailing slashes: a leaf by its
// own path, a directory by its listing.
type tree struct {
	leaves   map[string]string
	live     map[string]func() string // leaves that change
	listings map[string]string
}

// newTree lays out the metadata of i as EC2 does.
func newTree(i Instance) tree {
	t := tree{live: i.Role.leaves(), leaves: map[string]string{
		"latest/meta-data/ami-id":                      i.ImageID,
		"latest/meta-data/hostname":                    i.localHostname(),
		"latest/meta-data/instance-id":                 i.InstanceID,
		"latest/meta-data/instance-life-cycle":         "on-demand",
		"latest/meta-data/instance-type":               i.InstanceType,
		"latest/meta-data/local-hostname":              i.localHostname(),
		"latest/meta-data/local-ipv4":                  i.LocalIPv4,
		"latest/meta-data/placement/availability-zone": i.AvailabilityZone,
		"latest/meta-data/placement/region":            i.Region,
		"latest/meta-data/services/domain":             "amazonaws.com",
		"latest/meta-data/services/partition":          "aws",
		"latest/dynamic/instance-identity/document":    i.document(),
	}}
	t.listings = list(slices.Concat(slices.Collect(maps.Keys(t.leaves)), slices.Collect(maps.Keys(t.live))))
	return t
}

// list returns what every directory above the leaves holds, sorted, a line
// each; directories end with a slash.
func list(leaves []string) map[string]string {
	entries := make(map[string]map[string]bool)
	for _, path := range leaves {
		name := ""
		for path != "" {
			dir, base := "", path
			if i := strings.LastIndexByte(path, '/'); i >= 0 {
				dir, base = path[:i], path[i+1:]
			}
			if entries[dir] == nil {
				entries[dir] = make(map[string]bool)
			}
			entries[dir][base+name] = true
			path, name = dir, "/"
		}
	}
	listings := make(map[string]string, len(entries))
	for dir, names := range entries {
		listings[dir] = strings.Join(slices.Sorted(maps.Keys(names)), "\n")
	}
	return listings
}

// read returns what is at path: a leaf, or a directory's listing with or
// without the slash at its end. A leaf with a slash at its end is not there.
func (t tree) read(path string) (string, bool) {
	path = strings.TrimPrefix(path, "/")
	if leaf, ok := t.leaves[path]; ok {
		return leaf, true
	}
	if leaf, ok := t.live[path]; ok {
		return leaf(), true
	}
	listing, ok := t.listings[strings.TrimSuffix(path, "/")]
	return listing, ok
}

package ec2api

import (
	"path"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"secondwind/localcloud/awsapi"
	"secondwind/localcloud/cloud"
	"secondwind/localcloud/operation"
	"secondwind/localcloud/optional"
)

// api has a method for each operation, by its name.
type api struct{ *cloud.Cloud }

// Register serves EC2 on m.
func Register(m *awsapi.Mux, c *cloud.Cloud) { operation.Serve(m, awsapi.EC2, api{c}) }

// pages is how EC2 cuts its lists.
var pages = operation.Paging{DefaultSize: 1000, MaxSize: 1000, SizeName: "maxResults", BadToken: "InvalidParameterValue"}

// attributes are what filters of EC2 can ask for: values by the filter's name.
type attributes map[string][]string

// passes tells whether something with these attributes passes all filters; a
// filter's value may have the wildcards * and ?. A filter that is not known is an
// error, whatever the others say.
func (have attributes) passes(filters []types.Filter) (bool, error) {
	ok := true
	for _, f := range filters {
		name := optional.Value(f.Name)
		values, known := have[name]
		if !known && !have.byTag(name) {
			return false, invalidValuef("The filter '%s' is invalid", name)
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

// listed tells whether a request for these names, or for any if there is none,
// asks for the name.
func listed(names []string, name string) bool { return len(names) == 0 || slices.Contains(names, name) }

func anyMatches(patterns []string, v string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, v)
		return p == v || err == nil && ok
	})
}

// withTags adds a resource's tags to what can be filtered by.
func withTags(s *cloud.State, have attributes, resource string) attributes {
	have["tag-key"] = []string{}
	for key, value := range s.Tags[resource] {
		have["tag-key"] = append(have["tag-key"], key)
		have["tag:"+key] = []string{value}
	}
	return have
}

// ec2Tags are a resource's tags.
func ec2Tags(s *cloud.State, resource string) []types.Tag {
	return cloud.List(s.Tags[resource], func(k, v *string) types.Tag { return types.Tag{Key: k, Value: v} })
}

// invalidValuef refuses a value of a parameter.
func invalidValuef(format string, args ...any) error {
	return operation.Errorf("InvalidParameterValue", format, args...)
}

func missing(parameter string) error {
	return operation.Errorf("MissingParameter", "The request must contain the parameter %s", parameter)
}

// stamp is a time as EC2 prints it into text members.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

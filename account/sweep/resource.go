package sweep

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
)

// Resource is something in the account that has a run's tag.
type Resource struct {
	Kind    string    `json:"kind"` // "Auto Scaling group"
	ID      string    `json:"id"`   // the name, id or ARN that the service's calls take
	Run     string    `json:"run"`
	Expires time.Time `json:"expires,omitzero"` // zero if it has no such tag
	// Going is when AWS removes it by itself; "" if it does not.
	Going string `json:"going,omitempty"`
	// Reason is why it could not be removed, "" if nobody tried.
	Reason string `json:"reason,omitempty"`
}

func (r Resource) key() string { return r.Kind + " " + r.ID }

// String names the resource for a person.
func (r Resource) String() string {
	text := r.key()
	if r.Going != "" {
		text += " (" + r.Going + ")"
	}
	if r.Reason != "" {
		text += ": " + r.Reason
	}
	return text
}

// Unseen is a kind of resource that could not be listed.
type Unseen struct {
	Kind   string `json:"kind"`
	Reason string `json:"reason"`
}

// Found is what was found in an account.
type Found struct {
	Region    string     `json:"region"`
	Resources []Resource `json:"resources"`
	// Unseen are the kinds that could not be listed: while there are any, it is
	// not known that nothing is left.
	Unseen []Unseen `json:"unseen,omitempty"`
	// Kinds are those that were looked for.
	Kinds []string `json:"kinds"`
}

// Left are the resources that stay until somebody removes them.
func (f Found) Left() []Resource {
	return slices.DeleteFunc(slices.Clone(f.Resources), func(r Resource) bool { return r.Going != "" })
}

// Clean reports whether it is known that nothing is left.
func (f Found) Clean() bool { return len(f.Left()) == 0 && len(f.Unseen) == 0 }

// Runs are the runs of what was found, in order.
func (f Found) Runs() []string {
	var runs []string
	for _, r := range f.Resources {
		runs = append(runs, r.Run)
	}
	slices.Sort(runs)
	return slices.Compact(runs)
}

// Selection selects resources by their run. The zero value selects every run's.
type Selection struct {
	Run string // the run's id; "" is any
	// ExpiredAt, if not zero, leaves out what expires later, or has no expiry.
	ExpiredAt time.Time
}

// selects reads a resource's tags; ok is false where they are not those that are
// meant. Nothing is listed or removed that has not passed here.
func (s Selection) selects(tags map[string]string) (r Resource, ok bool) {
	r.Run = tags[RunTag]
	if r.Run == "" || s.Run != "" && r.Run != s.Run {
		return r, false
	}
	if at, err := time.Parse(time.RFC3339, tags[ExpiresTag]); err == nil {
		r.Expires = at.UTC()
	}
	if !s.ExpiredAt.IsZero() && (r.Expires.IsZero() || r.Expires.After(s.ExpiredAt)) {
		return r, false
	}
	return r, true
}

// typeOf is the type in an ARN, as the tagging API's filters have it:
// "ec2:instance", "elasticloadbalancing:targetgroup", "sns" where there is none.
// The type of text that is not an ARN is "".
func typeOf(arn string) string {
	service, kind, _ := splitARN(arn)
	if kind == "" {
		return service
	}
	return service + ":" + kind
}

// nameIn is what stands in an ARN after the type.
func nameIn(arn string) string {
	_, _, name := splitARN(arn)
	return name
}

// splitARN takes arn:partition:service:region:account:resource apart. A resource
// is a type and a name, joined by a slash or a colon, or a name alone.
func splitARN(text string) (service, kind, name string) {
	parsed, err := arn.Parse(text)
	if err != nil {
		return "", "", text
	}
	end := strings.IndexAny(parsed.Resource, "/:")
	if end < 0 || parsed.Service == "s3" || parsed.Service == "sns" {
		return parsed.Service, "", parsed.Resource
	}
	return parsed.Service, parsed.Resource[:end], parsed.Resource[end+1:]
}

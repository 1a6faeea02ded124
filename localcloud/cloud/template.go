package cloud

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"secondwind/autoscale"
)

// launchTemplate is an EC2 launch template with all its versions.
type launchTemplate struct {
	id, name       string
	created        time.Time
	defaultVersion int64
	versions       []templateVersion // 1, 2, 3 …
}

// templateVersion is a version of a launch template; it never changes.
type templateVersion struct {
	number      int64
	created     time.Time
	description *string
	data        types.RequestLaunchTemplateData
}

func (v templateVersion) label() string { return strconv.FormatInt(v.number, 10) }

func (t *launchTemplate) latest() templateVersion { return t.versions[len(t.versions)-1] }

// version resolves "$Latest", "$Default" (or "") and numbers.
func (t *launchTemplate) version(label string) (templateVersion, error) {
	switch label {
	case "$Latest":
		return t.latest(), nil
	case "$Default", "":
		return t.versions[t.defaultVersion-1], nil
	}
	n, err := strconv.ParseInt(label, 10, 64)
	if err != nil {
		return templateVersion{}, apiErrorf("InvalidLaunchTemplateId.VersionNotFound", "The specified launch template version '%s' is not valid: it is a number, $Latest or $Default", label)
	}
	if n < 1 || n > int64(len(t.versions)) {
		return templateVersion{}, apiErrorf("InvalidLaunchTemplateId.VersionNotFound", "Could not find the specified version %d for the launch template with ID %s.", n, t.id)
	}
	return t.versions[n-1], nil
}

// findTemplate returns the template of that id or name; callers hold mu.
func (c *Cloud) findTemplate(id, name string) (*launchTemplate, error) {
	i := slices.IndexFunc(c.templates, func(t *launchTemplate) bool {
		return (id != "" && t.id == id) || (id == "" && t.name == name)
	})
	if i >= 0 {
		return c.templates[i], nil
	}
	if id != "" {
		return nil, apiErrorf("InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID %s, does not exist.", id)
	}
	return nil, apiErrorf("InvalidLaunchTemplateName.NotFoundException", "The specified launch template, with template name %s, does not exist.", name)
}

// findTemplateVersion resolves what an Auto Scaling group launches; callers hold mu.
// Its errors are sentences without a code: they end up in an activity's StatusMessage.
func (c *Cloud) findTemplateVersion(spec autoscale.LaunchTemplate) (*launchTemplate, templateVersion, error) {
	t, err := c.findTemplate(spec.ID, spec.Name)
	if err != nil {
		return nil, templateVersion{}, messageOf(err)
	}
	v, err := t.version(spec.Version)
	if err != nil {
		return nil, templateVersion{}, messageOf(err)
	}
	return t, v, nil
}

// merge lays the members that are set in over onto base, as a new version of a
// template with a SourceVersion does.
func merge(base, over types.RequestLaunchTemplateData) types.RequestLaunchTemplateData {
	to, from := reflect.ValueOf(&base).Elem(), reflect.ValueOf(over)
	for i := range from.NumField() {
		if to.Field(i).CanSet() && !from.Field(i).IsZero() {
			to.Field(i).Set(from.Field(i))
		}
	}
	return base
}

// profileName is what IAM allows as the name of an instance profile.
var profileName = regexp.MustCompile(`^[\w+=,.@-]{1,128}$`)

// profileOf is the name of the instance profile that a template asks for; "" is
// none. There is no IAM here: a profile of any name has a role of the same name.
func profileOf(p *types.LaunchTemplateIamInstanceProfileSpecificationRequest) (string, error) {
	if p == nil {
		return "", nil
	}
	name := deref(p.Name)
	if p.Arn != nil {
		name = (*p.Arn)[strings.LastIndexByte(*p.Arn, '/')+1:]
	}
	if !profileName.MatchString(name) {
		return "", apiErrorf("InvalidParameterValue", "Value (%.200s) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name", name)
	}
	return name, nil
}

// described is the data as EC2 answers it. AWS names the members of request and
// answer alike, so JSON carries one over to the other.
func (v templateVersion) described() (*types.ResponseLaunchTemplateData, error) {
	text, err := json.Marshal(v.data)
	if err != nil {
		return nil, fmt.Errorf("describe launch template version %d: %w", v.number, err)
	}
	var data types.ResponseLaunchTemplateData
	if err := json.Unmarshal(text, &data); err != nil {
		return nil, fmt.Errorf("describe launch template version %d: %w", v.number, err)
	}
	return &data, nil
}

package cloud

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"secondwind/autoscale"
	"secondwind/localcloud/operation"
	"secondwind/localcloud/optional"
)

// Template is an EC2 launch template with all its versions.
type Template struct {
	ID, Name       string
	Created        time.Time
	DefaultVersion int64
	Versions       []TemplateVersion // 1, 2, 3 …
}

// TemplateVersion is a version of a launch template; it never changes.
type TemplateVersion struct {
	Number      int64
	Created     time.Time
	Description *string
	Data        types.RequestLaunchTemplateData
}

// Latest is the newest version.
func (t *Template) Latest() TemplateVersion { return t.Versions[len(t.Versions)-1] }

// Version resolves "$Latest", "$Default" (or "") and numbers.
func (t *Template) Version(label string) (TemplateVersion, error) {
	switch label {
	case "$Latest":
		return t.Latest(), nil
	case "$Default", "":
		return t.Versions[t.DefaultVersion-1], nil
	}
	n, err := strconv.ParseInt(label, 10, 64)
	if err != nil {
		return TemplateVersion{}, operation.Errorf(
			"InvalidLaunchTemplateId.VersionNotFound",
			"The specified launch template version '%s' is not valid: it is a number, $Latest or $Default", label,
		)
	}
	if n < 1 || n > int64(len(t.Versions)) {
		return TemplateVersion{}, operation.Errorf(
			"InvalidLaunchTemplateId.VersionNotFound", "Could not find the specified version %d for the launch template with ID %s.", n, t.ID,
		)
	}
	return t.Versions[n-1], nil
}

// Template returns the template of that id or name.
func (s *State) Template(id, name string) (*Template, error) {
	i := slices.IndexFunc(s.Templates, func(t *Template) bool {
		return (id != "" && t.ID == id) || (id == "" && t.Name == name)
	})
	if i >= 0 {
		return s.Templates[i], nil
	}
	if id != "" {
		return nil, operation.Errorf(
			"InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID %s, does not exist.", id,
		)
	}
	return nil, operation.Errorf(
		"InvalidLaunchTemplateName.NotFoundException", "The specified launch template, with template name %s, does not exist.", name,
	)
}

// TemplateVersion resolves what an Auto Scaling group launches.
// Its errors are sentences without a code: they end up in an activity's StatusMessage.
func (s *State) TemplateVersion(spec autoscale.LaunchTemplate) (*Template, TemplateVersion, error) {
	t, err := s.Template(spec.ID, spec.Name)
	if err != nil {
		return nil, TemplateVersion{}, operation.Message(err)
	}
	v, err := t.Version(spec.Version)
	if err != nil {
		return nil, TemplateVersion{}, operation.Message(err)
	}
	return t, v, nil
}

// profileName is what IAM allows as the name of an instance profile.
var profileName = regexp.MustCompile(`^[\w+=,.@-]{1,128}$`)

// profileOf is the name of the instance profile that a template asks for; "" is
// none. There is no IAM here: a profile of any name has a role of the same name.
func profileOf(p *types.LaunchTemplateIamInstanceProfileSpecificationRequest) (string, error) {
	if p == nil {
		return "", nil
	}
	name := optional.Value(p.Name)
	if p.Arn != nil {
		name = (*p.Arn)[strings.LastIndexByte(*p.Arn, '/')+1:]
	}
	if !profileName.MatchString(name) {
		return "", operation.Errorf(
			"InvalidParameterValue", "Value (%.200s) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
			name,
		)
	}
	return name, nil
}

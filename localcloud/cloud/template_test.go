package cloud

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func TestAProfileIsNamedByNameOrARN(t *testing.T) {
	for name, test := range map[string]struct {
		asked *types.LaunchTemplateIamInstanceProfileSpecificationRequest
		want  string // of the profile; "!" is a refusal
	}{
		"no profile": {nil, ""},
		"a name": {
			&types.LaunchTemplateIamInstanceProfileSpecificationRequest{Name: aws.String("demo-instance")}, "demo-instance",
		},
		"an ARN": {
			&types.LaunchTemplateIamInstanceProfileSpecificationRequest{
				Arn: aws.String("arn:aws:iam::000000000000:instance-profile/a/demo-instance"),
			},
			"demo-instance",
		},
		"neither":               {&types.LaunchTemplateIamInstanceProfileSpecificationRequest{}, "!"},
		"a name with a slash":   {&types.LaunchTemplateIamInstanceProfileSpecificationRequest{Name: aws.String("../demo")}, "!"},
		"a name of 129 letters": {&types.LaunchTemplateIamInstanceProfileSpecificationRequest{Name: aws.String(strings.Repeat("n", 129))}, "!"},
	} {
		got, err := profileOf(test.asked)
		if err != nil {
			got = "!"
		}
		if got != test.want {
			t.Errorf("profileOf(%s) = %q, %v, want %q", name, got, err, test.want)
		}
	}
}

func TestAVersionIsResolvedByItsLabel(t *testing.T) {
	template := &Template{ID: "lt-1", DefaultVersion: 2, Versions: []TemplateVersion{{Number: 1}, {Number: 2}, {Number: 3}}}
	for label, want := range map[string]int64{
		"": 2, "$Default": 2, "$Latest": 3, "1": 1, "3": 3, "0": 0, "-1": 0, "4": 0, "latest": 0, "1.0": 0, "99999999999999999999": 0,
	} {
		v, err := template.Version(label)
		if v.Number != want || (err == nil) != (want > 0) {
			t.Errorf("Version(%q) = %d, %v, want %d (0 is a refusal)", label, v.Number, err, want)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "InvalidLaunchTemplateId.VersionNotFound: ") {
			t.Errorf("Version(%q): %v, want AWS's code", label, err)
		}
	}
}

func TestATemplateIsFoundByItsIDBeforeItsName(t *testing.T) {
	s := &State{Templates: []*Template{{ID: "lt-1", Name: "a"}, {ID: "lt-2", Name: "b"}}}
	for _, test := range []struct{ id, name, want string }{
		{"lt-2", "", "lt-2"}, {"", "a", "lt-1"}, {"lt-2", "a", "lt-2"},
		{"lt-3", "a", "InvalidLaunchTemplateId.NotFound: The specified launch template, with template ID lt-3, does not exist."},
		{"", "c", "InvalidLaunchTemplateName.NotFoundException: The specified launch template, with template name c, does not exist."},
	} {
		template, err := s.Template(test.id, test.name)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = template.ID
		}
		if got != test.want {
			t.Errorf("Template(%q, %q) = %s, want %s", test.id, test.name, got, test.want)
		}
	}
}

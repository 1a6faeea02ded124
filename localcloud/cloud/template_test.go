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

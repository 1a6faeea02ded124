package stack_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"secondwind/account/stack"
)

// What a stack builds is tested in localcloud, where there is a cloud to build it in.

func TestCreateRefusesOptionsBeforeAnyCall(t *testing.T) {
	variables := defaults(t)
	for name, test := range map[string]struct {
		o    stack.Options
		want string
	}{
		"no name":                 {stack.Options{ImageID: "ami-1", Variables: variables}, `name ""`},
		"a name that is too long": {stack.Options{Name: strings.Repeat("x", 29), ImageID: "ami-1", Variables: variables}, "1 to 28 characters"},
		"no image":                {stack.Options{Name: "demo", Variables: variables}, `image ""`},
		"no variables":            {stack.Options{Name: "demo", ImageID: "ami-1"}, "cpu_threshold: is 0"},
		"a period of -10 s": {
			stack.Options{Name: "demo", ImageID: "ami-1", Variables: variables, MetricsPeriod: -10 * time.Second}, "metrics period -10s",
		},
		"no credentials": {stack.Options{Name: "demo", ImageID: "ami-1", Variables: variables}, "no credentials configured"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := stack.Create(t.Context(), aws.Config{Region: "local-1"}, test.o)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Create() = %v, want …%q…", err, test.want)
			}
		})
	}
}

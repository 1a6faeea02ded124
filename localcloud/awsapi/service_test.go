package awsapi

import (
	"reflect"
	"testing"

	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"

	"secondwind/localcloud/awsapi/ec2shapes"
)

func TestServicesAreFoundByWhatRequestsSayOfThem(t *testing.T) {
	versions, targets := map[string]bool{}, map[string]bool{}
	for _, s := range services {
		if found, ok := serviceOfVersion(s.version); !ok || found != s.service || versions[s.version] {
			t.Errorf("version %s is that of %s, %t, want of %s alone", s.version, found, ok, s.service)
		}
		versions[s.version] = true
		if found, ok := s.service.traits(); !ok || found != s {
			t.Errorf("traits of %s = %v, %t, want %v", s.service, found, ok, s)
		}
		if s.target == "" {
			continue
		}
		if found, ok := serviceOfTarget(s.target); !ok || found != s.service || targets[s.target] {
			t.Errorf("target %s is that of %s, %t, want of %s alone", s.target, found, ok, s.service)
		}
		targets[s.target] = true
	}
	for _, unknown := range []string{"", "2012-06-01", "AmazonSSM", "monitoring"} { // 2012-06-01: the classic ELB
		if s, ok := serviceOfVersion(unknown); ok {
			t.Errorf("version %q is that of %s, want of none", unknown, s)
		}
		if s, ok := serviceOfTarget(unknown); ok {
			t.Errorf("target %q is that of %s, want of none", unknown, s)
		}
	}
	if _, ok := Service("s3").traits(); ok {
		t.Error("s3 is served")
	}
}

func TestNamesFollowTheRuleOrTheTable(t *testing.T) {
	for name, test := range map[string]struct {
		service Service
		of      reflect.Type
		field   string
		want    memberNames
	}{
		"the rule": {
			CloudWatch, reflect.TypeFor[cwtypes.MetricDatum](), "Values", memberNames{"Values", "Values", "member", "Values", "member"},
		},
		"EC2's rule": {
			EC2, reflect.TypeFor[ec2shapes.DescribeVpcsInput](), "DryRun", memberNames{"DryRun", "DryRun", "member", "dryRun", "item"},
		},
		"EC2's table": {
			EC2, reflect.TypeFor[ec2shapes.DescribeInstancesOutput](), "Reservations",
			memberNames{"Reservations", "Reservations", "member", "reservationSet", "item"},
		},
		"Auto Scaling's exception": {
			AutoScaling, reflect.TypeFor[astypes.CpuPerformanceFactorRequest](), "References",
			memberNames{"References", "Reference", "item", "Reference", "item"},
		},
		"STS's exception": {
			STS, reflect.TypeFor[ststypes.PolicyDescriptorType](), "Arn", memberNames{"Arn", "arn", "member", "Arn", "member"},
		},
		"a member of the same name without an exception": {
			AutoScaling, reflect.TypeFor[astypes.Tag](), "Key", memberNames{"Key", "Key", "member", "Key", "member"},
		},
	} {
		table, err := nameTableOf(test.service)
		if err != nil {
			t.Fatal(err)
		}
		if got := table.names(test.of, test.field, test.service == EC2); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

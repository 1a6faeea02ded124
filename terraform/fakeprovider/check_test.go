package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// fields are what a configuration gives: a string, number or bool, []any of
// those, fields for a block (once or nested once), or unknown. The rest is null.
type fields map[string]any

type unknownValue struct{}

var unknown = unknownValue{} // what is known only when something is built

// value makes what Terraform would send for a type.
func value(t *testing.T, kind tftypes.Type, given any) tftypes.Value {
	t.Helper()
	switch given := given.(type) {
	case nil:
		return tftypes.NewValue(kind, nil)
	case unknownValue:
		return tftypes.NewValue(kind, tftypes.UnknownValue)
	case fields:
		return block(t, kind, given)
	case []any:
		var items []tftypes.Value
		for _, item := range given {
			items = append(items, value(t, elementOf(t, kind), item))
		}
		return tftypes.NewValue(kind, items)
	}
	return tftypes.NewValue(kind, given)
}

func elementOf(t *testing.T, kind tftypes.Type) tftypes.Type {
	t.Helper()
	switch kind := kind.(type) {
	case tftypes.List:
		return kind.ElementType
	case tftypes.Set:
		return kind.ElementType
	}
	t.Fatalf("%s has no elements", kind)
	return nil
}

func block(t *testing.T, kind tftypes.Type, given fields) tftypes.Value {
	t.Helper()
	object, ok := kind.(tftypes.Object)
	if !ok {
		return value(t, kind, []any{given})
	}
	inside := make(map[string]tftypes.Value)
	for name, kind := range object.AttributeTypes {
		inside[name] = value(t, kind, given[name])
	}
	for name := range given {
		if _, ok := inside[name]; !ok {
			t.Fatalf("there is no %s in %s", name, kind)
		}
	}
	return tftypes.NewValue(kind, inside)
}

func dynamic(t *testing.T, text json.RawMessage, given fields) *tfprotov5.DynamicValue {
	t.Helper()
	schema, err := schemaOf("what is tested", text)
	if err != nil {
		t.Fatal(err)
	}
	kind := schema.ValueType()
	d, err := tfprotov5.NewDynamicValue(kind, block(t, kind, given))
	if err != nil {
		t.Fatal(err)
	}
	return &d
}

// faultsOf are what the fake provider says of a resource.
func faultsOf(t *testing.T, f *fake, typeName string, given fields) []string {
	t.Helper()
	answer, err := f.ValidateResourceTypeConfig(context.Background(), &tfprotov5.ValidateResourceTypeConfigRequest{
		TypeName: typeName, Config: dynamic(t, f.schemas.Resources[typeName], given),
	})
	if err != nil {
		t.Fatal(err)
	}
	var faults []string
	for _, f := range answer.Diagnostics {
		if f.Severity != tfprotov5.DiagnosticSeverityError {
			t.Errorf("%s is no error", f.Summary)
		}
		faults = append(faults, f.Attribute.String()+": "+f.Detail)
	}
	return faults
}

const (
	aKey   = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
	aTopic = "arn:aws:sns:us-east-1:123456789012:secondwind-notifications"
)

func TestCheckerFindsWhatTheProviderWould(t *testing.T) {
	f := theFake(t)
	for _, test := range []struct {
		name, typeName string
		given          fields
		faults         []string // a part of each, in order; none: nothing is wrong
	}{
		{"a whole alarm is good", "aws_cloudwatch_metric_alarm",
			fields{"alarm_name": "a", "comparison_operator": "GreaterThanThreshold", "evaluation_periods": 1, "period": 60,
				"alarm_actions": []any{aTopic}},
			nil},
		{"what is not known yet is not judged", "aws_lb", fields{"name": unknown, "idle_timeout": unknown, "subnet_mapping": unknown}, nil},
		{"nothing given is nothing wrong", "aws_lb_listener", fields{}, nil},

		{"a read-only argument is set", "aws_lb", fields{"subnets": unknown, "dns_name": "my.example"},
			[]string{`dns_name of aws_lb is decided by AWS`}},
		{"a read-only argument is set to what is not known yet", "aws_lb", fields{"subnets": unknown, "dns_name": unknown},
			[]string{`dns_name of aws_lb is decided by AWS`}},
		{"a read-only argument in a block is set", "aws_instance", fields{"root_block_device": fields{"volume_id": "vol-1"}},
			[]string{`root_block_device.volume_id of aws_instance is decided`}},

		{"a string is none of an enumeration", "aws_autoscaling_group", fields{"health_check_type": "ALB", "launch_template": unknown},
			[]string{`"ALB": use one of EC2, ELB`}},
		{"an enumeration in a block", "aws_launch_template", fields{"metadata_options": fields{"http_tokens": "mandatory"}},
			[]string{`"mandatory": use one of optional, required`}},
		{"an enumeration in the second of two blocks", "aws_launch_template",
			fields{"tag_specifications": []any{fields{"resource_type": "volume"}, fields{"resource_type": "disk"}}}, []string{`ElementKeyInt(1)`}},

		{"a number is at the least", "aws_kms_key", fields{"deletion_window_in_days": 7}, nil},
		{"a number is below the least", "aws_kms_key", fields{"deletion_window_in_days": 6}, []string{"is 6: it must be between 7 and 30"}},
		{"a number is at the most", "aws_kms_key", fields{"deletion_window_in_days": 30}, nil},
		{"a number is above the most", "aws_kms_key", fields{"deletion_window_in_days": 31}, []string{"is 31: it must be between 7 and 30"}},
		{"a number of many digits", "aws_lb_target_group", fields{"port": 70000}, []string{"is 70000: it must be between 1 and 65535"}},
		{"a number written as text is below the least", "aws_lb_target_group", fields{"deregistration_delay": "3601"},
			[]string{"is 3601: it must be between 0 and 3600"}},
		{"a period that an alarm does not have", "aws_cloudwatch_metric_alarm", fields{"period": 45},
			[]string{"is 45: it must be 10, 20, 30 or a multiple of 60"}},
		{"a short period that an alarm has", "aws_cloudwatch_metric_alarm", fields{"period": 30}, nil},
		{"no period at all", "aws_cloudwatch_metric_alarm", fields{"period": 0}, []string{"is 0"}},

		{"a name of 32 characters", "aws_lb", fields{"subnets": unknown, "name": strings.Repeat("n", 32)}, nil},
		{"a name of 33 characters", "aws_lb", fields{"subnets": unknown, "name": strings.Repeat("n", 33)},
			[]string{"has 33 characters: at most 32"}},
		{"a name with what it may not hold", "aws_lb", fields{"subnets": unknown, "name": "my_lb"},
			[]string{"has characters that a load balancer's name may not have"}},
		{"an ARN where a name belongs", "aws_lb", fields{"subnets": unknown, "name": aKey},
			[]string{"has 75 characters", "has characters that a load balancer's name may not have"}},
		{"a name where an ARN belongs", "aws_lb_listener", fields{"load_balancer_arn": "secondwind-alb"},
			[]string{`is not an ARN: "secondwind-alb"`}},
		{"a name among ARNs", "aws_cloudwatch_metric_alarm", fields{"alarm_actions": []any{aTopic, "scale-out"}},
			[]string{`is not an ARN: "scale-out"`}},
		{"a name among ARNs of a set that is not all known", "aws_autoscaling_group",
			fields{"target_group_arns": []any{unknown, "tg"}, "launch_configuration": "c"}, []string{`is not an ARN: "tg"`}},
		{"an ARN without its partition", "aws_lb_listener",
			fields{"load_balancer_arn": "arn::elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/a/0"}, []string{"is not an ARN"}},
		{"an ARN that is left empty", "aws_lb_listener", fields{"certificate_arn": ""}, nil},
		{"an ARN of another partition", "aws_sns_topic_policy", fields{"arn": "arn:aws-us-gov:sns:us-gov-west-1:123456789012:t"}, nil},
		{"an ARN of a bucket, without region and account", "aws_iam_role_policy_attachment",
			fields{"policy_arn": "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"}, nil},

		{"a policy that is not JSON", "aws_kms_key", fields{"policy": "{"}, []string{"is not JSON"}},
		{"a block of addresses that is none", "aws_vpc_security_group_ingress_rule", fields{"cidr_ipv4": "10.0.0.0"},
			[]string{"is not a CIDR block"}},
		{"bits behind a mask", "aws_vpc_security_group_ingress_rule", fields{"cidr_ipv4": "10.0.0.1/8"}, []string{"bits set beyond its mask"}},

		{"two names", "aws_lb", fields{"subnets": unknown, "name": "a", "name_prefix": "b"},
			[]string{"cannot have name and name_prefix together"}},
		{"two contents", "aws_s3_object", fields{"source": "a", "content_base64": "b"}, []string{"source and content_base64"}},
		{"an argument and a block that exclude each other", "aws_autoscaling_group",
			fields{"launch_configuration": "a", "launch_template": fields{"id": "lt-1"}}, []string{"launch_configuration and launch_template"}},
		{"two that exclude each other in a block", "aws_launch_template",
			fields{"iam_instance_profile": fields{"arn": "arn:aws:iam::123456789012:instance-profile/p", "name": "p"}},
			[]string{"iam_instance_profile.arn and iam_instance_profile.name"}},
		{"one of those alone", "aws_launch_template", fields{"iam_instance_profile": fields{"name": "p"}}, nil},
		{"two sources of one rule", "aws_vpc_security_group_ingress_rule",
			fields{"cidr_ipv4": "10.0.0.0/8", "referenced_security_group_id": "sg-1"}, []string{"cidr_ipv4 and referenced_security_group_id"}},

		{"neither of two of which one is needed", "aws_lb", fields{"name": "a"}, []string{"needs one of subnet_mapping, subnets"}},
		{"a rule without a source", "aws_vpc_security_group_ingress_rule", fields{}, []string{"needs one of cidr_ipv4, cidr_ipv6"}},
		{"a group without anything to launch", "aws_autoscaling_group", fields{"launch_template": []any{}},
			[]string{"needs one of launch_configuration, launch_template"}},

		{"a role's ARN for its name", "aws_iam_role_policy", fields{"role": "arn:aws:iam::123456789012:role/r"},
			[]string{"is an ARN, where the name belongs"}},
		{"a role's name", "aws_iam_role_policy", fields{"role": "r"}, nil},
		{"a time with its zone written out", "aws_autoscaling_schedule", fields{"start_time": "2026-11-26T09:00:00+00:00"},
			[]string{"is not a time such as"}},
		{"a time", "aws_autoscaling_schedule", fields{"start_time": "2026-11-26T09:00:00Z"}, nil},
		{"a path without its slash", "aws_lb_target_group", fields{"health_check": fields{"path": "healthz"}}, []string{"does not begin with /"}},

		{"two faults are both reported", "aws_lb_target_group", fields{"port": 0, "target_type": "host"}, []string{"port", "target_type"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := faultsOf(t, f, test.typeName, test.given)
			if len(got) != len(test.faults) {
				t.Fatalf("faults %q, want %q", got, test.faults)
			}
			for i, want := range test.faults {
				if !strings.Contains(got[i], want) {
					t.Errorf("fault %q, want %q", got[i], want)
				}
			}
		})
	}
}

func TestDataSourcesAreCheckedToo(t *testing.T) {
	f := theFake(t)
	answer, err := f.ValidateDataSourceConfig(context.Background(), &tfprotov5.ValidateDataSourceConfigRequest{
		TypeName: "aws_lb", Config: dynamic(t, f.schemas.DataSources["aws_lb"], fields{"arn": "secondwind-alb"}),
	})
	if err != nil || len(answer.Diagnostics) != 1 || !strings.Contains(answer.Diagnostics[0].Detail, "is not an ARN") {
		t.Errorf("ValidateDataSourceConfig of a name as an ARN = %v, %v", answer, err)
	}
}

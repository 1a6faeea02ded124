package sweep

import (
	"strings"
	"testing"
)

func TestAnARNIsTakenApart(t *testing.T) {
	for name, test := range map[string]struct{ arn, kind, name string }{
		"joined by a slash":  {"arn:aws:ec2:eu-north-1:1:instance/i-1", "ec2:instance", "i-1"},
		"joined by a colon":  {"arn:aws:cloudwatch:eu-north-1:1:alarm:a:b/c", "cloudwatch:alarm", "a:b/c"},
		"a path in the name": {"arn:aws:iam::1:role/secondwind/r", "iam:role", "secondwind/r"},
		"a log group":        {"arn:aws:logs:eu-north-1:1:log-group:/secondwind/x", "logs:log-group", "/secondwind/x"},
		"a group of Auto Scaling": {
			"arn:aws:autoscaling:eu-north-1:1:autoScalingGroup:uuid:autoScalingGroupName/g",
			"autoscaling:autoScalingGroup", "uuid:autoScalingGroupName/g",
		},
		"a topic with a dash":       {"arn:aws:sns:eu-north-1:1:topic", "sns", "topic"},
		"a bucket":                  {"arn:aws:s3:::bucket", "s3", "bucket"},
		"an object is its bucket's": {"arn:aws:s3:::bucket/a:b", "s3", "bucket/a:b"},
		"no ARN":                    {"i-1", "", "i-1"},
		"an ARN that is cut off":    {"arn:aws:ec2:eu-north-1", "", "arn:aws:ec2:eu-north-1"},
		"nothing":                   {"", "", ""},
	} {
		if kind, got := typeOf(test.arn), nameIn(test.arn); kind != test.kind || got != test.name {
			t.Errorf("%s: type %q, name %q, want %q, %q", name, kind, got, test.kind, test.name)
		}
	}
}

func FuzzARN(f *testing.F) {
	f.Add("arn:aws:iam::1:role/secondwind/r")
	f.Add("arn:aws:sns:eu-north-1:1:t")
	f.Add("arn:::::/")
	f.Fuzz(func(t *testing.T, arn string) {
		if name := nameIn(arn); !strings.HasSuffix(arn, name) {
			t.Errorf("nameIn(%q) = %q, which does not end it", arn, name)
		}
	})
}

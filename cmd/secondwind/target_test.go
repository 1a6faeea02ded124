package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/pflag"

	"secondwind/account/discover"
	"secondwind/account/outputs"
	"secondwind/verify/doctor"
)

// TestAFlagSaysMoreThanTheStack has a file of two keys, which is enough, and flags beside it.
func TestAFlagSaysMoreThanTheStack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outputs.json")
	two := `{"auto_scaling_group_name": {"value": "shop"}, "load_balancer_url": {"value": "http://of.the.stack"}}`
	if err := os.WriteFile(path, []byte(two), 0o600); err != nil {
		t.Fatal(err)
	}
	of := outputs.Outputs{AutoScalingGroupName: "shop", LoadBalancerURL: "http://of.the.stack"}
	more := outputs.Outputs{
		AutoScalingGroupName: "shop", LoadBalancerURL: "https://shop.example.com", Region: "eu-central-1", ScaleOutAlarmName: "busy",
		TargetGroupARN: "arn:tg",
	}
	told := []string{"--url", "https://shop.example.com", "--region", "eu-central-1", "--alarm", "busy", "--target-group", "arn:tg"}
	for name, c := range map[string]struct {
		args []string
		want outputs.Outputs
	}{
		"two keys":           {[]string{"--stack", path}, of},
		"two keys and flags": {append([]string{"--stack", path}, told...), more},
		"a name":             {[]string{"--group", "shop"}, outputs.Outputs{AutoScalingGroupName: "shop"}},
		"a name and flags":   {append([]string{"--group", "shop"}, told...), more},
	} {
		var is target
		f := pflag.NewFlagSet("", pflag.ContinueOnError)
		is.flags(f)
		if err := f.Parse(c.args); err != nil || is.validate(f) != nil {
			t.Fatalf("%s: %v, %v", name, err, is.validate(f))
		}
		if got, err := is.read(t.Context()); err != nil || got != c.want || !is.named() {
			t.Errorf("%s: read() = %+v, %v; want %+v", name, got, err, c.want)
		}
	}
}

func TestTheDoctorAsksWhatTheScenarioSends(t *testing.T) {
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "s.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, c := range map[string]struct {
		scenario           string
		path, host, header string
	}{
		"the calculator's":  {"", "", "", "X-Instance-Id"},
		"a path":            {"version: 2\nrequests: [{path: /a, body: x}, {path: /search?q=1}]\n", "/search?q=1", "", "X-Instance-Id"},
		"a host":            {"version: 2\nrequests: [{path: /, headers: {host: shop.example.com}}]\n", "/", "shop.example.com", "X-Instance-Id"},
		"another identity":  {"version: 2\nrequests: [{path: /}]\nidentity: {header: X-Served-By}\n", "/", "", "X-Served-By"},
		"a cookie":          {"version: 2\nrequests: [{path: /}]\nidentity: {cookie: served_by}\n", "/", "", ""},
		"nothing but posts": {"version: 2\nrequests: [{path: /a, body: x}]\n", "", "", ""},
		"paths of columns":  {"version: 2\nrequests: [{path: \"/{{user}}\"}]\n", "", "", ""},
	} {
		o := soakOptions{}
		if c.scenario != "" {
			o.scenario = write(c.scenario)
		}
		s, err := readScenario(t.Context(), o, func(string) bool { return false })
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got doctor.Config
		if err := plan(&got, s); err != nil || got.Path != c.path || got.Host != c.host || got.InstanceHeader != c.header {
			t.Errorf("%s: plan() = %q of %q, header %q, %v; want %q of %q, header %q", name, got.Path, got.Host, got.InstanceHeader, err, c.path,
				c.host, c.header)
		}
	}
}

func TestWhatIsFoundIsReportedInALine(t *testing.T) {
	for want, g := range map[string]discover.Group{
		"alarm busy, policy add, target group shop/12ab, no URL": {PolicyName: "add", Outputs: outputs.Outputs{
			ScaleOutAlarmName: "busy", TargetGroupARN: "arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/shop/12ab",
		}},
		"no alarm, no policy, no target group, URL http://a": {Outputs: outputs.Outputs{LoadBalancerURL: "http://a"}},
	} {
		if got := foundOf(g); got != want {
			t.Errorf("foundOf() = %q, want %q", got, want)
		}
	}
}
